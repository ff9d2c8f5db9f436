//! Measures of films, and films with known motion.
//!
//! No measure stands alone. A warping error is small for a blurred film and for a frozen one, so it goes with
//! [`band_energy`] and with [`shower_door`].

mod bands;
mod colours;
mod film;
mod flows;
mod frames;
mod motion;

pub use bands::{Bands, band_energy};
pub use colours::{Drift, colour_drift};
pub use film::Film;
pub use flows::{FlowError, flow_error};
pub use frames::{frame_difference, shower_door, warping_error};
pub use motion::Motion;
