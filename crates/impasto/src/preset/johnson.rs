//! jcjohnson/neural-style, the Lua original: content 5, style 100 with Gram matrices F F^T / (C HW), total
//! variation 1e-3 of half the squared differences on a BGR picture of 0..256, L-BFGS (1000 evaluations, history
//! 100, first step min(1, 1/|g|_1), no line search) or Adam with rate 10 of 256, from noise, without bounds.
//!
//! The program adds the total variation to the gradient only; here its value counts in the loss too. Tuned for the
//! Oxford weights.

use super::{adam, gatys, lbfgs};
use crate::Recipe;
use crate::objective::TvForm;
use crate::optimiser::AdamSettings;
use crate::recipe::{Init, Noise};
use crate::{Iterations, Pyramid};

/// The value of white in the program's pictures.
const SCALE: f64 = 256.0;

pub(super) fn recipe() -> Recipe {
    let gatys = gatys::recipe();
    Recipe {
        preset: "johnson".into(),
        content_weight: 5.0,
        style_weight: 100.0,
        strength: 1.0,
        tv_weight: 1e-3,
        tv_form: TvForm::HalfSquares { scale: SCALE },
        // Torch7 adds epsilon before it corrects the second moment's bias. The step is in units of RGB 0..1, and so
        // is epsilon.
        adam: AdamSettings { epsilon: 1e-8 * SCALE, epsilon_before_correction: true, ..adam(10.0 / SCALE) },
        lbfgs: lbfgs(SCALE),
        pyramid: Pyramid { iterations: Iterations::each(1000), ..gatys.pyramid },
        init: Init::Noise,
        noise: Noise::Normal {
            mean: [123.68, 116.779, 103.939].map(|mean| mean / SCALE as f32),
            deviation: 0.001 / SCALE as f32,
        },
        ..gatys
    }
}
