//! A style picture, and how it is taken.

use impasto_image::{Picture, Plane, rotate};

/// A style picture: its part among several, and its size beside the content.
#[derive(Clone, Debug)]
pub struct Style {
    pub(crate) picture: Picture,
    pub(crate) alpha: Option<Plane>,
    pub(crate) weight: f64,
    pub(crate) scale: f64,
}

impl Style {
    /// A style of weight 1 and scale 1.
    pub fn new(picture: Picture) -> Style {
        Style { picture, alpha: None, weight: 1.0, scale: 1.0 }
    }

    /// Its opacity, of its size: what is transparent has no part in the style.
    #[must_use]
    pub fn alpha(mut self, alpha: impl Into<Option<Plane>>) -> Style {
        self.alpha = alpha.into();
        self
    }

    /// Turns it clockwise, with the opacity that it has by now: corners that come in have no part in the style.
    #[must_use]
    pub fn rotated(mut self, degrees: f64) -> Style {
        if degrees.is_finite() && degrees != 0.0 {
            (self.picture, self.alpha) = rotate(&self.picture, self.alpha.as_ref(), degrees);
        }
        self
    }

    /// Moments of several styles are blended in proportion to their weights: 0 or more, not all 0.
    #[must_use]
    pub fn weight(mut self, weight: f64) -> Style {
        self.weight = weight;
        self
    }

    /// Its size beside the content, above 0: less than 1 gives smaller strokes. Multiplies
    /// [`StyleTransfer::style_scale`](crate::StyleTransfer::style_scale).
    #[must_use]
    pub fn scale(mut self, scale: f64) -> Style {
        self.scale = scale;
        self
    }
}

impl From<Picture> for Style {
    fn from(picture: Picture) -> Style {
        Style::new(picture)
    }
}
