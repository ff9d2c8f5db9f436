//! Ends a scale before all its iterations are done: when the loss has stopped falling, or when time runs out.
//!
//! **Plateau.** The loss of an iteration is noisy, so means over [`WINDOW`] iterations are compared. A scale ends
//! when the mean over the last window is below that of the window before by less than a given fraction. The losses
//! are the same for the same seed, so the end does not depend on chance.
//!
//! **Time.** Before each scale, the remaining time is divided between this scale and the later ones. The shares are
//! in proportion to the recipe's iterations and to the measured time of an evaluation. Every scale is reached, so
//! the result has its full size. The number of iterations depends on the machine; [`Session::iterations_done`]
//! gives it, so that the run can be repeated.

use std::collections::VecDeque;
use std::time::Duration;

use impasto_engine::{Engine, FORWARD};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::plan::ScalePlan;
use crate::{Error, Session, Setting, benchmark};

/// Number of iterations whose mean loss is compared with that of as many before.
pub(crate) const WINDOW: usize = 20;

/// The fewest useful iterations of a scale. A run with less time than these take is refused.
const LEAST: usize = 5;

/// Fraction of the time that is reserved for writing the result and for unforeseen delays.
const RESERVE: f64 = 0.03;

/// The progress of the current scale. It is part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Convergence {
    /// The last losses of this scale.
    recent: VecDeque<f64>,
    /// Iterations of this scale that there is time for.
    pub(crate) until: Option<usize>,
    /// Iterations done at each finished scale.
    pub(crate) done: Vec<usize>,
    /// Seconds that the run took before it was resumed.
    spent: f64,
    /// Iterations of the last scale in a run that was asked to end soon.
    #[serde(default)]
    pub(crate) soon: Option<usize>,
}

impl Convergence {
    pub(crate) fn add(&mut self, loss: f64) {
        self.recent.push_back(loss);
        if self.recent.len() > 2 * WINDOW {
            self.recent.pop_front();
        }
    }

    /// Whether the loss fell by less than the fraction `least`.
    pub(crate) fn is_flat(&self, least: f64) -> bool {
        if least <= 0.0 || self.recent.len() < 2 * WINDOW {
            return false;
        }
        let before: f64 = self.recent.iter().take(WINDOW).sum();
        let after: f64 = self.recent.iter().skip(WINDOW).sum();
        before - after < least * before.abs() || before == after
    }

    /// Ends the scale, after `iterations` iterations.
    pub(crate) fn next(&mut self, iterations: usize) {
        (self.recent, self.until) = (VecDeque::new(), None);
        self.done.push(iterations);
    }

    /// A copy for a checkpoint.
    pub(crate) fn saved(&self, budget: Option<&TimeBudget>) -> Convergence {
        Convergence { spent: budget.map_or(self.spent, |budget| budget.elapsed(self)), ..self.clone() }
    }
}

/// The time that a run may take.
#[derive(Clone, Debug)]
pub(crate) struct TimeBudget {
    clock: Clock,
    started: Duration,
    seconds: f64,
    /// Seconds of an evaluation: per pixel, and constant.
    pub(crate) rates: Option<(f64, f64)>,
    /// Measured and expected seconds of the steps so far.
    seen: (f64, f64),
}

/// The error for less time than a run needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TooShort {
    pub(crate) needed: f64,
}

impl TimeBudget {
    pub(crate) fn new(time: Duration, clock: Clock) -> TimeBudget {
        let started = clock.now();
        TimeBudget { clock, started, seconds: time.as_secs_f64(), rates: None, seen: (0.0, 0.0) }
    }

    fn elapsed(&self, pace: &Convergence) -> f64 {
        pace.spent + self.clock.seconds_since(self.started)
    }

    fn left(&self, pace: &Convergence) -> f64 {
        self.seconds * (1.0 - RESERVE) - self.elapsed(pace)
    }

    /// Expected seconds of an evaluation at a scale.
    fn expected(&self, scale: &ScalePlan) -> f64 {
        let (per_pixel, besides) = self.rates.unwrap_or((0.0, 0.0));
        per_pixel * scale.cost + besides
    }

    /// Records the seconds of a step at a scale.
    pub(crate) fn add(&mut self, scale: &ScalePlan, seconds: f64) {
        if self.rates.is_none() {
            return;
        }
        self.seen = (self.seen.0 + seconds, self.seen.1 + self.expected(scale));
    }

    /// Whether the last scale must end.
    pub(crate) fn is_over(&self, pace: &Convergence, iterations: usize) -> bool {
        iterations >= LEAST && self.left(pace) <= 0.0
    }

    /// The iterations of the first of these scales that there is time for. Each scale also needs `passes`
    /// evaluations before its first iteration.
    ///
    /// # Errors
    /// [`TooShort`] if there is no time for a few iterations of each scale.
    pub(crate) fn iterations(
        &self,
        scales: &[ScalePlan],
        passes: f64,
        pace: &Convergence,
    ) -> Result<usize, TooShort> {
        let Some(scale) = scales.first() else { return Ok(0) };
        let correction = if self.seen.1 > 0.0 { self.seen.0 / self.seen.1 } else { 1.0 };
        let sum = |iterations: &dyn Fn(&ScalePlan) -> f64| -> f64 {
            let each = scales.iter().map(|scale| correction * self.expected(scale) * iterations(scale));
            each.sum()
        };
        let left = self.left(pace) - sum(&|_| passes);
        let least = |scale: &ScalePlan| scale.iterations.min(LEAST) as f64;
        if left < sum(&least) && pace.done.is_empty() {
            let needed = self.seconds + (sum(&least) - left) / (1.0 - RESERVE);
            return Err(TooShort { needed });
        }
        let share = left / sum(&|scale| scale.iterations as f64);
        let iterations = (share * scale.iterations as f64).floor().max(least(scale));
        Ok((iterations as usize).min(scale.iterations))
    }
}

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

    /// Brings the run to its end soon. The current scale ends after its next step, each later one takes one step, and the
    /// last takes at most `few`.
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
        let iterations = budget.iterations(&self.inputs.run.scales[self.scale..], passes, &self.pace);
        iterations.map(Some).map_err(|TooShort { needed }| {
            let problem =
                format!("expected at least {needed:.0} s for a picture of this size on this machine");
            Error::invalid(Setting::Time, problem)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_falls_is_no_plateau() {
        let after = |loss: &dyn Fn(usize) -> f64, steps: usize| {
            let mut pace = Convergence::default();
            (0..steps).for_each(|step| pace.add(loss(step)));
            pace.is_flat(0.01)
        };
        assert!(!after(&|step| 0.99_f64.powi(step as i32), 500));
        assert!(!after(&|_| 1.0, 2 * WINDOW - 1), "too few to tell");
        assert!(after(&|_| 1.0, 2 * WINDOW));
        assert!(after(&|_| 0.0, 2 * WINDOW));
        // Noise, and a rising loss.
        assert!(after(&|step| 1.0 + 0.1 * (step % 2) as f64, 100));
        assert!(after(&|step| 1.0 + step as f64, 100));
        let mut pace = Convergence::default();
        (0..100).for_each(|_| pace.add(1.0));
        assert!(!pace.is_flat(0.0), "switched off");
        pace.next(100);
        assert!(!pace.is_flat(0.01) && pace.done == [100]);
    }

    fn scale(cost: f64, iterations: usize) -> ScalePlan {
        ScalePlan {
            width: 1,
            height: 1,
            iterations,
            tiles: (1, 1),
            overlap: 0,
            peak_bytes: 0,
            streamed: false,
            spilled_bytes: 0,
            checkpoint_bytes: 0,
            cost,
            seconds: None,
        }
    }

    #[test]
    fn time_is_shared_among_the_scales_that_are_left() {
        let mut budget = TimeBudget::new(Duration::from_secs(1000), Clock::new(|| Duration::ZERO));
        budget.rates = Some((1.0, 0.0));
        let scales = [scale(1.0, 200), scale(4.0, 100), scale(16.0, 100)];
        let fresh = Convergence::default();
        // Everything would take 2200 s, so there is time for a little less than 44 per cent of each scale.
        let first = budget.iterations(&scales, 0.0, &fresh).unwrap();
        assert!((86..=88).contains(&first), "{first}");
        let there = Convergence { done: vec![88], spent: 90.0, ..Convergence::default() };
        // The run is twice as fast as expected.
        budget.add(&scale(1.0, 1), 0.5);
        let second = budget.iterations(&scales[1..], 0.0, &there).unwrap();
        assert!((86..=88).contains(&second), "{second}");
        let late = Convergence { done: vec![88, 50], spent: 2000.0, ..Convergence::default() };
        assert_eq!(budget.iterations(&scales[2..], 0.0, &late), Ok(LEAST));
        assert!(budget.is_over(&late, LEAST) && !budget.is_over(&late, LEAST - 1));
        // The recipe's iterations are the upper limit.
        assert_eq!(budget.iterations(&scales[..1], 0.0, &fresh), Ok(200));
        let mut short = TimeBudget::new(Duration::from_secs(10), Clock::new(|| Duration::ZERO));
        short.rates = Some((1.0, 0.0));
        let TooShort { needed } = short.iterations(&scales, 1.0, &fresh).unwrap_err();
        assert!((needed - (5.0 * 21.0 + 21.0) / 0.97).abs() < 1.0, "{needed}");
    }
}
