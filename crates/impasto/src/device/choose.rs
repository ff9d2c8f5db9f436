//! The choice of `auto`: a card that was measured to be faster than the processor with this network.
//!
//! The measurement takes about a second and is kept in a file, for each card, driver, network and version of the
//! program. It also compares the results: a card whose driver computes wrongly is never taken. Cards that are programs,
//! or that a virtual machine shows, are not tried.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use impasto_encoder::sources::Environment;
use impasto_engine::{
    Backend, Cancel, Cotangents, CpuBackend, Engine, EngineError, InstructionSet, MomentsCotangent, Network,
    Pixels, Request, Size, Stopwatch,
};
use impasto_gpu::Adapter;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::cards::{adapters, chosen, never, opened};
use crate::Error;
use crate::digest::hexadecimal;

/// Side of the picture that is measured.
const SIDE: usize = 256;

/// The card must be this much faster: its results are other bytes, which must be worth it.
const ADVANTAGE: f64 = 1.25;

/// The largest relative difference of the derivatives. ReLUs and poolings may decide differently within rounding.
const AGREES: f64 = 0.02;

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
        Err(_) => Ok(measured(network, set)),
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
fn measured(network: &Network, set: InstructionSet) -> Option<Arc<dyn Backend>> {
    if !may_have_a_card() {
        return None;
    }
    let adapter = adapters().into_iter().find(|adapter| never(adapter.kind).is_none())?;
    let key = key(&adapter, network, set);
    // The answers of this process: without a folder for caches, all pictures of a batch still get one device.
    static ANSWERS: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let is_faster = match answers.get(&key) {
        Some(known) => *known,
        None => {
            let known = known_or_measured(&adapter, &key, network, set);
            answers.insert(key, known);
            known
        }
    };
    is_faster.then(|| opened(&adapter).ok()).flatten().map(|card| card as Arc<dyn Backend>)
}

/// The answer that was kept in the file, or a new one. A card that could not be measured, because it was full perhaps,
/// is tried again by the next process.
fn known_or_measured(adapter: &Adapter, key: &str, network: &Network, set: InstructionSet) -> bool {
    let mut kept = read();
    if let Some(known) = kept.get(key).and_then(Value::as_bool) {
        return known;
    }
    let Ok(measured) = measure(adapter, network, set) else { return false };
    kept.insert(key.into(), json!(measured));
    write(&kept);
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
fn key(adapter: &Adapter, network: &Network, set: InstructionSet) -> String {
    let widths: Vec<String> = network
        .encoder
        .topology()
        .convs()
        .iter()
        .map(|conv| format!("{}.{}", conv.block, conv.outputs))
        .collect();
    let threads = rayon::current_num_threads();
    let version = env!("CARGO_PKG_VERSION");
    let all = format!("{version} {} {} {threads} {}", adapter.identity(), set.name(), widths.join(" "));
    format!("{} {}", adapter.name, &hexadecimal(Sha256::new_with_prefix(all.as_bytes()))[..16])
}

/// Compares both engines on one picture: whether the card is faster and agrees.
fn measure(adapter: &Adapter, network: &Network, set: InstructionSet) -> Result<bool, EngineError> {
    let refused = |error: impasto_gpu::GpuError| EngineError::DeviceRefused {
        device: adapter.name.clone(),
        reason: error.to_string(),
    };
    let card = opened(adapter).map_err(refused)?;
    let image = picture();
    let mut by_card = card.prepare(network.clone(), Cancel::default())?;
    let (fast, found) = evaluate(by_card.as_mut(), &image)?;
    drop(by_card);
    let mut by_processor = CpuBackend { set: Some(set) }.prepare(network.clone(), Cancel::default())?;
    let (slow, expected) = evaluate(by_processor.as_mut(), &image)?;
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let pairs = || found.data.iter().zip(&expected.data);
    let difference = square(&mut pairs().map(|(a, b)| f64::from(a - b)));
    let norm = square(&mut expected.data.iter().map(|value| f64::from(*value)));
    Ok(difference <= AGREES * AGREES * norm && ADVANTAGE * fast < slow)
}

/// The shortest of three evaluations after a first one, in seconds, and the derivative.
fn evaluate(engine: &mut dyn Engine, image: &Pixels) -> Result<(f64, Pixels), EngineError> {
    let taps = engine.network().encoder.topology().taps().collect();
    let request = Request { moments: taps, ..Request::default() };
    let (mut least, mut gradient) = (f64::INFINITY, None);
    for turn in 0..4 {
        let start = Stopwatch::start();
        let seen = engine.observe(image, &request)?;
        let by = |sums: &impasto_engine::Moments| MomentsCotangent {
            first: sums.first.iter().map(|_| 0.0).collect(),
            second: sums.second.iter().map(|sum| sum / sums.weight.powi(2)).collect(),
        };
        let moments = seen.moments.iter().map(|regions| regions.iter().map(by).collect()).collect();
        gradient = Some(engine.pull_back(image, &Cotangents { moments, ..Cotangents::default() })?);
        if turn > 0 {
            least = least.min(start.elapsed().as_secs_f64());
        }
    }
    gradient.map(|gradient| (least, gradient)).ok_or(EngineError::NoObservation)
}

/// A picture of waves.
fn picture() -> Pixels {
    let size = Size::new(SIDE, SIDE);
    let value = |i: usize| {
        let (x, y) = ((i % SIDE) as f32, (i / SIDE % SIDE) as f32);
        let plane = (i / size.area()) as f32;
        0.5 + 0.25 * (0.11 * (plane + 1.0) * x).sin() + 0.2 * (0.17 * (3.0 - plane) * y + 0.05 * x).sin()
    };
    Pixels { size, data: (0..3 * size.area()).map(value).collect() }
}

/// The file of the measurements; `None` without a folder for caches.
fn file() -> Option<PathBuf> {
    Some(Environment::of_process().cache?.join("devices.json"))
}

/// The measurements that were kept; none if the file is missing or damaged.
fn read() -> Map<String, Value> {
    let text = file().and_then(|path| std::fs::read(path).ok());
    text.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Keeps the measurements. Where that is not possible, the next run measures again.
fn write(kept: &Map<String, Value>) {
    let Some(path) = file() else { return };
    let text = Value::Object(kept.clone()).to_string();
    if let Some(folder) = path.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    let _ = impasto_image::write_atomically(&path, |file| file.write_all(text.as_bytes()));
}
