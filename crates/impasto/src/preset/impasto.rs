//! Our own recipe: style-transfer-pytorch's statistic and layer weights with exact roots, and far fewer iterations.
//!
//! Chosen by looking at pictures made with `lite`.

use super::crowson;
use crate::objective::Statistic;
use crate::{Iterations, Pyramid, Recipe};

pub(super) fn recipe() -> Recipe {
    let crowson = crowson::recipe();
    Recipe {
        preset: "impasto".into(),
        statistic: Statistic::Wasserstein.into(),
        pyramid: Pyramid { iterations: Iterations::FirstThen { first: 200, then: 100 }, ..crowson.pyramid },
        tuned_for: &["vgg19-lite", "vgg19"],
        ..crowson
    }
}
