//! What a session's run would take: by short measurements, and in half precision.

use impasto_engine::{Engine, Tiling};
use impasto_image::Picture;

use crate::benchmark;
use crate::plan::Planner;
use crate::{Error, Session};

impl Session {
    /// Predicts the time of each scale of [`plan`](Session::plan), from evaluations of small synthetic pictures.
    ///
    /// # Errors
    /// When the run was cancelled, or has begun.
    pub fn predict_time(&mut self) -> Result<(), Error> {
        self.check_not_begun()?;
        let Session { plan, engine, pool, .. } = self;
        let (per_pixel, besides) = pool.install(|| benchmark::calibrate(&plan.recipe, engine))?;
        plan.run.predict(per_pixel, besides, plan.styles.len());
        self.objective = None;
        Ok(())
    }

    /// What the peak of [`plan`](Session::plan) would be with features in half precision, in the same tiles.
    ///
    /// # Errors
    /// When the run has begun.
    pub fn peak_in_half(&mut self) -> Result<usize, Error> {
        self.check_not_begun()?;
        let (window, tiling) = (self.plan.run.window, self.engine.tiling().clone());
        self.engine.retile(Tiling::default());
        self.engine.set_half(true);
        let planner = Planner {
            recipe: &self.plan.recipe,
            engine: &self.engine,
            content: self.plan.content.as_ref().map_or((1, 1), Picture::size),
            styles: self.plan.styles.iter().map(|style| (style.picture.size(), style.scale)).collect(),
            init: self.plan.init,
            drafter: self.drafter.as_ref(),
            threads: self.pool.current_num_threads(),
            memory: self.plan.memory,
            weights: self.plan.regions.weights(self.plan.alpha.is_some(), self.plan.recipe.margin),
            regions: self.plan.regions.count(),
            holds: self.plan.regions.hold(),
            masks: self.plan.regions.bytes(),
            keeps_colours: self.plan.colours.is_some(),
        };
        let plan = planner.with_window(&self.plan.scales, window);
        self.engine.set_half(self.plan.half);
        self.engine.retile(tiling);
        self.objective = None;
        Ok(plan?.peak_bytes)
    }

    /// Predictions use the engine, which a run in progress needs.
    fn check_not_begun(&self) -> Result<(), Error> {
        match self.objective {
            None if self.iteration == 0 && self.scale == 0 => Ok(()),
            _ => Err(Error::invalid("session", "what a run takes is predicted before its first step")),
        }
    }
}
