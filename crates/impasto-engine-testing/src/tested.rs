//! The backend under test, in one of the two precisions of features.

use impasto_engine::{Backend, Cancel, Engine, EngineError, Network};

/// Relative L2 error of the pixel gradient once decisions are the same: what f32 has.
const GRADIENT: f64 = 1e-5;

/// The same with features in half precision, rounded to ten or eleven bits: 2^-10 is 1e-3. A derivative at a tap may be
/// a difference of such products.
const GRADIENT_IN_HALF: f64 = 1e-2;

/// A decision may differ where the value is this near to undecided, relative to the layer's root mean square.
const UNDECIDED: f64 = 1e-5;

/// The same with features in half precision: the shares of an L2 pooling are quotients of features. ReLUs and largest
/// values are decided before anything is rounded.
const UNDECIDED_IN_HALF: f64 = 1e-2;

/// A backend, and whether its engines keep features in half precision.
pub(crate) struct Tested<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) half: bool,
}

impl Tested<'_> {
    pub(crate) fn name(&self) -> String {
        format!("{}{}", self.backend.name(), if self.half { " in half precision" } else { "" })
    }

    pub(crate) fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        let mut engine = self.backend.prepare(network, cancel)?;
        engine.set_half(self.half);
        Ok(engine)
    }

    pub(crate) fn gradient(&self) -> f64 {
        if self.half { GRADIENT_IN_HALF } else { GRADIENT }
    }

    pub(crate) fn undecided(&self, shares: bool) -> f64 {
        if self.half && shares { UNDECIDED_IN_HALF } else { UNDECIDED }
    }
}
