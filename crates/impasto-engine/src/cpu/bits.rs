//! What is kept of an evaluation instead of activations: one bit per ReLU, two per max pooling.

use super::kernels::{GROUP, Isa, Lanes};
use super::map::Map;

/// Which of four was chosen, for each channel of a group: the high bits of the 16 choices, then the low ones.
#[inline(always)]
pub(super) fn pack_choices(high: u16, low: u16) -> u32 {
    (high as u32) << 16 | low as u32
}

/// The choice (0..4) of a lane.
pub(super) fn choice(word: u32, lane: usize) -> u8 {
    (2 * (word >> (16 + lane) & 1) + (word >> lane & 1)) as u8
}

/// Bit `l`: whether lane `l` chose this corner.
#[inline(always)]
pub(super) fn chose(word: u32, corner: usize) -> u16 {
    let (high, low) = ((word >> 16) as u16, word as u16);
    (if corner & 2 != 0 { high } else { !high }) & (if corner & 1 != 0 { low } else { !low })
}

/// What each pooling needs to go back.
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

/// A gradient by the outputs of a pooling, seen from before the pooling and before the ReLU there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unpooling<'a> {
    pub(super) by_output: Map<'a>,
    pub(super) choices: Choices<'a>,
    /// What the pooling multiplied by.
    pub(super) scale: f32,
    /// One word per group of each position before the pooling.
    pub(super) bits: &'a [u16],
    /// Columns before the pooling.
    pub(super) width: usize,
}

impl Unpooling<'_> {
    /// The gradient at a position, all groups. An odd last row or column was left out by the pooling.
    #[inline(always)]
    pub(super) fn position<I: Isa>(&self, isa: I, y: usize, x: usize, to: &mut [Lanes]) {
        let small = self.by_output.size;
        if y / 2 >= small.height || x / 2 >= small.width {
            to.fill(Lanes::ZERO);
            return;
        }
        let (groups, corner) = (self.by_output.groups, 2 * (y % 2) + x % 2);
        let pooled = (y / 2 * small.width + x / 2) * groups;
        let full = (y * self.width + x) * groups;
        for (group, to) in to.iter_mut().enumerate() {
            let gradient = &self.by_output.data[pooled + group];
            let bits = self.bits[full + group];
            match &self.choices {
                Choices::Max(choices) => {
                    *to = isa.keep(bits & chose(choices[pooled + group], corner), gradient);
                    for lane in 0..GROUP {
                        to.0[lane] *= self.scale;
                    }
                }
                Choices::Average => {
                    *to = isa.keep(bits, gradient);
                    for lane in 0..GROUP {
                        to.0[lane] *= 0.25 * self.scale;
                    }
                }
                Choices::L2 { before, after } => {
                    *to = isa.keep(bits, gradient);
                    let (before, after) = (&before.data[full + group], &after.data[pooled + group]);
                    for lane in 0..GROUP {
                        to.0[lane] *= share(before.0[lane], after.0[lane], self.scale) * self.scale;
                    }
                }
            }
        }
    }
}

/// Value over root, where `after` is the root times the scale; 0 where the root is 0.
#[inline(always)]
pub(super) fn share(before: f32, after: f32, scale: f32) -> f32 {
    if after > 0.0 { before * scale / after } else { 0.0 }
}
