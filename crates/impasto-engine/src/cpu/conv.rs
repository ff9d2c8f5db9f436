//! One convolution, prepared once, run in both directions over bands of rows on all threads.
//!
//! The derivative by the input of a 3x3 convolution with stride 1 is the same convolution with rotated kernels and inputs
//! and outputs swapped, so one Winograd routine serves both directions.

use impasto_encoder::{Conv, Pooling, Weights};
use rayon::prelude::*;

use super::bits::Choices;
use super::direct::{self, DirectBackward, DirectForward};
use super::kernels::{GROUP, TILE, dispatch, padded, transform_weights};
use super::map::{Map, Recycler};
use super::sink::{BackwardBand, ForwardBand};
use super::tiles::{Tiles, band_rows, scratch, with_scratch};
use crate::geometry::Border;
use crate::{Cancel, EngineError};

/// Input channels from which on Winograd pays.
const WINOGRAD_FROM: usize = 16;

/// Rows of a band of the direct backward convolution.
const DIRECT_ROWS: usize = 16;

/// A convolution with its kernels in the layout of the products.
#[derive(Debug)]
pub(super) struct Prepared {
    shape: Conv,
    bias: Vec<f32>,
    kernels: Kernels,
}

#[derive(Debug)]
enum Kernels {
    Winograd { forward: Vec<f32>, backward: Vec<f32> },
    Direct { forward: Vec<f32>, backward: Vec<f32> },
}

/// Borders of the columns and rows that a convolution reads.
#[derive(Clone, Copy)]
pub(super) struct Borders {
    pub(super) columns: Border,
    pub(super) rows: Border,
}

/// What a forward convolution leaves.
pub(super) struct Forward {
    /// The values after the ReLU, where they were asked for.
    pub(super) activations: Option<Map>,
    /// One word per group of each position: where the ReLU let through.
    pub(super) bits: Vec<u16>,
    /// The pooled values, and the choices of a max pooling.
    pub(super) pooled: Option<(Map, Choices)>,
}

impl Prepared {
    pub(super) fn new(shape: &Conv, weights: &Weights) -> Prepared {
        let (inputs, outputs) = (shape.inputs, shape.outputs);
        let at = |output: usize, input: usize, place: usize| {
            weights.kernel[(output * inputs + input) * 9 + place] as f64
        };
        let kernels = if inputs >= WINOGRAD_FROM {
            let forward = || {
                transform_weights(inputs, outputs, |output, input| {
                    std::array::from_fn(|place| at(output, input, place))
                })
            };
            // Here the convolution's outputs go in and its inputs come out.
            let backward = || {
                transform_weights(outputs, inputs, |input, output| {
                    std::array::from_fn(|place| at(output, input, 8 - place))
                })
            };
            let (forward, backward) = rayon::join(forward, backward);
            Kernels::Winograd { forward, backward }
        } else {
            Kernels::Direct {
                forward: direct::forward_weights(inputs, outputs, &weights.kernel),
                backward: direct::backward_weights(inputs, outputs, &weights.kernel),
            }
        };
        let mut bias = weights.bias.clone();
        bias.resize(padded(outputs), 0.0);
        Prepared { shape: shape.clone(), bias, kernels }
    }

    /// Convolves, adds the bias, rectifies, and pools if asked to. Keeps the activations if `keep` or L2 pooling needs
    /// them.
    pub(super) fn forward(
        &self,
        input: &Map,
        borders: Borders,
        keep: bool,
        pooling: Option<(Pooling, f32)>,
        recycler: &mut Recycler,
        cancel: &Cancel,
    ) -> Result<Forward, EngineError> {
        let (size, outputs) = (input.size(), self.shape.outputs);
        let groups = padded(outputs) / GROUP;
        let is = |kind| pooling.is_some_and(|(pooling, _)| pooling == kind);
        let mut activations = (keep || is(Pooling::L2)).then(|| recycler.map(outputs, size));
        let mut pooled = pooling.map(|_| recycler.map(outputs, size.halved()));
        let mut bits = vec![0; size.area() * groups];
        let mut choices = vec![0; if is(Pooling::Max) { size.halved().area() * groups } else { 0 }];

        let band = band_rows(size.width);
        let row = size.width * groups;
        let half_row = size.width / 2 * groups;
        let mut activation_rows =
            chunks(activations.as_mut().map(|map| &mut map.data[..]), band * row * GROUP);
        let mut pooled_rows =
            chunks(pooled.as_mut().map(|map| &mut map.data[..]), band / 2 * half_row * GROUP);
        let mut bit_rows = bits.chunks_mut(band * row);
        let mut choice_rows = chunks(Some(&mut choices[..]), band / 2 * half_row);
        let bands: Vec<ForwardBand> = (0..size.height)
            .step_by(band)
            .map(|first| ForwardBand {
                first,
                rows: band.min(size.height - first),
                width: size.width,
                groups,
                bias: &self.bias,
                activations: activation_rows.next().unwrap_or_default(),
                bits: bit_rows.next().unwrap_or_default(),
                pooling,
                pooled: pooled_rows.next().unwrap_or_default(),
                choices: choice_rows.next().unwrap_or_default(),
            })
            .collect();
        bands.into_par_iter().for_each(|mut sink| {
            if cancel.is_cancelled() {
                return;
            }
            let (first, rows) = (sink.first, sink.rows);
            let (columns, rows_border) = (borders.columns, borders.rows);
            let sink = &mut sink;
            match &self.kernels {
                Kernels::Winograd { forward: weights, .. } => {
                    with_scratch(scratch(size.width, rows, input.stride, outputs), |scratch| {
                        dispatch(Tiles {
                            input,
                            columns,
                            rows_border,
                            weights,
                            outputs,
                            first,
                            rows,
                            sink,
                            scratch,
                        });
                    });
                }
                Kernels::Direct { forward: weights, .. } => {
                    let length = size.width * (9 * input.channels + TILE * padded(outputs));
                    with_scratch(length, |scratch| {
                        dispatch(DirectForward {
                            input,
                            columns,
                            rows_border,
                            weights,
                            outputs,
                            first,
                            rows,
                            sink,
                            scratch,
                        });
                    });
                }
            }
        });
        cancel.check()?;
        let pooled = match (pooling, pooled) {
            (Some((Pooling::Max, _)), Some(map)) => Some((map, Choices::Max(choices))),
            (_, Some(map)) => Some((map, Choices::Average)),
            (_, None) => None,
        };
        Ok(Forward { activations, bits, pooled })
    }

    /// The derivative by the input, from the derivative by the output before the ReLU.
    pub(super) fn backward(
        &self,
        by_output: &Map,
        borders: Borders,
        recycler: &mut Recycler,
        cancel: &Cancel,
    ) -> Result<Map, EngineError> {
        let by_input = match &self.kernels {
            Kernels::Winograd { backward, .. } => {
                let mut by_input = recycler.map(self.shape.inputs, by_output.size());
                self.backward_tiles(backward, by_output, borders, &mut by_input, cancel);
                by_input
            }
            Kernels::Direct { backward, .. } => self.backward_direct(backward, by_output, borders, cancel),
        };
        cancel.check()?;
        Ok(by_input)
    }

    fn backward_tiles(
        &self,
        weights: &[f32],
        by_output: &Map,
        borders: Borders,
        by_input: &mut Map,
        cancel: &Cancel,
    ) {
        let (size, groups) = (by_output.size(), by_input.groups());
        let band = band_rows(size.width);
        let row = by_input.row();
        by_input.data.par_chunks_mut(band * row).enumerate().for_each(|(index, gradient)| {
            if cancel.is_cancelled() {
                return;
            }
            let first = index * band;
            let rows = band.min(size.height - first);
            let mut sink = BackwardBand { rows, width: size.width, groups, gradient };
            let outputs = self.shape.inputs;
            with_scratch(scratch(size.width, rows, by_output.stride, outputs), |scratch| {
                dispatch(Tiles {
                    input: by_output,
                    columns: borders.columns.transposed(),
                    rows_border: borders.rows.transposed(),
                    weights,
                    outputs,
                    first,
                    rows,
                    sink: &mut sink,
                    scratch,
                });
            });
        });
    }

    /// Bands send into their neighbours' rows, so each has rows of its own, which are added up in a fixed order.
    fn backward_direct(&self, weights: &[f32], by_output: &Map, borders: Borders, cancel: &Cancel) -> Map {
        let (size, inputs) = (by_output.size(), self.shape.inputs);
        // The first convolution's input is the image, whose pixels are not padded to a group.
        let is_first = (self.shape.block, self.shape.place) == (1, 1);
        let stride = if is_first { inputs } else { padded(inputs) };
        let bands: Vec<Vec<f32>> = (0..size.height.div_ceil(DIRECT_ROWS))
            .into_par_iter()
            .map(|band| {
                if cancel.is_cancelled() {
                    return Vec::new();
                }
                let first = band * DIRECT_ROWS;
                let rows = DIRECT_ROWS.min(size.height - first);
                let columns = borders.columns;
                with_scratch(size.width * padded(9 * inputs), |scratch| {
                    dispatch(DirectBackward { by_output, columns, weights, inputs, first, rows, scratch })
                })
            })
            .collect();
        let mut data = vec![0.0; size.area() * stride];
        for (band, sums) in bands.iter().enumerate() {
            for (index, row) in sums.chunks_exact(size.width * inputs).enumerate() {
                let Some(y) = borders.rows.source((band * DIRECT_ROWS + index) as isize - 1) else {
                    continue;
                };
                let to = &mut data[y * size.width * stride..][..size.width * stride];
                for (to, from) in to.chunks_exact_mut(stride).zip(row.chunks_exact(inputs)) {
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        }
        Map { channels: inputs, stride, size: Some(size), data }
    }
}

/// Consecutive chunks of a slice that may not be there, or be empty.
fn chunks<T>(slice: Option<&mut [T]>, length: usize) -> std::slice::ChunksMut<'_, T> {
    slice.unwrap_or_default().chunks_mut(length.max(1))
}
