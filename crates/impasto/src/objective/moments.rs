//! Moments of features at a tap as means: what every style statistic is a function of.

use impasto_engine::{Moments, MomentsCotangent};

/// E\[f\] and E\[f f^T\] over the positions of an image or a region, f64.
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

    /// The moments of a mixture of pictures; the weights sum to 1. Mixing raw moments keeps them those of a distribution:
    /// the covariance of the mixture has the spread between the pictures' means in it.
    pub fn blend(parts: &[(f64, MeanMoments)]) -> Option<MeanMoments> {
        let (_, first) = parts.first()?;
        let mut blended = MeanMoments {
            channels: first.channels,
            mean: vec![0.0; first.mean.len()],
            second: vec![0.0; first.second.len()],
        };
        for (weight, part) in parts {
            blended.mean.iter_mut().zip(&part.mean).for_each(|(to, from)| *to += weight * from);
            blended.second.iter_mut().zip(&part.second).for_each(|(to, from)| *to += weight * from);
        }
        Some(blended)
    }

    /// E\[f f^T\] - E\[f\] E\[f\]^T, row-major.
    pub fn covariance(&self) -> Vec<f64> {
        let c = self.channels;
        (0..c * c).map(|i| self.second[i] - self.mean[i / c] * self.mean[i % c]).collect()
    }

    /// E\[f^2\] - E\[f\]^2 per channel. Where rounding is all that is left, exactly 0: such a channel has no variance, and
    /// no derivative by it.
    pub fn variance(&self) -> Vec<f64> {
        /// Features are f32 sums: below this part of E\[f^2\] a variance is rounding.
        const ROUNDING: f64 = 1e-12;
        (0..self.channels)
            .map(|i| {
                let square = self.second[i * self.channels + i];
                let variance = square - self.mean[i] * self.mean[i];
                if variance > ROUNDING * square { variance } else { 0.0 }
            })
            .collect()
    }
}

/// A value and its derivatives by the mean moments.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The value of the statistic's distance.
    pub value: f64,
    /// By E\[f\], C values.
    pub by_mean: Vec<f64>,
    /// By E\[f f^T\], C x C values, symmetric.
    pub by_second: Vec<f64>,
}

impl Judged {
    /// Nothing yet.
    pub fn zero(channels: usize) -> Judged {
        Judged { value: 0.0, by_mean: vec![0.0; channels], by_second: vec![0.0; channels * channels] }
    }

    /// Adds `weight` times another.
    pub fn add(&mut self, weight: f64, other: &Judged) {
        self.value += weight * other.value;
        self.by_mean.iter_mut().zip(&other.by_mean).for_each(|(to, from)| *to += weight * from);
        self.by_second.iter_mut().zip(&other.by_second).for_each(|(to, from)| *to += weight * from);
    }

    /// Derivatives by the sums that had this weight, times `factor`.
    pub fn by_sums(&self, weight: f64, factor: f64) -> MomentsCotangent {
        let scale = if weight > 0.0 { factor / weight } else { 0.0 };
        MomentsCotangent {
            first: self.by_mean.iter().map(|value| scale * value).collect(),
            second: self.by_second.iter().map(|value| scale * value).collect(),
        }
    }
}
