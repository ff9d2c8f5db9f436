//! Tests of jobs through their public interface: data in, events and commands, files out.

#![allow(clippy::unwrap_used)] // a failing test

mod commands;
mod example;
mod names;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use impasto_job::spec::{StyleSpec, StylizeSpec};
use impasto_job::{Event, Runner, Task};

/// Returns the path of a sample picture of the repository.
fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

/// A small run of 40 iterations at one scale.
fn small(output: &Path) -> StylizeSpec {
    let style = vec![StyleSpec::plain(sample("mosaic.jpg"))];
    let mut spec = StylizeSpec::new(sample("harbour.jpg"), style, output.into());
    spec.run.size = Some(64);
    spec.run.objective.preset = "gatys".into();
    spec.run.objective.model = "random:vgg19?width=1/16".into();
    spec.run.iterations = Some(vec![40]);
    spec
}

/// Collects the events of a runner.
fn collected(runner: Runner) -> (Runner, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    (runner.on_event(move |event| seen.lock().unwrap().push(event)), events)
}

fn runner(spec: StylizeSpec) -> Runner {
    Runner::new(Task::Stylize(spec))
}
