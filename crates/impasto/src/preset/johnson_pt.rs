//! ProGamerGov/neural-style-pt: `johnson` in PyTorch, on 0..255, with an absolute total variation and Adam with
//! rate 1 of 255. Tuned for the Oxford weights.

use super::{adam, johnson, lbfgs};
use crate::Recipe;
use crate::objective::TvForm;
use crate::optimiser::AdamSettings;
use crate::recipe::Noise;

/// The value of white in the program's pictures.
const SCALE: f64 = 255.0;

pub(super) fn recipe() -> Recipe {
    Recipe {
        preset: "johnson-pt".into(),
        tv_form: TvForm::Absolute { scale: SCALE },
        adam: AdamSettings { epsilon: 1e-8 * SCALE, ..adam(1.0 / SCALE) },
        lbfgs: lbfgs(SCALE),
        noise: Noise::Normal {
            mean: [123.68, 116.779, 103.939].map(|mean| mean / SCALE as f32),
            deviation: 0.001 / SCALE as f32,
        },
        ..johnson::recipe()
    }
}
