//! Optimisers of pixels. Each takes a loss and a gradient at the current picture and moves the picture; its state is plain
//! data, so that it can be saved after any evaluation.

mod adam;
mod average;
mod lbfgs;
mod line_search;
pub(crate) mod vector;

use impasto_engine::Pixels;
use serde::{Deserialize, Serialize};

pub use adam::{Adam, AdamSettings};
pub use average::Average;
pub use lbfgs::{Lbfgs, LbfgsSettings};
pub use line_search::LineSearch;

/// An optimiser with its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Optimiser {
    /// Adam.
    Adam(Adam),
    /// L-BFGS.
    Lbfgs(Lbfgs),
}

impl Optimiser {
    /// Moves `image` by one step, given loss and gradient (by RGB 0..1) there.
    pub fn step(&mut self, image: &mut Pixels, gradient: &Pixels, loss: f64) {
        match self {
            Optimiser::Adam(adam) => adam.step(&mut image.data, &gradient.data),
            Optimiser::Lbfgs(lbfgs) => lbfgs.step(&mut image.data, &gradient.data, loss),
        }
    }
}
