//! When a session leaves a scale: its iterations are done, the loss has stopped falling, time runs out, or the run was
//! asked to end soon.

use impasto_engine::{Engine, FORWARD};

use crate::pace::{Passes, TimeBudget, TooShort};
use crate::{Error, Session, Setting, benchmark};

impl Session {
    /// Whether the scale ends here: all its iterations are done, or there is a reason to leave it early.
    pub(crate) fn scale_is_done(&mut self) -> Result<bool, Error> {
        if self.pace.until.is_none() && self.iteration == 0 {
            self.pace.until = self.iterations_in_time()?;
        }
        let is_last = self.scale + 1 == self.inputs.scales.len();
        let over = |budget: &TimeBudget| is_last && budget.is_over(&self.pace, self.iteration);
        let hurries_on = self.pace.soon.is_some() && !is_last && self.iteration > 0;
        Ok(hurries_on
            || self.iteration >= self.iterations_of_scale()
            || self.pace.is_flat(self.inputs.recipe.plateau)
            || self.budget.as_ref().is_some_and(over))
    }

    /// The most iterations of this scale, unless it reaches a plateau.
    pub(crate) fn iterations_of_scale(&self) -> usize {
        let iterations = self.iterations_asked(self.scale);
        self.pace.until.map_or(iterations, |until| until.min(iterations))
    }

    /// Iterations of a scale, if neither time nor a plateau ends it.
    fn iterations_asked(&self, scale: usize) -> usize {
        let iterations = self.inputs.scales[scale].iterations;
        match self.pace.soon {
            Some(few) if scale + 1 == self.inputs.scales.len() => iterations.min(few),
            Some(_) => iterations.min(1),
            None => iterations,
        }
    }

    /// Brings the run to its end soon. The current scale ends after its next step, each later one takes one step, and
    /// the last takes at most `few`.
    pub fn finish_soon(&mut self, few: usize) {
        self.pace.soon = Some(few.max(1));
    }

    /// Whether the run was asked to end soon ([`finish_soon`](Session::finish_soon)).
    pub fn is_hurried(&self) -> bool {
        self.pace.soon.is_some()
    }

    /// Iterations done at each scale so far, from the smallest scale on. Passed to
    /// [`Overrides::scale_iterations`](crate::Overrides), they repeat the run, whatever ended its scales.
    pub fn iterations_done(&self) -> Vec<usize> {
        self.pace.done.iter().copied().chain([self.iteration]).collect()
    }

    /// The remaining work, in pixels times iterations. The remaining time is proportional to it.
    pub fn work_left(&self) -> f64 {
        let now = self.iterations_of_scale();
        let part = now as f64 / self.iterations_asked(self.scale).max(1) as f64;
        let pixels =
            |scale: usize| (self.inputs.scales[scale].width * self.inputs.scales[scale].height) as f64;
        let here = pixels(self.scale) * now.saturating_sub(self.iteration) as f64;
        let later = self.scale + 1..self.inputs.scales.len();
        here + part * later.map(|scale| pixels(scale) * self.iterations_asked(scale) as f64).sum::<f64>()
    }

    fn iterations_in_time(&mut self) -> Result<Option<usize>, Error> {
        let Some(budget) = &mut self.budget else { return Ok(None) };
        if budget.rates.is_none() {
            let (recipe, engine) = (&self.inputs.recipe, &mut self.engine);
            budget.rates = Some(self.pool.install(|| benchmark::calibrate(recipe, engine, &self.clock))?);
            self.engine.forget_targets();
        }
        let passes = FORWARD * (1 + self.inputs.styles.len()) as f64;
        let scales: Vec<Passes> =
            self.inputs.run.scales[self.scale..].iter().map(|scale| scale.passes()).collect();
        let iterations = budget.iterations(&scales, passes, &self.pace);
        iterations.map(Some).map_err(|TooShort { needed }| {
            let problem =
                format!("expected at least {needed:.0} s for a picture of this size on this machine");
            Error::invalid(Setting::Time, problem)
        })
    }
}
