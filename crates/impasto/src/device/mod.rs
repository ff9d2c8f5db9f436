//! Devices by name: an encoder runs on the processor, or on a graphics card.
//!
//! Cards are there with the feature `gpu`. A card that is named is used or is an error. `auto` takes a card only if it
//! was measured to be faster than the processor with the same network, and to agree with it ([`choose`]).

#[cfg(feature = "gpu")]
mod cards;
#[cfg(not(feature = "gpu"))]
#[path = "none.rs"]
mod cards;
#[cfg(feature = "gpu")]
mod choose;
mod compare;
#[cfg(feature = "gpu")]
mod kept;

use std::sync::Arc;

use impasto_encoder::Encoder;
use impasto_engine::{Backend, Cancel, CpuBackend, Engine, EngineError, InstructionSet, Network};

use crate::Error;

#[cfg(not(feature = "gpu"))]
pub(crate) use cards::faster;
#[cfg(feature = "gpu")]
pub(crate) use choose::faster;

/// A device that the engine can run on, for a list of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The shortest name to choose it by: `cpu`, `gpu:0`.
    pub name: String,
    /// The processor's instruction set, or the card's own name.
    pub model: String,
    /// `processor`, `discrete`, `integrated`, `virtual`, `unknown` or `software`.
    pub kind: String,
    /// The interface that it is reached by, such as `vulkan`; `None` for the processor.
    pub api: Option<String>,
    /// The driver with its version.
    pub driver: Option<String>,
    /// The largest buffer in bytes, and the largest part of it that a kernel can see.
    pub largest: Option<(u64, u64)>,
    /// The matrix units that a card offers; `None` where it has none that are of use.
    pub matrix_units: Option<String>,
    /// Why `auto` does not take it; `None` where it may.
    pub not_by_itself: Option<String>,
}

/// All devices: the processor, then the cards as `gpu:0`, `gpu:1` and so on.
pub fn devices() -> Vec<DeviceInfo> {
    let model =
        InstructionSet::from_env().map_or_else(|error| error.to_string(), |set| set.name().to_owned());
    let processor = DeviceInfo {
        name: "cpu".into(),
        model,
        kind: "processor".into(),
        api: None,
        driver: None,
        largest: None,
        matrix_units: None,
        not_by_itself: None,
    };
    std::iter::once(processor).chain(cards::list()).collect()
}

/// The choice of a device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    /// The instruction set, if one was named.
    pub(crate) set: Option<InstructionSet>,
    /// The backend; `None` for the processor.
    pub(crate) backend: Option<Arc<dyn Backend>>,
    /// Whether a card may take the processor's place.
    pub(crate) automatic: bool,
    /// A note on the device for the user.
    pub(crate) note: Option<String>,
}

/// Finds a device by name.
pub(crate) fn chosen(name: &str) -> Result<Chosen, Error> {
    if impasto_engine::backends().iter().any(|backend| backend.name() == name) {
        // One that this machine lacks is an error with the reason.
        impasto_engine::backend(name)?;
    }
    if let Ok(set) = name.parse::<InstructionSet>() {
        return Ok(Chosen { set: Some(set), ..Chosen::default() });
    }
    match name {
        "auto" => Ok(Chosen { automatic: true, ..Chosen::default() }),
        "cpu" => Ok(Chosen::default()),
        "reference" => Ok(Chosen { backend: Some(impasto_engine::backend(name)?), ..Chosen::default() }),
        _ => cards::chosen(name),
    }
}

/// An engine for a network on a device, and a note on the device for the user.
pub(crate) fn engine(
    name: &str,
    network: Network,
    cancel: Cancel,
) -> Result<(Box<dyn Engine>, Option<String>), Error> {
    let (backend, note) = backend(name, &network)?;
    Ok((backend.prepare(network, cancel)?, note))
}

/// The backend that a name stands for with a network, and a note on it for the user.
fn backend(name: &str, network: &Network) -> Result<(Arc<dyn Backend>, Option<String>), Error> {
    let Chosen { set, backend, automatic, note } = chosen(name)?;
    let set = set.map_or_else(InstructionSet::from_env, Ok)?;
    let backend = if automatic { faster(network, set)? } else { backend };
    Ok((backend.unwrap_or_else(|| Arc::new(CpuBackend { set: Some(set) })), note))
}

/// The name of the device that runs an encoder, with everything that results depend on: an instruction set, or a card
/// with its driver. [`StyleTransfer::device_of`](crate::StyleTransfer::device_of) takes it for a later run.
///
/// # Errors
/// [`Error::Engine`] with the reason if there is no device of this name, or if it cannot run here.
pub fn device_identity(name: &str, encoder: &Encoder) -> Result<String, Error> {
    let (backend, _) = backend(name, &Network::new(encoder.clone()))?;
    Ok(backend.name().to_owned())
}

/// Finds the device that an engine of this identity ran on.
pub(crate) fn of_identity(identity: &str) -> Result<Chosen, Error> {
    match identity.parse::<InstructionSet>() {
        Err(_) if identity.starts_with("gpu ") => cards::of_identity(identity),
        Err(error) => Err(error.into()),
        Ok(set) => Ok(Chosen { set: Some(set), ..Chosen::default() }),
    }
}

/// The error for a device that is not there.
fn missing(name: &str, reason: String) -> Error {
    let cards = cards::list().into_iter().map(|device| device.name);
    let available = ["auto", "cpu"].map(str::to_owned).into_iter().chain(cards).collect();
    EngineError::NoSuchBackend { name: name.into(), reason, available }.into()
}
