//! The output of an observation, and the input of a pull-back.

use impasto_encoder::Topology;

use crate::{EngineError, Features, Request, Size};

/// Sums over the positions of a region at a tap with C channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Sum of w.
    pub weight: f64,
    /// Sums of w f, C values.
    pub first: Vec<f64>,
    /// Sums of w f f^T, C x C values, row-major, symmetric.
    pub second: Vec<f64>,
}

/// Sum over positions and channels of w (f - f*)^2 at a content tap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Residual {
    /// Sum of w over positions.
    pub weight: f64,
    /// Channels of the tap: the mean squared difference is `sum / (weight * channels)`.
    pub channels: usize,
    /// The sum.
    pub sum: f64,
}

/// All requested sums and features, in the order of the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Per style tap, per region.
    pub moments: Vec<Vec<Moments>>,
    /// Per content target.
    pub residuals: Vec<Residual>,
    /// Per tap whose features were asked for: the features of the whole image.
    pub features: Vec<Features>,
}

/// Derivatives of a loss by the sums of [`Moments`].
#[derive(Clone, Debug, PartialEq)]
pub struct MomentsCotangent {
    /// Derivatives by the first moments, C values.
    pub first: Vec<f64>,
    /// Derivatives by the second moments, C x C values, row-major; must be symmetric.
    pub second: Vec<f64>,
}

/// Derivatives of a loss by everything in an [`Observation`], in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cotangents {
    /// Per style tap, per region.
    pub moments: Vec<Vec<MomentsCotangent>>,
    /// Per content target: by the residual's sum.
    pub residuals: Vec<f64>,
    /// Per tap whose features were given out: by each of them. Position weights do not apply.
    pub features: Vec<Features>,
}

impl Cotangents {
    /// Checks that everything is present and has the right length for an image of `size`, before any of it is used.
    ///
    /// # Errors
    /// [`EngineError::CotangentsDiffer`] with the part that does not fit.
    pub fn check(&self, request: &Request, topology: &Topology, size: Size) -> Result<(), EngineError> {
        let differ = |what| Err(EngineError::CotangentsDiffer { what });
        if self.residuals.len() != request.residuals.len() {
            return differ("number of content targets");
        }
        if self.moments.len() != request.moments.len() {
            return differ("number of style taps");
        }
        for (&tap, regions) in request.moments.iter().zip(&self.moments) {
            let channels = topology.channels(tap);
            if regions.len() != request.regions.len().max(1) {
                return differ("number of regions");
            }
            if regions.iter().any(|by| by.first.len() != channels || by.second.len() != channels * channels) {
                return differ("number of channels");
            }
        }
        if self.features.len() != request.features.len() {
            return differ("number of taps with features");
        }
        for (&tap, by) in request.features.iter().zip(&self.features) {
            let (width, height) = topology.size_at(tap.conv(), (size.width, size.height));
            if by.channels != topology.channels(tap) || by.size != Size::new(width, height) {
                return differ("shape of features");
            }
            if by.data.len() != by.channels * by.size.area() {
                return differ("number of features");
            }
        }
        Ok(())
    }
}
