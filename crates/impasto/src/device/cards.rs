//! Graphics cards by name. A card is opened once for the whole process, and once more for other ways of computing
//! layers. One that was lost is opened again.

use std::sync::{Arc, Mutex, PoisonError};

use impasto_encoder::sources::Environment;
use impasto_engine::Backend;
use impasto_gpu::{Adapter, AdapterKind, GpuBackend, GpuError, Ways};

use super::{Chosen, DeviceInfo, kept, missing};
use crate::{Clock, Error};

/// Variable for tests: a card is lost when it has observed this many pictures.
const LOSE: &str = "IMPASTO_TEST_LOSE_DEVICE";

/// Variable that says whether products run on a card's matrix units.
const UNITS: &str = "IMPASTO_MATRIX_UNITS";

/// Variable for tests: cards that are programs are measured, too.
const MEASURE: &str = "IMPASTO_TEST_MEASURE_LAYERS";

/// How a card computes layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layers {
    /// As it was measured to be the fastest.
    Measured,
    /// By the rule, on matrix units or not on them.
    Units(bool),
    /// In these ways.
    Ways(Ways),
}

impl Layers {
    fn said(units: Option<bool>) -> Layers {
        units.map_or(Layers::Measured, Layers::Units)
    }
}

/// The cards that are open, each with how it computes layers.
static OPEN: Mutex<Vec<(Layers, Arc<GpuBackend>)>> = Mutex::new(Vec::new());

/// What the variable says about matrix units; `None`: a measurement decides.
pub(super) fn units() -> Result<Option<bool>, Error> {
    match std::env::var_os(UNITS) {
        None => Ok(None),
        Some(value) if value == "on" => Ok(Some(true)),
        Some(value) if value == "off" => Ok(Some(false)),
        Some(value) => {
            let problem = format!("expected on or off, found {}", value.display());
            Err(Error::invalid(UNITS, problem).advised(format!("unset {UNITS} to let a measurement decide")))
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
    with(&found, name, Layers::said(units()?))
}

/// The open card of an identity.
fn open_as(identity: &str) -> Option<Arc<GpuBackend>> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |(_, card): &&(Layers, Arc<GpuBackend>)| card.name() == identity && !card.is_lost();
    open.iter().find(same).map(|(_, card)| card.clone())
}

/// The card that an engine ran on.
pub(super) fn of_identity(identity: &str) -> Result<Chosen, Error> {
    if let Some(card) = open_as(identity) {
        return Ok(Chosen { note: software(card.adapter()), backend: Some(card), ..Chosen::default() });
    }
    let known = |adapter: Adapter| adapter.ways_of(identity).map(|ways| (adapter, ways));
    let (found, ways) = adapters().into_iter().find_map(known).ok_or_else(|| {
        missing(identity, "this machine does not have it, or has another driver for it".into())
    })?;
    let chosen = with(&found, identity, Layers::Ways(ways))?;
    match chosen.backend.as_ref().is_some_and(|backend| backend.name() == identity) {
        true => Ok(chosen),
        false => Err(missing(identity, "its matrix units cannot be used here".into())),
    }
}

fn with(adapter: &Adapter, name: &str, layers: Layers) -> Result<Chosen, Error> {
    let backend = open(adapter, layers).map_err(|error| missing(name, error.to_string()))?;
    let without = (layers == Layers::Units(true) && backend.matrix_units().is_none())
        .then(|| format!("note: {} has no usable matrix units; it works without them", adapter.name));
    let notes: Vec<String> = software(adapter).into_iter().chain(without).collect();
    let note = (!notes.is_empty()).then(|| notes.join("\n"));
    Ok(Chosen { backend: Some(backend), note, ..Chosen::default() })
}

/// The note on a program that plays a card.
fn software(adapter: &Adapter) -> Option<String> {
    (adapter.kind == AdapterKind::Software).then(|| {
        format!("note: {} is a program that plays a graphics card; `device` cpu is faster", adapter.name)
    })
}

/// The card, opened, with products on its matrix units or not on them, or as it was measured to be the fastest.
pub(super) fn opened(adapter: &Adapter, units: Option<bool>) -> Result<Arc<GpuBackend>, GpuError> {
    open(adapter, Layers::said(units))
}

fn open(adapter: &Adapter, layers: Layers) -> Result<Arc<GpuBackend>, GpuError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, card)| !card.is_lost());
    let same = |(with, card): &&(Layers, Arc<GpuBackend>)| *with == layers && card.adapter().is(adapter);
    if let Some((_, card)) = open.iter().find(same) {
        return Ok(card.clone());
    }
    let card = match Environment::of_process().cache {
        Some(folder) => GpuBackend::open_keeping(adapter, &folder)?,
        None => GpuBackend::open_here(adapter)?,
    };
    let card = Arc::new(match layers {
        Layers::Units(on) => card.units(on),
        Layers::Ways(ways) => card.ways(ways),
        Layers::Measured => match measured(&card) {
            Some(ways) => card.ways(ways),
            None => card,
        },
    });
    let lost_after = std::env::var(LOSE).ok().and_then(|text| text.parse().ok());
    if let Some(observations) = lost_after {
        card.lose_after(observations);
    }
    open.push((layers, card.clone()));
    Ok(card)
}

/// The fastest ways of a card, as they were kept in the file, or by a new measurement. `None` for a card that is not
/// measured: a program, or one whose measurement could not be kept, so that every run has the same bytes.
fn measured(card: &GpuBackend) -> Option<Ways> {
    let adapter = card.adapter();
    let is_card =
        adapter.kind != AdapterKind::Software || std::env::var_os(MEASURE).is_some_and(|value| value == "1");
    kept::file().filter(|_| is_card)?;
    let key = format!("layers {} {}", env!("CARGO_PKG_VERSION"), adapter.identity());
    let known = || kept::get(&key)?.as_str()?.parse().ok();
    known().or_else(|| {
        let clock = Clock::default();
        let ways = card.measured(&|| clock.now()).ok()?;
        kept::keep(&key, ways.to_string().into());
        known()
    })
}
