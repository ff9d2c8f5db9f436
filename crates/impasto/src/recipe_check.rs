//! Checks a recipe. Tests check the presets; a recipe from the caller is checked before a run.

use crate::overrides::{MOST_PAIRS, WHOLE_RANGE};
use crate::{Error, Iterations, Noise, Recipe, Setting, Smallest};

/// The most iterations of a scale.
const MOST_ITERATIONS: usize = 1_000_000;

/// The most pixels of a margin or a draft.
const MOST_PIXELS: usize = 30_000;

impl Recipe {
    /// Checks every value of the recipe on its own.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first wrong value, and the expected range.
    pub fn check(&self) -> Result<(), Error> {
        let unit = |value: f64| (0.0..1.0).contains(&value);
        let weight = |value: f64| value.is_finite() && value >= 0.0;
        let above = |value: f64| value.is_finite() && value > 0.0;
        let layers = |layers: &[(String, f64)]| layers.iter().all(|(_, part)| weight(*part));
        let history = [self.lbfgs.history, self.lbfgs.history_later];
        let betas = [self.adam.beta1, self.adam.beta2];
        let rules = [
            (Setting::ContentLayers, layers(&self.content_layers), "weights of 0 or more"),
            (Setting::StyleLayers, layers(&self.style_layers), "weights of 0 or more"),
            (Setting::ContentWeight, weight(self.content_weight), "a number of 0 or more"),
            (Setting::StyleWeight, weight(self.style_weight), "a number of 0 or more"),
            (Setting::TvWeight, weight(self.tv_weight), "a number of 0 or more"),
            (Setting::Strength, (0.0..=1.0).contains(&self.strength), "0 to 1"),
            (Setting::LearningRate, above(self.adam.rate) && above(self.lbfgs.rate), "a number above 0"),
            (
                Setting::LearningRate,
                !self.adam.bounded || self.adam.rate <= WHOLE_RANGE,
                "at most 1, from black to white",
            ),
            (Setting::AverageDecay, unit(self.average_decay), "a number from 0 to less than 1"),
            (Setting::Plateau, unit(self.plateau), "a number from 0 to less than 1"),
            (
                Setting::History,
                history.into_iter().all(|pairs| (1..=MOST_PAIRS).contains(&pairs)),
                "1 to 1000 pairs",
            ),
            (Setting::MinSize, smallest(self.pyramid.smallest) > 0, "at least 1 pixel"),
            (Setting::Iterations, iterations(&self.pyramid.iterations), "at most a million at each scale"),
        ];
        if let Some((setting, _, expected)) = rules.into_iter().find(|(_, holds, _)| !holds) {
            return Err(Error::invalid(setting, format!("expected {expected}")));
        }
        let parts = [
            ("recipe.content_at_first", (0.0..=1.0).contains(&self.content_at_first), "0 to 1"),
            ("recipe.adam", betas.into_iter().all(unit), "betas from 0 to less than 1"),
            ("recipe.adam", weight(self.adam.epsilon), "an epsilon of 0 or more"),
            (
                "pool_scales",
                above(self.pool_scales.average.into()) && above(self.pool_scales.l2.into()),
                "above 0",
            ),
            (
                "recipe.pyramid",
                self.pyramid.factor.is_finite() && self.pyramid.factor > 1.0,
                "a factor above 1",
            ),
            ("recipe.lbfgs", above(self.lbfgs.variable_scale), "a scale of variables above 0"),
            ("recipe.tv_form", self.tv_form.has_scale(), "a scale above 0"),
            ("recipe.noise", noise(self.noise), "a mean, and a deviation of 0 or more"),
            (
                "recipe.margin",
                self.margin <= MOST_PIXELS && self.bleed <= self.margin,
                "a bleed within the margin",
            ),
            ("recipe.draft_size", (1..=MOST_PIXELS).contains(&self.draft_size), "1 to 30000 pixels"),
        ];
        distinct(Setting::ContentLayers, &self.content_layers)?;
        distinct(Setting::StyleLayers, &self.style_layers)?;
        match parts.into_iter().find(|(_, holds, _)| !holds) {
            Some((part, _, expected)) => Err(Error::invalid(part, format!("expected {expected}"))),
            None => Ok(()),
        }
    }
}

/// Checks that no layer is named twice.
fn distinct(setting: Setting, layers: &[(String, f64)]) -> Result<(), Error> {
    let twice = layers
        .iter()
        .enumerate()
        .find(|(index, (layer, _))| layers[..*index].iter().any(|(name, _)| name == layer));
    match twice {
        Some((_, (layer, _))) => Err(Error::invalid(setting, format!("{layer} is named twice"))),
        None => Ok(()),
    }
}

fn noise(noise: Noise) -> bool {
    match noise {
        Noise::Normal { mean, deviation } => {
            mean.into_iter().all(f32::is_finite) && deviation.is_finite() && deviation >= 0.0
        }
        Noise::Uniform => true,
    }
}

/// Pixels of the smallest scale; 1 if there is only one scale, whose size is that of the result.
fn smallest(smallest: Smallest) -> usize {
    match smallest {
        Smallest::Single => 1,
        Smallest::LongEdge(edge) | Smallest::ShortEdge(edge) => edge,
    }
}

fn iterations(iterations: &Iterations) -> bool {
    let within = |count: &usize| *count <= MOST_ITERATIONS;
    match iterations {
        Iterations::FirstThen { first, then } => within(first) && within(then),
        Iterations::Shrinking { first, divisor, least } => {
            within(first) && within(least) && divisor.is_finite() && *divisor >= 1.0
        }
        Iterations::Listed(counts) => counts.iter().all(within),
    }
}
