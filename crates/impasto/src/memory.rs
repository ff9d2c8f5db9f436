//! The memory that each scale of a run needs. It is computed, not measured. The peak can occur at a few moments of
//! a run; for each of them the sum covers every array with at least one value per pixel, and the memory of the run
//! itself.

use impasto_encoder::Tap;
use impasto_engine::painting::BAND;
use impasto_engine::{EngineError, Request, Size, Target, Tiled, Tiles};

use crate::draft::draft_size;
use crate::objective::{Statistic, style_taps};
use crate::plan::{Planner, ScalePlan};
use crate::prepare::style_canvas;
use crate::recipe::{Keep, OptimizerKind};
use crate::smallest::least_of_style;
use crate::style_size::{seen_style_size, style_size};
use crate::{Error, Recipe, Scale};

/// The program itself, its stacks and the allocator's reserve.
const BASE: usize = 16 << 20;

/// Bytes per pixel of a picture in f32.
const PICTURE: usize = 12;

/// Bytes per pixel of a tile's window besides the evaluation: its pixels, their gradient, and position weights.
const WINDOW: usize = 2 * PICTURE + 8;

/// Optimiser state larger than this fraction of the memory is kept in files, if the picture does not fit whole.
const STATE_SHARE: f64 = 0.25;

/// Bands of streamed state that are in memory at once.
const BANDS: usize = 2;

/// Bytes per pixel for writing a result: its 8-bit samples, the encoder's copy of them, and the compressed data
/// (WebP needs most). Formats with more bits are written in bands of rows.
const ENCODING: usize = 3 * 4;

/// Sets of matrices that an evaluation needs: targets, sums, moments, derivatives.
const MATRICES: usize = 4;

/// Further sets of matrices, for decompositions, roots and their products.
const MATRICES_OF_ROOTS: usize = 7;

/// A scale, and the quantities that determine its plan.
struct Outline {
    scale: Scale,
    index: usize,
    /// The size with the margin.
    size: Size,
    moments: Vec<Tap>,
    contents: Vec<Tap>,
    deepest: Tap,
    tiles: Tiles,
    /// Whether the picture is cut into tiles.
    cut: bool,
    /// Whether the state that can be kept in files is kept there.
    streamed: bool,
}

impl Planner<'_> {
    /// The plan of one scale.
    pub(crate) fn scale(
        &self,
        scales: &[Scale],
        index: usize,
        window: Option<usize>,
    ) -> Result<ScalePlan, Error> {
        let at = self.outline(scales[index], index, window)?;
        let last = index + 1 == scales.len();
        let result = scales.last().map_or((0, 0), |scale| (scale.width, scale.height));
        let network = self.engine.network();
        let fixed = BASE
            + 4 * network.encoder.parameters()
            + self.engine.kernel_bytes()
            + self.kept_of_draft(result)
            + self.given.regions * self.sets() * self.moments_of(&at.moments)
            + self.moments_bytes(index + 1)?
            + if self.given.keeps_colours { picture(result) } else { 0 };
        // The input pictures. At the last scale they are freed once the targets are computed.
        let given = self.given.masks + self.given.pictures().map(picture).sum::<usize>();
        let kept = if last { self.given.masks } else { given };
        let state = self.state(&at);
        let mut peak = given + PICTURE * at.size.area();
        if at.scale.iterations > 0 {
            peak = given + state + self.taking_styles(&at, window)?;
            peak = peak.max(state + self.taking_content(&at, given, kept)?);
            peak = peak.max(kept + state + self.evaluating(&at)?);
        }
        match index.checked_sub(1) {
            Some(before) => {
                let before = self.outline(scales[before], before, window)?;
                peak = peak.max(given + self.carrying(&before, &at));
            }
            // The picture to begin with, resized and mirrored.
            None => {
                let beginning = self.given.init.map_or(0, picture) + 2 * PICTURE * at.size.area();
                peak = peak
                    .max(given + beginning)
                    .max(given + PICTURE * at.size.area() + self.drafting(result, self.recipe.draft_size)?);
            }
        }
        if last {
            peak = peak.max(self.writing(&at));
        }
        Ok(ScalePlan {
            width: at.scale.width,
            height: at.scale.height,
            iterations: at.scale.iterations,
            tiles: at.tiles.counts,
            overlap: if at.cut { at.tiles.margins.1 } else { 0 },
            peak_bytes: fixed + peak,
            streamed: at.streamed,
            spilled_bytes: if at.cut { self.targets(&at, at.size) } else { 0 }
                + if at.streamed { self.streaming(&at) * at.size.area() } else { 0 },
            checkpoint_bytes: (PICTURE + self.streaming(&at)) * at.size.area(),
            cost: at.tiles.cost,
            seconds: None,
        })
    }

    fn outline(&self, scale: Scale, index: usize, window: Option<usize>) -> Result<Outline, Error> {
        let (width, height) = self.recipe.canvas((scale.width, scale.height)).outer();
        let size = Size::new(width, height);
        let network = self.engine.network();
        let topology = network.encoder.topology();
        let taps = |layers: &[(String, f64)]| -> Result<Vec<Tap>, Error> {
            Ok(layers.iter().map(|(name, _)| topology.tap(name)).collect::<Result<_, _>>()?)
        };
        let (moments, contents) = (taps(&self.recipe.style_layers)?, taps(&self.recipe.content_layers)?);
        let deepest = moments.iter().chain(&contents).copied().max();
        let deepest = deepest.ok_or(Error::Engine(EngineError::NothingToObserve))?;
        let tiles = Tiled::tiles(network, deepest, size, window);
        let cut = tiles.counts != (1, 1);
        let mut at = Outline { scale, index, size, moments, contents, deepest, tiles, cut, streamed: false };
        let streaming = (self.streaming(&at) * size.area()) as f64;
        at.streamed = cut && self.given.memory.is_some_and(|memory| streaming > STATE_SHARE * memory as f64);
        Ok(at)
    }

    /// Bytes of the picture and of the state that the run keeps between steps.
    fn state(&self, at: &Outline) -> usize {
        let streaming = if at.streamed { 0 } else { self.streaming(at) };
        (PICTURE + streaming) * at.size.area()
    }

    /// Bytes for the style moments: each style at its size, one after the other.
    fn taking_styles(&self, at: &Outline, window: Option<usize>) -> Result<usize, Error> {
        if at.moments.is_empty() {
            return Ok(0);
        }
        let least = least_of_style(self.recipe, self.engine.network().encoder.topology())?;
        let mut most = 0;
        for (style, scale) in &self.given.styles {
            let content = (at.scale.width, at.scale.height);
            let inner = seen_style_size(*style, (self.recipe.style_fit, *scale), content, least);
            let size = style_canvas(inner, self.recipe).outer();
            let tiles = Tiled::tiles(self.engine.network(), at.deepest, Size::new(size.0, size.1), window);
            // Weights that exclude the margin, as for an evaluation.
            let weights = match size == inner {
                true => 0,
                false => 8 * size.0 * size.1 + 14 * tiles.window.area(),
            };
            most = most.max(picture(size) + weights + self.evaluation(tiles.window, &at.moments, &[])?);
        }
        Ok(most)
    }

    /// Bytes for the content targets, which are captured from a copy of the content at the scale's size.
    fn taking_content(&self, at: &Outline, given: usize, kept: usize) -> Result<usize, Error> {
        let resized = PICTURE * at.size.area();
        let mut capturing = 0;
        for tap in &at.contents {
            let of_window = match at.cut {
                true => WINDOW * at.tiles.window.area() + self.target(*tap, at.tiles.window),
                false => self.targets(at, at.size),
            };
            capturing =
                capturing.max(self.engine.capture_bytes(at.tiles.window, *tap, self.threads)? + of_window);
        }
        // Resizing goes plane by plane, first horizontally. Then another copy gets the margin.
        let (width, height) = (at.size.width, self.given.content.1.max(at.size.height));
        let light = self.given.content.0 * self.given.content.1;
        let resizing = size_of::<f32>() * (light + width * (height + at.size.height));
        let copying = resized + (given + resizing).max(resized + kept);
        // A draft that is held in the content's place, at its size. Its missing detail is added from a second copy.
        let draft = match self.recipe.content_is_draft && self.drafter.is_some() {
            true => 2 * resized,
            false => 0,
        };
        let copying = copying + draft;
        // The position weights exist by then. With a strength below 1, the content's own moments are mixed into the
        // targets, and observing them needs copies of the weights.
        let copies = if self.recipe.strength < 1.0 { 3 } else { 1 };
        let weights = copies * self.given.weights * size_of::<f32>() * at.size.area();
        Ok(copying.max(resized + draft / 2 + kept + weights + capturing))
    }

    /// Bytes for the gradient, and for the larger of the engine's and the optimiser's needs.
    fn evaluating(&self, at: &Outline) -> Result<usize, Error> {
        let (held, window) = match at.cut {
            true => (self.targets(at, at.tiles.window), WINDOW * at.tiles.window.area()),
            false => (self.targets(at, at.size), 0),
        };
        let evaluation = self.evaluation(at.tiles.window, &at.moments, &at.contents)?;
        let stepping = match self.recipe.optimizer {
            OptimizerKind::Adam => 0,
            OptimizerKind::Lbfgs => PICTURE * at.size.area(),
        };
        // The weights exist in the objective and in the last observation; cut to a window, also in the engine, at
        // each of its sizes.
        let weights = self.given.weights * (8 * at.size.area() + 14 * at.tiles.window.area());
        // The content, the weights of its protected parts, and the picture with these parts put in.
        let held = held + if self.given.holds { (2 * PICTURE + 4) * at.size.area() } else { 0 };
        let bands = if at.streamed { BANDS * size_of::<f32>() * BAND.min(3 * at.size.area()) } else { 0 };
        // During the optimiser's step the engine keeps its buffers, but no tile.
        let evaluation = evaluation + self.judging(at);
        Ok(PICTURE * at.size.area() + held + weights + evaluation + window.max(stepping + bands))
    }

    /// Long edge in pixels of the largest draft that fits into the memory: the recipe's draft size, or less in
    /// steps of 64.
    pub(crate) fn fitting_draft(&self, result: (usize, usize)) -> Result<usize, Error> {
        const STEP: usize = 64;
        let (usual, mut longest) = (self.usual(), self.recipe.draft_size);
        let given: usize = self.given.pictures().map(picture).sum();
        let kernels = BASE + self.given.masks + self.engine.kernel_bytes() + self.kept_of_draft(result);
        while let (Some(memory), Some(_)) = (self.given.memory, self.drafter)
            && longest > 2 * STEP
            && kernels + given + usual.drafting(result, longest)? > memory
        {
            longest -= STEP;
        }
        Ok(longest)
    }

    /// Bytes that a draft keeps: the picture, and its levels for the next run if memory is not limited.
    fn kept_of_draft(&self, result: (usize, usize)) -> usize {
        let Some(drafter) = self.drafter else { return 0 };
        let levels = if self.given.memory.is_none() { drafter.kernel_bytes() } else { 0 };
        picture(self.draft_size(result, self.recipe.draft_size)) + levels
    }

    fn draft_size(&self, result: (usize, usize), longest: usize) -> (usize, usize) {
        let scales: Vec<f64> = self.given.styles.iter().map(|(_, scale)| *scale).collect();
        draft_size(result, longest, &scales)
    }

    /// Bytes for painting the draft of a result. Its levels run one after the other.
    fn drafting(&self, result: (usize, usize), longest: usize) -> Result<usize, Error> {
        let Some(drafter) = self.drafter else { return Ok(0) };
        let size = self.draft_size(result, longest);
        let sizes = self
            .given
            .styles
            .iter()
            .map(|(style, scale)| style_size(*style, self.recipe.style_fit, *scale, size));
        let levels = if self.given.memory.is_some() { drafter.kernel_bytes() } else { 0 };
        Ok(levels + drafter.bytes(size, &sizes.collect::<Vec<_>>(), self.given.regions, self.threads)?)
    }

    /// Bytes for resizing the state of one scale to the next: Adam's moments, the picture, and last the average.
    fn carrying(&self, before: &Outline, at: &Outline) -> usize {
        let (old, new) = (PICTURE * before.size.area(), PICTURE * at.size.area());
        let adam = self.recipe.optimizer == OptimizerKind::Adam;
        let vectors = |at: &Outline, bytes: usize| if adam && !at.streamed { 2 * bytes } else { 0 };
        let average = |at: &Outline, bytes: usize| if at.streamed { 0 } else { bytes };
        // Each plane is cropped, resized and mirrored.
        let planes = (old + 2 * new) / 3;
        let pictures = old + average(before, old);
        let moments = pictures + vectors(before, old) + vectors(at, new) + planes;
        // The content's detail is added to the picture.
        let detail = if self.recipe.strength < 1.0 { old + 2 * new } else { 0 };
        moments.max(pictures + vectors(at, new) + new + planes.max(average(at, new)).max(detail + planes))
    }

    /// Bytes for writing the result to a file. The optimiser's state is freed by then.
    fn writing(&self, at: &Outline) -> usize {
        let best = usize::from(self.recipe.keep == Keep::Best);
        let state = PICTURE * if at.streamed { 1 } else { 2 + best };
        // The content's colours are resized to the size of the result.
        let colours = if self.given.keeps_colours { PICTURE } else { 0 };
        let state = state + if self.given.holds { 2 * (PICTURE + 4) } else { 0 };
        (state + PICTURE + colours + ENCODING) * at.size.area()
    }

    fn evaluation(&self, size: Size, moments: &[Tap], contents: &[Tap]) -> Result<usize, Error> {
        let request = Request {
            moments: moments.to_vec(),
            residuals: contents.iter().map(|tap| Target::unheld(*tap)).collect(),
            ..Request::default()
        };
        Ok(self.engine.evaluation_bytes(size, &request, self.threads)?)
    }

    /// Bytes that an engine takes to judge by itself, which it does for whole pictures and losses without roots.
    fn judging(&self, at: &Outline) -> usize {
        let residuals = at.contents.iter().map(|tap| Target::unheld(*tap)).collect();
        let request = Request { moments: at.moments.clone(), residuals, ..Request::default() };
        match at.cut || self.has_roots() {
            true => 0,
            false => self.given.regions.max(1) * self.engine.judging_bytes(&request),
        }
    }

    /// Bytes of the content targets of an image.
    fn targets(&self, at: &Outline, size: Size) -> usize {
        at.contents.iter().map(|tap| self.target(*tap, size)).sum()
    }

    fn target(&self, tap: Tap, size: Size) -> usize {
        let topology = self.engine.network().encoder.topology();
        let (width, height) = topology.size_at(tap.conv(), (size.width, size.height));
        width * height * self.engine.target_stride(tap)
    }

    /// Bytes of the styles' moments that are kept for the first `scales` scales.
    pub(crate) fn moments_bytes(&self, scales: usize) -> Result<usize, Error> {
        let taps = style_taps(self.recipe, self.engine.network().encoder.topology())?;
        Ok(self.given.styles.len() * scales * self.moments_of(&taps))
    }

    /// Number of sets of matrices of an evaluation.
    fn sets(&self) -> usize {
        if self.has_roots() { MATRICES + MATRICES_OF_ROOTS } else { MATRICES }
    }

    /// Whether the style loss needs roots of matrices.
    fn has_roots(&self) -> bool {
        let roots = |(_, statistic): &(f64, Statistic)| {
            matches!(statistic, Statistic::Wasserstein | Statistic::WassersteinNewton)
        };
        self.recipe.statistic.parts().iter().any(roots)
    }

    /// Bytes of the moments of one image: the means and the matrix of second moments for each tap.
    fn moments_of(&self, taps: &[Tap]) -> usize {
        let topology = self.engine.network().encoder.topology();
        let values = taps.iter().map(|tap| topology.channels(*tap)).map(|channels| channels * (channels + 1));
        size_of::<f64>() * values.sum::<usize>()
    }

    /// Bytes per pixel of the state that the run keeps between steps besides the picture, and that can be kept in
    /// files: the average, the best picture and the optimiser's vectors.
    fn streaming(&self, at: &Outline) -> usize {
        let Recipe { optimizer, adam, lbfgs, keep, .. } = self.recipe;
        let best = usize::from(*keep == Keep::Best);
        // Undoing a step needs a copy of the picture and of the average.
        let before = if *optimizer == OptimizerKind::Adam && adam.bounded { 0 } else { 2 };
        let vectors = match optimizer {
            OptimizerKind::Adam => 2,
            OptimizerKind::Lbfgs => {
                let history = if at.index == 0 { lbfgs.history } else { lbfgs.history_later };
                // The first step has no earlier one to form a pair with.
                let pairs = history.min(at.scale.iterations.saturating_sub(1));
                2 * pairs + 2 + usize::from(lbfgs.line_search)
            }
        };
        PICTURE * (1 + best + before + vectors)
    }
}

fn picture((width, height): (usize, usize)) -> usize {
    PICTURE * width * height
}
