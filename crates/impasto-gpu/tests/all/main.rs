//! The engine against the conformance suite and on its own, on the first adapter of the machine, or on the one that
//! `IMPASTO_TEST_ADAPTER` names. Debian's `mesa-vulkan-drivers` bring one that runs on the processor.
#![allow(clippy::unwrap_used)] // a failing test

mod autoencoder;
mod conformance;
mod half;
mod units;
mod ways;

use std::io::Write;
use std::sync::{Arc, OnceLock};

use impasto_gpu::GpuBackend;

/// The card of the tests, opened once; `None`, after saying so, where there is none.
fn card() -> Option<Arc<GpuBackend>> {
    static CARD: OnceLock<Result<Arc<GpuBackend>, String>> = OnceLock::new();
    let open = || {
        let name = std::env::var("IMPASTO_TEST_ADAPTER").unwrap_or_else(|_| "gpu".into());
        GpuBackend::find(&name).map(Arc::new).map_err(|error| error.to_string())
    };
    match CARD.get_or_init(open) {
        Ok(card) => Some(card.clone()),
        Err(reason) => {
            skip(reason);
            None
        }
    }
}

/// Says that a test does nothing here; fails where that is forbidden.
fn skip(reason: &str) {
    let forbidden = std::env::var_os("IMPASTO_NO_SKIPS");
    assert!(!forbidden.is_some_and(|value| value == "1" || value == "units"), "skipped: {reason}");
    say(reason);
}

/// Says that a test does nothing here.
fn say(reason: &str) {
    // Not by a macro, which the test harness would catch.
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}
