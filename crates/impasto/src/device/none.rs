//! A build without graphics cards.

use std::sync::Arc;

use impasto_engine::{Backend, InstructionSet, Network};

use super::{Chosen, DeviceInfo, missing};
use crate::Error;

/// No cards.
pub(super) fn list() -> Vec<DeviceInfo> {
    Vec::new()
}

/// No card has any name.
pub(super) fn chosen(name: &str) -> Result<Chosen, Error> {
    Err(missing(name, "this build has no graphics cards (feature `gpu`)".into()))
}

/// No card has any identity.
pub(super) fn of_identity(identity: &str) -> Result<Chosen, Error> {
    chosen(identity)
}

/// Nothing is faster than the processor.
pub(crate) fn faster(_: &Network, _: InstructionSet) -> Result<Option<Arc<dyn Backend>>, Error> {
    Ok(None)
}
