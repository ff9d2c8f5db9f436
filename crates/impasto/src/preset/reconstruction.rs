//! Recipes with one term alone, for the inspection of a network: the default preset, from noise. They keep its
//! total variation; without it, dots would fill the parts that deep layers have forgotten.

use super::from_nothing;
use crate::recipe::Init;
use crate::{Iterations, Preset, Pyramid, Recipe};

impl Preset {
    /// Content without style; the caller gives the layers.
    pub(crate) const CONTENT_ALONE: Preset =
        Preset { name: "content-alone", about: "features of a layer, from noise", recipe: content };

    /// Style without content; the caller gives the layers.
    pub(crate) const STYLE_ALONE: Preset =
        Preset { name: "style-alone", about: "statistics of layers, from noise", recipe: style };
}

/// Noise is far from any picture: at 48x36 pixels, 150 iterations left a tenth of the contrast wrong, and 600 a
/// thousandth. The first scale is cheap.
const ITERATIONS: Iterations = Iterations::FirstThen { first: 500, then: 150 };

/// The average of the iterates has to forget the noise, too.
const DECAY: f64 = 0.95;

fn content() -> Recipe {
    Recipe {
        preset: Preset::CONTENT_ALONE.name.into(),
        content_weight: 1.0,
        style_layers: Vec::new(),
        style_weight: 0.0,
        pyramid: Pyramid { iterations: ITERATIONS, ..from_nothing().pyramid },
        average_decay: DECAY,
        init: Init::Noise,
        ..from_nothing()
    }
}

fn style() -> Recipe {
    Recipe {
        preset: Preset::STYLE_ALONE.name.into(),
        content_weight: 0.0,
        content_layers: Vec::new(),
        pyramid: Pyramid { iterations: ITERATIONS, ..from_nothing().pyramid },
        average_decay: DECAY,
        init: Init::Noise,
        ..from_nothing()
    }
}
