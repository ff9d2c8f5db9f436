//! Putting a style transfer together: everything is checked before the first evaluation.

use std::sync::Arc;

use impasto_encoder::{Encoder, EncoderError};
use impasto_engine::{
    Backend, CpuBackend, Engine, EngineError, InstructionSet, Network, Padding, Pixels, Size, Tiled, Tiling,
};
use impasto_image::{Filter, Picture, fit_long_edge, resize};

use crate::builder::{DEFAULT_SIZE, LARGEST_SIZE};
use crate::checkpoint::picture_digest;
use crate::colour::{Colour, make_grey, match_colours};
use crate::draft::Drafter;
use crate::engine_cache::EngineCache;
use crate::pace::TimeBudget;
use crate::plan::{self, GivenSizes, Planner};
use crate::preset::from_nothing;
use crate::recipe::Init;
use crate::session::{RunInputs, Session};
use crate::style::shares;
use crate::style_parts::check_layers;
use crate::threads::thread_pool;
use crate::{Error, Iterations, Recipe, Scale, Setting, Style, StyleTransfer};

/// Smaller strokes are no more than grain, and for larger ones the picture has no room.
const STROKE_SIZES: std::ops::RangeInclusive<f64> = 0.1..=4.0;

/// Bytes of what is known of styles that an [`EngineCache`] takes along where there is memory for it.
const SPARE_MOMENTS: usize = 256 << 20;

impl StyleTransfer {
    /// Checks everything and makes a session, ready for its first step.
    ///
    /// # Errors
    /// Whatever is wrong with the options, the model or the sizes; see [`Error`].
    pub fn build(self) -> Result<Session, Error> {
        self.build_with(None)
    }

    /// As [`build`](StyleTransfer::build), with what an earlier session left, as far as it is of use here: the result is
    /// the same bytes.
    ///
    /// # Errors
    /// As [`build`](StyleTransfer::build).
    pub fn build_with(mut self, cache: Option<EngineCache>) -> Result<Session, Error> {
        let clock = self.clock.clone();
        let budget = self.time.map(|time| TimeBudget::new(time, clock.clone()));
        let pool = thread_pool(self.threads)?;
        let size = self.result_size()?;
        let Prepared { mut recipe, network, shares } = self.prepare()?;
        let provenance = network.encoder.provenance().clone();
        let (set, backend) = self.take_backend()?;
        // One with memory of its own has no more than that.
        let own = backend.memory().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        self.memory = self.memory.into_iter().chain(own).min();
        let mut cache = match cache.filter(|cache| cache.suits(&network, backend.name())) {
            Some(cache) => cache,
            None => {
                let engine = pool.install(|| backend.prepare(network, self.cancel.clone()))?;
                EngineCache::new(backend.name(), Tiled::new(engine, Tiling::default()))
            }
        };
        cache.drafter =
            cache.drafter.take().filter(|drafter| recipe.init == Init::Draft && drafter.suits(set));
        if recipe.init == Init::Draft && cache.drafter.is_none() {
            cache.drafter = Some(pool.install(|| Drafter::new(&self.cancel, set))?);
        }
        cache.set_cancel(&self.cancel);
        cache.engine.retile(Tiling::default());
        cache.engine.set_half(self.half);
        self.check_ring(&cache.engine, size)?;
        let scales = self.scales(&recipe, &cache.engine, size);
        let threads = pool.current_num_threads();
        let given = self.given_sizes(&recipe);
        recipe.draft_size = cache.planner(&recipe, &given, threads).fitting_draft(size)?;
        let planner = cache.planner(&recipe, &given, threads);
        planner.check_sizes(&scales)?;
        if let Iterations::Listed(counts) = &recipe.pyramid.iterations
            && counts.len() != scales.len()
        {
            let (scales, found) = (scales.len(), counts.len());
            let problem = format!("expected one number, or one for each of {scales} scales, found {found}");
            return Err(Error::invalid(Setting::Iterations, problem));
        }
        let planned = match self.tiling.window {
            Some(window) => Some(planner.with_window(&scales, Some(window))?),
            None => planner.plan(&scales)?,
        };
        let Some(planned) = planned else { return Err(self.too_large(&planner, &scales)?) };
        // Beyond what the plan counts, what is known of styles may only take what is left.
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
        };
        Session::new(inputs, cache, pool, (clock, budget))
    }

    /// What the encoder runs on, and the instruction set of what the CPU does in any case.
    pub(crate) fn take_backend(&mut self) -> Result<(InstructionSet, Arc<dyn Backend>), Error> {
        let set = self.instruction_set.map_or_else(InstructionSet::from_env, Ok)?;
        Ok((set, self.backend.take().unwrap_or_else(|| Arc::new(CpuBackend { set: Some(set) }))))
    }

    /// What a plan counts of what was given.
    fn given_sizes(&self, recipe: &Recipe) -> GivenSizes {
        let scale = self.scale_of_styles();
        GivenSizes {
            content: self.content.size(),
            styles: self.styles.iter().map(|style| (style.picture.size(), style.scale * scale)).collect(),
            init: self.init_picture.as_ref().map(Picture::size),
            memory: self.memory,
            weights: self.regions.weights(self.alpha.is_some(), recipe.margin),
            regions: self.regions.count(),
            holds: self.regions.hold(),
            masks: self.mask_bytes(),
            keeps_colours: self.keeps_colours(),
        }
    }

    /// Whether the result has the content's hue and chroma.
    fn keeps_colours(&self) -> bool {
        matches!(self.colour, Colour::Keep | Colour::Luminance)
    }

    /// Gives the pictures the colours that they are looked at in, and returns the content's at the size of the result, if that is
    /// to have them.
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

    /// The error that names what would be needed, and the largest size that fits.
    fn too_large(&self, planner: &Planner, scales: &[Scale]) -> Result<Error, Error> {
        let (memory, long) = (self.memory.unwrap_or(usize::MAX), scales.last().map_or(0, Scale::long_edge));
        let smallest = planner.usual().with_window(scales, Some(plan::SMALLEST_WINDOW))?;
        let size = plan::largest(long, |size| {
            let of = self.texture.map_or(self.content.size(), |texture| texture.size);
            let size = fit_long_edge(of, size.max(1));
            let scales = self.scales(planner.recipe, planner.engine, size);
            // Too small a picture fails for another reason, which is not what is asked here.
            Ok(planner.plan(&scales).is_ok_and(|plan| plan.is_some()))
        })?;
        Ok(Error::TooLarge { long_edge: long, needed: smallest.peak_bytes, memory, fits: size })
    }

    /// What the sizes of all styles are multiplied by.
    pub(crate) fn scale_of_styles(&self) -> f64 {
        self.style_scale * self.stroke_size.unwrap_or(1.0)
    }

    /// The size of the result: the default never enlarges the content.
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

    pub(crate) fn prepare(&self) -> Result<Prepared, Error> {
        let shares = shares(&self.styles)?;
        if !(self.style_scale.is_finite() && self.style_scale > 0.0) {
            let problem = format!("expected a number above 0, found {}", self.style_scale);
            return Err(Error::invalid(Setting::StyleScale, problem));
        }
        let pictures = self.styles.iter().map(|style| (&style.picture, &style.alpha));
        for (picture, alpha) in pictures.chain([(&self.content, &self.alpha)]) {
            if let Some(alpha) = alpha.as_ref().filter(|alpha| alpha.size() != picture.size()) {
                let problem = format!("expected {:?} pixels, found {:?}", picture.size(), alpha.size());
                return Err(Error::invalid("alpha", problem));
            }
        }
        self.check_regions()?;
        let mut recipe = self.recipe.clone().unwrap_or_else(|| self.preset.recipe());
        recipe.check()?;
        if self.texture.is_some() && recipe.init == Init::Draft {
            if self.recipe.is_some() {
                return Err(Error::invalid(Setting::Init, "a texture has no content to draft"));
            }
            recipe = from_nothing();
        }
        let mut overrides = self.overrides.clone();
        if self.init_picture.is_some() {
            overrides.init.get_or_insert(Init::Picture);
        }
        let mut recipe = overrides.apply(recipe)?;
        self.without_content(&mut recipe)?;
        if let Some(size) = self.stroke_size {
            if !STROKE_SIZES.contains(&size) {
                let (least, most) = (STROKE_SIZES.start(), STROKE_SIZES.end());
                return Err(Error::invalid(
                    Setting::StrokeSize,
                    format!("expected {least} to {most}, found {size}"),
                ));
            }
            if self.overrides.min_size.is_none() {
                recipe.pyramid.smallest = recipe.pyramid.smallest.for_strokes(size);
            }
        }
        for layers in self.styles.iter().filter_map(|style| style.layers.as_ref()) {
            check_layers(layers, &recipe)?;
        }
        if recipe.strength == 0.0 && matches!(recipe.init, Init::Content | Init::Draft) {
            // It is there already.
            (recipe.init, recipe.pyramid.iterations) = (Init::Content, Iterations::each(0));
        }
        if (recipe.init == Init::Picture) != self.init_picture.is_some() {
            let problem = match self.init_picture {
                Some(_) => "a picture to begin with was given, and an init of another kind",
                None => "expected a picture to begin with, found none",
            };
            return Err(Error::invalid(Setting::Init, problem));
        }
        let encoder = match &self.encoder {
            Some(encoder) => encoder.clone(),
            None => impasto_encoder::open(&self.model)?,
        };
        let deepest = self.deepest_tap(&recipe, &encoder)?;
        let pooling = recipe.pooling.unwrap_or(encoder.pooling());
        recipe.pooling = Some(pooling);
        let padding = recipe.padding.unwrap_or_else(|| Padding::trained(&encoder));
        recipe.padding = Some(padding);
        let network = Network {
            encoder: encoder.truncated(deepest),
            pooling,
            pool_scale: recipe.pool_scales.of(pooling),
            padding,
        };
        Ok(Prepared { recipe, network, shares })
    }

    /// Resolves every layer. A layer that only the preset asks for, and that the encoder lacks, is the preset's fault.
    fn deepest_tap(&self, recipe: &Recipe, encoder: &Encoder) -> Result<impasto_encoder::Tap, Error> {
        let (content, style) = (&self.overrides.content_layers, &self.overrides.style_layers);
        let given = [
            (Setting::ContentLayers, &recipe.content_layers, content.is_some()),
            (Setting::StyleLayers, &recipe.style_layers, style.is_some()),
        ];
        let mut deepest = None;
        for (setting, layers, overridden) in given {
            let asked_for = overridden || self.recipe.is_some();
            for (layer, _) in layers {
                let tap = encoder.topology().tap(layer).map_err(|error| match error {
                    EncoderError::UnknownLayer { name, nearest, last } if !asked_for => {
                        Error::PresetNeedsLayer {
                            preset: recipe.preset.clone(),
                            layer: name,
                            last,
                            nearest,
                            setting,
                        }
                    }
                    error => error.into(),
                })?;
                deepest = deepest.max(Some(tap));
            }
        }
        deepest.ok_or(Error::Engine(EngineError::NothingToObserve))
    }
}

pub(crate) struct Prepared {
    pub(crate) recipe: Recipe,
    pub(crate) network: Network,
    /// Of the styles; they sum to 1.
    pub(crate) shares: Vec<f64>,
}

/// The same planar values, as engines take them.
pub(crate) fn pixels(picture: Picture) -> Pixels {
    Pixels { size: Size::new(picture.width(), picture.height()), data: picture.into_rgb() }
}
