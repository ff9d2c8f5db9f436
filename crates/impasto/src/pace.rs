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

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

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

/// The evaluations of a scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passes {
    /// Cost of one, in pixels.
    pub(crate) cost: f64,
    pub(crate) iterations: usize,
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
    fn expected(&self, scale: &Passes) -> f64 {
        let (per_pixel, besides) = self.rates.unwrap_or((0.0, 0.0));
        per_pixel * scale.cost + besides
    }

    /// Records the seconds of a step at a scale.
    pub(crate) fn add(&mut self, scale: &Passes, seconds: f64) {
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
        scales: &[Passes],
        passes: f64,
        pace: &Convergence,
    ) -> Result<usize, TooShort> {
        let Some(scale) = scales.first() else { return Ok(0) };
        let correction = if self.seen.1 > 0.0 { self.seen.0 / self.seen.1 } else { 1.0 };
        let sum = |iterations: &dyn Fn(&Passes) -> f64| -> f64 {
            let each = scales.iter().map(|scale| correction * self.expected(scale) * iterations(scale));
            each.sum()
        };
        let left = self.left(pace) - sum(&|_| passes);
        let least = |scale: &Passes| scale.iterations.min(LEAST) as f64;
        if left < sum(&least) && pace.done.is_empty() {
            let needed = self.seconds + (sum(&least) - left) / (1.0 - RESERVE);
            return Err(TooShort { needed });
        }
        let share = left / sum(&|scale| scale.iterations as f64);
        let iterations = (share * scale.iterations as f64).floor().max(least(scale));
        Ok((iterations as usize).min(scale.iterations))
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

    fn scale(cost: f64, iterations: usize) -> Passes {
        Passes { cost, iterations }
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
