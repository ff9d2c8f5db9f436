//! What a run will take, before it begins: memory for each scale, tiles where a scale does not fit, and time.

use impasto_engine::{Engine, FORWARD};
use serde::Serialize;

use crate::draft::Drafter;
use crate::style_size::{check_style_size, style_size};
use crate::{Error, Recipe, Scale};

/// Threads that tiles are chosen for, whatever the machine has: each takes little beside a tile.
const THREADS: usize = 16;

/// Windows that are tried, by their side.
const SIDES: std::ops::RangeInclusive<usize> = 7..=128;

/// Step of the sides.
const GRID: usize = 64;

/// The smallest window that is tried.
pub(crate) const SMALLEST_WINDOW: usize = (*SIDES.start() * GRID).pow(2);

/// What a run will take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryPlan {
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
    /// Whether the optimiser's state and the average are kept in temporary files.
    pub streamed: bool,
    /// Bytes of temporary files, for content targets and for what is streamed.
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
    pub(crate) given: &'a GivenSizes,
    /// Where the run begins with a draft.
    pub(crate) drafter: Option<&'a Drafter>,
    pub(crate) threads: usize,
}

/// What a plan counts of what was given.
pub(crate) struct GivenSizes {
    /// Of the pictures as they were given.
    pub(crate) content: (usize, usize),
    /// With their scales.
    pub(crate) styles: Vec<((usize, usize), f64)>,
    pub(crate) init: Option<(usize, usize)>,
    /// Bytes that the run may take.
    pub(crate) memory: Option<usize>,
    /// Planes of weights of positions, of regions and content; none where all count the same.
    pub(crate) weights: usize,
    /// Regions with sums and targets of their own.
    pub(crate) regions: usize,
    /// Whether some of the content stays as it is.
    pub(crate) holds: bool,
    /// Bytes of masks as they were given, of the content and of the styles.
    pub(crate) masks: usize,
    /// Whether the content is kept in its colours, at the size of the result.
    pub(crate) keeps_colours: bool,
}

impl GivenSizes {
    /// The sizes of all pictures that stay until the last scale has seen them.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = (usize, usize)> {
        self.styles.iter().map(|(size, _)| *size).chain([self.content])
    }
}

impl Planner<'_> {
    /// The plan of a run of these scales: whole if that fits into the memory, else with the largest tiles that fit; `None` if
    /// nothing does.
    pub(crate) fn plan(&self, scales: &[Scale]) -> Result<Option<MemoryPlan>, Error> {
        let usual = self.usual();
        let peak = |window| usual.with_window(scales, window).map(|plan| plan.peak_bytes);
        let Some(memory) = self.given.memory else { return self.with_window(scales, None).map(Some) };
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

    /// What tiles are chosen by: they are part of what decides the bytes of a result, and the number of threads must not be.
    pub(crate) fn usual(&self) -> Planner<'_> {
        Planner { threads: THREADS, ..*self }
    }

    /// A layer that a picture is too small for shall not be found out halfway, nor a style that is too large. Pictures are
    /// smallest at the first scale.
    pub(crate) fn check_sizes(&self, scales: &[Scale]) -> Result<(), Error> {
        let (Some(first), Some(last)) = (scales.first(), scales.last()) else { return Err(Error::NoStyle) };
        for (style, scale) in &self.given.styles {
            let content = (last.width, last.height);
            check_style_size(style_size(*style, self.recipe.style_fit, *scale, content))?;
        }
        let Scale { width, height, .. } = *first;
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
        self.given.styles.iter().try_for_each(|(style, scale)| {
            let size = style_size(*style, *style_fit, *scale, (width, height));
            check("a style at the first scale", &[style_layers], size)
        })
    }

    /// The plan with windows of at most so many pixels.
    pub(crate) fn with_window(&self, scales: &[Scale], window: Option<usize>) -> Result<MemoryPlan, Error> {
        let scales: Vec<ScalePlan> =
            (0..scales.len()).map(|index| self.scale(scales, index, window)).collect::<Result<_, _>>()?;
        let peak_bytes = scales.iter().map(|scale| scale.peak_bytes).max().unwrap_or(0);
        Ok(MemoryPlan { scales, window, peak_bytes })
    }
}

impl MemoryPlan {
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
