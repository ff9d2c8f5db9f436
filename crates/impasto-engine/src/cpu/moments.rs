//! Sums over the features at a tap, and the way back: dF = w (2 D F + d).
//!
//! The sums run over chunks of positions in f32 products of 128 positions each, added up in f64 in a fixed order: where
//! features are the same everywhere, each f32 addition rounds the same way, and longer products were wrong by 2e-5. The
//! second moments are symmetric: only panels on and above the diagonal are multiplied.

use rayon::prelude::*;

use super::kernels::{GROUP, Matrix, Panels, Product, dispatch};
use super::map::Map;
use crate::{Moments, MomentsCotangent};

/// Positions per f32 product.
const POSITIONS: usize = 128;

/// Chunks that are summed apart at most, so that partial sums stay small beside the features.
const CHUNKS: usize = 64;

/// Sums of w, w f and w f f^T; without weights, w is 1.
pub(super) fn sum(features: &Map, weights: Option<&[f32]>) -> Moments {
    let (area, channels) = (features.size().area(), features.channels);
    let chunk = area.div_ceil(CHUNKS).next_multiple_of(POSITIONS);
    let starts: Vec<usize> = (0..area).step_by(chunk).collect();
    let panels = features.groups();
    let tasks: Vec<(usize, usize)> =
        starts.iter().flat_map(|&start| (0..panels).map(move |panel| (start, panel))).collect();
    let parts: Vec<Vec<f64>> = tasks
        .into_par_iter()
        .map(|(start, panel)| panel_sums(features, weights, start..(start + chunk).min(area), panel))
        .collect();

    let mut first = vec![0.0; channels];
    let mut second = vec![0.0; channels * channels];
    for (index, part) in parts.iter().enumerate() {
        let panel = index % panels;
        for lane in 0..GROUP.min(channels - (panel * GROUP).min(channels)) {
            let column = panel * GROUP + lane;
            first[column] += part[lane];
            for row in 0..=column {
                second[row * channels + column] += part[(row + 1) * GROUP + lane];
            }
        }
    }
    for row in 0..channels {
        for column in 0..row {
            second[row * channels + column] = second[column * channels + row];
        }
    }
    let weight = weights.map_or(area as f64, |weights| weights.iter().map(|&w| w as f64).sum());
    Moments { weight, first, second }
}

/// For one panel of 16 channels: a row of first moments, then a row of second moments with each channel up to the panel.
fn panel_sums(
    features: &Map,
    weights: Option<&[f32]>,
    positions: std::ops::Range<usize>,
    panel: usize,
) -> Vec<f64> {
    let stride = features.stride;
    let rows = (panel + 1) * GROUP;
    let mut sums = vec![0.0f64; (rows + 1) * GROUP];
    let mut products = vec![0.0f32; rows * GROUP];
    let mut weighted = Vec::new();
    for start in positions.clone().step_by(POSITIONS) {
        let count = POSITIONS.min(positions.end - start);
        let block = &features.data[start * stride..][..count * stride];
        let left = match weights {
            None => block,
            Some(weights) => {
                weighted.clear();
                for (values, &weight) in block.chunks_exact(stride).zip(&weights[start..]) {
                    weighted.extend(values.iter().map(|value| weight * value));
                }
                &weighted[..]
            }
        };
        dispatch(Product {
            rows,
            inner: count,
            panels: 1,
            a: Matrix { data: left, row_stride: 1, inner_stride: stride },
            b: Panels { data: &block[panel * GROUP..], panel_stride: GROUP, inner_stride: stride },
            c: &mut products,
            c_stride: GROUP,
            add: false,
        });
        for (sum, &product) in sums[GROUP..].iter_mut().zip(&products) {
            *sum += product as f64;
        }
        let mut first = [0.0f32; GROUP];
        for values in left.chunks_exact(stride) {
            for (sum, value) in first.iter_mut().zip(&values[panel * GROUP..]) {
                *sum += value;
            }
        }
        for (sum, first) in sums.iter_mut().zip(first) {
            *sum += first as f64;
        }
    }
    sums
}

/// Adds the derivative by the features to `gradient`.
pub(super) fn pull_back(features: &Map, weights: Option<&[f32]>, by: &MomentsCotangent, gradient: &mut Map) {
    let (stride, channels) = (features.stride, features.channels);
    let mut twice = vec![0.0f32; stride * stride];
    for row in 0..channels {
        for column in 0..channels {
            twice[row * stride + column] = (2.0 * by.second[row * channels + column]) as f32;
        }
    }
    let mut constant = vec![0.0f32; stride];
    constant.iter_mut().zip(&by.first).for_each(|(to, &from)| *to = from as f32);

    let chunk = 2 * POSITIONS;
    gradient.data.par_chunks_mut(chunk * stride).enumerate().for_each(|(index, gradient)| {
        let (start, rows) = (index * chunk, gradient.len() / stride);
        let left = Matrix { data: &features.data[start * stride..], row_stride: stride, inner_stride: 1 };
        let right = Panels { data: &twice, panel_stride: GROUP, inner_stride: stride };
        let product = |c: &mut [f32], add| {
            dispatch(Product {
                rows,
                inner: channels,
                panels: stride / GROUP,
                a: left,
                b: right,
                c,
                c_stride: stride,
                add,
            });
        };
        match weights {
            None => {
                product(gradient, true);
                for values in gradient.chunks_exact_mut(stride) {
                    values.iter_mut().zip(&constant).for_each(|(to, from)| *to += from);
                }
            }
            Some(weights) => {
                let mut products = vec![0.0; rows * stride];
                product(&mut products, false);
                let pairs = gradient.chunks_exact_mut(stride).zip(products.chunks_exact(stride));
                for ((to, from), &weight) in pairs.zip(&weights[start..]) {
                    for (to, (from, constant)) in to.iter_mut().zip(from.iter().zip(&constant)) {
                        *to += weight * (from + constant);
                    }
                }
            }
        }
    });
}

/// Sum of w (f - f*)^2 over positions and channels.
pub(super) fn residual(features: &Map, aim: &Map, weights: Option<&[f32]>) -> f64 {
    let length = POSITIONS * features.stride;
    let chunks = features.data.par_chunks(length).zip(aim.data.par_chunks(length));
    let parts: Vec<f64> = chunks
        .enumerate()
        .map(|(chunk, (features, aims))| {
            let rows = features.chunks_exact(aim.stride).zip(aims.chunks_exact(aim.stride));
            rows.enumerate()
                .map(|(row, (f, a))| {
                    let sum: f32 = f.iter().zip(a).map(|(f, a)| (f - a) * (f - a)).sum();
                    weights.map_or(1.0, |weights| weights[chunk * POSITIONS + row] as f64) * sum as f64
                })
                .sum()
        })
        .collect();
    parts.iter().sum()
}

/// Adds 2 c w (F - F*) to `gradient`.
pub(super) fn residual_back(features: &Map, aim: &Map, weights: Option<&[f32]>, by: f64, gradient: &mut Map) {
    let stride = features.stride;
    let rows = gradient.data.par_chunks_exact_mut(stride).enumerate();
    rows.for_each(|(position, gradient)| {
        let factor = (2.0 * by) as f32 * weights.map_or(1.0, |weights| weights[position]);
        let pairs = features.data[position * stride..].iter().zip(&aim.data[position * stride..]);
        for (to, (f, a)) in gradient.iter_mut().zip(pairs) {
            *to += factor * (f - a);
        }
    });
}
