//! Gram matrix distance: the mean squared difference of E\[f f^T\], the original style loss.
//!
//! Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks", CVPR 2016. The paper
//! divides by 4 C^2 (HW)^2 outside the square. Published programs divide the Gram matrix itself, by the number of
//! positions or by positions and channels ([`GramScale`]).

use super::moments::{LossGradient, MeanMoments};
use super::statistic::GramScale;

/// MSE(S / n, T / n), the mean over C^2 entries, with n = C or 1.
/// The factor of the sum of squared differences.
pub(super) fn factor(scale: GramScale, channels: usize) -> f64 {
    let channels = channels as f64;
    let divisor = match scale {
        GramScale::PositionsAndChannels => channels,
        GramScale::Positions => 1.0,
    };
    1.0 / (channels * divisor).powi(2)
}

pub(super) fn loss_and_gradient(scale: GramScale, seen: &MeanMoments, target: &MeanMoments) -> LossGradient {
    let factor = factor(scale, seen.channels);
    let difference: Vec<f64> = seen.second.iter().zip(&target.second).map(|(s, t)| s - t).collect();
    LossGradient {
        value: factor * difference.iter().map(|d| d * d).sum::<f64>(),
        by_mean: vec![0.0; seen.channels],
        by_second: difference.into_iter().map(|d| 2.0 * factor * d).collect(),
    }
}
