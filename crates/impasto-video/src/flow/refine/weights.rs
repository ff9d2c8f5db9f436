//! The robust weights at the current flow, and the linear system that they give.

use super::halves::{first, split, stride};
use super::linear::Linear;
use crate::flow::Flow;
use crate::flow::rows::{LANES, block, each, rows};
use crate::flow::wide::wide;
use rayon::prelude::*;

/// Weight of smoothness, α in the sum. OpenCV has 20; with two warps a stiffer flow has the smaller error.
const SMOOTHNESS: f32 = 30.0;
/// Weight of constant gradients, γ. This and what follows are OpenCV's.
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

impl System {
    /// Room for the system of a flow of a size.
    pub(super) fn new((width, height): (usize, usize)) -> Self {
        Self { colours: [(); 2].map(|()| vec![0.0; PLANES * stride(width) * height]) }
    }
}

/// Computes the weights at a flow.
pub(super) fn fill(system: &mut System, flow: &Flow, linear: &Linear) {
    let width = flow.width;
    let smooth = smoothness(flow);
    let stride = stride(width);
    let [red, black] = &mut system.colours;
    let rows = red.par_chunks_exact_mut(PLANES * stride).zip(black.par_chunks_exact_mut(PLANES * stride));
    rows.enumerate().with_min_len(4).for_each_init(
        || vec![0.0; PLANES * width],
        |room, (y, (red, black))| {
            wide(
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
    left[0] = 0.0;
    each([&mut left[1..]], [&middle[1..], middle], |[own, before], _| [0.5 * (own + before)]);
    right[..width - 1].copy_from_slice(&left[1..]);
    right[width - 1] = 0.0;
    each([&mut *up, &mut *down], [middle, above, below], |[own, above, below], _| {
        [has_above * 0.5 * (own + above), has_below * 0.5 * (own + below)]
    });
    let mut at = 0;
    while at < width {
        // Copies of all blocks: see `each`.
        let take = |run: &[f32]| block(run, at);
        let [ix, iy, z] = [take(ix), take(iy), take(z)];
        let [ixx, ixy, iyy, zx, zy] = [take(ixx), take(ixy), take(iyy), take(zx), take(zy)];
        let [u, v, u0, v0] = [take(u), take(v), take(u0), take(v0)];
        let [left, right, up, down] = [take(left), take(right), take(up), take(down)];
        let mut made = [[0.0; LANES]; 5];
        for i in 0..LANES {
            let around = left[i] + right[i] + up[i] + down[i];
            let derivatives = [ix[i], iy[i], z[i], ixx[i], ixy[i], iyy[i], zx[i], zy[i]];
            let equations = equations(derivatives, [u[i], v[i], u0[i], v0[i]], around);
            (made[0][i], made[1][i], made[2][i]) = (equations[0], equations[1], equations[2]);
            (made[3][i], made[4][i]) = (equations[3], equations[4]);
        }
        let count = LANES.min(width - at);
        for (run, made) in [&mut *a12, &mut *b1, &mut *b2, &mut *d1, &mut *d2].into_iter().zip(&made) {
            run[at..at + count].copy_from_slice(&made[..count]);
        }
        at += LANES;
    }
}

/// a12, b1, b2 and the reciprocals of the diagonals of one pixel. `around` is the sum of its neighbours' weights.
#[inline(always)]
fn equations(
    [ix, iy, z, ixx, ixy, iyy, zx, zy]: [f32; 8],
    [u, v, u0, v0]: [f32; 4],
    around: f32,
) -> [f32; 5] {
    let (du, dv) = (u - u0, v - v0);
    let n = 1.0 / (ix * ix + iy * iy + LEAST_SLOPE);
    let r = z + ix * du + iy * dv;
    let brightness = 0.5 * BRIGHTNESS * n / (r * r * n + TURN).sqrt();
    let nx = 1.0 / (ixx * ixx + ixy * ixy + LEAST_SLOPE);
    let ny = 1.0 / (ixy * ixy + iyy * iyy + LEAST_SLOPE);
    let rx = zx + ixx * du + ixy * dv;
    let ry = zy + ixy * du + iyy * dv;
    let gradient = 0.5 * GRADIENT / (rx * rx * nx + ry * ry * ny + TURN).sqrt();
    let (gx, gy) = (gradient * nx, gradient * ny);
    let a11 = brightness * ix * ix + gx * ixx * ixx + gy * ixy * ixy;
    let a12 = brightness * ix * iy + gx * ixx * ixy + gy * ixy * iyy;
    let a22 = brightness * iy * iy + gx * ixy * ixy + gy * iyy * iyy;
    let pull1 = brightness * ix * z + gx * ixx * zx + gy * ixy * zy;
    let pull2 = brightness * iy * z + gx * ixy * zx + gy * iyy * zy;
    let weights = around + LEAST_SLOPE;
    let b1 = a11 * u0 + a12 * v0 - pull1 + LEAST_SLOPE * u0;
    let b2 = a12 * u0 + a22 * v0 - pull2 + LEAST_SLOPE * v0;
    [a12, b1, b2, 1.0 / (a11 + weights), 1.0 / (a22 + weights)]
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
                each([&mut *row], [above, below], |[above, below], [sum]| {
                    [sum + (vertical * (below - above)).powi(2)]
                });
                if width > 2 {
                    each([&mut row[1..width - 1]], [middle, &middle[2..]], |[before, after], [sum]| {
                        [sum + (0.5 * (after - before)).powi(2)]
                    });
                }
                if width > 1 {
                    row[0] += (middle[1] - middle[0]).powi(2);
                    row[width - 1] += (middle[width - 1] - middle[width - 2]).powi(2);
                }
            }
            each([row], [], |[], [slope]| [0.5 * SMOOTHNESS / (slope + TURN).sqrt()]);
        },
    );
    smooth
}
