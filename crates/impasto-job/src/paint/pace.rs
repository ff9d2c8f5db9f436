//! The progress of a run, and the time that the rest will take.

use std::time::{Duration, Instant};

use impasto::{Session, Step};

use crate::Event;

/// The progress of a run, in pixels times iterations, to which time is proportional.
pub struct Pace {
    started: Instant,
    done: f64,
    to_do: f64,
    /// Work that was done before this process began.
    before: f64,
    /// The end of the first step, and the work done by then. The time before it tells nothing about the steps.
    first: Option<(Instant, f64)>,
}

impl Pace {
    /// The pace of a run that begins, or that has done these steps already.
    pub fn new(session: &Session, steps: &[Step]) -> Pace {
        let before = steps.iter().map(work).sum();
        Pace { started: Instant::now(), done: before, to_do: session.work_left(), before, first: None }
    }

    /// Updates the pace after a step. The work left is read anew, because a scale may turn out shorter than planned.
    pub fn step(&mut self, step: &Step, session: &Session) {
        (self.done, self.to_do) = (self.done + work(step), session.work_left());
        self.first.get_or_insert((Instant::now(), self.done));
    }

    /// Time since this process began or resumed the run.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Estimated time that the rest of the run will take, from its pace so far.
    pub fn left(&self) -> Duration {
        let (took, done) = match self.first {
            Some((first, by_then)) if self.done > by_then => (first.elapsed(), self.done - by_then),
            _ => (self.elapsed(), self.done - self.before),
        };
        if done > 0.0 { took.mul_f64((self.to_do / done).max(0.0)) } else { Duration::ZERO }
    }

    /// Returns the event of a step.
    pub fn event(&self, step: &Step) -> Event {
        Event::Step {
            step: step.clone(),
            elapsed: self.elapsed().as_secs_f64(),
            seconds_left: self.left().as_secs_f64(),
            work: self.work(),
        }
    }

    /// Work done and left, in pixels times iterations.
    pub fn work(&self) -> (f64, f64) {
        (self.done, self.to_do)
    }
}

fn work(step: &Step) -> f64 {
    (step.width * step.height) as f64
}
