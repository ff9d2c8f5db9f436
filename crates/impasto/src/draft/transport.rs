//! The optimal-transport map between two Gaussians, as an affine map of features.
//!
//! The map takes x to T (x - m) + n with T = A^-½ (A^½ B A^½)^½ A^-½. Here m and A are the present mean and
//! covariance of the features, n and B the mean and covariance to reach (Mroueh, "Wasserstein style transfer",
//! AISTATS 2020). The cost of this map is the statistic `wasserstein`.

use impasto_engine::Affine;

use crate::objective::{MeanMoments, Spectrum, square, symmetric_values};

/// Added to the variances, with the value that was used with the published decoders. It bounds the stretching of
/// directions in which features hardly vary.
const FLOOR: f64 = 1e-5;

/// The map; `None` if a decomposition fails, as it does for values that are not finite.
pub(super) fn transport(own: &MeanMoments, target: &MeanMoments) -> Option<Affine> {
    let channels = own.channels;
    let floored = |moments: &MeanMoments| {
        let mut covariance = moments.covariance();
        (0..channels).for_each(|i| covariance[i * channels + i] += FLOOR);
        covariance
    };
    let (a, b) = (floored(own), floored(target));
    let a = Spectrum::of(square(&a, channels))?;
    let powers = |spectrum: &Spectrum, power: f64| -> Vec<f64> {
        spectrum.values.iter().map(|value| value.max(FLOOR).powf(power)).collect()
    };
    let (half, inverse) = (a.with_values(&powers(&a, 0.5)), a.with_values(&powers(&a, -0.5)));
    let middle = symmetric_values(&(&half * square(&b, channels) * &half), 1.0);
    let middle = Spectrum::of(square(&middle, channels))?;
    let roots: Vec<f64> = middle.values.iter().map(|value| value.max(0.0).sqrt()).collect();
    let map = symmetric_values(&(&inverse * middle.with_values(&roots) * &inverse), 1.0);
    let moved = |i: usize| -> f64 {
        let row = &map[i * channels..][..channels];
        target.mean[i] - row.iter().zip(&own.mean).map(|(t, m)| t * m).sum::<f64>()
    };
    let bias = (0..channels).map(moved).collect();
    let by = Affine { matrix: map.clone(), bias };
    by.matrix.iter().chain(&by.bias).all(|value| value.is_finite()).then_some(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tolerance for f64 decompositions of a few channels.
    const ROUNDING: f64 = 1e-6;

    fn moments(seed: usize, channels: usize) -> (Vec<Vec<f64>>, MeanMoments) {
        let value = |i: usize, c: usize| {
            (((i * 7919 + c * 104_729 + seed) % 1009) as f64 / 1009.0).powi(1 + (c + seed) as i32 % 3)
        };
        let features: Vec<Vec<f64>> =
            (0..200).map(|i| (0..channels).map(|c| value(i, c)).collect()).collect();
        let mean = (0..channels).map(|c| features.iter().map(|f| f[c]).sum::<f64>() / 200.0).collect();
        let second = (0..channels * channels)
            .map(|i| features.iter().map(|f| f[i / channels] * f[i % channels]).sum::<f64>() / 200.0)
            .collect();
        (features, MeanMoments { channels, mean, second })
    }

    fn moved(features: &[Vec<f64>], by: &Affine) -> MeanMoments {
        let channels = by.bias.len();
        let map = |f: &Vec<f64>| -> Vec<f64> {
            (0..channels)
                .map(|i| by.bias[i] + (0..channels).map(|j| by.matrix[i * channels + j] * f[j]).sum::<f64>())
                .collect()
        };
        let moved: Vec<Vec<f64>> = features.iter().map(map).collect();
        let mean = (0..channels).map(|c| moved.iter().map(|f| f[c]).sum::<f64>() / 200.0).collect();
        let second = (0..channels * channels)
            .map(|i| moved.iter().map(|f| f[i / channels] * f[i % channels]).sum::<f64>() / 200.0)
            .collect();
        MeanMoments { channels, mean, second }
    }

    #[test]
    fn features_that_are_moved_have_the_targets_moments() {
        let ((features, own), (_, target)) = (moments(3, 5), moments(77, 5));
        let found = moved(&features, &transport(&own, &target).unwrap());
        let pairs = found.mean.iter().zip(&target.mean);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < ROUNDING));
        // The floor changes variances by about 1e-5.
        let pairs = found.covariance().into_iter().zip(target.covariance());
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 5e-5), "{:?}", pairs.collect::<Vec<_>>());
        let start = own.covariance().into_iter().zip(target.covariance());
        assert!(start.clone().any(|(a, b)| (a - b).abs() > 1e-2), "the test sees nothing");
    }

    /// The map between Gaussians is the gradient of a convex function: symmetric, without negative eigenvalues.
    #[test]
    fn the_map_is_symmetric() {
        let ((_, own), (_, target)) = (moments(5, 6), moments(9, 6));
        let map = transport(&own, &target).unwrap().matrix;
        assert!((0..36).all(|i| (map[i] - map[i % 6 * 6 + i / 6]).abs() < ROUNDING));
        assert!(Spectrum::of(square(&map, 6)).unwrap().values.iter().all(|value| *value > -ROUNDING));
    }

    #[test]
    fn what_is_not_finite_gives_no_map() {
        let ((_, own), (_, mut target)) = (moments(5, 3), moments(9, 3));
        target.second[0] = f64::NAN;
        assert_eq!(transport(&own, &target), None);
    }
}
