//! Mean and standard deviation distance: the mean over channels of (mu - mu*)^2 + (sd - sd*)^2.
//!
//! Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance normalization", ICCV 2017.
//! Galerne et al., "Scaling painting style transfer", 2024 (arXiv:2212.13459), use it together with the Gram
//! matrix. In a channel without variance, the derivative by the standard deviation is set to 0, because the square
//! root has none there.

use super::moments::{LossGradient, MeanMoments};

pub(super) fn loss_and_gradient(seen: &MeanMoments, target: &MeanMoments) -> LossGradient {
    let c = seen.channels;
    let mut loss = LossGradient::zero(c);
    let (variance, aims) = (seen.variance(), target.variance());
    for i in 0..c {
        let by_mean = seen.mean[i] - target.mean[i];
        let deviation = variance[i].sqrt();
        let by_deviation = deviation - aims[i].sqrt();
        loss.value += (by_mean * by_mean + by_deviation * by_deviation) / c as f64;
        loss.by_mean[i] = 2.0 * by_mean / c as f64;
        if deviation > 0.0 {
            // d sd / d E[f^2] = 1 / (2 sd), d sd / d mu = -mu / sd.
            let by_variance = by_deviation / deviation / c as f64;
            loss.by_second[i * c + i] = by_variance;
            loss.by_mean[i] -= 2.0 * by_variance * seen.mean[i];
        }
    }
    loss
}
