//! The conformance suite that every engine of Impasto must pass, for backends of any crate.
//!
//! ```
//! use impasto_engine::CpuBackend;
//! use impasto_engine_testing::{CHECKS, Check, conform};
//!
//! // A test would run all of CHECKS, and skip what the engine cannot do, with a reason.
//! let quick: Vec<Check> = CHECKS.iter().filter(|check| check.name == "cancelling").copied().collect();
//! conform(&CpuBackend { set: None }, &quick, &[]);
//! ```
#![deny(unsafe_code)]
// A check that finds a fault panics, as a test does.
#![allow(clippy::expect_used, clippy::missing_panics_doc)]

mod apart;
mod conformance;
mod drawn;
mod judged;
mod paintings;
mod tested;

pub use apart::{Apart, Crossings};
pub use drawn::{
    Random, cotangents, loss, network, network_of, picture, plane, relative, relative_to, request, taps,
};
use impasto_engine::Backend;
use tested::Tested;

/// One property that every engine must have.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The name to use when skipping the check.
    pub name: &'static str,
    run: fn(&Tested),
}

/// All checks, the quickest first.
pub const CHECKS: &[Check] = &[
    Check { name: "bad_requests", run: conformance::bad_requests },
    Check { name: "cancelling", run: conformance::cancelling },
    Check { name: "targets_that_move", run: conformance::targets_that_move },
    Check { name: "paintings", run: paintings::paintings },
    Check { name: "judged", run: judged::judged },
    Check { name: "a_flat_picture", run: conformance::a_flat_picture },
    Check { name: "small_pictures", run: conformance::small_pictures },
    Check { name: "ends_of_the_range", run: conformance::ends_of_the_range },
    Check { name: "features", run: conformance::features },
    Check { name: "wide_layers", run: conformance::wide_layers },
    Check { name: "larger_pictures", run: conformance::larger_pictures },
];

/// Runs the checks on a backend, except those in `skipped` (pairs of a name and a reason). Panics at the first fault,
/// at a backend that is not available here, and at an unknown name in `skipped`.
pub fn conform(backend: &dyn Backend, checks: &[Check], skipped: &[(&str, &str)]) {
    run(&Tested { backend, half: false }, checks, skipped);
}

/// [`conform`] for engines that keep features in half precision.
pub fn conform_in_half(backend: &dyn Backend, checks: &[Check], skipped: &[(&str, &str)]) {
    run(&Tested { backend, half: true }, checks, skipped);
}

fn run(tested: &Tested, checks: &[Check], skipped: &[(&str, &str)]) {
    let backend = tested.backend;
    if let Err(reason) = backend.available() {
        panic!("{} is not available: {reason}", backend.name());
    }
    for (name, _) in skipped {
        assert!(CHECKS.iter().any(|check| check.name == *name), "there is no check {name} to skip");
    }
    for check in checks.iter().filter(|check| skipped.iter().all(|(name, _)| *name != check.name)) {
        (check.run)(tested);
    }
}
