//! Noise: fine detail that neither source has. Optimisers leave salt and pepper and checkerboards; strokes and edges are not meant.
//!
//! The mask (1 -2 1; -2 4 -2; 1 -2 1), which edges hardly move, gives the deviation of noise (Immerkær, "Fast noise variance
//! estimation", 1996); here in each block of 8x8 pixels, over all three planes. Where we differ: Immerkær has one figure for a
//! picture, in which its detail counts as noise. We sort the blocks of each picture from the calmest to the roughest and compare
//! place by place: what the result has beyond all of its sources at the same place is noise. So noise in calm parts counts though
//! other parts are rough, and single specks count where they raise the rough end.

use impasto_image::Picture;
use rayon::prelude::*;

/// Side of a block.
const BLOCK: usize = 8;

/// Places at which the sorted blocks are compared.
const PLACES: usize = 64;

/// The root of the mask's sum of squares.
const GAIN: f64 = 6.0;

/// Deviations of noise in a picture's blocks, from the calmest to the roughest, in steps of 8 bits.
#[derive(Clone, Debug)]
pub struct NoiseLevels([f64; PLACES]);

impl NoiseLevels {
    /// `None` for a picture without a block: of less than 10 pixels.
    pub fn of(picture: &Picture) -> Option<NoiseLevels> {
        let (across, down) =
            (picture.width().saturating_sub(2) / BLOCK, picture.height().saturating_sub(2) / BLOCK);
        let mut blocks: Vec<f64> =
            (0..across * down).into_par_iter().map(|i| block(picture, i % across, i / across)).collect();
        let last = blocks.len().checked_sub(1)?;
        blocks.sort_unstable_by(f64::total_cmp);
        Some(NoiseLevels(std::array::from_fn(|place| {
            let at = (place as f64 + 0.5) / PLACES as f64 * last as f64;
            let (below, part) = (at as usize, at.fract());
            blocks[below] + part * (blocks[(below + 1).min(last)] - blocks[below])
        })))
    }

    /// The mean over all places: Immerkær's figure, nearly.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / PLACES as f64
    }

    /// What is beyond all of the sources, in steps of 8 bits.
    pub fn beyond(&self, sources: &[NoiseLevels]) -> f64 {
        let excess = self.0.iter().enumerate().map(|(place, level)| {
            let most = sources.iter().map(|source| source.0[place]).fold(0.0, f64::max);
            (level - most).max(0.0)
        });
        excess.sum::<f64>() / PLACES as f64
    }
}

/// The deviation in a block, whose mask reaches a pixel beyond it.
fn block(picture: &Picture, x: usize, y: usize) -> f64 {
    let (width, height) = picture.size();
    let mut squares = 0.0;
    for plane in 0..3 {
        for row in 0..BLOCK {
            let start = (plane * height + y * BLOCK + row) * width + x * BLOCK;
            let line = |dy: usize| &picture.rgb()[start + dy * width..][..BLOCK + 2];
            let [above, at, below] = [line(0), line(1), line(2)];
            let column = |x: usize| above[x] - 2.0 * at[x] + below[x];
            for x in 0..BLOCK {
                squares += f64::from(column(x) - 2.0 * column(x + 1) + column(x + 2)).powi(2);
            }
        }
    }
    255.0 / GAIN * (squares / (3 * BLOCK * BLOCK) as f64).sqrt()
}
