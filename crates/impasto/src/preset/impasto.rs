//! Our own recipe. It was chosen with `lite`, by the referee's scores on pairs that are not used for its evaluation
//! (docs/evidence.md), and by comparing pictures with those of the published recipes.
//!
//! Its base is style-transfer-pytorch's recipe: Gaussian Wasserstein-2 style, nine-point total variation, Adam,
//! coarse to fine, averaged iterates. The differences and their observed effects:
//!
//! - A run begins with a draft, which already has the subject and the palette. Few iterations then paint the
//!   strokes. Larger shapes form at the first scales, where iterations cost least.
//! - The content term holds the draft in place of the photograph. The draft's features are already those of the
//!   style, so the two terms do not work against each other. Pairs keep nearly the same share of their structure,
//!   at the same weight.
//! - The content term has half its weight at the first scale, where a sky turns to swirls. It has its full weight
//!   where the subject's detail is.
//! - Roots are exact, so fewer iterations give the same picture.
//! - Steps are large (0.06) and the average of the iterates decays fast (0.85): few iterations go far, and the
//!   average is smooth.
//! - Style layers weigh 24 : 12 : 8 : 2 : 1 instead of 256 : 64 : 16 : 4 : 1. Deep layers then matter: strokes join
//!   to swirls and waves, and the fine lattice that shallow layers alone leave in dark areas disappears.
//! - A margin of 16 px, the mirror image of the picture, removes the lines that an optimiser paints along borders.
//!   A bleed of 2 px between the picture and its margin removes the one that remains.
//!
//! A run from noise has no draft to start from; [`from_nothing`] is its longer recipe.

use super::{crowson, style_layers};
use crate::objective::Statistic;
use crate::optimiser::AdamSettings;
use crate::recipe::Init;
use crate::{Effort, Iterations, Pyramid, Recipe, Smallest};

pub(super) fn recipe() -> Recipe {
    let long = from_nothing();
    Recipe {
        init: Init::Draft,
        content_is_draft: true,
        content_weight: 0.8,
        content_at_first: 0.5,
        adam: AdamSettings { rate: 0.06, ..long.adam },
        average_decay: 0.85,
        pyramid: Pyramid {
            smallest: Smallest::LongEdge(128),
            iterations: Iterations::Shrinking { first: 80, divisor: 1.8, least: 12 },
            ..long.pyramid
        },
        ..long
    }
}

/// The recipe for an effort.
pub(crate) fn with_effort(effort: Effort) -> Recipe {
    let normal = recipe();
    match effort {
        Effort::Normal => normal,
        Effort::Draft => Recipe {
            pyramid: Pyramid {
                smallest: Smallest::Single,
                iterations: Iterations::each(0),
                ..normal.pyramid
            },
            ..normal
        },
        Effort::Fine => Recipe {
            content_weight: 0.4,
            adam: AdamSettings { rate: 0.05, ..normal.adam },
            average_decay: 0.9,
            pyramid: Pyramid {
                iterations: Iterations::Shrinking { first: 240, divisor: 2.0, least: 40 },
                ..normal.pyramid
            },
            ..normal
        },
    }
}

/// The recipe for runs from noise. Most iterations are at the first scale. There the large dark and light parts of
/// the picture keep moving long after the loss has almost stopped falling. A scale ends when the mean loss falls by
/// less than two thousandths from 20 iterations to the next 20.
pub(crate) fn from_nothing() -> Recipe {
    let crowson = crowson::recipe();
    Recipe {
        preset: "impasto".into(),
        statistic: Statistic::Wasserstein.into(),
        content_weight: 0.11,
        style_layers: style_layers([24.0, 12.0, 8.0, 2.0, 1.0].map(|weight| weight / 47.0)),
        tv_weight: 1.25,
        padding: None,
        margin: 16,
        bleed: 2,
        average_decay: 0.95,
        plateau: 0.002,
        pyramid: Pyramid { iterations: Iterations::FirstThen { first: 400, then: 90 }, ..crowson.pyramid },
        tuned_for: ["vgg19-lite", "vgg19"].map(String::from).to_vec(),
        ..crowson
    }
}
