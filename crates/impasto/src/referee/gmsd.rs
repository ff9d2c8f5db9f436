//! Gradient magnitude similarity deviation of luma (Xue, Zhang, Mou and Bovik, "Gradient magnitude similarity
//! deviation: a highly efficient perceptual image quality index", 2014): how unevenly the gradients of two pictures
//! agree.
//!
//! As in the paper: means of 2x2 pixels, Prewitt gradients with zeros beyond the border, the similarity (2 g h + c)
//! / (g^2 + h^2 + c) at each position, and its standard deviation over all positions. An odd last row or column is
//! left out.

use impasto_image::Plane;
use rayon::prelude::*;

use super::luma::halved;

/// The authors' 170, for values in 0..1 instead of 0..255.
const C: f64 = 170.0 / (255.0 * 255.0);

/// The smallest side, after halving, with a gradient inside the border.
const SMALLEST: usize = 3;

/// The deviation for two planes of one size with values in 0..1; `None` if they differ in size or have a side below
/// 6 pixels.
pub fn gmsd(a: &Plane, b: &Plane) -> Option<f64> {
    if a.size() != b.size() {
        return None;
    }
    let (a, b) = (halved(a)?, halved(b)?);
    let (width, height) = a.size();
    if width.min(height) < SMALLEST {
        return None;
    }
    let rows: Vec<(f64, f64)> = (0..height)
        .into_par_iter()
        .map(|y| {
            let similarities = (0..width).map(|x| {
                let (g, h) = (gradient(&a, x, y), gradient(&b, x, y));
                (2.0 * (g * h).sqrt() + C) / (g + h + C)
            });
            similarities.fold((0.0, 0.0), |(sum, squares), value| (sum + value, squares + value * value))
        })
        .collect();
    let count = (width * height) as f64;
    let (sum, squares) = rows.iter().fold((0.0, 0.0), |sums, row| (sums.0 + row.0, sums.1 + row.1));
    let mean = sum / count;
    Some((squares / count - mean * mean).max(0.0).sqrt())
}

/// The square of the gradient's magnitude.
fn gradient(plane: &Plane, x: usize, y: usize) -> f64 {
    let (width, height) = plane.size();
    // The offsets are one higher than the positions, so that none is negative.
    let at = |dx: usize, dy: usize| -> f64 {
        let (x, y) = (x + dx, y + dy);
        let inside = (1..=width).contains(&x) && (1..=height).contains(&y);
        if inside { f64::from(plane.data()[(y - 1) * width + x - 1]) } else { 0.0 }
    };
    let across: f64 = (0..3).map(|k| at(2, k) - at(0, k)).sum::<f64>() / 3.0;
    let down: f64 = (0..3).map(|k| at(k, 2) - at(k, 0)).sum::<f64>() / 3.0;
    across * across + down * down
}
