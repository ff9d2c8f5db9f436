//! Gatys, Ecker and Bethge's own PyTorch release (PytorchNeuralStyleTransfer): content MSE at relu4_2 with weight
//! 1; for each style layer 1000 / C^2 times the MSE of Gram matrices F F^T / (HW); no total variation; L-BFGS for
//! 500 evaluations from the content picture on a BGR variable of 0..255, without bounds.
//!
//! 1000 / C^2 outside the square equals 1000 times the MSE of F F^T / (C HW), which is the form used here. Tuned
//! for the Oxford weights. Left out: the release's second run at a higher resolution (use `--init` for that).

use super::{adam, layer, lbfgs, style_layers};
use crate::objective::{GramScale, Statistic, TvForm};
use crate::recipe::{Init, Keep, Noise, OptimizerKind, PoolScales, StyleFit};
use crate::{Iterations, Pyramid, Recipe, Smallest};
use impasto_engine::Padding;

pub(super) fn recipe() -> Recipe {
    Recipe {
        preset: "gatys".into(),
        content_layers: layer("relu4_2"),
        content_weight: 1.0,
        content_at_first: 1.0,
        content_is_draft: false,
        style_layers: style_layers([1.0; 5]),
        style_weight: 1000.0,
        strength: 1.0,
        statistic: Statistic::Gram(GramScale::PositionsAndChannels).into(),
        tv_weight: 0.0,
        tv_form: TvForm::Absolute { scale: 255.0 },
        pooling: None,
        pool_scales: PoolScales::PLAIN,
        padding: Some(Padding::Zero),
        optimizer: OptimizerKind::Lbfgs,
        adam: adam(1.0 / 255.0),
        lbfgs: lbfgs(255.0),
        pyramid: Pyramid {
            factor: std::f64::consts::SQRT_2,
            smallest: Smallest::Single,
            iterations: Iterations::each(500),
        },
        margin: 0,
        bleed: 0,
        average_decay: 0.99,
        carry_average: false,
        plateau: 0.0,
        keep: Keep::Last,
        init: Init::Content,
        draft_size: 512,
        noise: Noise::Normal { mean: [0.48501961, 0.45795686, 0.40760392], deviation: 1.0 / 255.0 },
        style_fit: StyleFit::LongEdge { enlarge: true },
        tuned_for: ["vgg19-oxford"].map(String::from).to_vec(),
    }
}
