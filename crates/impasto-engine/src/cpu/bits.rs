//! The decisions kept from an evaluation instead of activations: one bit per ReLU, two per max pooling.

use super::kernels::{Isa, Lanes};
use super::map::Map;

/// Packs the choice among four values, for each channel of a group: the high bits of the 16 choices, then the low ones.
#[inline(always)]
pub(super) fn pack_choices(high: u16, low: u16) -> u32 {
    (high as u32) << 16 | low as u32
}

/// The choice (0..4) of a lane.
pub(super) fn choice(word: u32, lane: usize) -> u8 {
    (2 * (word >> (16 + lane) & 1) + (word >> lane & 1)) as u8
}

/// Bit `l`: whether lane `l` chose the left or the right value of a row.
#[inline(always)]
fn chose(word: u32, row: usize) -> [u16; 2] {
    let (high, low) = ((word >> 16) as u16, word as u16);
    let in_row = if row != 0 { high } else { !high };
    [in_row & !low, in_row & low]
}

/// The data that each pooling needs for its derivative.
#[derive(Clone, Copy, Debug)]
pub(super) enum Choices<'a> {
    /// One word per group of each output.
    Max(&'a [u32]),
    Average,
    /// The values before and after the pooling (the latter times the scale).
    L2 {
        before: Map<'a>,
        after: Map<'a>,
    },
}

/// A gradient by the outputs of a pooling, as seen from before the pooling and its ReLU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unpooling<'a> {
    pub(super) by_output: Map<'a>,
    pub(super) choices: Choices<'a>,
    /// The factor of the pooling.
    pub(super) scale: f32,
    /// One word per group of each position before the pooling.
    pub(super) bits: &'a [u16],
    /// Columns before the pooling.
    pub(super) width: usize,
}

impl Unpooling<'_> {
    /// The gradient at consecutive positions of row `y` from column `x` on, all groups. The pooling left out an odd
    /// last row or column.
    #[inline(always)]
    pub(super) fn row<I: Isa>(&self, isa: I, y: usize, x: usize, to: &mut [Lanes]) {
        let (small, groups) = (self.by_output.size, self.by_output.groups);
        let end = x + to.len() / groups;
        let inside = if y / 2 < small.height { end.min(2 * small.width) } else { x };
        let (to, beyond) = to.split_at_mut(inside.saturating_sub(x) * groups);
        beyond.fill(Lanes::ZERO);
        let full = (y * self.width + x) * groups;
        let bits = &self.bits[full..full + to.len()];
        let mut at = x;
        while at < inside {
            // One or both columns of a window.
            let columns = (2 - at % 2).min(inside - at);
            let pooled = (y / 2 * small.width + at / 2) * groups;
            let start = (at - x) * groups;
            for group in 0..groups {
                let gradient = &self.by_output.data[pooled + group];
                let share = self.share(y % 2, pooled + group);
                for column in 0..columns {
                    let place = start + column * groups + group;
                    let mask = bits[place] & share.chosen[(at + column) % 2];
                    let mut value = isa.keep(mask, gradient).times(isa, share.factor);
                    if let Choices::L2 { before, after } = &self.choices {
                        let (before, after) = (&before.data[full + place], &after.data[pooled + group]);
                        value = value.times_root_share(isa, before, after, self.scale);
                    }
                    to[place] = value;
                }
            }
            at += columns;
        }
    }

    /// The share of the gradient that a row of a window gets.
    #[inline(always)]
    fn share(&self, row: usize, pooled: usize) -> Share {
        match &self.choices {
            Choices::Max(choices) => Share { chosen: chose(choices[pooled], row), factor: self.scale },
            Choices::Average => Share { chosen: [u16::MAX; 2], factor: 0.25 * self.scale },
            Choices::L2 { .. } => Share { chosen: [u16::MAX; 2], factor: self.scale },
        }
    }
}

/// The lanes of the left and right column that get a gradient, and its factor.
struct Share {
    chosen: [u16; 2],
    factor: f32,
}
