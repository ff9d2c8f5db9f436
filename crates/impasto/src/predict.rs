//! Predictions for a session's run: its time, by short measurements, and its memory in half precision.

use impasto_engine::{Engine, Tiling};

use crate::benchmark;
use crate::plan::Planner;
use crate::{Error, Session};

/// The speed of evaluations, measured on this machine. Sessions with the same encoder, layers, statistic and threads
/// have the same speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Seconds of an evaluation for each pixel.
    per_pixel: f64,
    /// Seconds of an evaluation that do not depend on the picture.
    besides: f64,
}

impl Session {
    /// Predicts the time of each scale of [`plan`](Session::plan) by evaluating small synthetic pictures, which takes a
    /// good part of a second. Returns the speed that was measured.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the run has begun; fails if it was cancelled.
    pub fn predict_time(&mut self) -> Result<Speed, Error> {
        self.check_not_begun()?;
        let Session { inputs, engine, pool, clock, .. } = self;
        let (per_pixel, besides) = pool.install(|| benchmark::calibrate(&inputs.recipe, engine, clock))?;
        self.objective = None;
        let speed = Speed { per_pixel, besides };
        self.predict_time_at(speed);
        Ok(speed)
    }

    /// Predicts the time of each scale of [`plan`](Session::plan) from a speed that was measured before.
    pub fn predict_time_at(&mut self, Speed { per_pixel, besides }: Speed) {
        let inputs = &mut self.inputs;
        inputs.run.predict(per_pixel, besides, inputs.styles.len());
    }

    /// Peak bytes of memory that [`plan`](Session::plan) would have with features in half precision and the same
    /// tiles.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the run has begun.
    pub fn peak_in_half(&mut self) -> Result<usize, Error> {
        self.check_not_begun()?;
        let (window, tiling) = (self.inputs.run.window, self.engine.tiling().clone());
        self.engine.retile(Tiling::default());
        self.engine.set_half(true);
        let planner = Planner {
            recipe: &self.inputs.recipe,
            engine: &self.engine,
            given: &self.inputs.given,
            drafter: self.drafter.as_ref(),
            threads: self.pool.current_num_threads(),
        };
        let plan = planner.with_window(&self.inputs.scales, window);
        self.engine.set_half(self.inputs.half);
        self.engine.retile(tiling);
        self.objective = None;
        Ok(plan?.peak_bytes)
    }

    /// Predictions use the engine, which a run in progress needs.
    fn check_not_begun(&self) -> Result<(), Error> {
        match self.objective {
            None if self.iteration == 0 && self.scale == 0 => Ok(()),
            _ => Err(Error::invalid(
                "session",
                "expected a run before its first step, found one that has begun",
            )),
        }
    }
}
