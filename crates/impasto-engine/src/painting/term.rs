//! Terms on the pixels themselves. They need no features: the value is known at the observation, and the derivative is
//! added after the way back through the network.

use super::TvForm;
use crate::Pixels;

/// A term on the pixels, with its weight.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PixelTerm {
    /// Total variation, for smoothness.
    TotalVariation {
        /// The published form.
        form: TvForm,
        /// Factor of the value.
        weight: f64,
    },
}

impl PixelTerm {
    /// The weighted value for a picture.
    pub fn value(&self, image: &Pixels) -> f64 {
        match self {
            PixelTerm::TotalVariation { form, weight } => form.value(image, *weight),
        }
    }

    /// Adds the weighted derivative by RGB 0..1 to `gradient`.
    pub fn add_gradient(&self, image: &Pixels, gradient: &mut Pixels) {
        match self {
            PixelTerm::TotalVariation { form, weight } => form.add_gradient(image, *weight, gradient),
        }
    }
}
