//! The layers, forward and backward: input map, convolution, pooling.

use impasto_encoder::{Conv, InputMap, NEAREST, Pooling, Weights};

use crate::geometry::Border;
use crate::{Edges, Padding, PoolDecision, Size};

/// Features or gradients: planar `[channels, height, width]`.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) channels: usize,
    pub(super) size: Size,
    pub(super) data: Vec<f64>,
}

impl Map {
    pub(super) fn zeros(channels: usize, size: Size) -> Map {
        Map { channels, size, data: vec![0.0; channels * size.area()] }
    }

    pub(super) fn at(&self, channel: usize, y: usize, x: usize) -> f64 {
        self.data[(channel * self.size.height + y) * self.size.width + x]
    }

    pub(super) fn at_mut(&mut self, channel: usize, y: usize, x: usize) -> &mut f64 {
        &mut self.data[(channel * self.size.height + y) * self.size.width + x]
    }

    pub(super) fn plane(&self, channel: usize) -> &[f64] {
        &self.data[channel * self.size.area()..][..self.size.area()]
    }

    pub(super) fn add(&mut self, other: &Map) {
        for (value, more) in self.data.iter_mut().zip(&other.data) {
            *value += more;
        }
    }
}

/// Maps RGB 0..1 to the input of the first convolution.
pub(super) fn map_input(pixels: &Map, input: &InputMap) -> Map {
    let mut mapped = Map::zeros(3, pixels.size);
    for channel in 0..3 {
        for i in 0..pixels.size.area() {
            mapped.data[channel * pixels.size.area() + i] = input.bias[channel] as f64
                + (0..3).map(|from| input.matrix[channel][from] as f64 * pixels.plane(from)[i]).sum::<f64>();
        }
    }
    mapped
}

/// Applies the transpose of [`map_input`]'s matrix.
pub(super) fn map_input_back(gradient: &Map, input: &InputMap) -> Map {
    let mut mapped = Map::zeros(3, gradient.size);
    for channel in 0..3 {
        for i in 0..gradient.size.area() {
            mapped.data[channel * gradient.size.area() + i] =
                (0..3).map(|to| input.matrix[to][channel] as f64 * gradient.plane(to)[i]).sum();
        }
    }
    mapped
}

/// A 3x3 convolution with bias, without its ReLU.
pub(super) fn convolve(
    input: &Map,
    weights: &Weights,
    conv: &Conv,
    (columns, rows): (Border, Border),
) -> Map {
    let mut output = Map::zeros(conv.outputs, input.size);
    for out in 0..conv.outputs {
        for y in 0..input.size.height {
            for x in 0..input.size.width {
                let mut sum = weights.bias[out] as f64;
                for (dy, dx) in taps_of_kernel() {
                    let row = rows.source(y as isize + dy - 1);
                    let column = columns.source(x as isize + dx - 1);
                    let Some((row, column)) = row.zip(column) else { continue };
                    for from in 0..conv.inputs {
                        let kernel = weights.kernel[(out * conv.inputs + from) * 9 + (3 * dy + dx) as usize];
                        sum += kernel as f64 * input.at(from, row, column);
                    }
                }
                *output.at_mut(out, y, x) = sum;
            }
        }
    }
    output
}

/// The derivative by the input of [`convolve`]: every product is sent back to the place of its factor.
pub(super) fn convolve_back(
    by_output: &Map,
    weights: &Weights,
    conv: &Conv,
    padding: Padding,
    index: usize,
    edges: Edges,
) -> Map {
    let (columns, rows) = Border::of_layer(padding, index, by_output.size, edges);
    let mut by_input = Map::zeros(conv.inputs, by_output.size);
    for out in 0..conv.outputs {
        for y in 0..by_output.size.height {
            for x in 0..by_output.size.width {
                let gradient = by_output.at(out, y, x);
                if gradient == 0.0 {
                    continue;
                }
                for (dy, dx) in taps_of_kernel() {
                    let row = rows.source(y as isize + dy - 1);
                    let column = columns.source(x as isize + dx - 1);
                    let Some((row, column)) = row.zip(column) else { continue };
                    for to in 0..conv.inputs {
                        let kernel = weights.kernel[(out * conv.inputs + to) * 9 + (3 * dy + dx) as usize];
                        *by_input.at_mut(to, row, column) += kernel as f64 * gradient;
                    }
                }
            }
        }
    }
    by_input
}

/// Row and column of the nine weights of a kernel.
fn taps_of_kernel() -> impl Iterator<Item = (isize, isize)> {
    (0..9).map(|i| (i / 3, i % 3))
}

/// Doubles rows and columns: partly the nearest value, for the rest bilinear. Each value lies in the middle of the four
/// that it becomes; beyond an edge the edge's own value is used.
pub(super) fn enlarge(input: &Map) -> Map {
    let size = Size::new(2 * input.size.width, 2 * input.size.height);
    let mut output = Map::zeros(input.channels, size);
    // The two places that a place lies between, the nearer one first.
    let between = |at: usize, length: usize| {
        let near = at / 2;
        let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(length - 1) };
        [(near, 0.75), (far, 0.25)]
    };
    for channel in 0..input.channels {
        for y in 0..size.height {
            for x in 0..size.width {
                *output.at_mut(channel, y, x) = NEAREST * input.at(channel, y / 2, x / 2);
                for (row, down) in between(y, input.size.height) {
                    for (column, across) in between(x, input.size.width) {
                        *output.at_mut(channel, y, x) +=
                            (1.0 - NEAREST) * down * across * input.at(channel, row, column);
                    }
                }
            }
        }
    }
    output
}

/// Row and column of the four values of a window, in reading order.
const WINDOW: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

/// 2x2 pooling with stride 2; an odd last row or column is left out.
pub(super) fn pool(input: &Map, kind: Pooling, scale: f64) -> (Map, PoolDecision) {
    let mut output = Map::zeros(input.channels, input.size.halved());
    let mut decision = PoolDecision::empty(kind, input.data.len(), output.data.len());
    for channel in 0..input.channels {
        for y in 0..output.size.height {
            for x in 0..output.size.width {
                let window = WINDOW.map(|(dy, dx)| input.at(channel, 2 * y + dy, 2 * x + dx));
                let place = (channel * output.size.height + y) * output.size.width + x;
                output.data[place] = scale
                    * match &mut decision {
                        PoolDecision::Max(choices) => {
                            let mut best = 0;
                            for candidate in 1..4 {
                                if window[candidate] > window[best] {
                                    best = candidate;
                                }
                            }
                            choices[place] = best as u8;
                            window[best]
                        }
                        PoolDecision::Average => window.iter().sum::<f64>() / 4.0,
                        PoolDecision::L2(shares) => {
                            let root = window.iter().map(|value| value * value).sum::<f64>().sqrt();
                            for (value, (dy, dx)) in window.iter().zip(WINDOW) {
                                let at = (channel * input.size.height + 2 * y + dy) * input.size.width
                                    + 2 * x
                                    + dx;
                                shares[at] = if root > 0.0 { value / root } else { 0.0 };
                            }
                            root
                        }
                    };
            }
        }
    }
    (output, decision)
}

/// The derivative by the input of [`pool`], which had the given size.
pub(super) fn unpool(by_output: &Map, size: Size, decision: &PoolDecision, scale: f64) -> Map {
    let mut by_input = Map::zeros(by_output.channels, size);
    for channel in 0..by_output.channels {
        for y in 0..by_output.size.height {
            for x in 0..by_output.size.width {
                let place = (channel * by_output.size.height + y) * by_output.size.width + x;
                let gradient = scale * by_output.data[place];
                for (i, (dy, dx)) in WINDOW.into_iter().enumerate() {
                    let at = (channel * size.height + 2 * y + dy) * size.width + 2 * x + dx;
                    by_input.data[at] = match decision {
                        PoolDecision::Max(choices) => {
                            if choices[place] as usize == i {
                                gradient
                            } else {
                                0.0
                            }
                        }
                        PoolDecision::Average => gradient / 4.0,
                        PoolDecision::L2(shares) => gradient * shares[at],
                    };
                }
            }
        }
    }
    by_input
}
