//! Moments under an encoder's metric: the moments of M f, where f are the features at a tap.
//!
//! Style losses compare inner products of features. The features of a small network have other inner products than
//! those of VGG-19, even if all of VGG-19's features can be predicted from them: some directions count too much,
//! others too little. With M = (HᵀH)^½, where H predicts VGG-19's features, the inner products agree (S' = H S Hᵀ
//! up to a rotation, which no style loss sees). E\[M f\] = M E\[f\] and E\[M f fᵀ Mᵀ\] = M E\[f fᵀ\] Mᵀ are
//! products of small matrices, so the metric costs nothing per pixel.

use faer::Mat;
use impasto_encoder::{Encoder, Tap};
use impasto_engine::Moments;

use super::matrix::{square, symmetric_values};
use super::{LossGradient, MeanMoments};

/// The metric of a tap, in f64. Without a matrix, moments stay unchanged.
#[derive(Clone, Debug)]
pub(super) struct Metric(Option<Mat<f64>>);

impl Metric {
    /// No metric: moments stay unchanged.
    pub(super) const NONE: Metric = Metric(None);

    /// M, if there is one.
    pub(super) fn matrix(&self) -> Option<&Mat<f64>> {
        self.0.as_ref()
    }

    pub(super) fn of(encoder: &Encoder, tap: Tap) -> Metric {
        Metric(encoder.metric(tap).map(|values| {
            let channels = encoder.topology().channels(tap);
            Mat::from_fn(channels, channels, |i, j| f64::from(values[i * channels + j]))
        }))
    }

    /// Moments of M f from the sums of f.
    pub(super) fn of_sums(&self, sums: &Moments) -> MeanMoments {
        self.moments(&MeanMoments::from_sums(sums))
    }

    /// Moments of M f from those of f.
    pub(super) fn moments(&self, seen: &MeanMoments) -> MeanMoments {
        let Some(metric) = &self.0 else { return seen.clone() };
        let second = metric * square(&seen.second, seen.channels) * metric.transpose();
        MeanMoments {
            channels: seen.channels,
            mean: times(metric, &seen.mean),
            second: symmetric_values(&second, 1.0),
        }
    }

    /// Derivatives by the moments of f from those by the moments of M f.
    pub(super) fn pulled_back(&self, by: LossGradient) -> LossGradient {
        let Some(metric) = &self.0 else { return by };
        let channels = by.by_mean.len();
        let second = metric.transpose() * square(&by.by_second, channels) * metric;
        let transposed = metric.transpose().to_owned();
        LossGradient {
            value: by.value,
            by_mean: times(&transposed, &by.by_mean),
            by_second: symmetric_values(&second, 1.0),
        }
    }
}

fn times(matrix: &Mat<f64>, vector: &[f64]) -> Vec<f64> {
    (0..vector.len())
        .map(|i| vector.iter().enumerate().map(|(j, value)| matrix[(i, j)] * value).sum())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::moments::tests::{features, moments};
    use super::super::{Statistic, StyleLoss};
    use super::*;

    /// Tolerance for f64 products of a few numbers in another order.
    const ROUNDING: f64 = 1e-12;
    /// Tolerance for central differences with a step of 1e-5, for values near 1.
    const DIFFERENCES: f64 = 1e-6;

    fn metric(channels: usize) -> Metric {
        let entry =
            |i: usize, j: usize| ((3 * i + 5 * j + i * j) as f64 * 0.7).sin() + f64::from(u8::from(i == j));
        Metric(Some(Mat::from_fn(channels, channels, entry)))
    }

    fn sums(of: &MeanMoments) -> Moments {
        Moments { weight: 1.0, first: of.mean.clone(), second: of.second.clone() }
    }

    #[test]
    fn moments_through_a_metric_are_those_of_the_mapped_features() {
        let (features, metric) = (features(1, 5, 40, None), metric(5));
        let seen = metric.of_sums(&sums(&moments(&features)));
        let Metric(Some(matrix)) = &metric else { unreachable!() };
        let mapped: Vec<Vec<f64>> = features.iter().map(|f| times(matrix, f)).collect();
        let expected = moments(&mapped);
        for (a, b) in seen.mean.iter().chain(&seen.second).zip(expected.mean.iter().chain(&expected.second)) {
            assert!((a - b).abs() < ROUNDING, "{a} {b}");
        }
    }

    #[test]
    fn derivatives_through_a_metric_are_those_of_the_whole() {
        let metric = metric(4);
        let target = metric.moments(&moments(&features(2, 4, 30, None)));
        let seen = moments(&features(3, 4, 30, None));
        for statistic in [Statistic::Wasserstein, Statistic::MeanStd, Statistic::Covariance] {
            let aim = StyleLoss::from(statistic).target(&target, &metric).unwrap();
            let value = |seen: &MeanMoments| aim.loss_and_gradient(seen).unwrap().value;
            let by = aim.loss_and_gradient(&seen).unwrap();
            let mapped = StyleLoss::from(statistic).target(&target, &Metric::NONE).unwrap();
            let expected = mapped.loss_and_gradient(&metric.moments(&seen)).unwrap().value;
            assert!(
                (by.value - expected).abs() < ROUNDING * expected,
                "{statistic:?}: {} {expected}",
                by.value
            );
            let step = 1e-5;
            for i in 0..4 {
                let moved = |by: f64| {
                    let mut moved = seen.clone();
                    moved.mean[i] += by;
                    value(&moved)
                };
                let expected = (moved(step) - moved(-step)) / (2.0 * step);
                assert!((by.by_mean[i] - expected).abs() < DIFFERENCES, "{statistic:?} {i}");
                for j in 0..=i {
                    // Both entries of a pair change, because the matrix is symmetric.
                    let moved = |by: f64| {
                        let mut moved = seen.clone();
                        moved.second[i * 4 + j] += by;
                        if i != j {
                            moved.second[j * 4 + i] += by;
                        }
                        value(&moved)
                    };
                    let expected = (moved(step) - moved(-step)) / (2.0 * step);
                    let found = by.by_second[i * 4 + j] * if i == j { 1.0 } else { 2.0 };
                    assert!(
                        (found - expected).abs() < DIFFERENCES,
                        "{statistic:?} {i} {j}: {found} {expected}"
                    );
                }
            }
        }
    }
}
