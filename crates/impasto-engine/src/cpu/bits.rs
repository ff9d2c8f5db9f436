//! What is kept of an evaluation instead of activations: one bit per ReLU, two per max pooling.

use rayon::prelude::*;

use super::kernels::{GROUP, Lanes};
use super::map::{Map, Recycler};
use crate::Size;

/// One bit per channel of a group.
#[inline(always)]
pub(super) fn pack_signs(values: &Lanes) -> u16 {
    let mut word = 0u32;
    for (lane, &value) in values.iter().enumerate() {
        word |= if value > 0.0 { 1 << lane } else { 0 };
    }
    word as u16
}

/// Two bits per channel of a group.
#[inline(always)]
pub(super) fn pack_choices(choices: &[u32; GROUP]) -> u32 {
    let mut word = 0;
    for (lane, &choice) in choices.iter().enumerate() {
        word |= choice << (2 * lane);
    }
    word
}

/// Clears the gradient where the ReLU did not let the value through. `bits` has one word per group of each position.
pub(super) fn mask(gradient: &mut Map, bits: &[u16]) {
    const POSITIONS: usize = 512;
    let groups = gradient.groups();
    let chunks = gradient.data.par_chunks_mut(POSITIONS * groups * GROUP);
    chunks.zip(bits.par_chunks(POSITIONS * groups)).for_each(|(chunk, bits)| {
        pulp::Arch::new().dispatch(|| {
            for (lanes, &word) in chunk.chunks_exact_mut(GROUP).zip(bits) {
                let word = word as u32;
                for (lane, value) in lanes.iter_mut().enumerate() {
                    *value = if word & (1 << lane) != 0 { *value } else { 0.0 };
                }
            }
        });
    });
}

/// What each pooling needs to go back.
#[derive(Debug)]
pub(super) enum Choices {
    /// One word per group of each output.
    Max(Vec<u32>),
    Average,
    /// The values before and after the pooling (the latter times the scale).
    L2 {
        before: Map,
        after: Map,
    },
}

/// The derivative by the input of a pooling, which had the given size; the pooling multiplied by `scale`.
pub(super) fn unpool(
    by_output: &Map,
    size: Size,
    choices: &Choices,
    scale: f32,
    recycler: &mut Recycler,
) -> Map {
    let mut by_input = recycler.map(by_output.channels, size);
    let (groups, small) = (by_output.groups(), by_output.size());
    let row_floats = by_input.row();
    // Two rows of the input at a time; an odd last row was left out by the pooling.
    by_input.data.par_chunks_mut(2 * row_floats).enumerate().for_each(|(y, rows)| {
        pulp::Arch::new().dispatch(|| {
            if y >= small.height {
                rows.fill(0.0);
                return;
            }
            let (top, bottom) = rows.split_at_mut(row_floats);
            if size.width % 2 == 1 {
                let odd = (size.width - 1) * groups * GROUP;
                top[odd..].fill(0.0);
                bottom[odd..].fill(0.0);
            }
            for x in 0..small.width {
                for group in 0..groups {
                    let place = (y * small.width + x) * groups + group;
                    let gradient = lanes(&by_output.data, place);
                    let at = [2 * x * groups + group, (2 * x + 1) * groups + group];
                    for corner in 0..4usize {
                        let values: Lanes = match choices {
                            Choices::Max(words) => {
                                let word = words[place];
                                std::array::from_fn(|l| {
                                    let chosen = (word >> (2 * l)) & 3 == corner as u32;
                                    if chosen { scale * gradient[l] } else { 0.0 }
                                })
                            }
                            Choices::Average => std::array::from_fn(|l| 0.25 * scale * gradient[l]),
                            Choices::L2 { before, after } => {
                                let position = (2 * y + corner / 2) * size.width + 2 * x + corner % 2;
                                let before = lanes(&before.data, position * groups + group);
                                let after = lanes(&after.data, place);
                                std::array::from_fn(|l| {
                                    share(before[l], after[l], scale) * scale * gradient[l]
                                })
                            }
                        };
                        let row = if corner < 2 { &mut *top } else { &mut *bottom };
                        row[at[corner % 2] * GROUP..][..GROUP].copy_from_slice(&values);
                    }
                }
            }
        });
    });
    by_input
}

/// Value over root, where `after` is the root times the scale; 0 where the root is 0.
#[inline(always)]
pub(super) fn share(before: f32, after: f32, scale: f32) -> f32 {
    if after > 0.0 { before * scale / after } else { 0.0 }
}

#[inline(always)]
fn lanes(data: &[f32], group: usize) -> &Lanes {
    data[group * GROUP..][..GROUP].try_into().expect("the slice is a group long")
}
