//! Total variation of the pixels: the published smoothness terms, each in the scale of its own program.
//!
//! dx and dy are differences to the right and the lower neighbour, over all three channels.

use impasto_engine::Pixels;
use rayon::prelude::*;
use serde::Serialize;

/// Which total variation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TvForm {
    /// `scale^2 / 2 * sum(dx^2 + dy^2)` over the (H-1) x (W-1) pixels that have both neighbours: neural-style (its
    /// gradient; the program leaves the value out of the loss, we count it), on a picture of 0..256.
    HalfSquares {
        /// The program's value of white.
        scale: f64,
    },
    /// `scale * (sum |dx| + sum |dy|)`, all differences: neural-style-pt on 0..255, the TensorFlow tutorial on 0..1.
    Absolute {
        /// The program's value of white.
        scale: f64,
    },
    /// `2 (h/3 + v/3 + p/12 + q/12)`: mean squared differences to the right, downwards and along both diagonals of the
    /// picture replicated by one pixel on each side (a nine-point stencil): style-transfer-pytorch, on 0..1.
    NinePoint,
}

/// One plane's share of the value and the gradient, before the weight.
struct Share {
    value: f64,
    gradient: Vec<f64>,
}

impl TvForm {
    /// The value times `weight`; adds the derivative by RGB 0..1 to `gradient`.
    pub(crate) fn judge(self, image: &Pixels, weight: f64, gradient: Option<&mut Pixels>) -> f64 {
        let (width, height) = (image.size.width, image.size.height);
        let shares: Vec<Share> = image
            .data
            .par_chunks_exact(width * height)
            .map(|plane| match self {
                TvForm::HalfSquares { scale } => half_squares(plane, width, height, scale),
                TvForm::Absolute { scale } => absolute(plane, width, height, scale),
                TvForm::NinePoint => nine_point(plane, width, height),
            })
            .collect();
        if let Some(gradient) = gradient {
            for (to, share) in gradient.data.chunks_exact_mut(width * height).zip(&shares) {
                to.iter_mut().zip(&share.gradient).for_each(|(to, from)| *to += (weight * from) as f32);
            }
        }
        weight * shares.iter().map(|share| share.value).sum::<f64>()
    }
}

fn half_squares(plane: &[f32], width: usize, height: usize, scale: f64) -> Share {
    let mut share = Share { value: 0.0, gradient: vec![0.0; plane.len()] };
    for y in 0..height.saturating_sub(1) {
        for x in 0..width.saturating_sub(1) {
            let at = y * width + x;
            for neighbour in [at + 1, at + width] {
                let difference = scale * scale * (plane[neighbour] as f64 - plane[at] as f64);
                share.value += 0.5 * difference * (plane[neighbour] as f64 - plane[at] as f64);
                share.gradient[neighbour] += difference;
                share.gradient[at] -= difference;
            }
        }
    }
    share
}

fn absolute(plane: &[f32], width: usize, height: usize, scale: f64) -> Share {
    let mut share = Share { value: 0.0, gradient: vec![0.0; plane.len()] };
    let mut pair = |at: usize, neighbour: usize| {
        let difference = plane[neighbour] as f64 - plane[at] as f64;
        share.value += scale * difference.abs();
        // The derivative of |0| is taken as 0, not `signum`'s 1.
        let sign = if difference == 0.0 { 0.0 } else { scale * difference.signum() };
        share.gradient[neighbour] += sign;
        share.gradient[at] -= sign;
    };
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            if x + 1 < width {
                pair(at, at + 1);
            }
            if y + 1 < height {
                pair(at, at + width);
            }
        }
    }
    share
}

fn nine_point(plane: &[f32], width: usize, height: usize) -> Share {
    let mut share = Share { value: 0.0, gradient: vec![0.0; plane.len()] };
    // Means are over all three channels.
    let inner = 2.0 / (3.0 * 3.0 * (width * height) as f64);
    let diagonal = 2.0 / (12.0 * 3.0 * ((width + 1) * (height + 1)) as f64);
    let mut pair = |at: usize, other: usize, factor: f64| {
        let difference = plane[other] as f64 - plane[at] as f64;
        share.value += factor * difference * difference;
        share.gradient[other] += 2.0 * factor * difference;
        share.gradient[at] -= 2.0 * factor * difference;
    };
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            if x + 1 < width {
                pair(at, at + 1, inner);
            }
            if y + 1 < height {
                pair(at, at + width, inner);
            }
        }
    }
    // 2x2 windows of the replicated picture; replicated pixels stand for the nearest real one.
    for top in 0..=height {
        let (upper, lower) = (top.saturating_sub(1), top.min(height - 1));
        for start in 0..=width {
            let (left, right) = (start.saturating_sub(1), start.min(width - 1));
            pair(upper * width + left, lower * width + right, diagonal);
            pair(upper * width + right, lower * width + left, diagonal);
        }
    }
    share
}
