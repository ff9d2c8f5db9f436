//! A run, scale by scale and step by step. The picture is available after every step.

use std::time::Duration;

use impasto_encoder::Provenance;
use impasto_engine::painting::{Home, Numbers, Values};
use impasto_engine::{Engine, Tiled};
use impasto_image::{Filter, Picture, fit_long_edge, resize};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Fingerprint;
use crate::clock::Clock;
use crate::colour::{Colour, coloured, first_in_all};
use crate::draft::Drafter;
use crate::engine_cache::{EngineCache, StyleMoments};
use crate::follow::{Tie, Trace};
use crate::objective::{Losses, Objective};
use crate::optimiser::{Average, Optimiser};
use crate::pace::{Convergence, TimeBudget};
use crate::plan::MemoryPlan;
use crate::prepare::start_image;
use crate::protected_content::{ProtectedContent, seen};
use crate::recipe::{Keep, OptimizerKind};
use crate::run_inputs::RunInputs;
use crate::scale_up::{clamp, new_optimiser};
use crate::threads::ThreadPool;
use crate::{Error, Recipe, Scale};

/// One evaluation and the optimiser step that followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// The scale, counted from 1.
    pub scale: usize,
    /// Number of scales.
    pub scales: usize,
    /// Width of the picture at this scale in pixels.
    pub width: usize,
    /// Height of the picture at this scale in pixels.
    pub height: usize,
    /// The iteration at this scale, counted from 1.
    pub iteration: usize,
    /// Number of iterations at this scale.
    pub iterations: usize,
    /// The loss before the step.
    pub losses: Losses,
    /// Seconds of the evaluation and the step. The first step of a scale includes its preparation.
    pub seconds: f64,
}

/// A style transfer in progress.
pub struct Session {
    pub(crate) inputs: RunInputs,
    /// Name of the backend that made the engine.
    pub(crate) backend: String,
    pub(crate) engine: Tiled,
    pub(crate) styles: StyleMoments,
    pub(crate) drafter: Option<Drafter>,
    /// The draft, if the run begins with one. It is painted before the first step, and again after the run is
    /// resumed.
    pub(crate) draft: Option<Picture>,
    /// Whether the starting picture is complete.
    pub(crate) begun: bool,
    pub(crate) pool: ThreadPool,
    /// Index of the scale.
    pub(crate) scale: usize,
    /// Iterations done at this scale.
    pub(crate) iteration: usize,
    pub(crate) pace: Convergence,
    pub(crate) clock: Clock,
    pub(crate) budget: Option<TimeBudget>,
    /// The picture with its margin. At the first step of a scale it moves to the engine's memory, if that has one.
    pub(crate) image: Values,
    /// Empty until the first step, like the optimiser's state: both may be large.
    pub(crate) average: Average,
    /// Picture and average before the last step, for undoing it if the next loss is not finite. `None` if pixels
    /// are kept in 0..1, where every loss is finite.
    pub(crate) before: Option<(Values, Average)>,
    /// The iterate of the final scale with the lowest loss, if the recipe keeps it.
    pub(crate) best: Option<(f64, Values)>,
    pub(crate) optimiser: Optimiser,
    /// Made at the first step of each scale.
    pub(crate) objective: Option<Objective>,
    /// The protected content at this scale. It is made with the objective, and stays when that is dropped.
    pub(crate) protected: Option<ProtectedContent>,
    /// The tie to the picture before. It is made at the first step.
    pub(crate) tie: Option<Tie>,
    /// The trace that the run leaves for the picture that follows, if it is asked for.
    pub(crate) trace: Trace,
    pub(crate) stopped: bool,
    /// Whether the run cannot continue, because it diverged or lost a part of its state.
    pub(crate) spoiled: bool,
    pub(crate) fingerprint: Fingerprint,
}

impl Session {
    pub(crate) fn new(
        mut inputs: RunInputs,
        cache: EngineCache,
        pool: ThreadPool,
        (clock, budget): (Clock, Option<TimeBudget>),
    ) -> Result<Session, Error> {
        let first = *inputs.scales.first().ok_or(Error::NoStyle)?;
        let mut image = start_image(&inputs, inputs.canvas(first)).data;
        if inputs.recipe.optimizer == OptimizerKind::Adam && inputs.recipe.adam.bounded {
            clamp(&mut image);
        }
        if inputs.colour == Colour::Luminance {
            first_in_all(&mut image);
        }
        let average = Average::none(inputs.recipe.average_decay);
        let optimiser = new_optimiser(&inputs.recipe, 0, 0, &Home::Memory).map_err(Error::stream)?;
        let fingerprint = inputs.fingerprint(cache.engine.identity());
        inputs.init_picture = None;
        Ok(Session {
            inputs,
            backend: cache.backend,
            engine: cache.engine,
            styles: cache.styles,
            drafter: cache.drafter,
            draft: None,
            begun: false,
            pool,
            scale: 0,
            iteration: 0,
            pace: Convergence::default(),
            clock,
            budget,
            image: image.into(),
            average,
            before: None,
            best: None,
            optimiser,
            objective: None,
            protected: None,
            tie: None,
            trace: Trace::default(),
            stopped: false,
            spoiled: false,
            fingerprint,
        })
    }

    /// Does one iteration. Returns `None` when the run is complete or was stopped.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a loss is not finite; also fails if the engine was cancelled. In both cases the
    /// session still holds the last good picture. [`Error::Diverged`] and [`Error::Stream`] end the run, which then
    /// cannot be saved.
    pub fn step(&mut self) -> Result<Option<Step>, Error> {
        let step = self.try_step();
        if let Err(Error::Stream { .. }) = step {
            (self.stopped, self.spoiled) = (true, true);
        }
        step
    }

    fn try_step(&mut self) -> Result<Option<Step>, Error> {
        if !self.arrive()? {
            return Ok(None);
        }
        let (start, prepared) = (self.clock.now(), self.objective.is_some());
        let losses = self.evaluate_and_move().map_err(|error| self.diverged(error))?;
        let step = self.done(losses, start);
        // A step that prepares the scale takes longer, so it is not counted.
        if let Some(budget) = self.budget.as_mut().filter(|_| prepared) {
            budget.add(&self.inputs.run.scales[self.scale].passes(), step.seconds);
        }
        Ok(Some(step))
    }

    /// Goes to the scale of the next iteration. Returns whether there is one.
    pub(crate) fn arrive(&mut self) -> Result<bool, Error> {
        self.draft()?;
        while !self.stopped && self.scale_is_done()? {
            if self.scale + 1 == self.inputs.scales.len() {
                self.keep_second().map_err(Error::stream)?;
                self.release();
                return Ok(false);
            }
            self.next_scale()?;
        }
        Ok(!self.stopped)
    }

    /// The error of an iteration. A value that is not finite ends the run.
    pub(crate) fn diverged(&mut self, error: Error) -> Error {
        let Error::NotFinite { layer } = error else { return error };
        (self.stopped, self.spoiled) = (true, true);
        match self.go_back() {
            Ok(()) => Error::Diverged { layer, scale: self.scale + 1, iteration: self.iteration + 1 },
            Err(source) => Error::Stream { source },
        }
    }

    /// Counts an iteration that began at `start`.
    pub(crate) fn done(&mut self, losses: Losses, start: Duration) -> Step {
        self.iteration += 1;
        self.pace.add(losses.total);
        let Scale { width, height, .. } = self.inputs.scales[self.scale];
        Step {
            scale: self.scale + 1,
            scales: self.inputs.scales.len(),
            width,
            height,
            iteration: self.iteration,
            iterations: self.iterations_of_scale(),
            losses,
            seconds: self.clock.seconds_since(start),
        }
    }

    /// Ends the session and returns the parts that the next session can reuse.
    pub fn into_cache(mut self) -> EngineCache {
        self.engine.forget_targets();
        EngineCache { backend: self.backend, engine: self.engine, styles: self.styles, drafter: self.drafter }
    }

    /// Ends the run here: further steps return `None`.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Ends the run for good. Only the picture remains, so the memory is free for writing it to a file.
    pub fn finish(&mut self) {
        (self.stopped, self.spoiled) = (true, true);
        self.release();
    }

    /// Frees everything that only further steps would need.
    fn release(&mut self) {
        (self.objective, self.before, self.tie) = (None, None, None);
        self.optimiser = self.optimiser.clone_scalars();
        self.engine.forget_targets();
    }

    /// The result so far: the average, last or best iterate, as the recipe says. It has encoded RGB in 0..1 and the
    /// size of the current scale.
    ///
    /// # Errors
    /// [`Error::Stream`] if the result is in a temporary file that cannot be read.
    pub fn picture(&self) -> Result<Picture, Error> {
        self.iterate(self.inputs.recipe.keep)
    }

    /// A preview of the result, reduced to a long edge of at most `max_edge` pixels (at least 1).
    ///
    /// # Errors
    /// The errors of [`picture`](Session::picture).
    pub fn preview(&self, max_edge: usize) -> Result<Picture, Error> {
        let picture = self.picture()?;
        let long = picture.long_edge().min(max_edge.max(1));
        let (width, height) = fit_long_edge(picture.size(), long);
        let averaging = self.inputs.averaging;
        Ok(match (width, height) == picture.size() {
            true => picture,
            false => {
                let small = self.pool.install(|| resize(&picture, width, height, Filter::Bicubic, averaging));
                let rgb = small.into_rgb().into_iter().map(|value| value.clamp(0.0, 1.0)).collect();
                Picture::new(width, height, rgb).unwrap_or(picture)
            }
        })
    }

    /// The chosen iterate, clamped to 0..1. Returns the last iterate if there is no average yet, or no best one.
    /// The best iterate is only kept at the final scale, and only if the recipe asks for it.
    ///
    /// # Errors
    /// The errors of [`picture`](Session::picture).
    pub fn iterate(&self, keep: Keep) -> Result<Picture, Error> {
        let planes: &dyn Numbers = match (keep, &self.best) {
            (Keep::Average, _) if !self.average.sum.is_empty() => &self.average,
            (Keep::Best, Some((_, best))) => best,
            _ => &self.image,
        };
        let canvas = self.inputs.canvas(self.inputs.scales[self.scale]);
        let made = if self.protected.is_none() { ProtectedContent::of(&self.inputs, canvas) } else { None };
        let inner = seen(self.protected.as_ref().or(made.as_ref()), canvas, planes).map_err(Error::stream)?;
        let protected = self.protected.as_ref().or(made.as_ref());
        Ok(match &self.inputs.colours {
            Some(colours) => {
                let (width, height) = canvas.inner;
                let colours = resize(colours, width, height, Filter::Bicubic, self.inputs.averaging);
                let mut picture = coloured(inner, &colours);
                protected.iter().for_each(|protected| protected.put_back(canvas, &colours, &mut picture));
                picture
            }
            None => inner,
        })
    }

    /// Whether an iterate is known: the average only if the recipe makes one, the best only once the final scale has
    /// had a step, and only if the recipe keeps it.
    pub fn has_iterate(&self, keep: Keep) -> bool {
        match keep {
            Keep::Average => !self.average.sum.is_empty() && self.average.decay > 0.0,
            Keep::Last => true,
            Keep::Best => self.best.is_some(),
        }
    }

    /// The recipe with all defaults resolved.
    pub fn recipe(&self) -> &Recipe {
        &self.inputs.recipe
    }

    /// The scales of the run.
    pub fn scales(&self) -> &[Scale] {
        &self.inputs.scales
    }

    /// The origin of the encoder.
    pub fn encoder(&self) -> &Provenance {
        &self.inputs.provenance
    }

    /// The instruction set that the engine computes with. Results repeat to the byte on the same one.
    pub fn instruction_set(&self) -> &str {
        self.engine.identity()
    }

    /// Number of threads of the run.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The optimiser with its state, as plain data.
    pub fn optimiser(&self) -> &Optimiser {
        &self.optimiser
    }

    /// The plan of the run: memory, tiles and time.
    pub fn plan(&self) -> &MemoryPlan {
        &self.inputs.run
    }

    /// Whether features are kept in half precision.
    pub fn half(&self) -> bool {
        self.inputs.half
    }
}

impl Iterator for Session {
    type Item = Result<Step, Error>;

    fn next(&mut self) -> Option<Result<Step, Error>> {
        self.step().transpose()
    }
}
