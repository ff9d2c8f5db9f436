//! Assembles a style transfer. Everything is checked before the first evaluation.

use std::sync::Arc;

use impasto_engine::{Backend, CpuBackend, Engine, InstructionSet, Network, Pixels, Size, Tiled, Tiling};
use impasto_image::{Filter, Picture, fit_long_edge, resize};

use crate::colour::{Colour, make_grey, match_colours};
use crate::device;
use crate::digest::picture_digest;
use crate::draft::Drafter;
use crate::engine_cache::EngineCache;
use crate::pace::TimeBudget;
use crate::plan::{self, GivenSizes, Planner};
use crate::recipe::{Init, OptimizerKind};
use crate::resolve::Prepared;
use crate::run_inputs::RunInputs;
use crate::session::Session;
use crate::sizes::{DEFAULT_SIZE, LARGEST_SIZE};
use crate::threads::thread_pool;
use crate::{Error, Iterations, Recipe, Scale, Setting, Style, StyleTransfer};

/// The most bytes of style moments that an [`EngineCache`] may keep beyond what the plan counts: 256 MiB.
const SPARE_MOMENTS: usize = 256 << 20;

impl StyleTransfer {
    /// Checks all options and makes a session that is ready for its first step.
    ///
    /// # Errors
    /// Any problem with the options, the model or the sizes; see [`Error`].
    pub fn build(self) -> Result<Session, Error> {
        self.build_with(None)
    }

    /// Works like [`build`](StyleTransfer::build), but reuses the engine, the style moments and the drafter of an
    /// earlier session where they suit this run. The result has the same bytes as without the cache.
    ///
    /// # Errors
    /// The errors of [`build`](StyleTransfer::build).
    pub fn build_with(mut self, cache: Option<EngineCache>) -> Result<Session, Error> {
        let clock = self.clock.clone();
        let budget = self.time.map(|time| TimeBudget::new(time, clock.clone()));
        let pool = thread_pool(self.threads)?;
        let size = self.result_size()?;
        let Prepared { mut recipe, network, shares } = self.prepare()?;
        let provenance = network.encoder.provenance().clone();
        let (set, backend) = pool.install(|| self.take_backend(&network))?;
        // A backend with memory of its own limits the run to that memory.
        let own = backend.memory().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        self.memory = self.memory.into_iter().chain(own).min();
        let mut cache = pool.install(|| self.equipped(cache, network, &recipe, (set, backend.as_ref())))?;
        self.check_ring(&cache.engine, size)?;
        let scales = self.scales(&recipe, &cache.engine, size)?;
        let threads = pool.current_num_threads();
        let given = self.given_sizes(&recipe);
        let planner = cache.planner(&recipe, &given, threads);
        self.check_sizes(&planner, &scales)?;
        recipe.draft_size = planner.fitting_draft(size)?;
        let planner = cache.planner(&recipe, &given, threads);
        check_counts(&recipe, &scales)?;
        let planned = match self.tiling.window {
            Some(window) => Some(planner.with_window(&scales, Some(window))?),
            None => planner.plan(&scales)?,
        };
        let Some(planned) = planned else { return Err(self.too_large(&planner, &scales)?) };
        // Style moments beyond those in the plan may only use the memory that is left.
        let left = self.memory.map_or(usize::MAX, |memory| memory.saturating_sub(planned.peak_bytes));
        cache.styles.budget = planner.moments_bytes(scales.len())? + left.min(SPARE_MOMENTS);
        cache.styles.trim();
        let colours = self.take_colours(&scales)?;
        let (regions_digest, scale) = (self.regions_digest(), self.scale_of_styles());
        cache.engine.retile(Tiling { window: planned.window, ..self.tiling });
        let digest = |style: &Style| picture_digest(&style.picture, style.alpha.as_ref());
        let digests = self.styles.iter().map(digest).collect();
        for (style, share) in self.styles.iter_mut().zip(shares) {
            (style.weight, style.scale) = (share, style.scale * scale);
        }
        if let Some(follow) = &self.follow {
            follow.check(size)?;
            if recipe.optimizer != OptimizerKind::Adam || scales.len() != 1 {
                return Err(Error::invalid("follow", "expected one scale and the optimiser adam"));
            }
        }
        let inputs = RunInputs {
            content: Some(self.content),
            alpha: self.alpha,
            regions: self.regions,
            regions_digest,
            styles: self.styles,
            averaging: self.averaging,
            colour: self.colour,
            colours,
            seed: self.seed,
            init_picture: self.init_picture,
            scales,
            recipe,
            provenance,
            run: planned,
            digests,
            half: self.half,
            given,
            follow: self.follow,
            traced: self.traced,
        };
        Session::new(inputs, cache, pool, (clock, budget))
    }

    /// The engine of an earlier run, or a new one, with a drafter where the run begins with a draft.
    fn equipped(
        &self,
        cache: Option<EngineCache>,
        network: Network,
        recipe: &Recipe,
        (set, backend): (InstructionSet, &dyn Backend),
    ) -> Result<EngineCache, Error> {
        let mut cache = match cache.filter(|cache| cache.suits(&network, backend.name())) {
            Some(cache) => cache,
            None => {
                let engine = backend.prepare(network, self.cancel.clone())?;
                EngineCache::new(backend.name(), Tiled::new(engine, Tiling::default()))
            }
        };
        let drafts = recipe.init == Init::Draft;
        cache.drafter = cache.drafter.take().filter(|drafter| drafts && drafter.suits((set, backend)));
        if drafts && cache.drafter.is_none() {
            cache.drafter = Some(Drafter::new(&self.cancel, (set, backend))?);
        }
        cache.set_cancel(&self.cancel);
        cache.engine.retile(Tiling::default());
        cache.engine.set_half(self.half);
        Ok(cache)
    }

    /// Takes the encoder's backend, and the instruction set for the work that always runs on the CPU.
    pub(crate) fn take_backend(
        &mut self,
        network: &Network,
    ) -> Result<(InstructionSet, Arc<dyn Backend>), Error> {
        let set = self.instruction_set.map_or_else(InstructionSet::from_env, Ok)?;
        let backend = match self.backend.take() {
            None if self.automatic => device::faster(network, set)?,
            given => given,
        };
        Ok((set, backend.unwrap_or_else(|| Arc::new(CpuBackend { set: Some(set) }))))
    }

    /// The sizes of the inputs that a plan counts.
    fn given_sizes(&self, recipe: &Recipe) -> GivenSizes {
        let scale = self.scale_of_styles();
        GivenSizes {
            content: self.content.size(),
            styles: self.styles.iter().map(|style| (style.picture.size(), style.scale * scale)).collect(),
            init: self.init_picture.as_ref().map(Picture::size),
            memory: self.memory,
            weights: self.regions.weights(self.alpha.is_some(), recipe.margin),
            regions: self.regions.count(),
            holds: self.regions.protects(),
            masks: self.mask_bytes(),
            keeps_colours: self.keeps_colours(),
        }
    }

    /// Whether the result keeps the content's hue and chroma.
    fn keeps_colours(&self) -> bool {
        matches!(self.colour, Colour::Keep | Colour::Luminance)
    }

    /// Converts the pictures to the colours in which they are compared. If the result is to keep the content's
    /// colours, returns them as a picture of the size of the result.
    pub(crate) fn take_colours(&mut self, scales: &[Scale]) -> Result<Option<Picture>, Error> {
        let last = scales.last().filter(|_| self.keeps_colours());
        let colours =
            last.map(|last| resize(&self.content, last.width, last.height, Filter::Bicubic, self.averaging));
        match self.colour {
            Colour::Style | Colour::Keep => {}
            Colour::Match(map) => {
                for (index, style) in self.styles.iter_mut().enumerate() {
                    let (weights, part) =
                        self.regions.colours_of(index, style, self.alpha.as_ref(), self.content.size());
                    let like = (&self.content, part.as_ref());
                    match_colours(map, (&mut style.picture, weights.as_ref()), like)?;
                }
            }
            Colour::Luminance => {
                let styles = self.styles.iter_mut().map(|style| &mut style.picture);
                styles.chain([&mut self.content]).chain(&mut self.init_picture).for_each(make_grey);
            }
        }
        Ok(colours)
    }

    /// The error for a run that does not fit into memory. It names the memory needed and the largest size that
    /// fits.
    fn too_large(&self, planner: &Planner, scales: &[Scale]) -> Result<Error, Error> {
        let (memory, long) = (self.memory.unwrap_or(usize::MAX), scales.last().map_or(0, Scale::long_edge));
        let smallest = planner.usual().with_window(scales, Some(plan::SMALLEST_WINDOW))?;
        let size = plan::largest(long, |size| {
            let of = self.texture.map_or(self.content.size(), |texture| texture.size);
            let size = fit_long_edge(of, size.max(1));
            let scales = self.scales(planner.recipe, planner.engine, size)?;
            // A picture that is too small fails for another reason, which this search ignores.
            Ok(planner.plan(&scales).is_ok_and(|plan| plan.is_some()))
        })?;
        Ok(Error::TooLarge { long_edge: long, needed: smallest.peak_bytes, memory, fits: size })
    }

    /// The factor that multiplies the sizes of all styles.
    pub(crate) fn scale_of_styles(&self) -> f64 {
        self.style_scale * self.stroke_size.unwrap_or(1.0)
    }

    /// The size of the result, width and height in pixels. The default size never enlarges the content.
    pub(crate) fn result_size(&self) -> Result<(usize, usize), Error> {
        if let Some(texture) = self.texture {
            return Ok(texture.size);
        }
        let long = match self.size {
            Some(0) => return Err(Error::invalid(Setting::Size, "expected at least 1 pixel, found 0")),
            Some(long) if long > LARGEST_SIZE => {
                return Err(Error::invalid(
                    Setting::Size,
                    format!("expected at most {LARGEST_SIZE} pixels, found {long}"),
                ));
            }
            Some(long) => long,
            None => DEFAULT_SIZE.min(self.content.long_edge()),
        };
        Ok(fit_long_edge(self.content.size(), long))
    }
}

/// A list of iterations has a number for each scale.
fn check_counts(recipe: &Recipe, scales: &[Scale]) -> Result<(), Error> {
    if let Iterations::Listed(counts) = &recipe.pyramid.iterations
        && counts.len() != scales.len()
    {
        let (scales, found) = (scales.len(), counts.len());
        let problem = format!("expected one number, or one for each of {scales} scales, found {found}");
        return Err(Error::invalid(Setting::Iterations, problem));
    }
    Ok(())
}

/// Converts a picture to the engine's type; the planar values stay the same.
pub(crate) fn pixels(picture: Picture) -> Pixels {
    Pixels { size: Size::new(picture.width(), picture.height()), data: picture.into_rgb() }
}
