//! Moments, aims and metrics as one square matrix: the second moments, bordered by a row and a column of means. Two
//! products with a metric map all of it. The kernels are `judge_*.wgsl`.

use impasto_engine::Aim;

use crate::layers::TERMS;

/// Rows of the square of a tap: one for each channel, those of the means and of the deviations, in whole steps.
pub(crate) fn side(channels: usize) -> usize {
    (channels + 2).next_multiple_of(TERMS)
}

pub(crate) fn square_bytes(channels: usize) -> usize {
    size_of::<f32>() * side(channels).pow(2)
}

/// The power of two that brings features near 1 where the aim is reached.
pub(crate) fn unit(aim: &Aim) -> f64 {
    let channels = aim.mean.len();
    let square: f64 = (0..channels).map(|i| aim.second[i * channels + i]).sum::<f64>() / channels as f64;
    if square > 0.0 && square.is_finite() { (-0.5 * square.log2()).round().exp2() } else { 1.0 }
}

/// The aim as `judge.wgsl` reads it.
pub(crate) fn aim_square(aim: &Aim, unit: f64) -> Vec<f32> {
    let channels = aim.mean.len();
    let side = side(channels);
    let mut square = vec![0.0; side * side];
    for i in 0..channels {
        for j in 0..channels {
            square[i * side + j] = (unit * unit * aim.second[i * channels + j]) as f32;
        }
        let mean = (unit * aim.mean[i]) as f32;
        (square[i * side + channels], square[channels * side + i]) = (mean, mean);
        square[(channels + 1) * side + i] = (unit * aim.deviation[i]) as f32;
    }
    square
}

/// A metric, which leaves the row and the column of the means where they are.
pub(crate) fn metric_square(values: &[f32], channels: usize) -> Vec<f32> {
    let side = side(channels);
    let mut square = vec![0.0; side * side];
    for (to, from) in square.chunks_exact_mut(side).zip(values.chunks_exact(channels)) {
        to[..channels].copy_from_slice(from);
    }
    square[channels * side + channels] = 1.0;
    square
}
