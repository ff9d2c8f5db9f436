//! The TensorFlow tutorial "Neural style transfer": content block5_conv2 (relu5_2) mean squared times 1e4, Gram
//! matrices F F^T / (HW) mean squared times 1e-2 / 5 each, absolute total variation on 0..1 times 30, Adam 0.02
//! with beta1 0.99 and epsilon 0.1, 1000 steps, clipped to 0..1.
//!
//! Tuned for the Oxford weights (Keras' own file). TensorFlow's Adam adds epsilon before it corrects the second
//! moment's bias; with an epsilon of 0.1 that matters.

use super::{gatys, layer, lbfgs, style_layers};
use crate::objective::{GramScale, Statistic, TvForm};
use crate::optimiser::AdamSettings;
use crate::recipe::{OptimizerKind, StyleFit};
use crate::{Iterations, Pyramid, Recipe};

pub(super) fn recipe() -> Recipe {
    let gatys = gatys::recipe();
    Recipe {
        preset: "keras".into(),
        content_layers: layer("relu5_2"),
        content_weight: 1e4,
        style_layers: style_layers([0.2; 5]),
        style_weight: 1e-2,
        strength: 1.0,
        statistic: Statistic::Gram(GramScale::Positions).into(),
        tv_weight: 30.0,
        tv_form: TvForm::Absolute { scale: 1.0 },
        optimizer: OptimizerKind::Adam,
        adam: AdamSettings {
            rate: 0.02,
            beta1: 0.99,
            beta2: 0.999,
            epsilon: 0.1,
            epsilon_before_correction: true,
            bounded: true,
        },
        lbfgs: lbfgs(1.0),
        pyramid: Pyramid { iterations: Iterations::each(1000), ..gatys.pyramid },
        style_fit: StyleFit::LongEdge { enlarge: true },
        ..gatys
    }
}
