//! A strong-Wolfe line search (Nocedal and Wright, "Numerical Optimization", algorithms 3.5 and 3.6) as a state
//! machine: the caller passes loss and slope at the requested length, and gets the next length. So a run can be
//! stopped and saved between any two evaluations.

use serde::{Deserialize, Serialize};

/// Constant of the sufficient decrease condition.
const DECREASE: f64 = 1e-4;

/// Constant of the curvature condition.
const CURVATURE: f64 = 0.9;

/// Number of evaluations after which the best length so far is taken.
const EVALUATIONS: usize = 20;

/// Length, loss and slope of a trial.
type Trial = (f64, f64, f64);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// Increases the length until the minimum is enclosed.
    Bracketing,
    /// The minimum lies between `low` and this trial.
    Zooming(Trial),
    /// Returns to the best length and accepts any result.
    Settling,
}

/// The state of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineSearch {
    start: Trial,
    low: Trial,
    asked: f64,
    evaluations: usize,
    stage: Stage,
}

/// The next action.
pub(super) enum Verdict {
    /// Evaluate at this length.
    Try(f64),
    /// Accept the length that was evaluated last.
    Accept,
}

impl LineSearch {
    /// Starts a search from a point with this loss and slope. The first trial is at `length`.
    pub(super) fn new(loss: f64, slope: f64, length: f64) -> LineSearch {
        let start = (0.0, loss, slope);
        LineSearch { start, low: start, asked: length, evaluations: 0, stage: Stage::Bracketing }
    }

    /// The length that was requested last.
    pub(super) fn length(&self) -> f64 {
        self.asked
    }

    /// Takes the loss and slope at the requested length.
    pub(super) fn tell(&mut self, loss: f64, slope: f64) -> Verdict {
        let trial = (self.asked, loss, slope);
        self.evaluations += 1;
        if self.stage == Stage::Settling {
            return Verdict::Accept;
        }
        let too_high = loss > self.start.1 + DECREASE * self.asked * self.start.2 || loss.is_nan();
        let flat = slope.abs() <= -CURVATURE * self.start.2;
        if flat && !too_high && loss <= self.low.1 {
            return Verdict::Accept;
        }
        let next = match self.stage {
            _ if self.evaluations >= EVALUATIONS => {
                // The best length other than 0, or a short step if nothing was better.
                self.stage = Stage::Settling;
                if !too_high && loss <= self.low.1 {
                    return Verdict::Accept;
                }
                if self.low.0 > 0.0 { self.low.0 } else { 0.01 * self.asked }
            }
            Stage::Bracketing if too_high || (self.evaluations > 1 && loss >= self.low.1) => self.zoom(trial),
            Stage::Bracketing if slope >= 0.0 => {
                let other = std::mem::replace(&mut self.low, trial);
                self.zoom(other)
            }
            Stage::Bracketing => {
                let previous = std::mem::replace(&mut self.low, trial);
                let (near, far) = (trial.0 + 0.1 * (trial.0 - previous.0), 10.0 * trial.0);
                cubic_minimum(previous, trial).clamp(near, far)
            }
            Stage::Zooming(high) => {
                if too_high || loss >= self.low.1 {
                    self.zoom(trial)
                } else {
                    let other = if slope * (high.0 - self.low.0) >= 0.0 { self.low } else { high };
                    self.low = trial;
                    self.zoom(other)
                }
            }
            Stage::Settling => return Verdict::Accept,
        };
        self.asked = next;
        Verdict::Try(next)
    }

    /// The next trial between `low` and `high`, not too near to either.
    fn zoom(&mut self, high: Trial) -> f64 {
        self.stage = Stage::Zooming(high);
        let (least, most) = (self.low.0.min(high.0), self.low.0.max(high.0));
        let margin = 0.1 * (most - least);
        cubic_minimum(self.low, high).clamp(least + margin, most - margin)
    }
}

/// The minimum of the cubic through two trials; their midpoint if the cubic has none.
fn cubic_minimum(a: Trial, b: Trial) -> f64 {
    let d1 = a.2 + b.2 - 3.0 * (a.1 - b.1) / (a.0 - b.0);
    let square = d1 * d1 - a.2 * b.2;
    let d2 = square.max(0.0).sqrt() * (b.0 - a.0).signum();
    let at = b.0 - (b.0 - a.0) * (b.2 + d2 - d1) / (b.2 - a.2 + 2.0 * d2);
    if square >= 0.0 && at.is_finite() { at } else { 0.5 * (a.0 + b.0) }
}
