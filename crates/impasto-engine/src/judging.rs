//! A loss that an engine may judge by itself, so that no sum crosses to the host: squared differences of moments.
//!
//! For a region of a style tap let S = M E\[f fᵀ\] Mᵀ and m = M E\[f\], where M is the encoder's metric at the
//! tap, and let K = S - m mᵀ and s be the roots of K's diagonal. The loss is a weighted sum of |S - S*|², |K - K*|² and
//! |m - m*|² + |s - s*|²: Gram matrices (Gatys, Ecker, Bethge, 2016), covariances, and means with deviations. Losses
//! with roots of matrices are not here: their derivatives need double precision.

use impasto_encoder::Topology;

use crate::{EngineError, Request};

/// A loss of content and style.
#[derive(Clone, Debug, PartialEq)]
pub struct Judging {
    /// The weight of the mean squared difference from each content target.
    pub content: Vec<f64>,
    /// The loss at each style tap.
    pub style: Vec<TapLoss>,
}

/// The loss at a style tap.
#[derive(Clone, Debug, PartialEq)]
pub struct TapLoss {
    /// The weight of the tap. Regions share it by their weights.
    pub weight: f64,
    /// The aim of each region; `None`: the region has no target.
    pub aims: Vec<Option<Aim>>,
}

/// The target moments of a region, and the factors of the three sums of squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// m*, C values.
    pub mean: Vec<f64>,
    /// S*, C x C values, row-major, symmetric.
    pub second: Vec<f64>,
    /// s*, C values.
    pub deviation: Vec<f64>,
    /// The factor of |S - S*|².
    pub gram: f64,
    /// The factor of |K - K*|².
    pub covariance: f64,
    /// The factor of |m - m*|² + |s - s*|².
    pub mean_std: f64,
}

/// A variance below this fraction of E\[f²\] is rounding: sums are f32, with a relative error of about 1e-6. It counts
/// as 0, and there is no derivative by it. Standard deviations below a thousandth of the mean, which no picture has,
/// also count as 0.
pub const ROUNDING_OF_VARIANCES: f64 = 1e-6;

/// The weighted values of a loss that an engine judged. If one is not finite, the picture has not moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// For each content target.
    pub content: Vec<f64>,
    /// For each style tap.
    pub style: Vec<f64>,
    /// For each term on the pixels.
    pub terms: Vec<f64>,
}

impl Judging {
    /// Checks that the loss fits a request.
    ///
    /// # Errors
    /// [`EngineError::CotangentsDiffer`] with the part that does not fit.
    pub fn check(&self, request: &Request, topology: &Topology) -> Result<(), EngineError> {
        let differ = |what| Err(EngineError::CotangentsDiffer { what });
        if self.content.len() != request.residuals.len() {
            return differ("number of content targets");
        }
        if self.style.len() != request.moments.len() {
            return differ("number of style taps");
        }
        for (loss, tap) in self.style.iter().zip(&request.moments) {
            if loss.aims.len() != request.regions.len().max(1) {
                return differ("number of regions");
            }
            let channels = topology.channels(*tap);
            let fits = |aim: &Aim| {
                let vectors = aim.mean.len() == channels && aim.deviation.len() == channels;
                vectors && aim.second.len() == channels * channels
            };
            if !loss.aims.iter().flatten().all(fits) {
                return differ("number of channels");
            }
        }
        Ok(())
    }
}

impl Judged {
    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.content.iter().chain(&self.style).chain(&self.terms).all(|value| value.is_finite())
    }
}
