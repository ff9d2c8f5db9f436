//! Any bytes are a picture or a typed error: no abort, no endless loop, no more memory than the limits allow. Decoders'
//! own panics are caught by design; each place that panics is named once, as it is worth a report to its maintainers.
#![no_main]

use std::collections::BTreeSet;
use std::sync::Mutex;

use impasto_image::{Limits, decode};
use libfuzzer_sys::fuzz_target;

/// Small, so that many are tried.
const LIMITS: Limits =
    Limits { pixels: 1 << 20, side: 8192, file: 1 << 20, memory: 64 << 20, time: None };

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fuzz_target!(
    init: {
        // The fuzzer's own ends the process at any panic.
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            if !place.contains(".cargo") && !place.contains("rustc") {
                eprintln!("panic in our own code: {info}");
                std::process::abort();
            }
            if SEEN.lock().is_ok_and(|mut seen| seen.insert(place.clone())) {
                eprintln!("caught: a decoder panics at {place}");
            }
        }));
    },
    |data: &[u8]| {
        let _ = decode(data, "fuzz", &LIMITS);
    }
);
