//! Gaussian Wasserstein-2 distance between features, per channel:
//! ( |mu - m|^2 + tr(B + A - 2 (A^1/2 B A^1/2)^1/2) ) / C,
//! with B = S - mu mu^T + e I and A the target's covariance + e I.
//!
//! Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982. It is a style loss in
//! style-transfer-pytorch, which computes the roots by 12 Newton-Schulz steps from the start. [`Roots`] has both
//! kinds:
//!
//! - `Exact`: roots by eigendecomposition; dB = I - A^1/2 (A^1/2 B A^1/2)^-1/2 A^1/2 in closed form.
//! - `NewtonSchulz`: the roots of the published program. Twelve steps are far from converged on these matrices, so
//!   the result differs by tens of per cent. Every step is a polynomial in the matrix, so it acts on each
//!   eigenvalue by itself. The derivative is requested for a multiple of I, which commutes with everything. So the
//!   forward and the backward pass are scalar recurrences on the same eigenvalues, at no further cost.

use faer::{ColRef, Mat};

use super::covariance::through_covariance;
use super::matrix::{Spectrum, scaled_square, square, symmetric_values};
use super::metric::Metric;
use super::moments::{LossGradient, MeanMoments};

/// e: keeps the roots differentiable where channels depend on each other. The value is from style-transfer-pytorch.
const REGULARISATION: f64 = 1e-4;

/// Newton-Schulz steps of style-transfer-pytorch, forward and backward.
const STEPS: usize = 12;

/// The method for matrix roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    Exact,
    NewtonSchulz,
}

/// A target, with all values that do not change during a run.
///
/// It includes a metric M. Let K = S - mu mu^T be the covariance of the features themselves. Then
/// B = M K M^T + e I, so that A^1/2 B A^1/2 = P K P^T + e A with P = A^1/2 M, and the derivative by K is
/// M^T M - P^T (..)^-1/2 P. So neither the moments nor the derivatives have to be mapped by the metric, which took
/// half of all products.
#[derive(Clone, Debug)]
pub(super) struct Target {
    roots: Roots,
    mean: Vec<f64>,
    /// The trace of A + e I.
    trace: f64,
    /// P.
    map: Mat<f64>,
    /// e A.
    floor: Mat<f64>,
    /// M; I without a metric.
    metric: Mat<f64>,
    /// M^T M.
    inner: Mat<f64>,
}

impl Target {
    /// Makes a target from the moments of M f. `None` if they are not finite.
    pub(super) fn new(roots: Roots, target: &MeanMoments, metric: &Metric) -> Option<Target> {
        let channels = target.channels;
        let covariance = regularised(target);
        let trace = trace(&covariance, channels) + channels as f64 * REGULARISATION;
        let spectrum = Spectrum::of(square(&covariance, channels))?;
        let root = spectrum.with_values(&roots.of(&spectrum.values));
        let metric = metric.matrix().cloned().unwrap_or_else(|| Mat::identity(channels, channels));
        let inner = metric.transpose() * &metric;
        let (map, floor) = (&root * &metric, REGULARISATION * (&root * &root));
        Some(Target { roots, mean: target.mean.clone(), trace, map, floor, metric, inner })
    }

    /// The distance of `seen`, the moments of f. `None` if they are not finite.
    pub(super) fn loss_and_gradient(&self, seen: &MeanMoments) -> Option<LossGradient> {
        let c = seen.channels;
        let covariance = seen.covariance();
        let covariance = square(&covariance, c);
        let product = &self.map * covariance * self.map.transpose() + &self.floor;
        let spectrum = Spectrum::of(product.as_ref())?;
        let roots = self.roots.of(&spectrum.values);
        let mean = &self.metric * column(&seen.mean);
        let difference = mean - column(&self.mean);
        let distance = difference.squared_norm_l2();
        // tr(M K M^T) = <M^T M, K>.
        let spread: f64 =
            (0..c * c).map(|at| self.inner[(at / c, at % c)] * covariance[(at / c, at % c)]).sum();
        let traces = spread + self.trace - 2.0 * roots.iter().sum::<f64>();

        // d tr(root) / d product = V diag(..) V^T, then through product = P K P^T + e A to K.
        let slopes = self.roots.derivative_of_trace(&spectrum.values, &roots);
        let vectors = self.map.transpose() * spectrum.vectors();
        let by_trace = scaled_square(&vectors, &slopes);
        let by_covariance = Mat::from_fn(c, c, |i, j| self.inner[(i, j)] - 2.0 * by_trace[(i, j)]);
        let by_second = symmetric_values(&by_covariance, 1.0 / c as f64);
        let mut by_mean = through_covariance(&by_second, &seen.mean);
        let moved = self.metric.transpose() * difference;
        by_mean.iter_mut().zip(moved.iter()).for_each(|(by, d)| *by += 2.0 * d / c as f64);
        Some(LossGradient { value: (distance + traces) / c as f64, by_mean, by_second })
    }
}

/// The distance of moments relative to the target's second moment. It has no unit. For features that are all 0
/// it is about 1. The regularisation is relative to the second moment of the average channel. `None` for moments
/// that are not finite, and for a target that is 0.
pub(crate) fn relative_distance(seen: &MeanMoments, target: &MeanMoments) -> Option<f64> {
    let scale = target.channels as f64 / trace(&target.second, target.channels);
    if !(scale.is_finite() && seen.is_finite()) {
        return None;
    }
    let scaled = |moments: &MeanMoments| MeanMoments {
        channels: moments.channels,
        mean: moments.mean.iter().map(|value| scale.sqrt() * value).collect(),
        second: moments.second.iter().map(|value| scale * value).collect(),
    };
    let loss = Target::new(Roots::Exact, &scaled(target), &Metric::NONE)?.loss_and_gradient(&scaled(seen))?;
    // Values below 0 are rounding errors.
    Some(loss.value.max(0.0))
}

impl Roots {
    /// Square roots of the eigenvalues of a positive matrix.
    fn of(self, values: &[f64]) -> Vec<f64> {
        match self {
            Roots::Exact => values.iter().map(|value| value.max(0.0).sqrt()).collect(),
            Roots::NewtonSchulz => {
                let norm = frobenius(values);
                if norm == 0.0 {
                    return vec![0.0; values.len()];
                }
                values
                    .iter()
                    .map(|value| {
                        // Eigenvalues below 0 are rounding errors of flat pictures, which the steps would amplify.
                        let (mut y, mut z) = (value.max(0.0) / norm, 1.0);
                        for _ in 0..STEPS {
                            let t = (3.0 - z * y) / 2.0;
                            (y, z) = (y * t, t * z);
                        }
                        y * norm.sqrt()
                    })
                    .collect()
            }
        }
    }

    /// The derivative of the sum of the roots by each eigenvalue: 1 / (2 root), or its Lyapunov iteration. A
    /// direction without variance has derivative 0.
    fn derivative_of_trace(self, values: &[f64], roots: &[f64]) -> Vec<f64> {
        match self {
            Roots::Exact => {
                /// Eigenvalues below this fraction of the largest are rounding errors of the decomposition.
                const ROUNDING: f64 = 1e-14;
                let largest = values.iter().copied().fold(0.0, f64::max);
                let pairs = values.iter().zip(roots);
                pairs
                    .map(|(value, root)| if *value > ROUNDING * largest { 0.5 / root } else { 0.0 })
                    .collect()
            }
            Roots::NewtonSchulz => {
                let norm = frobenius(roots);
                if norm == 0.0 {
                    return vec![0.0; roots.len()];
                }
                roots
                    .iter()
                    .map(|root| {
                        let (mut a, mut q) = (root / norm, 1.0 / norm);
                        for _ in 0..STEPS {
                            let e = 3.0 - a * a;
                            // q commutes with a, so the Lyapunov terms a (a q - q a) vanish.
                            (q, a) = (q * e / 2.0, a * e / 2.0);
                        }
                        q / 2.0
                    })
                    .collect()
            }
        }
    }
}

fn column(values: &[f64]) -> ColRef<'_, f64> {
    ColRef::from_slice(values)
}

fn regularised(moments: &MeanMoments) -> Vec<f64> {
    let mut covariance = moments.covariance();
    for i in 0..moments.channels {
        covariance[i * moments.channels + i] += REGULARISATION;
    }
    covariance
}

fn trace(values: &[f64], size: usize) -> f64 {
    (0..size).map(|i| values[i * size + i]).sum()
}

fn frobenius(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::moments::tests::{features, moments};
    use super::*;

    /// Tolerance between the recurrences on eigenvalues and on matrices, relative to the largest value: rounding of
    /// the decomposition.
    const ROUNDING: f64 = 1e-9;

    /// A small square matrix, row-major, with plain loops.
    #[derive(Clone)]
    struct Square(usize, Vec<f64>);

    impl Square {
        fn identity(size: usize, value: f64) -> Square {
            Square(size, (0..size * size).map(|i| if i / size == i % size { value } else { 0.0 }).collect())
        }

        fn times(&self, other: &Square) -> Square {
            let n = self.0;
            let entry =
                |i: usize, j: usize| (0..n).map(|k| self.1[i * n + k] * other.1[k * n + j]).sum::<f64>();
            Square(n, (0..n * n).map(|i| entry(i / n, i % n)).collect())
        }

        /// `a` self + `b` other.
        fn mix(&self, a: f64, other: &Square, b: f64) -> Square {
            Square(self.0, self.1.iter().zip(&other.1).map(|(x, y)| a * x + b * y).collect())
        }

        fn scaled(&self, factor: f64) -> Square {
            Square(self.0, self.1.iter().map(|x| factor * x).collect())
        }

        fn transposed(&self) -> Square {
            let n = self.0;
            Square(n, (0..n * n).map(|i| self.1[(i % n) * n + i / n]).collect())
        }

        /// 12 coupled Newton-Schulz steps on matrices, as in style-transfer-pytorch.
        fn root(&self) -> Square {
            let (norm, three) = (frobenius(&self.1), Square::identity(self.0, 3.0));
            let (mut y, mut z) = (self.scaled(1.0 / norm), Square::identity(self.0, 1.0));
            for _ in 0..12 {
                let t = three.mix(0.5, &z.times(&y), -0.5);
                (y, z) = (y.times(&t), t.times(&z));
            }
            y.scaled(norm.sqrt())
        }

        /// The derivative of [`root`](Square::root): 12 steps for the Lyapunov equation of the root `self`, given
        /// the derivative `by` the root.
        fn root_backward(&self, by: &Square) -> Square {
            let (norm, three) = (frobenius(&self.1), Square::identity(self.0, 3.0));
            let (mut a, mut q) = (self.scaled(1.0 / norm), by.scaled(1.0 / norm));
            for _ in 0..12 {
                let e = three.mix(1.0, &a.times(&a), -1.0);
                let at = a.transposed();
                let commutator = at.times(&q).mix(1.0, &q.times(&a), -1.0);
                q = q.times(&e).mix(0.5, &at.times(&commutator), -0.5);
                a = a.times(&e).scaled(0.5);
            }
            q.scaled(0.5)
        }
    }

    /// The published distance, computed on matrices.
    fn on_matrices(seen: &MeanMoments, target: &MeanMoments) -> LossGradient {
        let c = seen.channels;
        let part = 1.0 / c as f64;
        let covariance = Square(c, regularised(seen));
        let aim = Square(c, regularised(target));
        let aim_root = aim.root();
        let root = aim_root.times(&covariance).times(&aim_root).root();
        let difference: Vec<f64> = seen.mean.iter().zip(&target.mean).map(|(mu, m)| mu - m).collect();
        let value =
            difference.iter().map(|d| d * d).sum::<f64>() + trace(&covariance.1, c) + trace(&aim.1, c)
                - 2.0 * trace(&root.1, c);
        let by_product = root.root_backward(&Square::identity(c, -2.0 * part));
        let by_covariance = aim_root.transposed().times(&by_product).times(&aim_root.transposed()).mix(
            1.0,
            &Square::identity(c, 1.0),
            part,
        );
        let by_mean = (0..c).map(|i| {
            let through: f64 = (0..c).map(|j| by_covariance.1[i * c + j] * seen.mean[j]).sum();
            2.0 * part * difference[i] - 2.0 * through
        });
        LossGradient { value: part * value, by_mean: by_mean.collect(), by_second: by_covariance.1 }
    }

    fn assert_near(found: &[f64], expected: &[f64], what: &str) {
        let largest = expected.iter().fold(0.0, |most, value| f64::max(most, value.abs()));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < ROUNDING * largest, "{what}: {found} {expected}");
        }
    }

    #[test]
    fn newton_schulz_on_eigenvalues_is_newton_schulz_on_matrices() {
        for (seed, (channels, positions)) in
            [(5, 40), (6, 40), (7, 4), (8, 3), (8, 9)].into_iter().enumerate()
        {
            let dead = (seed % 2 == 1).then_some(2);
            let seen = moments(&features(seed as u64, channels, positions, dead));
            let target = moments(&features(seed as u64 + 100, channels, positions + 1, None));
            let found = Target::new(Roots::NewtonSchulz, &target, &Metric::NONE)
                .unwrap()
                .loss_and_gradient(&seen)
                .unwrap();
            let expected = on_matrices(&seen, &target);
            assert_near(&[found.value], &[expected.value], "value");
            assert_near(&found.by_mean, &expected.by_mean, "by mean");
            assert_near(&found.by_second, &expected.by_second, "by second moments");
        }
    }

    /// Ensures that the test above can tell the two methods apart.
    #[test]
    fn twelve_steps_are_not_converged_without_full_rank_and_are_with_it() {
        let judge = |roots, positions| {
            let (seen, target) =
                (moments(&features(1, 7, positions, None)), moments(&features(2, 7, positions, None)));
            Target::new(roots, &target, &Metric::NONE).unwrap().loss_and_gradient(&seen).unwrap()
        };
        let change = |positions| {
            let (exact, newton) = (judge(Roots::Exact, positions), judge(Roots::NewtonSchulz, positions));
            let distance = |a: &[f64], b: &[f64]| {
                frobenius(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>()) / frobenius(a)
            };
            distance(&exact.by_second, &newton.by_second)
        };
        assert!(change(4) > 0.01, "{}", change(4));
        assert!(change(500) < 1e-3, "{}", change(500));
    }

    /// Second moments are sums of f32 products. For flat features they are below the squares of the means by more
    /// than the regularisation, and twelve steps on a negative eigenvalue overflow.
    #[test]
    fn a_covariance_with_eigenvalues_below_zero_has_finite_distances() {
        let flat = |error: f64| {
            let mean = vec![19.0, 3.0, 8.0];
            let second = (0..9).map(|i| mean[i / 3] * mean[i % 3] * (1.0 - error)).collect();
            MeanMoments { channels: 3, mean, second }
        };
        let lively = moments(&features(1, 3, 40, None));
        let alone = MeanMoments { channels: 1, mean: vec![19.0], second: vec![360.9] };
        for roots in [Roots::Exact, Roots::NewtonSchulz] {
            for (seen, target) in
                [(&flat(1e-5), &lively), (&lively, &flat(1e-5)), (&flat(1e-5), &flat(2e-5)), (&alone, &alone)]
            {
                assert!(regularised(seen)[0] < 0.0 || regularised(target)[0] < 0.0);
                let loss =
                    Target::new(roots, target, &Metric::NONE).unwrap().loss_and_gradient(seen).unwrap();
                let mut values = [&[loss.value], &loss.by_mean[..], &loss.by_second[..]].concat().into_iter();
                assert!(values.all(f64::is_finite), "{roots:?}: {loss:?}");
            }
        }
    }

    /// One channel: (mu - m)^2 + (sd - sd*)^2, with the regularisation in both variances.
    #[test]
    fn one_channel_has_the_closed_form() {
        let normal = |mean: f64, variance: f64| MeanMoments {
            channels: 1,
            mean: vec![mean],
            second: vec![mean * mean + variance],
        };
        let loss = Target::new(Roots::Exact, &normal(0.2, 0.25), &Metric::NONE)
            .unwrap()
            .loss_and_gradient(&normal(0.7, 4.0))
            .unwrap();
        let (sd, aim) = ((4.0f64 + 1e-4).sqrt(), (0.25f64 + 1e-4).sqrt());
        assert_near(&[loss.value], &[0.25 + (sd - aim).powi(2)], "value");
        assert_near(&loss.by_second, &[1.0 - aim / sd], "by second moment");
        assert_near(&loss.by_mean, &[2.0 * 0.5 - 2.0 * 0.7 * (1.0 - aim / sd)], "by mean");
    }
}
