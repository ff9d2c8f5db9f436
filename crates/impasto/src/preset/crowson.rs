//! crowsonkb/style-transfer-pytorch: content 0.015, Gaussian Wasserstein-2 style (roots by 12 Newton-Schulz steps)
//! with layer weights 256 : 64 : 16 : 4 : 1, nine-point total variation 2, replicate padding at conv1_1, Adam 0.02
//! (0.9, 0.99) clamped to 0..1, scales of factor sqrt 2 from 128 px with 1000 and then 500 iterations. Adam's
//! moments are carried from scale to scale. The bias-corrected average of the iterates (0.99) is the result and the
//! start of the next scale.
//!
//! Tuned for torchvision's weights. Differences: pictures are resized in f32 instead of 8 bits, with Catmull-Rom's
//! bicubic filter, and in light unless another averaging is chosen.

use super::{adam, layer, lbfgs, style_layers};
use crate::objective::{Statistic, TvForm};
use crate::optimiser::{AdamSettings, LbfgsSettings};
use crate::recipe::{Init, Keep, Noise, OptimizerKind, PoolScales, StyleFit};
use crate::{Iterations, Pyramid, Recipe, Smallest};
use impasto_engine::Padding;

pub(super) fn recipe() -> Recipe {
    Recipe {
        preset: "crowson".into(),
        content_layers: layer("relu4_2"),
        content_weight: 0.015,
        content_at_first: 1.0,
        content_is_draft: false,
        style_layers: style_layers([256.0, 64.0, 16.0, 4.0, 1.0].map(|weight| weight / 341.0)),
        style_weight: 1.0,
        strength: 1.0,
        statistic: Statistic::WassersteinNewton.into(),
        tv_weight: 2.0,
        tv_form: TvForm::NinePoint,
        pooling: None,
        pool_scales: PoolScales { average: 2.0, l2: 0.78 },
        padding: Some(Padding::ReplicateFirst),
        optimizer: OptimizerKind::Adam,
        adam: AdamSettings { beta2: 0.99, bounded: true, ..adam(0.02) },
        lbfgs: LbfgsSettings { history: 10, history_later: 10, ..lbfgs(1.0) },
        pyramid: Pyramid {
            factor: std::f64::consts::SQRT_2,
            smallest: Smallest::LongEdge(128),
            iterations: Iterations::FirstThen { first: 1000, then: 500 },
        },
        margin: 0,
        bleed: 0,
        average_decay: 0.99,
        carry_average: true,
        plateau: 0.0,
        keep: Keep::Average,
        init: Init::Content,
        draft_size: 512,
        noise: Noise::Uniform,
        style_fit: StyleFit::LongEdge { enlarge: false },
        tuned_for: ["vgg19", "vgg19-lite"].map(String::from).to_vec(),
    }
}
