//! The choice of `auto`: a card that was measured to be faster than the processor with this network.
//!
//! The measurement takes about a second and is kept in a file, for each card, driver, network and version of the
//! program. It also compares the results: a card whose driver computes wrongly is never taken. Cards that are programs,
//! or that a virtual machine shows, are not tried.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use impasto_engine::{Backend, CpuBackend, EngineError, InstructionSet, Network};
use impasto_gpu::Adapter;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::cards::{adapters, chosen, never, opened, units};
use super::compare::outpaces;
use super::kept;
use crate::digest::hexadecimal;
use crate::{Clock, Error};

/// Variable that names the card that `auto` takes, of any kind, without a measurement. `cpu` stands for none.
const TAKES: &str = "IMPASTO_AUTO_DEVICE";

/// The card for a network, if there is one that is faster.
///
/// # Errors
/// When the variable names no card of this machine.
pub(crate) fn faster(network: &Network, set: InstructionSet) -> Result<Option<Arc<dyn Backend>>, Error> {
    match std::env::var(TAKES) {
        Ok(name) if name == "cpu" => Ok(None),
        Ok(name) => named(&name),
        Err(_) => Ok(measured(network, set, units()?)),
    }
}

/// The card that the variable names.
fn named(name: &str) -> Result<Option<Arc<dyn Backend>>, Error> {
    match chosen(name) {
        Err(Error::Engine(EngineError::NoSuchBackend { name, reason, available })) => {
            let reason = format!("{reason} ({TAKES} names it)");
            Err(EngineError::NoSuchBackend { name, reason, available }.into())
        }
        found => Ok(found?.backend),
    }
}

/// The first card that `auto` may take, if it was measured to be faster.
fn measured(network: &Network, set: InstructionSet, units: Option<bool>) -> Option<Arc<dyn Backend>> {
    if !may_have_a_card() {
        return None;
    }
    let adapter = adapters().into_iter().find(|adapter| never(adapter.kind).is_none())?;
    let key = key(&adapter, units, network, set);
    // The answers of this process: without a folder for caches, all pictures of a batch still get one device.
    static ANSWERS: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let is_faster = match answers.get(&key) {
        Some(known) => *known,
        None => {
            let known = known_or_measured(&adapter, units, &key, (network, set));
            answers.insert(key, known);
            known
        }
    };
    is_faster.then(|| opened(&adapter, units).ok()).flatten().map(|card| card as Arc<dyn Backend>)
}

/// The answer that was kept in the file, or a new one. A card that could not be measured, because it was full perhaps,
/// is tried again by the next process.
fn known_or_measured(
    adapter: &Adapter,
    units: Option<bool>,
    key: &str,
    (network, set): (&Network, InstructionSet),
) -> bool {
    if let Some(known) = kept::get(key).and_then(|known| known.as_bool()) {
        return known;
    }
    let Ok(measured) = measure(adapter, units, network, set) else { return false };
    kept::keep(key, json!(measured));
    measured
}

/// Whether the system shows any sign of a card. Asking the drivers takes a tenth of a second, which a machine without
/// a card must not pay.
fn may_have_a_card() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let nodes = ["/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/dev/mali0"];
    let rendering = || {
        let entries = std::fs::read_dir("/dev/dri").ok()?;
        let named = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("renderD");
        Some(entries.flatten().any(|entry| named(&entry.file_name())))
    };
    nodes.iter().any(|node| std::path::Path::new(node).exists()) || rendering().unwrap_or(false)
}

/// Everything that the measurement depends on.
fn key(adapter: &Adapter, units: Option<bool>, network: &Network, set: InstructionSet) -> String {
    let widths: Vec<String> = network
        .encoder
        .topology()
        .convs()
        .iter()
        .map(|conv| format!("{}.{}", conv.block, conv.outputs))
        .collect();
    let threads = rayon::current_num_threads();
    let version = env!("CARGO_PKG_VERSION");
    let units = match units {
        None => "",
        Some(true) => " units on",
        Some(false) => " units off",
    };
    let card = format!("{}{units}", adapter.identity());
    let all = format!("{version} {card} {} {threads} {}", set.name(), widths.join(" "));
    format!("{} {}", adapter.name, &hexadecimal(Sha256::new_with_prefix(all.as_bytes()))[..16])
}

/// Compares both engines on one picture: whether the card is faster and agrees.
fn measure(
    adapter: &Adapter,
    units: Option<bool>,
    network: &Network,
    set: InstructionSet,
) -> Result<bool, EngineError> {
    let refused = |error: impasto_gpu::GpuError| EngineError::DeviceRefused {
        device: adapter.name.clone(),
        reason: error.to_string(),
    };
    let card = opened(adapter, units).map_err(refused)?;
    outpaces(card.as_ref(), &CpuBackend { set: Some(set) }, network, &Clock::default())
}
