//! Covariance distance: a Gram matrix distance of centred features, MSE(Cov / C, Cov* / C) over C^2 entries.
//!
//! Centring removes the brightness of each channel from the statistic ("activation shift", Novak and Nikulin,
//! "Improving the neural algorithm of artistic style", 2016, arXiv:1605.04603). They shift by a constant; here each
//! channel is shifted by its own mean. Add `mean-std` if the result should follow the palette too.

use super::moments::{LossGradient, MeanMoments};

/// The factor of the sum of squared differences.
pub(super) fn factor(channels: usize) -> f64 {
    1.0 / (channels as f64).powi(4)
}

pub(super) fn loss_and_gradient(seen: &MeanMoments, target: &MeanMoments) -> LossGradient {
    let factor = factor(seen.channels);
    let difference: Vec<f64> =
        seen.covariance().iter().zip(target.covariance()).map(|(s, t)| s - t).collect();
    let by_second: Vec<f64> = difference.iter().map(|d| 2.0 * factor * d).collect();
    LossGradient {
        value: factor * difference.iter().map(|d| d * d).sum::<f64>(),
        by_mean: through_covariance(&by_second, &seen.mean),
        by_second,
    }
}

/// The derivative by the mean that follows from D, the derivative by the covariance S - mu mu^T: -2 D mu.
pub(super) fn through_covariance(by_covariance: &[f64], mean: &[f64]) -> Vec<f64> {
    let rows = by_covariance.chunks_exact(mean.len());
    rows.map(|row| -2.0 * row.iter().zip(mean).map(|(d, m)| d * m).sum::<f64>()).collect()
}
