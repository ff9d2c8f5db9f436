//! Our own recipe, chosen with `lite` by the referee's scores over twelve pairs (docs/recipes.md) and by looking at pictures beside
//! those of the published recipes.
//!
//! It begins as style-transfer-pytorch's: Gaussian Wasserstein-2 style, nine-point total variation, Adam, coarse to fine,
//! averaged iterates. What differs, and what it was seen to do:
//!
//! - Roots are exact, so that fewer iterations give the same picture.
//! - Most iterations are at the first scale, where they cost least: what the picture is made of, its large dark and light parts, moves
//!   there, long after the loss has all but stopped falling. A scale is left only when it falls by less than two thousandths from 20
//!   iterations to the next 20.
//! - The average of the iterates forgets faster (0.95), so that it is sharp after few iterations; total variation weighs less.
//! - Style layers weigh 24 : 12 : 8 : 2 : 1 instead of 256 : 64 : 16 : 4 : 1. Deep layers then have a say: strokes join to
//!   swirls and waves, and the fine lattice that shallow layers alone leave in dark areas goes away.
//! - Content weighs 0.11, seven times as much, which the stronger style needs for the subject to stay recognisable.
//! - A margin of 16 px, the mirror image of the picture, takes the lines that an optimiser paints along borders; 2 px of bleed inside of it
//!   take the one that is left.

use super::{crowson, style_layers};
use crate::objective::Statistic;
use crate::{Iterations, Pyramid, Recipe};

pub(super) fn recipe() -> Recipe {
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
        tuned_for: &["vgg19-lite", "vgg19"],
        ..crowson
    }
}
