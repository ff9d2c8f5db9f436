//! Runs the conformance suite on the engines of this crate, on each instruction set of the machine. The reference runs
//! against itself, which reveals errors of the suite.
#![allow(clippy::unwrap_used)] // a failing test

use std::sync::Arc;

use impasto_engine::{
    Backend, Cancel, CpuBackend, Engine, EngineError, InstructionSet, Network, ReferenceBackend, Tiled,
    Tiling,
};
use impasto_engine_testing::{Apart, CHECKS, Check, conform, conform_in_half};

#[test]
fn the_reference_conforms() {
    conform(&ReferenceBackend, CHECKS, &[]);
}

/// All checks, or those that the environment variable `IMPASTO_CHECKS` names: on an emulated machine all take hours.
fn checks() -> Vec<Check> {
    let asked = std::env::var("IMPASTO_CHECKS").ok();
    let asked: Option<Vec<&str>> = asked.as_ref().map(|names| names.split(',').collect());
    let unknown = |name: &&str| CHECKS.iter().all(|check| check.name != *name);
    assert!(
        !asked.iter().flatten().any(unknown),
        "IMPASTO_CHECKS names a check that is not there: {asked:?}"
    );
    let is_asked = |check: &&Check| asked.as_ref().is_none_or(|names| names.contains(&check.name));
    CHECKS.iter().filter(is_asked).copied().collect()
}

#[test]
fn the_cpu_conforms_on_every_instruction_set() {
    for set in InstructionSet::ALL.iter().copied().filter(|set| set.is_available()) {
        conform(&CpuBackend { set: Some(set) }, &checks(), &[]);
    }
}

/// The processor sums before it rounds, so the checks are those that pull back.
#[test]
fn the_cpu_conforms_in_half_precision() {
    let pulls = |check: &&Check| ["paintings", "features", "small_pictures"].contains(&check.name);
    let checks: Vec<Check> = CHECKS.iter().filter(pulls).copied().collect();
    conform_in_half(&CpuBackend { set: None }, &checks, &[]);
}

/// Plays an engine of another crate: it uses only public items.
#[derive(Debug)]
struct Wrapped(Arc<dyn Backend>);

impl Backend for Wrapped {
    fn name(&self) -> &str {
        "wrapped"
    }

    fn available(&self) -> Result<(), String> {
        self.0.available()
    }

    fn memory(&self) -> Option<u64> {
        Some(1 << 30)
    }

    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        Ok(Box::new(Tiled::new(self.0.prepare(network, cancel)?, Tiling::default())))
    }
}

#[test]
fn a_backend_from_outside_conforms() {
    let quick: Vec<_> = CHECKS.iter().filter(|check| check.name != "larger_pictures").copied().collect();
    let skipped = [("ends_of_the_range", "small_pictures has the same code"), ("wide_layers", "takes long")];
    conform(&Wrapped(impasto_engine::backend("auto").unwrap()), &quick, &skipped);
}

/// The steps on the host against steps that are written for themselves in f64.
#[test]
fn a_backend_with_a_memory_of_its_own_conforms() {
    let apart = Apart::new(impasto_engine::backend("auto").unwrap());
    let paintings: Vec<Check> = CHECKS.iter().filter(|check| check.name == "paintings").copied().collect();
    conform(&apart, &paintings, &[]);
    assert!(apart.crossings().read() > 0, "the paintings were elsewhere");
}

#[test]
#[should_panic(expected = "there is no check everything")]
fn what_is_skipped_must_exist() {
    conform(&ReferenceBackend, &[], &[("everything", "it is late")]);
}
