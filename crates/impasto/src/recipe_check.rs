//! What a recipe must be, whoever made it: presets are by their tests, and what is given is checked before anything runs.

use crate::{Error, Iterations, Recipe, Setting, Smallest};

/// More iterations of a scale are a slip of the pen.
const MOST_ITERATIONS: usize = 1_000_000;

/// More pixels of margin, or of a draft, are none.
const MOST_PIXELS: usize = 30_000;

impl Recipe {
    /// Checks every value of the recipe by itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first value that cannot be, and what was expected.
    pub fn check(&self) -> Result<(), Error> {
        let unit = |value: f64| (0.0..1.0).contains(&value);
        let weight = |value: f64| value.is_finite() && value >= 0.0;
        let above = |value: f64| value.is_finite() && value > 0.0;
        let layers = |layers: &[(String, f64)]| layers.iter().all(|(_, part)| weight(*part));
        let betas = [self.adam.beta1, self.adam.beta2];
        let rules = [
            (Setting::ContentLayers, layers(&self.content_layers), "weights of 0 or more"),
            (Setting::StyleLayers, layers(&self.style_layers), "weights of 0 or more"),
            (Setting::ContentWeight, weight(self.content_weight), "a number of 0 or more"),
            (Setting::StyleWeight, weight(self.style_weight), "a number of 0 or more"),
            (Setting::TvWeight, weight(self.tv_weight), "a number of 0 or more"),
            (Setting::Strength, (0.0..=1.0).contains(&self.strength), "0 to 1"),
            (Setting::LearningRate, above(self.adam.rate) && above(self.lbfgs.rate), "a number above 0"),
            (Setting::AverageDecay, unit(self.average_decay), "a number from 0 to less than 1"),
            (Setting::Plateau, unit(self.plateau), "a number from 0 to less than 1"),
            (Setting::History, self.lbfgs.history > 0 && self.lbfgs.history_later > 0, "at least 1 pair"),
            (Setting::MinSize, smallest(self.pyramid.smallest) > 0, "at least 1 pixel"),
            (Setting::Iterations, iterations(&self.pyramid.iterations), "at most a million at each scale"),
        ];
        if let Some((setting, _, expected)) = rules.into_iter().find(|(_, holds, _)| !holds) {
            return Err(Error::invalid(setting, format!("expected {expected}")));
        }
        let parts = [
            ("content_at_first", (0.0..=1.0).contains(&self.content_at_first), "0 to 1"),
            ("adam", betas.into_iter().all(unit), "betas from 0 to less than 1"),
            ("adam", weight(self.adam.epsilon), "an epsilon of 0 or more"),
            (
                "pool_scales",
                above(self.pool_scales.average.into()) && above(self.pool_scales.l2.into()),
                "above 0",
            ),
            ("pyramid", self.pyramid.factor.is_finite() && self.pyramid.factor > 1.0, "a factor above 1"),
            ("margin", self.margin <= MOST_PIXELS && self.bleed <= self.margin, "a bleed within the margin"),
            ("draft_size", (1..=MOST_PIXELS).contains(&self.draft_size), "1 to 30000 pixels"),
        ];
        match parts.into_iter().find(|(_, holds, _)| !holds) {
            Some((part, _, expected)) => {
                Err(Error::invalid(part, format!("of the recipe: expected {expected}")))
            }
            None => Ok(()),
        }
    }
}

/// Pixels of the smallest scale; those of one scale alone are the result's.
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
