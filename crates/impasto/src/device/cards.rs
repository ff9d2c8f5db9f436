//! Graphics cards by name. A card is opened once for the whole process; one that was lost is opened again.

use std::sync::{Arc, Mutex, PoisonError};

use impasto_encoder::sources::Environment;
use impasto_gpu::{Adapter, AdapterKind, GpuBackend, GpuError};

use super::{Chosen, DeviceInfo, missing};
use crate::Error;

/// Variable for tests: a card is lost when it has observed this many pictures.
const LOSE: &str = "IMPASTO_TEST_LOSE_DEVICE";

/// The cards that are open.
static OPEN: Mutex<Vec<Arc<GpuBackend>>> = Mutex::new(Vec::new());

/// The cards of this machine, in the order of their numbers.
pub(super) fn adapters() -> Vec<Adapter> {
    impasto_gpu::adapters_here()
}

/// All cards, for a list.
pub(super) fn list() -> Vec<DeviceInfo> {
    let adapters = adapters();
    let first = adapters.iter().position(|adapter| never(adapter.kind).is_none());
    let info = |(index, adapter): (usize, Adapter)| DeviceInfo {
        name: format!("gpu:{index}"),
        kind: adapter.kind.to_string(),
        api: Some(adapter.api.clone()),
        driver: Some(adapter.driver.clone()),
        largest: Some((adapter.largest_buffer, adapter.largest_binding)),
        not_by_itself: never(adapter.kind)
            .or((Some(index) != first).then_some("not the first card"))
            .map(str::to_owned),
        model: adapter.name,
    };
    adapters.into_iter().enumerate().map(info).collect()
}

/// The reason why `auto` takes no card of a kind; `None` where it may.
pub(super) fn never(kind: AdapterKind) -> Option<&'static str> {
    match kind {
        AdapterKind::Discrete | AdapterKind::Integrated => None,
        AdapterKind::Software => Some("a program that plays a card"),
        AdapterKind::Virtual => Some("shown by a virtual machine"),
        _ => Some("of an unknown kind"),
    }
}

/// The card of a name, and a note if it is none.
pub(super) fn chosen(name: &str) -> Result<Chosen, Error> {
    let found = impasto_gpu::find(&adapters(), name).map_err(|error| match error {
        GpuError::NoAdapter | GpuError::NoSuchAdapter { .. }
            if name != "gpu" && !name.starts_with("gpu:") =>
        {
            missing(name, "there is neither an engine nor a graphics card of this name".into())
        }
        error => missing(name, error.to_string()),
    })?;
    with(&found, name)
}

/// The card that an engine ran on.
pub(super) fn of_identity(identity: &str) -> Result<Chosen, Error> {
    let wanted = |adapter: &Adapter| format!("gpu {}", adapter.identity()) == identity;
    let found = adapters().into_iter().find(wanted).ok_or_else(|| {
        missing(identity, "this machine does not have it, or has another driver for it".into())
    })?;
    with(&found, identity)
}

fn with(adapter: &Adapter, name: &str) -> Result<Chosen, Error> {
    let backend = opened(adapter).map_err(|error| missing(name, error.to_string()))?;
    let note = (adapter.kind == AdapterKind::Software).then(|| {
        format!("note: {} is a program that plays a graphics card; `device` cpu is faster", adapter.name)
    });
    Ok(Chosen { backend: Some(backend), note, ..Chosen::default() })
}

/// The card, opened.
pub(super) fn opened(adapter: &Adapter) -> Result<Arc<GpuBackend>, GpuError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|card| !card.is_lost());
    if let Some(card) = open.iter().find(|card| card.adapter().is(adapter)) {
        return Ok(card.clone());
    }
    let card = Arc::new(match Environment::of_process().cache {
        Some(folder) => GpuBackend::open_keeping(adapter, &folder)?,
        None => GpuBackend::open_here(adapter)?,
    });
    let lost_after = std::env::var(LOSE).ok().and_then(|text| text.parse().ok());
    if let Some(observations) = lost_after {
        card.lose_after(observations);
    }
    open.push(card.clone());
    Ok(card)
}
