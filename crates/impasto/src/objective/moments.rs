//! Mean moments of the features at a tap. Every style statistic is a function of them.

use std::borrow::Borrow;

use impasto_engine::{Moments, MomentsCotangent, ROUNDING_OF_VARIANCES};

/// E\[f\] and E\[f f^T\] over the positions of an image or a region, in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanMoments {
    /// Number of channels C.
    pub channels: usize,
    /// E\[f\], C values.
    pub mean: Vec<f64>,
    /// E\[f f^T\], C x C values, row-major, symmetric.
    pub second: Vec<f64>,
}

impl MeanMoments {
    /// Divides sums by their weight. An empty region has zero moments.
    pub fn from_sums(sums: &Moments) -> MeanMoments {
        let scale = if sums.weight > 0.0 { 1.0 / sums.weight } else { 0.0 };
        MeanMoments {
            channels: sums.first.len(),
            mean: sums.first.iter().map(|value| scale * value).collect(),
            second: sums.second.iter().map(|value| scale * value).collect(),
        }
    }

    /// Whether these are the moments of no position at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.mean.iter().chain(&self.second).all(|value| *value == 0.0)
    }

    /// The moments of a frame, mixed with those of the frames before, which have this share. A region without a
    /// position has no moments: then the others stand alone.
    pub(crate) fn pooled(share: f64, before: &MeanMoments, own: MeanMoments) -> MeanMoments {
        if before.is_empty() || before.channels != own.channels {
            return own;
        }
        if own.is_empty() {
            return before.clone();
        }
        MeanMoments::blend(&[(share, before), (1.0 - share, &own)]).unwrap_or(own)
    }

    /// The moments of a mixture of pictures; `None` for no pictures. The weights must sum to 1. A blend of raw
    /// moments is again the moments of a distribution: its covariance includes the spread between the pictures'
    /// means.
    pub fn blend<M: Borrow<MeanMoments>>(parts: &[(f64, M)]) -> Option<MeanMoments> {
        let first = parts.first()?.1.borrow();
        let mut blended = MeanMoments {
            channels: first.channels,
            mean: vec![0.0; first.mean.len()],
            second: vec![0.0; first.second.len()],
        };
        for (weight, part) in parts {
            let part = part.borrow();
            blended.mean.iter_mut().zip(&part.mean).for_each(|(to, from)| *to += weight * from);
            blended.second.iter_mut().zip(&part.second).for_each(|(to, from)| *to += weight * from);
        }
        Some(blended)
    }

    /// Whether every value is finite.
    pub(super) fn is_finite(&self) -> bool {
        self.mean.iter().chain(&self.second).all(|value| value.is_finite())
    }

    /// E\[f f^T\] - E\[f\] E\[f\]^T, row-major.
    pub fn covariance(&self) -> Vec<f64> {
        let c = self.channels;
        (0..c * c).map(|i| self.second[i] - self.mean[i / c] * self.mean[i % c]).collect()
    }

    /// E\[f^2\] - E\[f\]^2 for each channel. A difference that is only rounding becomes exactly 0: such a channel
    /// has no variance, and no derivative by it.
    pub fn variance(&self) -> Vec<f64> {
        (0..self.channels)
            .map(|i| {
                let square = self.second[i * self.channels + i];
                let variance = square - self.mean[i] * self.mean[i];
                if variance > ROUNDING_OF_VARIANCES * square { variance } else { 0.0 }
            })
            .collect()
    }
}

/// The value of a distance, and its derivatives by the mean moments.
#[derive(Clone, Debug, PartialEq)]
pub struct LossGradient {
    /// The value of the distance.
    pub value: f64,
    /// The derivative by E\[f\], C values.
    pub by_mean: Vec<f64>,
    /// The derivative by E\[f f^T\], C x C values, row-major, symmetric.
    pub by_second: Vec<f64>,
}

impl LossGradient {
    /// A zero value with zero derivatives.
    pub fn zero(channels: usize) -> LossGradient {
        LossGradient { value: 0.0, by_mean: vec![0.0; channels], by_second: vec![0.0; channels * channels] }
    }

    /// Adds `weight` times another.
    pub fn add(&mut self, weight: f64, other: &LossGradient) {
        self.value += weight * other.value;
        self.by_mean.iter_mut().zip(&other.by_mean).for_each(|(to, from)| *to += weight * from);
        self.by_second.iter_mut().zip(&other.by_second).for_each(|(to, from)| *to += weight * from);
    }

    /// `factor` times the derivatives by the sums, given the weight of these sums.
    pub fn by_sums(&self, weight: f64, factor: f64) -> MomentsCotangent {
        let scale = if weight > 0.0 { factor / weight } else { 0.0 };
        MomentsCotangent {
            first: self.by_mean.iter().map(|value| scale * value).collect(),
            second: self.by_second.iter().map(|value| scale * value).collect(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Tolerance for f64 sums of a few dozen values in another order.
    const ROUNDING: f64 = 1e-13;

    /// Random positive features, one row of channels per position. A dead channel is 0 everywhere.
    pub(crate) fn features(
        seed: u64,
        channels: usize,
        positions: usize,
        dead: Option<usize>,
    ) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut value = |channel: usize| {
            let normal: f64 = StandardNormal.sample(&mut rng);
            if Some(channel) == dead { 0.0 } else { normal.abs() }
        };
        (0..positions).map(|_| (0..channels).map(&mut value).collect()).collect()
    }

    /// Moments of features, computed from their sums.
    pub(crate) fn moments(features: &[Vec<f64>]) -> MeanMoments {
        let channels = features[0].len();
        let mut sums = Moments {
            weight: features.len() as f64,
            first: vec![0.0; channels],
            second: vec![0.0; channels * channels],
        };
        for f in features {
            for i in 0..channels {
                sums.first[i] += f[i];
                (0..channels).for_each(|j| sums.second[i * channels + j] += f[i] * f[j]);
            }
        }
        MeanMoments::from_sums(&sums)
    }

    fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn blended_moments_are_those_of_all_positions_together() {
        // 12 and 36 positions: shares of 1/4 and 3/4.
        let (some, others) = (features(1, 5, 12, None), features(2, 5, 36, Some(3)));
        let blended = MeanMoments::blend(&[(0.25, moments(&some)), (0.75, moments(&others))]).unwrap();
        let together = moments(&[some, others].concat());
        assert!(largest_difference(&blended.mean, &together.mean) < ROUNDING);
        assert!(largest_difference(&blended.second, &together.second) < ROUNDING);
        assert_eq!(MeanMoments::blend::<MeanMoments>(&[]), None);
    }

    #[test]
    fn a_region_that_is_gone_for_a_while_keeps_its_moments() {
        let some = moments(&features(1, 5, 12, None));
        let empty = MeanMoments { channels: 5, mean: vec![0.0; 5], second: vec![0.0; 25] };
        assert_eq!(MeanMoments::pooled(0.7, &some, empty.clone()), some);
        assert_eq!(MeanMoments::pooled(0.7, &empty, some.clone()), some);
        let others = moments(&features(2, 5, 36, Some(3)));
        let mixed = MeanMoments::blend(&[(0.75, &some), (0.25, &others)]).unwrap();
        assert_eq!(MeanMoments::pooled(0.75, &some, others), mixed);
    }

    #[test]
    fn the_covariance_is_that_of_centred_features_and_its_diagonal_the_variance() {
        let features = features(3, 6, 20, Some(2));
        let seen = moments(&features);
        let centred: Vec<Vec<f64>> =
            features.iter().map(|f| f.iter().zip(&seen.mean).map(|(f, m)| f - m).collect()).collect();
        let covariance = seen.covariance();
        assert!(largest_difference(&covariance, &moments(&centred).second) < ROUNDING);
        let diagonal: Vec<f64> = (0..6).map(|i| covariance[i * 6 + i]).collect();
        assert!(largest_difference(&seen.variance(), &diagonal) < ROUNDING);
        assert_eq!(seen.variance()[2], 0.0);
    }

    #[test]
    fn a_channel_that_is_the_same_everywhere_has_no_variance() {
        // 0.1 is not a binary fraction, so E[f^2] - E[f]^2 is a rounding error of either sign.
        for value in [0.1, 0.3, 1e3 + 0.7, 1e-9] {
            let seen = moments(&vec![vec![value]; 7]);
            assert_eq!(seen.variance(), [0.0], "{value}");
        }
    }

    #[test]
    fn an_empty_region_has_zero_moments_and_zero_derivatives() {
        let sums = Moments { weight: 0.0, first: vec![0.0; 2], second: vec![0.0; 4] };
        let empty = MeanMoments::from_sums(&sums);
        assert_eq!((empty.mean, empty.second), (vec![0.0; 2], vec![0.0; 4]));
        let loss = LossGradient { value: 1.0, by_mean: vec![1.0, 2.0], by_second: vec![3.0; 4] };
        let nothing = loss.by_sums(0.0, 5.0);
        assert_eq!((nothing.first, nothing.second), (vec![0.0; 2], vec![0.0; 4]));
        let by_sums = loss.by_sums(4.0, 2.0);
        assert_eq!((by_sums.first, by_sums.second), (vec![0.5, 1.0], vec![1.5; 4]));
    }
}
