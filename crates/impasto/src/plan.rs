//! The plan of a run: memory for each scale, tiles where a scale does not fit, and time.

use impasto_engine::{Engine, FORWARD};
use serde::Serialize;

use crate::draft::Drafter;
use crate::pace::Passes;
use crate::{Error, Recipe, Scale};

/// Number of threads that tiles are chosen for on every machine. A thread needs little memory compared with a tile.
const THREADS: usize = 16;

/// Sides of the windows that are tried, in units of [`GRID`] pixels.
const SIDES: std::ops::RangeInclusive<usize> = 7..=128;

/// Step of the sides in pixels.
const GRID: usize = 64;

/// Pixels of the smallest window that is tried.
pub(crate) const SMALLEST_WINDOW: usize = (*SIDES.start() * GRID).pow(2);

/// The memory, tiles and time that a run will need.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MemoryPlan {
    /// The scales, from the smallest on.
    pub scales: Vec<ScalePlan>,
    /// Largest number of pixels of a tile with its margins; `None` if the run is not cut into tiles.
    pub window: Option<usize>,
    /// Bytes of memory at the peak: the largest of the scales' peaks.
    pub peak_bytes: usize,
}

/// The memory, tiles and time that one scale of a run will need.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScalePlan {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Number of iterations.
    pub iterations: usize,
    /// Tiles across and down; (1, 1) if the picture is not cut.
    pub tiles: (usize, usize),
    /// Pixels by which neighbouring tiles overlap in the backward pass; 0 if the picture is not cut.
    pub overlap: usize,
    /// Bytes of memory at the peak.
    pub peak_bytes: usize,
    /// Whether the optimiser's state and the average are kept in temporary files.
    pub streamed: bool,
    /// Bytes of temporary files, for content targets and for streamed state.
    pub spilled_bytes: usize,
    /// Bytes of a checkpoint.
    pub checkpoint_bytes: usize,
    /// Cost of one evaluation, as the number of pixels of an uncut picture with the same cost.
    pub cost: f64,
    /// Predicted seconds; `None` without a prediction.
    pub seconds: Option<f64>,
}

impl ScalePlan {
    /// Its evaluations, as a limit of time counts them.
    pub(crate) fn passes(&self) -> Passes {
        Passes { cost: self.cost, iterations: self.iterations }
    }
}

/// Everything that determines a plan.
pub(crate) struct Planner<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) engine: &'a dyn Engine,
    pub(crate) given: &'a GivenSizes,
    /// Present if the run begins with a draft.
    pub(crate) drafter: Option<&'a Drafter>,
    pub(crate) threads: usize,
}

/// Sizes and counts of a run's inputs.
pub(crate) struct GivenSizes {
    /// Size of the content as it was given.
    pub(crate) content: (usize, usize),
    /// Size of each style as it was given, and its scale.
    pub(crate) styles: Vec<((usize, usize), f64)>,
    pub(crate) init: Option<(usize, usize)>,
    /// Bytes that the run may take.
    pub(crate) memory: Option<usize>,
    /// Number of weight planes, for regions and content; 0 if all positions count the same.
    pub(crate) weights: usize,
    /// Number of regions, which have sums and targets of their own.
    pub(crate) regions: usize,
    /// Whether parts of the content are protected.
    pub(crate) holds: bool,
    /// Bytes of the masks of the content and the styles, as they were given.
    pub(crate) masks: usize,
    /// Whether a copy of the content is kept for its colours, at the size of the result.
    pub(crate) keeps_colours: bool,
}

impl GivenSizes {
    /// The sizes of all pictures that are needed until the last scale begins.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = (usize, usize)> {
        self.styles.iter().map(|(size, _)| *size).chain([self.content])
    }
}

impl Planner<'_> {
    /// The plan of a run with these scales: whole if that fits into the memory, otherwise with the largest tiles
    /// that fit; `None` if nothing fits.
    pub(crate) fn plan(&self, scales: &[Scale]) -> Result<Option<MemoryPlan>, Error> {
        let usual = self.usual();
        let peak = |window| usual.with_window(scales, window).map(|plan| plan.peak_bytes);
        let Some(memory) = self.given.memory else { return self.with_window(scales, None).map(Some) };
        if peak(None)? <= memory {
            return self.with_window(scales, None).map(Some);
        }
        // The peak grows with the window, and the window with its side.
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

    /// The planner that chooses the tiles. Tiles influence the bytes of a result, so they must not depend on the
    /// number of threads.
    pub(crate) fn usual(&self) -> Planner<'_> {
        Planner { threads: THREADS, ..*self }
    }

    /// The plan with windows of at most `window` pixels.
    pub(crate) fn with_window(&self, scales: &[Scale], window: Option<usize>) -> Result<MemoryPlan, Error> {
        let scales: Vec<ScalePlan> =
            (0..scales.len()).map(|index| self.scale(scales, index, window)).collect::<Result<_, _>>()?;
        let peak_bytes = scales.iter().map(|scale| scale.peak_bytes).max().unwrap_or(0);
        Ok(MemoryPlan { scales, window, peak_bytes })
    }
}

impl MemoryPlan {
    /// Predicted seconds of the whole run; `None` without a prediction.
    pub fn seconds(&self) -> Option<f64> {
        self.scales.iter().map(|scale| scale.seconds).sum()
    }

    /// Bytes of the largest checkpoint.
    pub fn checkpoint_bytes(&self) -> usize {
        self.scales.iter().map(|scale| scale.checkpoint_bytes).max().unwrap_or(0)
    }

    /// Predicts the time of each scale from the time of an evaluation: seconds per pixel, and constant seconds. The
    /// content and each style need one forward pass.
    pub(crate) fn predict(&mut self, seconds_per_pixel: f64, seconds_besides: f64, styles: usize) {
        for scale in &mut self.scales {
            let evaluation = seconds_besides + seconds_per_pixel * scale.cost;
            scale.seconds = Some((scale.iterations as f64 + FORWARD * (1 + styles) as f64) * evaluation);
        }
    }
}

/// The largest size that fits, by bisection: `fits` must be true up to some size and false above it.
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
