//! Gives flat regions the motion of what surrounds them.
//!
//! A wall or a sky shows no motion of its own. A search finds one nevertheless, by noise, and then the wall swims. The
//! structure tensor T, the mean of ∇I ∇Iᵀ over 7x7 pixels, tells what a place shows: along a direction in which it is
//! below the noise, nothing. So the settled flow u' solves
//!
//!   (T + μ) u' = T u + μ ū,
//!
//! where μ is the noise's own part of T and ū the motion around. An edge keeps its motion across and takes the motion
//! along from its surroundings. ū is a joint-bilateral mean, in a bilateral grid (Chen, Paris, Durand 2007) over place
//! and grey: a mean of places that are near, alike and reliable. Where there are none, it tends to one affine motion
//! that is fitted to all reliable places by reweighted least squares. That needs no random choice, unlike RANSAC.

use super::affine::Affine;
use super::grid::Grid;
use super::rows::{rows, rows_of};
use super::smooth::{convolve, even};
use super::{Flow, Gray};

/// Half of the window of the structure tensor, less the middle.
const WINDOW: usize = 3;

/// μ, as a multiple of the variance that noise gives to a derivative.
const NOISES: f32 = 4.0;

/// Deviation, in grey levels, that is assumed at least: the rounding to 8 bits, twice.
const LEAST_NOISE: f32 = 0.58;

/// A smaller eigenvalue of this many times μ is clear: the change would be less than a thirtieth of the way.
const CLEAR: f32 = 30.0;

/// Weight of the affine motion beside the mean around, in reliable pixels per pixel.
const AFFINE: f32 = 0.01;

/// Settles a flow from `here` to `there`. `noise` is the deviation of the noise in grey levels.
pub(super) fn settle(flow: Flow, there: &Gray, here: &Gray, noise: f32) -> Flow {
    let width = flow.width;
    let deviation = noise.max(LEAST_NOISE);
    // A derivative is half the difference of two pixels.
    let mu = NOISES * 0.5 * deviation * deviation;
    let [xx, xy, yy] = tensor(here);
    let trust = trust(&flow, [&xx, &xy, &yy], (there, here), mu, deviation);
    let affine = Affine::fit(&flow, &trust);
    let around = Grid::of(&flow, &trust, here);
    let mut settled = Flow::zero(flow.width, flow.height);
    rows_of([&mut settled.u, &mut settled.v], width, |y, [u, v]| {
        for x in 0..width {
            let at = y * width + x;
            let (a, b, c) = (xx[at] + mu, xy[at], yy[at] + mu);
            // Where the structure is clear, the motion around has no say.
            if a * c - b * b > CLEAR * mu * (a + c) {
                (u[x], v[x]) = flow.at(x, y);
                continue;
            }
            let [weight, right, down] = around.at(x, y, here.data()[at]);
            let (across, along) = affine.at(x as f32, y as f32);
            let mean_u = (right + AFFINE * across) / (weight + AFFINE);
            let mean_v = (down + AFFINE * along) / (weight + AFFINE);
            // The change towards the mean: (T + μ) d = μ (ū - u).
            let (du, dv) = (mu * (mean_u - flow.u[at]), mu * (mean_v - flow.v[at]));
            let scale = 1.0 / (a * c - b * b);
            u[x] = flow.u[at] + (c * du - b * dv) * scale;
            v[x] = flow.v[at] + (a * dv - b * du) * scale;
        }
    });
    settled
}

/// The structure tensor: the means of Ix², IxIy and Iy² around each pixel.
fn tensor(gray: &Gray) -> [Vec<f32>; 3] {
    let (width, height) = gray.size();
    let mut products = [(); 3].map(|()| vec![0.0; width * height]);
    rows_of(products.each_mut().map(Vec::as_mut_slice), width, |y, [xx, xy, yy]| {
        let (above, row, below) =
            (gray.row(y.saturating_sub(1)), gray.row(y), gray.row((y + 1).min(height - 1)));
        for x in 0..width {
            let right = 0.5 * (row[(x + 1).min(width - 1)] - row[x.saturating_sub(1)]);
            let down = 0.5 * (below[x] - above[x]);
            (xx[x], xy[x], yy[x]) = (right * right, right * down, down * down);
        }
    });
    products.map(|product| convolve(&product, width, &even(WINDOW)))
}

/// How far each vector is believed, 0..1: by the smaller eigenvalue of its tensor against `mu`, and by how well it
/// fits.
fn trust(
    flow: &Flow,
    [xx, xy, yy]: [&[f32]; 3],
    (there, here): (&Gray, &Gray),
    mu: f32,
    deviation: f32,
) -> Vec<f32> {
    let width = flow.width;
    let mut trust = vec![0.0; flow.u.len()];
    rows(&mut trust, width, |y, row| {
        for (x, value) in row.iter_mut().enumerate() {
            let at = y * width + x;
            let half = 0.5 * (xx[at] - yy[at]);
            let smaller = 0.5 * (xx[at] + yy[at]) - (half * half + xy[at] * xy[at]).sqrt();
            let smaller = smaller.max(0.0);
            let (fx, fy) = (x as f32 + flow.u[at], y as f32 + flow.v[at]);
            let misfit = (there.between_pixels(fx, fy) - here.data()[at]) / (6.0 * deviation);
            *value = smaller / (smaller + mu) / (1.0 + misfit * misfit);
        }
    });
    trust
}
