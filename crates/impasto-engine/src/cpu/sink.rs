//! What happens to the outputs of a convolution while they are at hand: bias, ReLU, its bits, pooling and its choices.

use impasto_encoder::Pooling;

use super::bits::{pack_choices, pack_signs};
use super::kernels::{GROUP, Lanes, TILE};

/// Takes 4x4 tiles of outputs, one group of channels at a time.
pub(super) trait Sink {
    /// `x` and `y` count from the first column and the first row of the band; outputs beyond the band are to be dropped.
    fn tile(&mut self, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]);
}

/// Rows of everything that a forward convolution writes; a part that is not wanted is empty.
pub(super) struct ForwardBand<'a> {
    /// First row of the band in the map, a multiple of 4.
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) groups: usize,
    /// Padded to whole groups.
    pub(super) bias: &'a [f32],
    pub(super) activations: &'a mut [f32],
    pub(super) bits: &'a mut [u16],
    pub(super) pooling: Option<(Pooling, f32)>,
    pub(super) pooled: &'a mut [f32],
    pub(super) choices: &'a mut [u32],
}

impl Sink for ForwardBand<'_> {
    #[inline(always)]
    fn tile(&mut self, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]) {
        let bias: &Lanes = self.bias[group * GROUP..][..GROUP].try_into().expect("a group of biases");
        let (rows, columns) = (TILE.min(self.rows - y), TILE.min(self.width - x));
        for (i, line) in values.iter_mut().enumerate() {
            for (j, value) in line.iter_mut().enumerate() {
                for (value, bias) in value.iter_mut().zip(bias) {
                    let sum = *value + bias;
                    // Not `max`: a value that is not a number must stay one, so that the loss shows it.
                    *value = if sum < 0.0 { 0.0 } else { sum };
                }
                if i < rows && j < columns {
                    let place = ((y + i) * self.width + x + j) * self.groups + group;
                    self.bits[place] = pack_signs(value);
                    if !self.activations.is_empty() {
                        self.activations[place * GROUP..][..GROUP].copy_from_slice(value);
                    }
                }
            }
        }
        if let Some((pooling, scale)) = self.pooling {
            for i in 0..rows / 2 {
                for j in 0..columns / 2 {
                    let window = [
                        &values[2 * i][2 * j],
                        &values[2 * i][2 * j + 1],
                        &values[2 * i + 1][2 * j],
                        &values[2 * i + 1][2 * j + 1],
                    ];
                    let place = ((y / 2 + i) * (self.width / 2) + x / 2 + j) * self.groups + group;
                    let pooled = &mut self.pooled[place * GROUP..][..GROUP];
                    match pooling {
                        Pooling::Max => self.choices[place] = pool_max(window, scale, pooled),
                        Pooling::Average => {
                            for (lane, to) in pooled.iter_mut().enumerate() {
                                let sum =
                                    (window[0][lane] + window[1][lane]) + (window[2][lane] + window[3][lane]);
                                *to = 0.25 * scale * sum;
                            }
                        }
                        Pooling::L2 => {
                            for (lane, to) in pooled.iter_mut().enumerate() {
                                *to = scale * window.iter().map(|v| v[lane] * v[lane]).sum::<f32>().sqrt();
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The largest of four, and which it was: the first in reading order among equals.
#[inline(always)]
fn pool_max(window: [&Lanes; 4], scale: f32, to: &mut [f32]) -> u32 {
    let (mut best, mut choices) = (*window[0], [0u32; GROUP]);
    for (candidate, values) in window.into_iter().enumerate().skip(1) {
        for lane in 0..GROUP {
            let better = values[lane] > best[lane];
            best[lane] = if better { values[lane] } else { best[lane] };
            choices[lane] = if better { candidate as u32 } else { choices[lane] };
        }
    }
    for (to, best) in to.iter_mut().zip(best) {
        *to = scale * best;
    }
    pack_choices(&choices)
}

/// Rows of a gradient: outputs are stored as they are.
pub(super) struct BackwardBand<'a> {
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) groups: usize,
    pub(super) gradient: &'a mut [f32],
}

impl Sink for BackwardBand<'_> {
    #[inline(always)]
    fn tile(&mut self, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]) {
        let (rows, columns) = (TILE.min(self.rows - y), TILE.min(self.width - x));
        for (i, line) in values.iter().enumerate().take(rows) {
            for (j, value) in line.iter().enumerate().take(columns) {
                let place = ((y + i) * self.width + x + j) * self.groups + group;
                self.gradient[place * GROUP..][..GROUP].copy_from_slice(value);
            }
        }
    }
}
