//! The numbers of the frame loop, for each effort.

use impasto::Effort;

use crate::flow::Preset;

/// The numbers of the frame loop.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Iterations of a frame that is seen well in the frame before; 0 for drafts alone.
    pub iterations: usize,
    /// Further iterations for a frame of which a third or more is not seen there. A frame with less gets its share.
    pub more: usize,
    /// Adam's rate, as a part of the still's.
    pub rate: f64,
    /// The part of the way back to the target that a trusted pixel goes after each step. See [`impasto::Follow`].
    pub pull: f32,
    /// How much shorter the steps of a trusted pixel are: 0.95 leaves a twentieth.
    pub calm: f32,
    /// Decay of the average of the iterates.
    pub average: f64,
    /// The share of earlier frames in the moments that the style loss sees.
    pub pooled: f64,
    /// Rounds over the first frame of a shot, until its painting has settled.
    pub rounds: usize,
    /// The flow's preset.
    pub flow: Preset,
}

impl Tuning {
    /// The numbers of an effort.
    pub fn of(effort: Effort) -> Tuning {
        let normal = Tuning {
            iterations: 8,
            more: 40,
            rate: 0.5,
            pull: 0.4,
            calm: 0.95,
            average: 0.7,
            pooled: 0.7,
            rounds: 4,
            flow: Preset::Fine,
        };
        match effort {
            Effort::Draft => Tuning { iterations: 0, rounds: 0, flow: Preset::Fast, ..normal },
            Effort::Fine => {
                Tuning { iterations: 20, more: 60, rate: 0.4, average: 0.85, rounds: 6, ..normal }
            }
            _ => normal,
        }
    }
}
