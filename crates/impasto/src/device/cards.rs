//! Graphics cards by name. A card is opened once for the whole process; one that was lost is opened again.

use std::sync::{Arc, Mutex, PoisonError};

use impasto_encoder::sources::Environment;
use impasto_gpu::{Adapter, AdapterKind, GpuBackend, GpuError};

use super::{Chosen, DeviceInfo, missing};
use crate::Error;

/// Variable for tests: a card is lost when it has observed this many pictures.
const LOSE: &str = "IMPASTO_TEST_LOSE_DEVICE";

/// Variable that says whether products run on a card's matrix units.
const UNITS: &str = "IMPASTO_MATRIX_UNITS";

/// The cards that are open, each with what was said about its matrix units.
static OPEN: Mutex<Vec<(Option<bool>, Arc<GpuBackend>)>> = Mutex::new(Vec::new());

/// What the variable says about matrix units; `None`: the card decides.
pub(super) fn units() -> Result<Option<bool>, Error> {
    match std::env::var_os(UNITS) {
        None => Ok(None),
        Some(value) if value == "on" => Ok(Some(true)),
        Some(value) if value == "off" => Ok(Some(false)),
        Some(value) => {
            let problem = format!("expected on or off, found {}", value.display());
            Err(Error::invalid(UNITS, problem).advised(format!("unset {UNITS} to let the card decide")))
        }
    }
}

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
        matrix_units: adapter.units.map(|units| units.to_string()),
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
    with(&found, name, units()?)
}

/// The card that an engine ran on.
pub(super) fn of_identity(identity: &str) -> Result<Chosen, Error> {
    let ways = adapters().into_iter().flat_map(|adapter| [(adapter.clone(), false), (adapter, true)]);
    let wanted = |(adapter, units): &(Adapter, bool)| adapter.device_identity(*units) == identity;
    let (found, units) = ways.into_iter().find(wanted).ok_or_else(|| {
        missing(identity, "this machine does not have it, or has another driver for it".into())
    })?;
    let chosen = with(&found, identity, Some(units))?;
    match chosen.backend.as_ref().is_some_and(|backend| backend.name() == identity) {
        true => Ok(chosen),
        false => Err(missing(identity, "its matrix units cannot be used here".into())),
    }
}

fn with(adapter: &Adapter, name: &str, units: Option<bool>) -> Result<Chosen, Error> {
    let backend = opened(adapter, units).map_err(|error| missing(name, error.to_string()))?;
    let software = (adapter.kind == AdapterKind::Software).then(|| {
        format!("note: {} is a program that plays a graphics card; `device` cpu is faster", adapter.name)
    });
    let without = (units == Some(true) && backend.matrix_units().is_none())
        .then(|| format!("note: {} has no matrix units that can be used; it paints without", adapter.name));
    let notes: Vec<String> = software.into_iter().chain(without).collect();
    let note = (!notes.is_empty()).then(|| notes.join("\n"));
    Ok(Chosen { backend: Some(backend), note, ..Chosen::default() })
}

/// The card, opened, with products on its matrix units or not on them.
pub(super) fn opened(adapter: &Adapter, units: Option<bool>) -> Result<Arc<GpuBackend>, GpuError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, card)| !card.is_lost());
    let same = |(with, card): &&(Option<bool>, Arc<GpuBackend>)| *with == units && card.adapter().is(adapter);
    if let Some((_, card)) = open.iter().find(same) {
        return Ok(card.clone());
    }
    let card = match Environment::of_process().cache {
        Some(folder) => GpuBackend::open_keeping(adapter, &folder)?,
        None => GpuBackend::open_here(adapter)?,
    };
    let card = Arc::new(match units {
        Some(on) => card.units(on),
        None => card,
    });
    let lost_after = std::env::var(LOSE).ok().and_then(|text| text.parse().ok());
    if let Some(observations) = lost_after {
        card.lose_after(observations);
    }
    open.push((units, card.clone()));
    Ok(card)
}
