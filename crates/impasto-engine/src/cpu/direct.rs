//! Convolutions with few input channels (conv1_1 has three), where a Winograd tile would be mostly transform: the nine
//! neighbours of each pixel are laid side by side and multiplied with the kernels as one matrix product.

use pulp::{Simd, WithSimd};

use super::kernels::{GROUP, Matrix, Panels, Product, TILE, padded};
use super::map::Map;
use super::sink::Sink;
use crate::geometry::Border;

/// The outputs of the rows `first .. first + rows`, handed to `sink` tile by tile.
pub(super) struct DirectForward<'a, K> {
    pub(super) input: &'a Map,
    pub(super) columns: Border,
    pub(super) rows_border: Border,
    /// Panels of 16 outputs; row `9 * inputs`, ordered (dy, dx, channel).
    pub(super) weights: &'a [f32],
    pub(super) outputs: usize,
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) sink: &'a mut K,
    /// `width * (9 * inputs + 4 * padded outputs)` floats; their values are anything.
    pub(super) scratch: &'a mut [f32],
}

impl<K: Sink> WithSimd for DirectForward<'_, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (width, outputs) = (self.input.size().width, padded(self.outputs));
        let inner = 9 * self.input.channels;
        let DirectForward { input, columns, rows_border, weights, first, rows, sink, scratch, .. } = self;
        let (neighbours, products) = scratch.split_at_mut(width * inner);
        let mut lanes = [[[0.0; GROUP]; TILE]; TILE];
        for y in (0..rows).step_by(TILE) {
            for i in 0..TILE.min(rows - y) {
                lay_out(input, columns, rows_border, first + y + i, neighbours);
                Product {
                    rows: width,
                    inner,
                    panels: outputs / GROUP,
                    a: Matrix { data: neighbours, row_stride: inner, inner_stride: 1 },
                    b: Panels { data: weights, panel_stride: inner * GROUP, inner_stride: GROUP },
                    c: &mut products[i * width * outputs..],
                    c_stride: outputs,
                    add: false,
                }
                .with_simd(simd);
            }
            for x in (0..width).step_by(TILE) {
                for group in 0..outputs / GROUP {
                    for (i, line) in lanes.iter_mut().enumerate() {
                        for (j, value) in line.iter_mut().enumerate().take(width - x) {
                            let from = &products[(i * width + x + j) * outputs + group * GROUP..];
                            value.copy_from_slice(&from[..GROUP]);
                        }
                    }
                    sink.tile(y, x, group, &mut lanes);
                }
            }
        }
    }
}

/// The nine neighbours of each pixel of a row, side by side.
#[inline(always)]
fn lay_out(input: &Map, columns: Border, rows: Border, y: usize, neighbours: &mut [f32]) {
    let (channels, stride, width) = (input.channels, input.stride, input.size().width);
    for dy in 0..3 {
        let Some(row) = rows.source((y + dy) as isize - 1) else {
            for place in neighbours.chunks_exact_mut(9 * channels) {
                place[dy * 3 * channels..][..3 * channels].fill(0.0);
            }
            continue;
        };
        let row = &input.data[row * width * stride..][..width * stride];
        for (x, place) in neighbours.chunks_exact_mut(9 * channels).enumerate() {
            let place = &mut place[dy * 3 * channels..][..3 * channels];
            if x > 0 && x + 1 < width && stride == channels {
                place.copy_from_slice(&row[(x - 1) * channels..][..3 * channels]);
                continue;
            }
            for (dx, to) in place.chunks_exact_mut(channels).enumerate() {
                match columns.source((x + dx) as isize - 1) {
                    Some(column) => to.copy_from_slice(&row[column * stride..][..channels]),
                    None => to.fill(0.0),
                }
            }
        }
    }
}

/// What the rows `first .. first + rows` of a gradient by the outputs send to the inputs: rows `first - 1` to
/// `first + rows` of a gradient by the inputs, of which neighbouring bands hold other parts.
pub(super) struct DirectBackward<'a> {
    pub(super) by_output: &'a Map,
    pub(super) columns: Border,
    /// Panels of 16 of the `9 * inputs` neighbours, ordered (dy, dx, channel); a row per output.
    pub(super) weights: &'a [f32],
    pub(super) inputs: usize,
    pub(super) first: usize,
    pub(super) rows: usize,
    /// `width * padded(9 * inputs)` floats; their values are anything.
    pub(super) scratch: &'a mut [f32],
}

impl WithSimd for DirectBackward<'_> {
    /// `[rows + 2, width, inputs]`.
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let (width, outputs, inputs) = (self.by_output.size().width, self.by_output.stride, self.inputs);
        let neighbours = padded(9 * inputs);
        let mut sums = vec![0.0; (self.rows + 2) * width * inputs];
        let products = self.scratch;
        {
            for y in 0..self.rows {
                Product {
                    rows: width,
                    inner: outputs,
                    panels: neighbours / GROUP,
                    a: Matrix {
                        data: &self.by_output.data[(self.first + y) * width * outputs..],
                        row_stride: outputs,
                        inner_stride: 1,
                    },
                    b: Panels { data: self.weights, panel_stride: outputs * GROUP, inner_stride: GROUP },
                    c: &mut products[..],
                    c_stride: neighbours,
                    add: false,
                }
                .with_simd(simd);
                for dy in 0..3 {
                    let row = &mut sums[(y + dy) * width * inputs..][..width * inputs];
                    for dx in 0..3 {
                        for x in 0..width {
                            let Some(column) = self.columns.source((x + dx) as isize - 1) else { continue };
                            let from = &products[x * neighbours + (3 * dy + dx) * inputs..][..inputs];
                            for (to, from) in row[column * inputs..][..inputs].iter_mut().zip(from) {
                                *to += from;
                            }
                        }
                    }
                }
            }
        }
        sums
    }
}

/// Kernels for [`DirectForward`].
pub(super) fn forward_weights(inputs: usize, outputs: usize, kernel: &[f32]) -> Vec<f32> {
    let inner = 9 * inputs;
    let mut packed = vec![0.0; inner * padded(outputs)];
    for_each_weight(inputs, outputs, kernel, |output, neighbour, weight| {
        packed[(output / GROUP * inner + neighbour) * GROUP + output % GROUP] = weight;
    });
    packed
}

/// Kernels for [`DirectBackward`].
pub(super) fn backward_weights(inputs: usize, outputs: usize, kernel: &[f32]) -> Vec<f32> {
    let rows = padded(outputs);
    let mut packed = vec![0.0; rows * padded(9 * inputs)];
    for_each_weight(inputs, outputs, kernel, |output, neighbour, weight| {
        packed[(neighbour / GROUP * rows + output) * GROUP + neighbour % GROUP] = weight;
    });
    packed
}

fn for_each_weight(inputs: usize, outputs: usize, kernel: &[f32], mut each: impl FnMut(usize, usize, f32)) {
    for output in 0..outputs {
        for input in 0..inputs {
            for place in 0..9 {
                each(output, place * inputs + input, kernel[(output * inputs + input) * 9 + place]);
            }
        }
    }
}
