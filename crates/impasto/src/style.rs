//! Style pictures and their options.

use impasto_image::{Picture, Plane, rotate, rotate_plane};

use crate::regions::{at_size, check_shape};

use crate::{Error, Setting};

/// A style picture with its weight and its scale. The picture has encoded RGB in 0..1.
#[derive(Clone, Debug)]
pub struct Style {
    pub(crate) picture: Picture,
    /// Size of the picture as it was given.
    pub(crate) size: (usize, usize),
    pub(crate) alpha: Option<Plane>,
    pub(crate) weight: f64,
    pub(crate) scale: f64,
    /// The regions that the style is for; `None`: all regions.
    pub(crate) parts: Option<Vec<Part>>,
    /// The style layers that the style is for; `None`: all layers.
    pub(crate) layers: Option<Vec<String>>,
}

/// A region of the content that a style is for.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) region: usize,
    /// How much each of the style's positions counts for the region; of the picture's size.
    pub(crate) weights: Option<Plane>,
    /// The size of the weights as they were given.
    pub(crate) of: (usize, usize),
}

impl Style {
    /// A style of weight 1 and scale 1.
    pub fn new(picture: Picture) -> Style {
        Style {
            size: picture.size(),
            picture,
            alpha: None,
            weight: 1.0,
            scale: 1.0,
            parts: None,
            layers: None,
        }
    }

    /// Sets the opacity, of the picture's size: 1 for opaque, 0 for transparent. Transparent pixels do not count.
    #[must_use]
    pub fn alpha(mut self, alpha: impl Into<Option<Plane>>) -> Style {
        self.alpha = alpha.into();
        self
    }

    /// Rotates the style clockwise, with the opacity and the parts it has at this point. The empty corners do not
    /// count.
    #[must_use]
    pub fn rotated(mut self, degrees: f64) -> Style {
        if degrees.is_finite() && degrees != 0.0 {
            (self.picture, self.alpha) = rotate(&self.picture, self.alpha.as_ref(), degrees);
            for weights in self.parts.iter_mut().flatten().filter_map(|part| part.weights.as_mut()) {
                *weights = rotate_plane(weights, degrees);
            }
        }
        self
    }

    /// Sets the weight. Moments of several styles are blended in proportion to their weights, which must be 0 or
    /// more, but not all 0. Default: 1.
    #[must_use]
    pub fn weight(mut self, weight: f64) -> Style {
        self.weight = weight;
        self
    }

    /// Sets the factor for the style's size, above 0; less than 1 gives smaller strokes. It multiplies
    /// [`StyleTransfer::style_scale`](crate::StyleTransfer::style_scale). Default: 1.
    #[must_use]
    pub fn scale(mut self, scale: f64) -> Style {
        self.scale = scale;
        self
    }
}

impl Style {
    /// Assigns the style to some of the content's regions, counted from 0
    /// ([`Regions::region`](crate::Regions::region)). For each region, a plane of weights from 0 to 1 says how much
    /// each position of the style counts; `None` counts all of it. The first style may have no region if it takes
    /// the [rest](crate::Rest::First). Default: all regions, with the whole style.
    #[must_use]
    pub fn parts(mut self, parts: impl IntoIterator<Item = (usize, Option<Plane>)>) -> Style {
        let size = self.picture.size();
        // Weights of another shape are kept as they are; `build` reports them.
        let fits = |weights: &Plane| check_shape("mask", weights.size(), size).is_ok();
        let fitted = |weights: Plane| match weights.size() != size && fits(&weights) {
            true => Plane::new(size.0, size.1, at_size(&weights, size)).unwrap_or(weights),
            false => weights,
        };
        let fitted = |(region, weights): (usize, Option<Plane>)| Part {
            region,
            of: weights.as_ref().map_or(size, Plane::size),
            weights: weights.map(fitted),
        };
        self.parts = Some(parts.into_iter().map(fitted).collect());
        self
    }

    /// Assigns the style to some of the style layers. Deep layers have the coarse structure; the first layers have
    /// strokes and colours. Default: all layers.
    #[must_use]
    pub fn layers(mut self, layers: impl Into<Option<Vec<String>>>) -> Style {
        self.layers = layers.into();
        self
    }
}

impl Style {
    /// The parts of the style, for a content with this number of regions.
    pub(crate) fn parts_of(&self, regions: usize) -> Vec<Part> {
        let all = || (0..regions).map(|region| Part { region, weights: None, of: self.size }).collect();
        self.parts.clone().unwrap_or_else(all)
    }

    /// The weights of the style's positions for a part; `None` if all count the same.
    pub(crate) fn weights_for(&self, part: &Part) -> Option<Plane> {
        match (&self.alpha, &part.weights) {
            (Some(alpha), Some(weights)) => {
                let mut both = weights.clone();
                both.data_mut().iter_mut().zip(alpha.data()).for_each(|(to, alpha)| *to *= alpha);
                Some(both)
            }
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        }
    }
}

impl From<Picture> for Style {
    fn from(picture: Picture) -> Style {
        Style::new(picture)
    }
}

/// The share of each style in the mixture; the shares sum to 1.
pub(crate) fn shares(styles: &[Style]) -> Result<Vec<f64>, Error> {
    if styles.is_empty() {
        return Err(Error::NoStyle);
    }
    if let Some(style) = styles.iter().find(|style| !(style.scale.is_finite() && style.scale > 0.0)) {
        let problem = format!("expected a number above 0, found {}", style.scale);
        return Err(Error::invalid("the scale of a style", problem));
    }
    // Divides by the largest weight first, so that the sum cannot overflow.
    let largest = styles.iter().map(|style| style.weight).fold(0.0, f64::max);
    let total: f64 = styles.iter().map(|style| style.weight / largest).sum();
    if !styles.iter().all(|style| style.weight.is_finite() && style.weight >= 0.0) || largest <= 0.0 {
        return Err(Error::invalid(Setting::StyleWeights, "expected numbers of 0 or more, not all 0"));
    }
    Ok(styles.iter().map(|style| style.weight / largest / total).collect())
}
