//! Terms on the pixels themselves. They need no features, so they add to the loss and to the gradient on the host, after
//! the way back through the network.

use impasto_engine::Pixels;

use super::{Losses, TvForm};

/// A term on the pixels of the picture at a scale.
pub(super) trait PixelTerm: Send + Sync {
    /// Adds the term, with its weight, to the losses and to the total, and its derivative by RGB 0..1 to the gradient.
    fn add(&self, image: &Pixels, losses: &mut Losses, gradient: &mut Pixels);
}

/// Total variation, for smoothness.
pub(super) struct TotalVariation {
    pub(super) weight: f64,
    pub(super) form: TvForm,
}

impl PixelTerm for TotalVariation {
    fn add(&self, image: &Pixels, losses: &mut Losses, gradient: &mut Pixels) {
        losses.tv = self.form.loss_and_gradient(image, self.weight, Some(gradient));
        losses.total += losses.tv;
    }
}
