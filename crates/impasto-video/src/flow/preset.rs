//! How much work a flow gets.

use super::patch::SIDE;

/// How much work a flow gets. `benches/flow.py` prints errors and times beside OpenCV's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Searches and refines down to a quarter of the size.
    Fast,
    /// Searches and refines down to half of the size.
    #[default]
    Medium,
    /// Searches and refines at full size too. This suits films that are painted, which takes longer than the flow.
    Fine,
}

/// The numbers of a preset, for a size.
pub(crate) struct Settings {
    /// The level of the pyramid where the search begins.
    pub(crate) coarsest: usize,
    /// The level where the search ends; 0 is full size.
    pub(crate) finest: usize,
    /// The refinement of each level that is searched.
    pub(crate) refinement: Refinement,
}

/// The numbers of the variational refinement.
pub(crate) struct Refinement {
    /// How often the frame is warped and the problem made linear again.
    pub(crate) warps: usize,
    /// How often the robust weights are computed for one linear problem.
    pub(crate) reweightings: usize,
    /// Sweeps of the solver for one set of weights.
    pub(crate) sweeps: usize,
}

impl Settings {
    /// The numbers of a preset for frames of a size.
    pub(crate) fn of(preset: Preset, (width, height): (usize, usize)) -> Self {
        let coarsest = coarsest(width, height);
        let (finest, warps, reweightings) = match preset {
            Preset::Fast => (2, 1, 2),
            Preset::Medium => (1, 2, 3),
            Preset::Fine => (0, 2, 4),
        };
        let refinement = Refinement { warps, reweightings, sweeps: 5 };
        Self { coarsest, finest: finest.min(coarsest), refinement }
    }
}

/// The level where the search begins: a patch there covers a quarter of the picture, so motions of about that length
/// are found. This is OpenCV's rule.
fn coarsest(width: usize, height: usize) -> usize {
    let (long, short) = (width.max(height) as f64, width.min(height) as f64);
    let by_range = (long / (4 * SIDE) as f64).log2() + 0.5;
    let by_size = (short / SIDE as f64).log2();
    by_range.min(by_size).floor().max(0.0) as usize
}
