//! When a scale is left before all its iterations are done: when the loss has stopped falling, and when time runs out.
//!
//! **Plateau.** The loss of an iteration is noisy, so means over [`WINDOW`] iterations are compared: a scale is left when the mean
//! over the last ones is less than a given part below that over as many before. Losses are the same for the same seed, so that is
//! no matter of chance.
//!
//! **Time.** Before each scale what is left of the time is shared among it and those to come, in proportion to the iterations that
//! the recipe has for them, by what an evaluation was seen to take. Every scale is reached: the result has its full size. How many
//! iterations there are depends on the machine; what they were can be asked for again.

use std::collections::VecDeque;
use std::time::Duration;

use impasto_engine::{Engine, FORWARD};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::plan::ScalePlan;
use crate::{Error, Session, Setting, benchmark};

/// Iterations that are compared with as many before.
pub(crate) const WINDOW: usize = 20;

/// Fewer iterations of a scale are worth nothing; less time than this many take is refused.
const LEAST: usize = 5;

/// What is left of the time for writing the result, and for what nobody foresees.
const RESERVE: f64 = 0.03;

/// How the current scale goes: part of what a checkpoint keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Convergence {
    /// The last losses of this scale.
    recent: VecDeque<f64>,
    /// Iterations of this scale that there is time for.
    pub(crate) until: Option<usize>,
    /// Iterations of the scales that are done.
    pub(crate) done: Vec<usize>,
    /// Seconds that the run has taken before it was taken up.
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

    /// Whether the loss fell by less than this part.
    pub(crate) fn is_flat(&self, least: f64) -> bool {
        if least <= 0.0 || self.recent.len() < 2 * WINDOW {
            return false;
        }
        let before: f64 = self.recent.iter().take(WINDOW).sum();
        let after: f64 = self.recent.iter().skip(WINDOW).sum();
        before - after < least * before.abs() || before == after
    }

    /// The scale is done, after so many iterations.
    pub(crate) fn next(&mut self, iterations: usize) {
        (self.recent, self.until) = (VecDeque::new(), None);
        self.done.push(iterations);
    }

    /// To go on with after a break.
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
    /// Seconds of an evaluation: for each pixel, and besides.
    pub(crate) rates: Option<(f64, f64)>,
    /// Seconds and expected seconds of the steps so far.
    seen: (f64, f64),
}

/// Less time than a run needs at least.
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

    /// A step of a scale took so long.
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

    /// The iterations of the first of these scales that there is time for; `passes` evaluations come before each.
    ///
    /// # Errors
    /// When there is no time for a few of each.
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
    /// Whether the scale comes to its end here: all its iterations are done, or there is a reason to leave it.
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

    /// Iterations of this scale, if it is not left before.
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

    /// Brings the run to its end soon: the current scale is left after its next step, each later one takes one step, and the
    /// last at most `few`.
    pub fn finish_soon(&mut self, few: usize) {
        self.pace.soon = Some(few.max(1));
    }

    /// Whether the run was asked to end soon ([`finish_soon`](Session::finish_soon)).
    pub fn is_hurried(&self) -> bool {
        self.pace.soon.is_some()
    }

    /// Iterations done at each scale so far, from the smallest on: with [`Overrides::scale_iterations`](crate::Overrides) they give
    /// the same run again, whatever ended its scales.
    pub fn iterations_done(&self) -> Vec<usize> {
        self.pace.done.iter().copied().chain([self.iteration]).collect()
    }

    /// Pixels times iterations that are left to do: what the rest of the time is proportional to.
    pub fn work_left(&self) -> f64 {
        let now = self.iterations_of_scale();
        let part = now as f64 / self.iterations_asked(self.scale).max(1) as f64;
        let pixels = |scale: usize| (self.inputs.scales[scale].width * self.inputs.scales[scale].height) as f64;
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
            let problem = format!("a picture of this size takes {needed:.0} s at least on this machine");
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
        // Noise, and a loss that rises.
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
        // 2200 s for everything: a little less than 44 per cent of each.
        let first = budget.iterations(&scales, 0.0, &fresh).unwrap();
        assert!((86..=88).contains(&first), "{first}");
        let there = Convergence { done: vec![88], spent: 90.0, ..Convergence::default() };
        // It goes twice as fast as expected.
        budget.add(&scale(1.0, 1), 0.5);
        let second = budget.iterations(&scales[1..], 0.0, &there).unwrap();
        assert!((86..=88).contains(&second), "{second}");
        let late = Convergence { done: vec![88, 50], spent: 2000.0, ..Convergence::default() };
        assert_eq!(budget.iterations(&scales[2..], 0.0, &late), Ok(LEAST));
        assert!(budget.is_over(&late, LEAST) && !budget.is_over(&late, LEAST - 1));
        // Never more than the recipe has.
        assert_eq!(budget.iterations(&scales[..1], 0.0, &fresh), Ok(200));
        let mut short = TimeBudget::new(Duration::from_secs(10), Clock::new(|| Duration::ZERO));
        short.rates = Some((1.0, 0.0));
        let TooShort { needed } = short.iterations(&scales, 1.0, &fresh).unwrap_err();
        assert!((needed - (5.0 * 21.0 + 21.0) / 0.97).abs() < 1.0, "{needed}");
    }
}
