//! Galerne, Raad, Lezama and Morel, "Scaling painting style transfer", 2024 (SPST): content 1; for each style layer
//! 1000 / C^2 times the MSE of Gram matrices plus 10000 times the mean squared differences of means and of standard
//! deviations; no total variation; L-BFGS without bounds; scales of factor 2 while the short side is above 1023;
//! 600 / 3^s iterations (at least 30); history 100 at the first scale and 10 later.
//!
//! Tuned for the Oxford weights. Difference: the picture goes to the next scale in f32 instead of 8 bits.

use super::{gatys, lbfgs};
use crate::objective::{GramScale, Statistic, StyleLoss};
use crate::optimiser::LbfgsSettings;
use crate::recipe::StyleFit;
use crate::{Iterations, Pyramid, Recipe, Smallest};

pub(super) fn recipe() -> Recipe {
    Recipe {
        preset: "scaling".into(),
        style_weight: 1.0,
        strength: 1.0,
        statistic: StyleLoss::new(vec![
            (1e3, Statistic::Gram(GramScale::PositionsAndChannels)),
            (1e4, Statistic::MeanStd),
        ]),
        lbfgs: LbfgsSettings { history_later: 10, ..lbfgs(255.0) },
        pyramid: Pyramid {
            factor: 2.0,
            smallest: Smallest::ShortEdge(1023),
            iterations: Iterations::Shrinking { first: 600, divisor: 3.0, least: 30 },
        },
        style_fit: StyleFit::ShortEdge,
        ..gatys::recipe()
    }
}
