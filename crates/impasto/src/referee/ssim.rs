//! Structural similarity of luma: SSIM (Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error
//! visibility to structural similarity", 2004) and MS-SSIM (Wang, Simoncelli and Bovik, "Multiscale structural
//! similarity for image quality assessment", 2003).
//!
//! As in the papers: a Gaussian window of 11x11 pixels with standard deviation 1.5, only where it lies inside the
//! picture, and population covariances. MS-SSIM halves by means of 2x2 pixels, without an odd last row or column.
//! Differences: a picture that is too small for five scales has fewer, with exponents scaled to the same sum. A
//! negative mean, which has no such power, counts as 0.

use impasto_image::Plane;
use rayon::prelude::*;

use super::luma::halved;

/// Width of the window in pixels.
const WINDOW: usize = 11;

/// Standard deviation of the window in pixels.
const DEVIATION: f64 = 1.5;

/// (0.01 L)^2 and (0.03 L)^2 for values in 0..1.
const C1: f64 = 1e-4;
const C2: f64 = 9e-4;

/// Exponents of the five scales, the finest first.
const EXPONENTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// Mean SSIM of two planes of one size with values in 0..1; `None` if they differ in size or are smaller than the
/// window.
pub fn ssim(a: &Plane, b: &Plane) -> Option<f64> {
    Some(means(a, b)?.0)
}

/// MS-SSIM of two planes of one size with values in 0..1, and the number of scales; `None` as for [`ssim`].
pub fn ms_ssim(a: &Plane, b: &Plane) -> Option<(f64, usize)> {
    let (mut a, mut b) = (a.clone(), b.clone());
    let mut seen = vec![means(&a, &b)?];
    while seen.len() < EXPONENTS.len() {
        let Some((smaller_a, smaller_b)) = halved(&a).zip(halved(&b)) else { break };
        (a, b) = (smaller_a, smaller_b);
        let Some(means) = means(&a, &b) else { break };
        seen.push(means);
    }
    let scales = seen.len();
    let scale_up = EXPONENTS.iter().sum::<f64>() / EXPONENTS[..scales].iter().sum::<f64>();
    let terms = seen.iter().zip(EXPONENTS).enumerate().map(|(scale, ((whole, structure), exponent))| {
        // Luminance only counts at the coarsest scale.
        let mean = if scale + 1 == scales { whole } else { structure };
        mean.max(0.0).powf(scale_up * exponent)
    });
    Some((terms.product(), scales))
}

fn window() -> [f64; WINDOW] {
    let middle = (WINDOW / 2) as f64;
    let mut window: [f64; WINDOW] =
        std::array::from_fn(|i| (-(i as f64 - middle).powi(2) / (2.0 * DEVIATION * DEVIATION)).exp());
    let sum: f64 = window.iter().sum();
    window.iter_mut().for_each(|weight| *weight /= sum);
    window
}

/// The mean of SSIM, and of its factors without luminance.
fn means(a: &Plane, b: &Plane) -> Option<(f64, f64)> {
    let (width, height) = a.size();
    if a.size() != b.size() || width.min(height) < WINDOW {
        return None;
    }
    let (across, down) = (width + 1 - WINDOW, height + 1 - WINDOW);
    let window = window();
    let rows: Vec<(f64, f64)> = (0..down).into_par_iter().map(|y| row(a, b, y, &window)).collect();
    let (whole, structure) = rows.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    let count = (across * down) as f64;
    Some((whole / count, structure / count))
}

/// The sums over the windows whose first row is `y`.
fn row(a: &Plane, b: &Plane, y: usize, window: &[f64; WINDOW]) -> (f64, f64) {
    let width = a.width();
    // Weighted sums down each column: of both planes, of their squares and of their product.
    let mut columns = vec![[0.0; 5]; width];
    for (offset, weight) in window.iter().enumerate() {
        let line = (y + offset) * width..(y + offset + 1) * width;
        for ((sums, a), b) in columns.iter_mut().zip(&a.data()[line.clone()]).zip(&b.data()[line]) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            for (sum, value) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                *sum += weight * value;
            }
        }
    }
    let mut totals = (0.0, 0.0);
    for columns in columns.windows(WINDOW) {
        let mut sums = [0.0; 5];
        for (column, weight) in columns.iter().zip(window) {
            sums.iter_mut().zip(column).for_each(|(sum, value)| *sum += weight * value);
        }
        let [mean_a, mean_b, square_a, square_b, product] = sums;
        let (variance_a, variance_b) = (square_a - mean_a * mean_a, square_b - mean_b * mean_b);
        let covariance = product - mean_a * mean_b;
        let structure = (2.0 * covariance + C2) / (variance_a + variance_b + C2);
        let luminance = (2.0 * mean_a * mean_b + C1) / (mean_a * mean_a + mean_b * mean_b + C1);
        totals = (totals.0 + luminance * structure, totals.1 + structure);
    }
    totals
}
