//! What a run will take, before it begins: memory for each scale, tiles where a scale does not fit, and time.
//!
//! Memory is counted, not tried: everything of which there is one value or more per pixel, at the moment of an evaluation
//! when most of it is there at once.

use impasto_encoder::Tap;
use impasto_engine::{Engine, FORWARD, Request, Size, Target, Tiled};
use serde::Serialize;

use crate::margin::Canvas;
use crate::recipe::{Keep, OptimizerKind};
use crate::style_size::style_size;
use crate::{Error, Recipe, Scale};

/// The program itself, its stacks and what the allocator keeps.
const BASE: usize = 16 << 20;

/// Bytes of a picture in f32, per pixel.
const PICTURE: usize = 12;

/// What a tile's window takes besides the evaluation, per pixel: its pixels, their gradient, and position weights.
const WINDOW: usize = 2 * PICTURE + 8;

/// Threads that tiles are chosen for, on machines with fewer too.
const THREADS: usize = 16;

/// Windows that are tried, by their side.
const SIDES: std::ops::RangeInclusive<usize> = 7..=128;

/// Step of the sides.
const GRID: usize = 64;

/// The smallest window that is tried.
pub(crate) const SMALLEST_WINDOW: usize = (*SIDES.start() * GRID).pow(2);

/// What a run will take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunPlan {
    /// From the smallest scale on.
    pub scales: Vec<ScalePlan>,
    /// Pixels of a tile with its margins at most, where the run is cut in tiles.
    pub window: Option<usize>,
    /// The largest of the scales' peaks.
    pub peak_bytes: usize,
}

/// What one scale of a run will take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalePlan {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Iterations.
    pub iterations: usize,
    /// Tiles across and down; 1 and 1 when it is run whole.
    pub tiles: (usize, usize),
    /// Pixels by which tiles overlap their neighbours when derivatives are taken back; 0 when it is run whole.
    pub overlap: usize,
    /// Bytes of memory at its peak.
    pub peak_bytes: usize,
    /// Bytes of a temporary file for content targets.
    pub spilled_bytes: usize,
    /// Bytes of a checkpoint.
    pub checkpoint_bytes: usize,
    /// Pixels of whole evaluations that one evaluation costs.
    pub cost: f64,
    /// Seconds, where they were predicted.
    pub seconds: Option<f64>,
}

/// Everything that a plan is made from.
pub(crate) struct Planner<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) engine: &'a dyn Engine,
    /// Of the pictures as they were given.
    pub(crate) content: (usize, usize),
    pub(crate) styles: Vec<(usize, usize)>,
    pub(crate) style_scale: f64,
    pub(crate) threads: usize,
}

impl Planner<'_> {
    /// The plan of a run of these scales: whole if that fits into `memory`, else with the largest tiles that fit; `None` if
    /// nothing does.
    pub(crate) fn plan(&self, scales: &[Scale], memory: Option<usize>) -> Result<Option<RunPlan>, Error> {
        // Tiles are part of what decides the bytes of a result; the number of threads must not be.
        let usual = Planner { threads: self.threads.max(THREADS), styles: self.styles.clone(), ..*self };
        let peak = |window| usual.with_window(scales, window).map(|plan| plan.peak_bytes);
        let Some(memory) = memory else { return self.with_window(scales, None).map(Some) };
        if peak(None)? <= memory {
            return self.with_window(scales, None).map(Some);
        }
        // Windows grow with their side, and so does what they take.
        let (mut fits, mut low, mut high) = (None, *SIDES.start(), *SIDES.end() + 1);
        while low < high {
            let side = usize::midpoint(low, high);
            let window = Some((GRID * side).pow(2));
            if peak(window)? <= memory {
                (low, fits) = (side + 1, Some(self.with_window(scales, window)?));
            } else {
                high = side;
            }
        }
        Ok(fits)
    }

    /// A layer that a picture is too small for shall not be found out halfway. Pictures are smallest at the first scale.
    pub(crate) fn check_sizes(&self, first: Option<Scale>) -> Result<(), Error> {
        let Scale { width, height, .. } = first.ok_or(Error::NoStyle)?;
        let topology = self.engine.network().encoder.topology();
        let Recipe { content_layers, style_layers, style_fit, .. } = self.recipe;
        let check = |what: &'static str, layers: &[&Vec<(String, f64)>], (width, height): (usize, usize)| {
            let taps = layers.iter().copied().flatten().map(|(name, _)| topology.tap(name));
            let Some(deepest) = taps.collect::<Result<Vec<_>, _>>()?.into_iter().max() else { return Ok(()) };
            let smallest = topology.smallest_image(deepest);
            if width.min(height) < smallest {
                let layer = topology.tap_name(deepest);
                return Err(Error::TooSmall { what, layer, smallest, width, height });
            }
            Ok(())
        };
        check("the content at its first scale", &[content_layers, style_layers], (width, height))?;
        self.styles.iter().try_for_each(|style| {
            let size = style_size(*style, *style_fit, self.style_scale, (width, height));
            check("a style at the first scale", &[style_layers], size)
        })
    }

    /// The plan with windows of at most so many pixels.
    pub(crate) fn with_window(&self, scales: &[Scale], window: Option<usize>) -> Result<RunPlan, Error> {
        let scales: Vec<ScalePlan> = scales
            .iter()
            .enumerate()
            .map(|(index, scale)| self.scale(*scale, (index, index + 1 == scales.len()), window))
            .collect::<Result<_, _>>()?;
        let peak_bytes = scales.iter().map(|scale| scale.peak_bytes).max().unwrap_or(0);
        Ok(RunPlan { scales, window, peak_bytes })
    }

    fn scale(
        &self,
        scale: Scale,
        (index, last): (usize, bool),
        window: Option<usize>,
    ) -> Result<ScalePlan, Error> {
        let Recipe { margin, style_fit, .. } = self.recipe;
        let network = self.engine.network();
        let (width, height) = Canvas::new((scale.width, scale.height), *margin).outer();
        let (size, area) = (Size::new(width, height), width * height);
        let (moments, contents) = self.taps()?;
        let request = |moments: &[Tap], contents: &[Tap]| Request {
            moments: moments.to_vec(),
            residuals: contents.iter().map(|tap| Target::unheld(*tap)).collect(),
            ..Request::default()
        };
        let deepest = moments.iter().chain(&contents).copied().max();
        let deepest = deepest.ok_or(Error::Engine(impasto_engine::EngineError::NothingToObserve))?;
        let tiles = Tiled::tiles(network, deepest, size, window);
        let cut = tiles.counts != (1, 1);

        // What is there all the time; pictures up to the last scale.
        let given: usize = self.styles.iter().chain([&self.content]).map(picture_bytes).sum();
        let fixed =
            BASE + 4 * network.encoder.parameters() + self.engine.kernel_bytes() + self.small(&moments);
        let state = self.state(index) * area;
        // An evaluation: the gradient that it returns, and content targets.
        let targets: usize = contents.iter().map(|tap| self.target_bytes(*tap, size)).sum();
        let held = match cut {
            true => {
                let of_window = contents.iter().map(|tap| self.target_bytes(*tap, tiles.window));
                of_window.sum::<usize>() + WINDOW * tiles.window.area()
            }
            false => targets,
        };
        let evaluation = |size, moments: &[Tap], contents: &[Tap]| {
            self.engine.evaluation_bytes(size, &request(moments, contents), self.threads)
        };
        let evaluating = PICTURE * area + held + evaluation(tiles.window, &moments, &contents)?;
        // Before it, one after the other: each style at its size, and the content.
        let mut preparing: usize = 0;
        for style in &self.styles {
            let content = (scale.width, scale.height);
            let (width, height) = style_size(*style, *style_fit, self.style_scale, content);
            let window = Tiled::tiles(network, deepest, Size::new(width, height), window).window;
            if !moments.is_empty() {
                let resized = picture_bytes(&(width, height));
                preparing = preparing.max(resized + evaluation(window, &moments, &[])?);
            }
        }
        preparing += given;
        let resized = PICTURE * area;
        let mut capturing = 0;
        for tap in &contents {
            let of_window = match cut {
                true => WINDOW * tiles.window.area() + self.target_bytes(*tap, tiles.window),
                false => targets,
            };
            capturing =
                capturing.max(self.engine.capture_bytes(tiles.window, *tap, self.threads)? + of_window);
        }
        // At the last scale the pictures are gone by then.
        let kept = if last { 0 } else { given };
        let (copying, capturing) = (resized + given.max(resized + kept), resized + kept + capturing);
        let peak = fixed + state + preparing.max(copying).max(capturing).max(evaluating + kept);
        Ok(ScalePlan {
            width: scale.width,
            height: scale.height,
            iterations: scale.iterations,
            tiles: tiles.counts,
            overlap: if cut { tiles.margins.1 } else { 0 },
            peak_bytes: peak,
            spilled_bytes: if cut { targets } else { 0 },
            checkpoint_bytes: self.checkpoint(index) * area,
            cost: tiles.cost,
            seconds: None,
        })
    }

    fn taps(&self) -> Result<(Vec<Tap>, Vec<Tap>), Error> {
        let topology = self.engine.network().encoder.topology();
        let taps = |layers: &[(String, f64)]| -> Result<Vec<Tap>, Error> {
            Ok(layers.iter().map(|(name, _)| topology.tap(name)).collect::<Result<_, _>>()?)
        };
        Ok((taps(&self.recipe.style_layers)?, taps(&self.recipe.content_layers)?))
    }

    fn target_bytes(&self, tap: Tap, size: Size) -> usize {
        let (width, height) =
            self.engine.network().encoder.topology().size_at(tap.conv(), (size.width, size.height));
        width * height * self.engine.target_stride(tap)
    }

    /// Matrices of the styles: moments, targets, derivatives and their decompositions, in f64 and on their way to f32.
    fn small(&self, moments: &[Tap]) -> usize {
        const MATRICES: usize = 8;
        let topology = self.engine.network().encoder.topology();
        moments.iter().map(|tap| MATRICES * size_of::<f64>() * topology.channels(*tap).pow(2)).sum()
    }

    /// Bytes per pixel of everything that the session keeps from step to step.
    fn state(&self, scale: usize) -> usize {
        self.checkpoint(scale) + self.stepping()
    }

    /// Vectors that a step makes while the gradient is there.
    fn stepping(&self) -> usize {
        match self.recipe.optimizer {
            OptimizerKind::Adam => 0,
            OptimizerKind::Lbfgs => PICTURE,
        }
    }

    /// Bytes per pixel of what a checkpoint holds: picture, average, best, and the optimiser's vectors.
    fn checkpoint(&self, scale: usize) -> usize {
        let best = usize::from(self.recipe.keep == Keep::Best);
        let bounded = self.recipe.optimizer == OptimizerKind::Adam && self.recipe.adam.bounded;
        // A step back keeps picture and average.
        let before = if bounded { 0 } else { 2 };
        let vectors = match self.recipe.optimizer {
            OptimizerKind::Adam => 2,
            OptimizerKind::Lbfgs => {
                let lbfgs = &self.recipe.lbfgs;
                let history = if scale == 0 { lbfgs.history } else { lbfgs.history_later };
                let iterations = self.recipe.pyramid.iterations.at(scale);
                // The first step has none to learn from.
                2 * history.min(iterations.saturating_sub(1)) + 2 + usize::from(lbfgs.line_search)
            }
        };
        PICTURE * (2 + best + before + vectors)
    }
}

fn picture_bytes((width, height): &(usize, usize)) -> usize {
    PICTURE * width * height
}

impl RunPlan {
    /// Seconds of the whole run, where they were predicted.
    pub fn seconds(&self) -> Option<f64> {
        self.scales.iter().map(|scale| scale.seconds).sum()
    }

    /// Bytes of the largest checkpoint.
    pub fn checkpoint_bytes(&self) -> usize {
        self.scales.iter().map(|scale| scale.checkpoint_bytes).max().unwrap_or(0)
    }

    /// Predicts the time of each scale from what an evaluation takes: some seconds for each pixel, and some besides. The
    /// content and each of the styles run through the forward half once.
    pub(crate) fn predict(&mut self, seconds_per_pixel: f64, seconds_besides: f64, styles: usize) {
        for scale in &mut self.scales {
            let evaluation = seconds_besides + seconds_per_pixel * scale.cost;
            scale.seconds = Some((scale.iterations as f64 + FORWARD * (1 + styles) as f64) * evaluation);
        }
    }
}

/// The largest size that fits, by halving: `fits` is true below some size.
pub(crate) fn largest(
    most: usize,
    mut fits: impl FnMut(usize) -> Result<bool, Error>,
) -> Result<usize, Error> {
    let (mut low, mut high) = (0, most);
    while low < high {
        let size = usize::midpoint(low, high + 1);
        if fits(size)? { low = size } else { high = size - 1 }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_size_is_found() {
        for answer in [0, 1, 500, 999, 1000] {
            assert_eq!(largest(1000, |size| Ok(size <= answer)).unwrap(), answer);
        }
    }
}
