//! A run: scale by scale, step by step, with the picture at hand at every one.

use impasto_encoder::Provenance;
use impasto_engine::{Engine, Pixels, Tiled};
use impasto_image::{Averaging, Filter, Picture, Plane, fit_long_edge, resize};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::checkpoint::{Fingerprint, picture_digest};
use crate::clock::Clock;
use crate::colour::{Colour, coloured, first_in_all};
use crate::draft::Drafter;
use crate::engine_cache::{EngineCache, StyleMoments};
use crate::margin::Canvas;
use crate::objective::{Losses, Objective};
use crate::optimiser::{Average, Home, Numbers, Optimiser, Values};
use crate::pace::{Convergence, TimeBudget};
use crate::plan::{GivenSizes, MemoryPlan};
use crate::prepare::start_image;
use crate::protected_content::{ProtectedContent, seen};
use crate::recipe::{Keep, OptimizerKind};
use crate::regions::Regions;
use crate::scale_up::{clamp, new_optimiser};
use crate::threads::ThreadPool;
use crate::{Error, Recipe, Scale, Style};

/// What a session was built from.
pub(crate) struct RunInputs {
    /// Until the last scale has taken its targets from it.
    pub(crate) content: Option<Picture>,
    /// The content's opacity.
    pub(crate) alpha: Option<Plane>,
    pub(crate) regions: Regions,
    /// With weights that sum to 1, and the scales that they are made at.
    pub(crate) styles: Vec<Style>,
    pub(crate) averaging: Averaging,
    pub(crate) colour: Colour,
    /// The content in its colours at the size of the result, where that has them.
    pub(crate) colours: Option<Picture>,
    pub(crate) seed: u64,
    pub(crate) init_picture: Option<Picture>,
    pub(crate) scales: Vec<Scale>,
    pub(crate) recipe: Recipe,
    pub(crate) provenance: Provenance,
    pub(crate) run: MemoryPlan,
    /// Of the styles' pictures.
    pub(crate) digests: Vec<String>,
    /// Of masks and of what styles are for.
    pub(crate) regions_digest: Option<String>,
    /// Whether features are kept in half precision.
    pub(crate) half: bool,
    pub(crate) given: GivenSizes,
}

impl RunInputs {
    /// Everything that the run's bytes depend on.
    fn fingerprint(&self, instruction_set: &str) -> Fingerprint {
        Fingerprint {
            content: self
                .content
                .as_ref()
                .map(|content| picture_digest(content, self.alpha.as_ref()))
                .unwrap_or_default(),
            styles: self.digests.iter().cloned().zip(self.styles.iter().map(|style| style.weight)).collect(),
            init: self.init_picture.as_ref().map(|init| picture_digest(init, None)),
            model: self.provenance.sha256.clone(),
            recipe: json!(self.recipe),
            scales: json!(self.scales),
            style_scales: self.styles.iter().map(|style| style.scale).collect(),
            in_light: self.averaging == Averaging::Light,
            colour: self.colour,
            colours: self.colours.as_ref().map(|colours| picture_digest(colours, None)),
            regions: self.regions_digest.clone(),
            seed: self.seed,
            instruction_set: instruction_set.into(),
            window: self.run.window,
            half: self.half,
        }
    }

    /// What is optimised at a scale: the picture with its margin.
    pub(crate) fn canvas(&self, scale: Scale) -> Canvas {
        self.recipe.canvas((scale.width, scale.height))
    }
}

/// One evaluation and the step that followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Scale, counted from 1.
    pub scale: usize,
    /// Number of scales.
    pub scales: usize,
    /// Width of the picture at this scale.
    pub width: usize,
    /// Height of the picture at this scale.
    pub height: usize,
    /// Iteration of this scale, counted from 1.
    pub iteration: usize,
    /// Iterations of this scale.
    pub iterations: usize,
    /// Loss before the step.
    pub losses: Losses,
    /// Seconds that evaluation and step took, with the preparation of the scale in its first.
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
    /// What the run begins with, where that is a draft; painted before the first step, or again after a resumption.
    pub(crate) draft: Option<Picture>,
    /// Whether the picture to begin with is there.
    pub(crate) begun: bool,
    pub(crate) pool: ThreadPool,
    /// Index of the scale.
    pub(crate) scale: usize,
    /// Iterations done at the scale.
    pub(crate) iteration: usize,
    pub(crate) pace: Convergence,
    pub(crate) clock: Clock,
    pub(crate) budget: Option<TimeBudget>,
    pub(crate) image: Pixels,
    /// Empty until the first step, as is the optimiser's state: both may be large.
    pub(crate) average: Average,
    /// Both before the last step, which may lead to where no loss is a number; not where pixels are kept in 0..1, as every
    /// loss is a number there.
    pub(crate) before: Option<(Values, Average)>,
    /// The iterate of the final scale with the lowest loss, where the recipe keeps it.
    pub(crate) best: Option<(f64, Values)>,
    pub(crate) optimiser: Optimiser,
    /// Made at the first step of each scale.
    pub(crate) objective: Option<Objective>,
    /// What stays of the content at this scale; made with the objective, and left when that goes.
    pub(crate) hold: Option<ProtectedContent>,
    pub(crate) stopped: bool,
    /// It diverged, or a part of its state is gone: there is nothing to go on from.
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
        let mut image = start_image(&inputs, inputs.canvas(first));
        if inputs.recipe.optimizer == OptimizerKind::Adam && inputs.recipe.adam.bounded {
            clamp(&mut image);
        }
        if inputs.colour == Colour::Luminance {
            first_in_all(&mut image.data);
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
            image,
            average,
            before: None,
            best: None,
            optimiser,
            objective: None,
            hold: None,
            stopped: false,
            spoiled: false,
            fingerprint,
        })
    }

    /// Does one iteration; `None` when the run is complete.
    ///
    /// # Errors
    /// [`Error::Diverged`] when a loss is not finite, or the engine's cancellation. Either way the session still holds the last
    /// good picture. [`Error::Diverged`] and [`Error::Stream`] end the run, which cannot be saved any more.
    pub fn step(&mut self) -> Result<Option<Step>, Error> {
        let step = self.try_step();
        if let Err(Error::Stream { .. }) = step {
            (self.stopped, self.spoiled) = (true, true);
        }
        step
    }

    fn try_step(&mut self) -> Result<Option<Step>, Error> {
        self.draft()?;
        while !self.stopped && self.scale_is_done()? {
            if self.scale + 1 == self.inputs.scales.len() {
                self.release();
                return Ok(None);
            }
            self.next_scale()?;
        }
        if self.stopped {
            return Ok(None);
        }
        let (start, prepared) = (self.clock.now(), self.objective.is_some());
        let losses = self.evaluate_and_move().map_err(|error| match error {
            Error::NotFinite { layer } => {
                (self.stopped, self.spoiled) = (true, true);
                match self.go_back() {
                    Ok(()) => Error::Diverged { layer, scale: self.scale + 1, iteration: self.iteration + 1 },
                    Err(source) => Error::Stream { source },
                }
            }
            error => error,
        })?;
        self.iteration += 1;
        self.pace.add(losses.total);
        // One that prepares the scale takes longer.
        if let Some(budget) = self.budget.as_mut().filter(|_| prepared) {
            budget.add(&self.inputs.run.scales[self.scale], self.clock.seconds_since(start));
        }
        let Scale { width, height, .. } = self.inputs.scales[self.scale];
        let iterations = self.iterations_of_scale();
        Ok(Some(Step {
            scale: self.scale + 1,
            scales: self.inputs.scales.len(),
            width,
            height,
            iteration: self.iteration,
            iterations,
            losses,
            seconds: self.clock.seconds_since(start),
        }))
    }

    /// Ends the session, and gives what the next can use.
    pub fn into_cache(mut self) -> EngineCache {
        self.engine.forget_targets();
        EngineCache { backend: self.backend, engine: self.engine, styles: self.styles, drafter: self.drafter }
    }

    /// Ends the run here: further steps give `None`.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Ends the run for good: nothing is left but the picture, which can use the memory on its way to a file.
    pub fn finish(&mut self) {
        (self.stopped, self.spoiled) = (true, true);
        self.release();
    }

    /// Forgets what only further steps would need.
    fn release(&mut self) {
        (self.objective, self.before) = (None, None);
        self.optimiser = self.optimiser.clone_scalars();
        self.engine.forget_targets();
    }

    /// The result so far, as the recipe keeps it (average, last or best iterate), clamped to 0..1, at the size of the
    /// current scale.
    ///
    /// # Errors
    /// [`Error::Stream`] when it is kept in a temporary file that cannot be read.
    pub fn picture(&self) -> Result<Picture, Error> {
        self.iterate(self.inputs.recipe.keep)
    }

    /// The result so far, made smaller to a long edge of at most so many pixels (1 or more): for a glance on the way.
    ///
    /// # Errors
    /// As [`picture`](Session::picture).
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

    /// The iterate asked for, clamped to 0..1; the last where there is no average yet, or no best (it is kept at the final
    /// scale, if the recipe asks for it).
    ///
    /// # Errors
    /// As [`picture`](Session::picture).
    pub fn iterate(&self, keep: Keep) -> Result<Picture, Error> {
        let planes: &dyn Numbers = match (keep, &self.best) {
            (Keep::Average, _) if !self.average.sum.is_empty() => &self.average,
            (Keep::Best, Some((_, best))) => best,
            _ => &self.image.data,
        };
        let canvas = self.inputs.canvas(self.inputs.scales[self.scale]);
        let made = if self.hold.is_none() { ProtectedContent::of(&self.inputs, canvas) } else { None };
        let inner = seen(self.hold.as_ref().or(made.as_ref()), canvas, planes).map_err(Error::stream)?;
        let hold = self.hold.as_ref().or(made.as_ref());
        Ok(match &self.inputs.colours {
            Some(colours) => {
                let (width, height) = canvas.inner;
                let colours = resize(colours, width, height, Filter::Bicubic, self.inputs.averaging);
                let mut picture = coloured(inner, &colours);
                hold.iter().for_each(|hold| hold.put_back(canvas, &colours, &mut picture));
                picture
            }
            None => inner,
        })
    }

    /// The resolved recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.inputs.recipe
    }

    /// The scales of the run.
    pub fn scales(&self) -> &[Scale] {
        &self.inputs.scales
    }

    /// Where the encoder came from.
    pub fn encoder(&self) -> &Provenance {
        &self.inputs.provenance
    }

    /// The instruction set that the engine computes with: results repeat to the byte on the same one.
    pub fn instruction_set(&self) -> &str {
        self.engine.identity()
    }

    /// Threads that the run uses.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The optimiser with its state: plain data.
    pub fn optimiser(&self) -> &Optimiser {
        &self.optimiser
    }

    /// What the run takes.
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
