//! `impasto doctor`: what this build can do and what it finds on this machine, as a report of a fault needs it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use impasto::encoder::known;
use impasto::encoder::sources::State;
use impasto::engine::{InstructionSet, backends};
use impasto_job::memory::default_memory;
use indicatif::DecimalBytes;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::models::store;
use crate::output::{line, printable};

#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The features of this build, each with whether it is on.
const FEATURES: [(&str, bool); 9] = [
    ("avif", cfg!(feature = "avif")),
    ("exr", cfg!(feature = "exr")),
    ("foreign-formats", cfg!(feature = "foreign-formats")),
    ("gpu", cfg!(feature = "gpu")),
    ("heic", cfg!(feature = "heic")),
    ("jxl", cfg!(feature = "jxl")),
    ("plot", cfg!(feature = "plot")),
    ("preview", cfg!(feature = "preview")),
    ("serve", cfg!(feature = "serve")),
];

pub(crate) fn run(args: DoctorArgs) -> Result<(), Failure> {
    let facts = facts();
    if args.json {
        let object: Map<String, Value> =
            facts.into_iter().map(|(name, value)| (name.into(), value)).collect();
        return line(&Value::Object(object).to_string());
    }
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &facts {
        let text = match value {
            Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
            other => plain(other),
        };
        line(&printable(&format!("{name:<width$}  {text}")))?;
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn facts() -> Vec<(&'static str, Value)> {
    let (on, off): (Vec<_>, Vec<_>) = FEATURES.into_iter().partition(|(_, on)| *on);
    let names = |list: Vec<(&'static str, bool)>| list.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let set = InstructionSet::from_env().map_or_else(|error| error.to_string(), |set| set.name().to_owned());
    let engines: Vec<String> = backends()
        .iter()
        .filter(|backend| backend.available().is_ok())
        .map(|backend| backend.name().to_owned())
        .collect();
    let store = store();
    let offline = store.environment().offline.clone();
    let mut facts = Vec::new();
    let mut tell = |name, value| facts.push((name, value));
    tell("impasto", json!(env!("CARGO_PKG_VERSION")));
    tell("system", json!(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)));
    tell("features", json!(names(on)));
    tell("features left out", json!(names(off)));
    tell("processors", json!(std::thread::available_parallelism().map_or(1, usize::from)));
    tell("instruction set", json!(set));
    tell("engines", json!(engines));
    let cards = impasto::devices().into_iter().filter(|device| device.api.is_some());
    let cards: Vec<String> = cards
        .map(|card| {
            let driver = card.driver.unwrap_or_default();
            format!("{} {} ({}, {driver})", card.name, card.model, card.api.unwrap_or_default())
        })
        .collect();
    tell("graphics cards", json!(cards));
    let memory = default_memory().map_or("unknown".into(), |bytes| DecimalBytes(bytes as u64).to_string());
    tell("memory for a run", json!(memory));
    tell("encoders", json!(encoders()));
    tell("folders of models", json!(store.environment().folders()));
    tell("network", json!(offline.map_or("allowed where asked".to_owned(), |by| format!("off by {by}"))));
    tell("ffmpeg", json!(ffmpeg()));
    #[cfg(feature = "serve")]
    tell("data of the studio", json!(crate::serve::default_folder().unwrap_or_default()));
    tell("working folder", json!(std::env::current_dir().unwrap_or_else(|_| PathBuf::from("unknown"))));
    tell("variables", json!(variables()));
    facts
}

/// The encoders that a run can use without the network.
fn encoders() -> Vec<String> {
    let store = store();
    let here = |name: &str| match store.model(name) {
        None => true,
        Some(model) => store.look(model).iter().any(|found| !matches!(found.state, State::Wrong(_))),
    };
    known().iter().filter(|known| here(known.name)).map(|known| known.name.to_owned()).collect()
}

/// The first line of ffmpeg's version, or why there is none.
fn ffmpeg() -> String {
    let output = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().next().unwrap_or_default().to_owned()
        }
        Ok(output) => format!("does not run: {}", output.status),
        Err(_) => "not found; only films need it".to_owned(),
    }
}

/// The names of our variables that are set. Their values may be private.
fn variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("IMPASTO_")).collect();
    names.sort();
    names
}
