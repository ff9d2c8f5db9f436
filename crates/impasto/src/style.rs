//! A style picture, and how it is taken.

use impasto_image::{Picture, Plane, rotate};

use crate::Error;

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

/// The parts of styles in their mixture, which sum to 1.
pub(crate) fn shares(styles: &[Style]) -> Result<Vec<f64>, Error> {
    if styles.is_empty() {
        return Err(Error::NoStyle);
    }
    if let Some(style) = styles.iter().find(|style| !(style.scale.is_finite() && style.scale > 0.0)) {
        let problem = format!("expected a number above 0, found {}", style.scale);
        return Err(Error::invalid("the scale of a style", problem));
    }
    // By the largest first, so that no sum is too large for a number.
    let largest = styles.iter().map(|style| style.weight).fold(0.0, f64::max);
    let total: f64 = styles.iter().map(|style| style.weight / largest).sum();
    if !styles.iter().all(|style| style.weight.is_finite() && style.weight >= 0.0) || largest <= 0.0 {
        return Err(Error::invalid("--style-weights", "expected numbers of 0 or more, not all 0"));
    }
    Ok(styles.iter().map(|style| style.weight / largest / total).collect())
}
