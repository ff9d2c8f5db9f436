//! Gaussian Wasserstein-2 distance between features, per channel:
//! ( |mu - m|^2 + tr(B + A - 2 (A^1/2 B A^1/2)^1/2) ) / C, with B = S - mu mu^T + e I and A the target's covariance + e I.
//!
//! Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982; as a style loss in
//! style-transfer-pytorch, where the roots are 12 Newton-Schulz steps from the start. [`Roots`] has both:
//!
//! - `Exact`: roots by eigendecomposition; dB = I - A^1/2 (A^1/2 B A^1/2)^-1/2 A^1/2 in closed form.
//! - `NewtonSchulz`: what the published program computes. Twelve steps are far from converged on these matrices, so the
//!   result differs by tens of per cent. Every step is a polynomial in the matrix, hence acts on each eigenvalue by itself;
//!   and the derivative is asked for with a multiple of I, which commutes with everything. So both directions are scalar
//!   recurrences on the same eigenvalues, at no further cost.

use faer::Mat;

use super::covariance::through_covariance;
use super::matrix::{Spectrum, square, symmetric_values};
use super::moments::{Judged, MeanMoments};

/// e: keeps roots differentiable where channels depend on each other. From style-transfer-pytorch.
const REGULARISATION: f64 = 1e-4;

/// Newton-Schulz steps, both ways, of style-transfer-pytorch.
const STEPS: usize = 12;

/// How matrix roots are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    Exact,
    NewtonSchulz,
}

/// A target, with its root taken once.
#[derive(Clone, Debug)]
pub(super) struct Target {
    roots: Roots,
    mean: Vec<f64>,
    trace: f64,
    root: Mat<f64>,
}

impl Target {
    /// `None` where the target's moments are not finite.
    pub(super) fn new(roots: Roots, target: &MeanMoments) -> Option<Target> {
        let covariance = regularised(target);
        let spectrum = Spectrum::of(square(&covariance, target.channels))?;
        let root = spectrum.with_values(&roots.of(&spectrum.values));
        Some(Target { roots, mean: target.mean.clone(), trace: trace(&covariance, target.channels), root })
    }

    /// `None` where the moments are not finite.
    pub(super) fn judge(&self, seen: &MeanMoments) -> Option<Judged> {
        let c = seen.channels;
        let covariance = regularised(seen);
        let product = &self.root * square(&covariance, c) * &self.root;
        let spectrum = Spectrum::of(product.as_ref())?;
        let roots = self.roots.of(&spectrum.values);
        let difference: Vec<f64> = seen.mean.iter().zip(&self.mean).map(|(mu, m)| mu - m).collect();
        let distance: f64 = difference.iter().map(|d| d * d).sum();
        let traces = trace(&covariance, c) + self.trace - 2.0 * roots.iter().sum::<f64>();

        // d tr(root) / d product, then through product = A^1/2 B A^1/2 to B.
        let by_product = spectrum.with_values(&self.roots.derivative_of_trace(&spectrum.values, &roots));
        let by_covariance = &self.root * by_product * &self.root;
        let mut by_second = symmetric_values(&by_covariance, -2.0 / c as f64);
        for i in 0..c {
            by_second[i * c + i] += 1.0 / c as f64;
        }
        let mut by_mean = through_covariance(&by_second, &seen.mean);
        by_mean.iter_mut().zip(&difference).for_each(|(by, d)| *by += 2.0 * d / c as f64);
        Some(Judged { value: (distance + traces) / c as f64, by_mean, by_second })
    }
}

impl Roots {
    /// Square roots of the eigenvalues of a positive matrix.
    fn of(self, values: &[f64]) -> Vec<f64> {
        match self {
            Roots::Exact => values.iter().map(|value| value.max(0.0).sqrt()).collect(),
            Roots::NewtonSchulz => {
                let norm = frobenius(values);
                values
                    .iter()
                    .map(|value| {
                        let (mut y, mut z) = (value / norm, 1.0);
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

    /// The derivative of the sum of the roots by each eigenvalue: 1 / (2 root), or its Lyapunov iteration. A direction
    /// without variance has derivative 0.
    fn derivative_of_trace(self, values: &[f64], roots: &[f64]) -> Vec<f64> {
        match self {
            Roots::Exact => {
                /// Eigenvalues below this part of the largest are rounding of the decomposition.
                const ROUNDING: f64 = 1e-14;
                let largest = values.iter().copied().fold(0.0, f64::max);
                let pairs = values.iter().zip(roots);
                pairs
                    .map(|(value, root)| if *value > ROUNDING * largest { 0.5 / root } else { 0.0 })
                    .collect()
            }
            Roots::NewtonSchulz => {
                let norm = frobenius(roots);
                roots
                    .iter()
                    .map(|root| {
                        let (mut a, mut q) = (root / norm, 1.0 / norm);
                        for _ in 0..STEPS {
                            let e = 3.0 - a * a;
                            // q commutes with a, so that the Lyapunov terms a (a q - q a) vanish.
                            (q, a) = (q * e / 2.0, a * e / 2.0);
                        }
                        q / 2.0
                    })
                    .collect()
            }
        }
    }
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
