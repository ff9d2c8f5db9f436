//! Linear maps of colours: x -> A (x - m_s) + m_c. A is chosen so that the style's covariance S becomes the
//! content's covariance C. There are many such maps; they differ by a rotation.
//!
//! - Cholesky: A = L_C L_S^-1, with lower triangular factors.
//! - PCA: A = C^1/2 S^-1/2.
//! - Monge-Kantorovich: A = S^-1/2 (S^1/2 C S^1/2)^1/2 S^-1/2, the only symmetric positive one.

use faer::{Mat, Side};
use impasto_image::{Picture, Plane};

use super::ColourMap;

/// Added to the variances; it equals a standard deviation of a hundredth. The channels of grey and sepia pictures
/// differ by rounding only, and without this term the map would enlarge the rounding until it shows as colour.
const VARIANCE: f64 = 1e-4;

/// Lower bound for eigenvalues. Only rounding leads below it.
const LEAST: f64 = 1e-12;

struct Colours {
    mean: [f64; 3],
    covariance: Mat<f64>,
}

/// Mean and covariance of the visible pixels.
fn colours((picture, alpha): (&Picture, Option<&Plane>)) -> Colours {
    let area = picture.width() * picture.height();
    let rgb = picture.rgb();
    let weight = |at: usize| alpha.map_or(1.0, |alpha| f64::from(alpha.data()[at]));
    let pixel = |at: usize| [0, 1, 2].map(|plane| f64::from(rgb[plane * area + at]));
    let (mut total, mut mean) = (0.0, [0.0; 3]);
    for at in 0..area {
        total += weight(at);
        mean.iter_mut().zip(pixel(at)).for_each(|(sum, value)| *sum += weight(at) * value);
    }
    // A picture without any visible pixel counts as black.
    let total = if total > 0.0 { total } else { 1.0 };
    let mean = mean.map(|sum| sum / total);
    let mut sums = [[0.0; 3]; 3];
    for at in 0..area {
        let (weight, pixel) = (weight(at), pixel(at));
        for i in 0..3 {
            for j in 0..3 {
                sums[i][j] += weight * (pixel[i] - mean[i]) * (pixel[j] - mean[j]);
            }
        }
    }
    let covariance = Mat::from_fn(3, 3, |i, j| sums[i][j] / total + if i == j { VARIANCE } else { 0.0 });
    Colours { mean, covariance }
}

/// A power of a symmetric positive matrix; `None` if it has no eigendecomposition.
fn power(matrix: &Mat<f64>, exponent: f64) -> Option<Mat<f64>> {
    let eigen = matrix.self_adjoint_eigen(Side::Lower).ok()?;
    let vectors = eigen.U();
    let values: Vec<f64> =
        eigen.S().column_vector().iter().map(|value| value.max(LEAST).powf(exponent)).collect();
    Some(Mat::from_fn(3, 3, |i, j| vectors[(i, j)] * values[j]) * vectors.transpose())
}

fn factor(matrix: &Mat<f64>) -> Option<Mat<f64>> {
    Some(matrix.llt(Side::Lower).ok()?.L().to_owned())
}

/// L^-1 of a lower triangular matrix, by forward substitution.
fn inverse(lower: &Mat<f64>) -> Mat<f64> {
    let mut inverse = Mat::<f64>::zeros(3, 3);
    for column in 0..3 {
        for row in column..3 {
            let sum: f64 = (column..row).map(|k| lower[(row, k)] * inverse[(k, column)]).sum();
            let one = if row == column { 1.0 } else { 0.0 };
            inverse[(row, column)] = (one - sum) / lower[(row, row)];
        }
    }
    inverse
}

fn map(kind: ColourMap, style: &Mat<f64>, content: &Mat<f64>) -> Option<Mat<f64>> {
    Some(match kind {
        ColourMap::Cholesky => factor(content)? * inverse(&factor(style)?),
        ColourMap::Pca => power(content, 0.5)? * power(style, -0.5)?,
        _ => {
            let (root, inverse) = (power(style, 0.5)?, power(style, -0.5)?);
            &inverse * power(&(&root * content * &root), 0.5)? * &inverse
        }
    })
}

/// Gives the picture the mean and covariance of the other. The picture stays as it is if there is no map, which
/// happens for values that are not finite.
pub(super) fn matched(
    kind: ColourMap,
    (picture, alpha): (&mut Picture, Option<&Plane>),
    like: (&Picture, Option<&Plane>),
) {
    let (from, to) = (colours((picture, alpha)), colours(like));
    let Some(map) = map(kind, &from.covariance, &to.covariance) else { return };
    let area = picture.width() * picture.height();
    let rgb = picture.rgb_mut();
    for at in 0..area {
        let centred = [0, 1, 2].map(|plane| f64::from(rgb[plane * area + at]) - from.mean[plane]);
        for plane in 0..3 {
            let value: f64 = (0..3).map(|k| map[(plane, k)] * centred[k]).sum();
            rgb[plane * area + at] = (value + to.mean[plane]) as f32;
        }
    }
}
