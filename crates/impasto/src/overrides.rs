//! Overrides: options that change single values of a recipe. Each is checked; a value without any effect is an
//! error.

use impasto_encoder::Pooling;

use crate::objective::StyleLoss;
use crate::preset::{from_nothing, with_effort};
use crate::recipe::{Init, Keep, OptimizerKind};
use crate::{Effort, Error, Iterations, Recipe, Setting, Smallest};

/// The most iterations at a scale. A larger number is probably a typing mistake.
const MOST_ITERATIONS: usize = 1_000_000;

/// The longest step of Adam where pixels are kept in 0..1: with a longer one, all of them are black or white.
pub(crate) const WHOLE_RANGE: f64 = 1.0;

/// The most pairs in the L-BFGS history.
pub(crate) const MOST_PAIRS: usize = 1000;

/// Changes to a preset. `None` keeps the preset's value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// How much work the preset `impasto` does. `None` means normal effort, or the longer recipe if the run begins
    /// with noise.
    pub effort: Option<Effort>,
    /// Factor of every content term.
    pub content_weight: Option<f64>,
    /// Factor of every style term.
    pub style_weight: Option<f64>,
    /// How much of the style to apply, from 0 to 1.
    pub strength: Option<f64>,
    /// Factor of the total variation.
    pub tv_weight: Option<f64>,
    /// Content layers; they share the preset's total weight equally.
    pub content_layers: Option<Vec<String>>,
    /// Style layers; without weights of their own they share the preset's total weight equally.
    pub style_layers: Option<Vec<String>>,
    /// A weight for each style layer.
    pub style_layer_weights: Option<Vec<f64>>,
    /// The style statistic.
    pub statistic: Option<StyleLoss>,
    /// Pooling between blocks.
    pub pooling: Option<Pooling>,
    /// The optimiser.
    pub optimizer: Option<OptimizerKind>,
    /// For Adam the step in units of RGB 0..1; for L-BFGS the fraction of the quasi-Newton step.
    pub learning_rate: Option<f64>,
    /// Iterations at every scale.
    pub iterations: Option<usize>,
    /// Iterations at each scale, from the smallest scale on; one number for each.
    pub scale_iterations: Option<Vec<usize>>,
    /// The smallest relative fall of the loss over 20 iterations with which a scale continues: 0 or more,
    /// below 1. With 0 it always continues.
    pub plateau: Option<f64>,
    /// Iterations at the first scale; other scales keep theirs.
    pub first_iterations: Option<usize>,
    /// Pairs in the L-BFGS history, at every scale.
    pub history: Option<usize>,
    /// Decay of the running average of the iterates, per step.
    pub average_decay: Option<f64>,
    /// Long edge of the smallest scale in pixels.
    pub min_size: Option<usize>,
    /// The iterate that becomes the result.
    pub keep: Option<Keep>,
    /// The picture that the run begins with.
    pub init: Option<Init>,
}

impl Overrides {
    /// Returns the recipe with these values in place of its own.
    ///
    /// # Errors
    /// [`Error::Invalid`] for values out of range or without effect, for layers named twice, and if the numbers of
    /// layers and weights differ.
    pub fn apply(self, mut recipe: Recipe) -> Result<Recipe, Error> {
        self.check_draft()?;
        self.check_weights_of_0()?;
        self.check_counts()?;
        let from_noise = matches!(self.init, Some(Init::Noise | Init::Gray | Init::StyleStats));
        match self.effort {
            Some(effort) => recipe = effort.recipe(&recipe)?,
            None if from_noise && recipe == with_effort(Effort::Normal) => recipe = from_nothing(),
            None => {}
        }
        self.weigh(&mut recipe)?;
        self.choose_layers(&mut recipe)?;
        self.set_optimiser(&mut recipe)?;
        self.set_iterations(&mut recipe)?;
        recipe.statistic = self.statistic.unwrap_or(recipe.statistic);
        recipe.pooling = self.pooling.or(recipe.pooling);
        recipe.init = self.init.clone().unwrap_or(recipe.init);
        check_something_is_seen(&recipe)?;
        Ok(recipe)
    }

    /// A draft has no iterations, so options about them cannot act.
    fn check_draft(&self) -> Result<(), Error> {
        let given = [
            (Setting::Init, self.init.as_ref().is_some_and(|init| *init != Init::Draft)),
            (Setting::Iterations, self.iterations.is_some() || self.scale_iterations.is_some()),
            (Setting::FirstIterations, self.first_iterations.is_some()),
            (Setting::MinSize, self.min_size.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((setting, _)) if self.effort == Some(Effort::Draft) => Err(Error::invalid(
                *setting,
                format!("cannot act: {} draft has no iterations", Setting::Effort),
            )),
            _ => Ok(()),
        }
    }

    /// Options about a term of weight 0 cannot act.
    fn check_weights_of_0(&self) -> Result<(), Error> {
        let of_content = [(Setting::ContentLayers, self.content_layers.is_some())];
        let of_style = [
            (Setting::StyleLayers, self.style_layers.is_some()),
            (Setting::StyleLayerWeights, self.style_layer_weights.is_some()),
            (Setting::Statistic, self.statistic.is_some()),
            (Setting::Strength, self.strength.is_some()),
        ];
        for (weight, options) in [(self.content_weight, &of_content[..]), (self.style_weight, &of_style)] {
            if let Some(&(setting, _)) = options.iter().find(|(_, given)| *given && weight == Some(0.0)) {
                return Err(Error::invalid(setting, "cannot act with a weight of 0"));
            }
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), Error> {
        let counts = self.iterations.iter().chain(self.scale_iterations.iter().flatten());
        let counts =
            [(Setting::Iterations, counts.max()), (Setting::FirstIterations, self.first_iterations.as_ref())];
        if let Some(&(setting, _)) =
            counts.iter().find(|(_, given)| given.is_some_and(|count| *count > MOST_ITERATIONS))
        {
            return Err(Error::invalid(setting, format!("expected at most {MOST_ITERATIONS}")));
        }
        if self.first_iterations.is_some() && self.scale_iterations.is_some() {
            return Err(Error::invalid(
                Setting::FirstIterations,
                format!("cannot act: {} already has a number for each scale", Setting::Iterations),
            ));
        }
        Ok(())
    }

    fn weigh(&self, recipe: &mut Recipe) -> Result<(), Error> {
        let weights = [
            (Setting::ContentWeight, self.content_weight, &mut recipe.content_weight),
            (Setting::StyleWeight, self.style_weight, &mut recipe.style_weight),
            (Setting::TvWeight, self.tv_weight, &mut recipe.tv_weight),
        ];
        for (setting, given, place) in weights {
            if let Some(weight) = given {
                *place = non_negative(setting, weight)?;
            }
        }
        if let Some(strength) = self.strength {
            if !(0.0..=1.0).contains(&strength) {
                let wrong = Error::invalid(Setting::Strength, format!("expected 0 to 1, found {strength}"));
                return Err(match strength {
                    1.0..=100.0 => {
                        wrong.advised(format!("as a fraction: {} {}", Setting::Strength, strength / 100.0))
                    }
                    _ => wrong.advised("0 is the content, 1 all of the style"),
                });
            }
            recipe.strength = strength;
        }
        Ok(())
    }

    /// Chosen layers share the weight of the recipe's layers equally, unless they have weights of their own.
    fn choose_layers(&self, recipe: &mut Recipe) -> Result<(), Error> {
        if let Some(layers) = &self.content_layers {
            let share = recipe.content_layers.iter().map(|(_, weight)| weight).sum::<f64>();
            let each = share / distinct(Setting::ContentLayers, layers)? as f64;
            recipe.content_layers = layers.iter().map(|layer| (layer.clone(), each)).collect();
        }
        if let Some(layers) = &self.style_layers {
            let each = recipe.style_share() / distinct(Setting::StyleLayers, layers)? as f64;
            recipe.style_layers = layers.iter().map(|layer| (layer.clone(), each)).collect();
        }
        let Some(weights) = &self.style_layer_weights else { return Ok(()) };
        let layers = recipe.style_layers.len();
        if weights.len() != layers {
            let names: Vec<&str> = recipe.style_layers.iter().map(|(layer, _)| layer.as_str()).collect();
            let (names, found) = (names.join(","), weights.len());
            let problem = format!("expected {layers} weights, one each for {names}, found {found}");
            return Err(Error::invalid(Setting::StyleLayerWeights, problem));
        }
        for ((_, place), weight) in recipe.style_layers.iter_mut().zip(weights) {
            *place = non_negative(Setting::StyleLayerWeights, *weight)?;
        }
        Ok(())
    }

    fn set_optimiser(&self, recipe: &mut Recipe) -> Result<(), Error> {
        recipe.optimizer = self.optimizer.unwrap_or(recipe.optimizer);
        if let Some(rate) = self.learning_rate {
            if !(rate.is_finite() && rate > 0.0) {
                let problem = format!("expected a number above 0, found {rate}");
                return Err(Error::invalid(Setting::LearningRate, problem));
            }
            match recipe.optimizer {
                OptimizerKind::Adam if recipe.adam.bounded && rate > WHOLE_RANGE => {
                    let problem =
                        format!("expected at most {WHOLE_RANGE}, from black to white, found {rate}");
                    return Err(Error::invalid(Setting::LearningRate, problem));
                }
                OptimizerKind::Adam => recipe.adam.rate = rate,
                OptimizerKind::Lbfgs => recipe.lbfgs.rate = rate,
            }
        }
        recipe.keep = self.keep.unwrap_or(recipe.keep);
        if let Some(pairs) = self.history {
            remember(recipe, pairs)?;
        }
        if let Some(decay) = self.average_decay {
            average_by(recipe, decay)?;
        }
        Ok(())
    }

    fn set_iterations(&self, recipe: &mut Recipe) -> Result<(), Error> {
        if let Some(least) = self.min_size {
            if least == 0 {
                return Err(Error::invalid(Setting::MinSize, "expected at least 1 pixel, found 0"));
            }
            recipe.pyramid.smallest = Smallest::LongEdge(least);
        }
        if let Some(count) = self.iterations {
            recipe.pyramid.iterations = Iterations::each(count);
        }
        if let Some(counts) = &self.scale_iterations {
            recipe.pyramid.iterations = Iterations::Listed(counts.clone());
        }
        if let Some(count) = self.first_iterations {
            recipe.pyramid.iterations = recipe.pyramid.iterations.clone().with_first(count);
        }
        if let Some(plateau) = self.plateau {
            if !(0.0..1.0).contains(&plateau) {
                let problem = format!("expected 0 or more and less than 1, found {plateau}");
                return Err(Error::invalid(Setting::Plateau, problem));
            }
            recipe.plateau = plateau;
        }
        Ok(())
    }
}

fn check_something_is_seen(recipe: &Recipe) -> Result<(), Error> {
    let content = recipe.content_weight > 0.0 && recipe.content_layers.iter().any(|(_, w)| *w > 0.0);
    let style = recipe.style_weight > 0.0 && recipe.style_layers.iter().any(|(_, w)| *w > 0.0);
    match content || style {
        true => Ok(()),
        false => Err(Error::invalid(
            Setting::ContentWeight,
            "content and style both have weight 0: expected at least one above 0",
        )),
    }
}

fn remember(recipe: &mut Recipe, pairs: usize) -> Result<(), Error> {
    if !(1..=MOST_PAIRS).contains(&pairs) {
        return Err(Error::invalid(Setting::History, format!("expected 1 to {MOST_PAIRS}, found {pairs}")));
    }
    if recipe.optimizer != OptimizerKind::Lbfgs {
        return Err(Error::invalid(Setting::History, "only lbfgs has a history"));
    }
    (recipe.lbfgs.history, recipe.lbfgs.history_later) = (pairs, pairs);
    Ok(())
}

fn average_by(recipe: &mut Recipe, decay: f64) -> Result<(), Error> {
    if !(0.0..1.0).contains(&decay) {
        return Err(Error::invalid(
            Setting::AverageDecay,
            format!("expected a number from 0 to less than 1, found {decay}"),
        ));
    }
    if recipe.keep != Keep::Average && !recipe.carry_average {
        return Err(Error::invalid(
            Setting::AverageDecay,
            format!("the average has no part in this run; {} average makes it the result", Setting::Keep),
        ));
    }
    recipe.average_decay = decay;
    Ok(())
}

fn non_negative(setting: Setting, weight: f64) -> Result<f64, Error> {
    if weight.is_finite() && weight >= 0.0 {
        Ok(weight)
    } else {
        Err(Error::invalid(setting, format!("expected a number of 0 or more, found {weight}")))
    }
}

/// The number of layers. It is an error if there are none, or if one is named twice.
fn distinct(setting: Setting, layers: &[String]) -> Result<usize, Error> {
    if layers.is_empty() {
        return Err(Error::invalid(setting, "expected at least one layer"));
    }
    for (index, layer) in layers.iter().enumerate() {
        if layers[..index].contains(layer) {
            return Err(Error::invalid(setting, format!("{layer} is named twice")));
        }
    }
    Ok(layers.len())
}
