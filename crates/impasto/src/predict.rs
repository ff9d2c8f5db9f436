//! Predictions for a session's run: its time, by short measurements, and its memory in half precision.

use impasto_engine::{Engine, Tiling};

use crate::benchmark;
use crate::plan::Planner;
use crate::{Error, Session};

impl Session {
    /// Predicts the time of each scale of [`plan`](Session::plan) by evaluating small synthetic pictures.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the run has begun; fails if it was cancelled.
    pub fn predict_time(&mut self) -> Result<(), Error> {
        self.check_not_begun()?;
        let Session { inputs, engine, pool, clock, .. } = self;
        let (per_pixel, besides) = pool.install(|| benchmark::calibrate(&inputs.recipe, engine, clock))?;
        inputs.run.predict(per_pixel, besides, inputs.styles.len());
        self.objective = None;
        Ok(())
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
