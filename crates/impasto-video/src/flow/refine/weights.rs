//! The robust weights at the current flow, and the linear system that they give.

use super::halves::{first, split, stride};
use super::linear::Linear;
use crate::flow::Flow;
use crate::flow::simd::rows;
use rayon::prelude::*;

/// Weight of smoothness, α in the sum. This and the next five are OpenCV's.
const SMOOTHNESS: f32 = 20.0;
/// Weight of constant gradients, γ.
const GRADIENT: f32 = 10.0;
/// Weight of constant brightness, δ.
const BRIGHTNESS: f32 = 5.0;
/// Least slope, in grey levels per pixel, squared: ζ².
const LEAST_SLOPE: f32 = 0.1 * 0.1;
/// Where ψ turns from a parabola to a line, squared: ε².
const TURN: f32 = 0.001 * 0.001;

/// The number of planes of a colour's system.
pub(super) const PLANES: usize = 9;

/// The system on each colour. A row holds nine runs: a12, b1, b2, the reciprocals of both diagonals, and the weights of
/// the neighbours left, right, above and below.
///
/// The equations of a pixel are (a11 + Σw) u + a12 v = b1 + Σ w u' and a12 u + (a22 + Σw) v = b2 + Σ w v', over its
/// neighbours u', v'.
pub(super) struct System {
    pub(super) colours: [Vec<f32>; 2],
}

/// Computes the weights at a flow.
pub(super) fn system(flow: &Flow, linear: &Linear) -> System {
    let (width, height) = flow.size();
    let smooth = smoothness(flow);
    let stride = stride(width);
    let mut colours = [(); 2].map(|()| vec![0.0; PLANES * stride * height]);
    let [red, black] = &mut colours;
    let arch = pulp::Arch::new();
    let rows = red.par_chunks_exact_mut(PLANES * stride).zip(black.par_chunks_exact_mut(PLANES * stride));
    rows.enumerate().with_min_len(4).for_each_init(
        || vec![0.0; PLANES * width],
        |room, (y, (red, black))| {
            arch.dispatch(
                #[inline(always)]
                || {
                    fill_row(y, flow, linear, &smooth, room);
                    for (colour, half) in [red, black].into_iter().enumerate() {
                        for (line, half) in room.chunks_exact(width).zip(half.chunks_exact_mut(stride)) {
                            split(line, first(y, colour), half);
                        }
                    }
                },
            );
        },
    );
    System { colours }
}

/// The equations of a row, as nine runs.
#[inline(always)]
fn fill_row(y: usize, flow: &Flow, linear: &Linear, smooth: &[f32], room: &mut [f32]) {
    let (width, height) = flow.size();
    let line = |plane: usize| &linear.planes[plane][y * width..][..width];
    let [ix, iy, z, ixx, ixy, iyy, zx, zy] = std::array::from_fn(line);
    let (u, v) = (&flow.u[y * width..][..width], &flow.v[y * width..][..width]);
    let (u0, v0) = (&linear.at.u[y * width..][..width], &linear.at.v[y * width..][..width]);
    let smooth_row = |y: usize| &smooth[y * width..][..width];
    let (middle, above, below) =
        (smooth_row(y), smooth_row(y.saturating_sub(1)), smooth_row((y + 1).min(height - 1)));
    let (has_above, has_below) = (f32::from(y > 0), f32::from(y + 1 < height));
    let mut runs = room.chunks_exact_mut(width);
    let mut run = || runs.next().unwrap_or_default();
    let (a12, b1, b2, d1, d2) = (run(), run(), run(), run(), run());
    let (left, right, up, down) = (run(), run(), run(), run());
    for x in 1..width {
        left[x] = 0.5 * (middle[x] + middle[x - 1]);
    }
    left[0] = 0.0;
    right[..width - 1].copy_from_slice(&left[1..]);
    right[width - 1] = 0.0;
    for x in 0..width {
        up[x] = has_above * 0.5 * (middle[x] + above[x]);
        down[x] = has_below * 0.5 * (middle[x] + below[x]);
        let (du, dv) = (u[x] - u0[x], v[x] - v0[x]);
        let n = 1.0 / (ix[x] * ix[x] + iy[x] * iy[x] + LEAST_SLOPE);
        let r = z[x] + ix[x] * du + iy[x] * dv;
        let brightness = 0.5 * BRIGHTNESS * n / (r * r * n + TURN).sqrt();
        let nx = 1.0 / (ixx[x] * ixx[x] + ixy[x] * ixy[x] + LEAST_SLOPE);
        let ny = 1.0 / (ixy[x] * ixy[x] + iyy[x] * iyy[x] + LEAST_SLOPE);
        let rx = zx[x] + ixx[x] * du + ixy[x] * dv;
        let ry = zy[x] + ixy[x] * du + iyy[x] * dv;
        let gradient = 0.5 * GRADIENT / (rx * rx * nx + ry * ry * ny + TURN).sqrt();
        let (gx, gy) = (gradient * nx, gradient * ny);
        let a11 = brightness * ix[x] * ix[x] + gx * ixx[x] * ixx[x] + gy * ixy[x] * ixy[x];
        let cross = brightness * ix[x] * iy[x] + gx * ixx[x] * ixy[x] + gy * ixy[x] * iyy[x];
        let a22 = brightness * iy[x] * iy[x] + gx * ixy[x] * ixy[x] + gy * iyy[x] * iyy[x];
        let pull1 = brightness * ix[x] * z[x] + gx * ixx[x] * zx[x] + gy * ixy[x] * zy[x];
        let pull2 = brightness * iy[x] * z[x] + gx * ixy[x] * zx[x] + gy * iyy[x] * zy[x];
        let weights = left[x] + right[x] + up[x] + down[x] + LEAST_SLOPE;
        a12[x] = cross;
        b1[x] = a11 * u0[x] + cross * v0[x] - pull1 + LEAST_SLOPE * u0[x];
        b2[x] = cross * u0[x] + a22 * v0[x] - pull2 + LEAST_SLOPE * v0[x];
        d1[x] = 1.0 / (a11 + weights);
        d2[x] = 1.0 / (a22 + weights);
    }
}

/// α/2 ψ' of the flow's slope at each pixel.
fn smoothness(flow: &Flow) -> Vec<f32> {
    let (width, height) = flow.size();
    let mut smooth = vec![0.0; width * height];
    rows(
        &mut smooth,
        width,
        #[inline(always)]
        |y, row| {
            let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
            let vertical = 1.0 / (below - above).max(1) as f32;
            row.fill(0.0);
            for plane in [&flow.u, &flow.v] {
                let line = |y: usize| &plane[y * width..][..width];
                let (middle, above, below) = (line(y), line(above), line(below));
                for x in 0..width {
                    let down = vertical * (below[x] - above[x]);
                    row[x] += down * down;
                }
                for (value, run) in row.iter_mut().skip(1).zip(middle.windows(3)) {
                    let across = 0.5 * (run[2] - run[0]);
                    *value += across * across;
                }
                if width > 1 {
                    row[0] += (middle[1] - middle[0]).powi(2);
                    row[width - 1] += (middle[width - 1] - middle[width - 2]).powi(2);
                }
            }
            for value in row.iter_mut() {
                *value = 0.5 * SMOOTHNESS / (*value + TURN).sqrt();
            }
        },
    );
    smooth
}
