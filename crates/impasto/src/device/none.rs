//! A build without graphics cards.

use std::sync::Arc;

use impasto_engine::{Backend, InstructionSet, Network};

use super::{Chosen, DeviceInfo, missing};
use crate::Error;

/// No cards.
#[allow(dead_code)] // two modules have this file
pub(super) fn list() -> Vec<DeviceInfo> {
    Vec::new()
}

/// No card has any name.
#[allow(dead_code)]
pub(super) fn chosen(name: &str) -> Result<Chosen, Error> {
    Err(missing(name, "this build has no graphics cards (feature `gpu`)".into()))
}

/// No card has any identity.
#[allow(dead_code)]
pub(super) fn of_identity(identity: &str) -> Result<Chosen, Error> {
    chosen(identity)
}

/// Nothing is faster than the processor.
#[allow(dead_code)]
pub(crate) fn faster(_: &Network, _: InstructionSet) -> Option<Arc<dyn Backend>> {
    None
}
