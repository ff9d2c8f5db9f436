//! Any bytes are an encoder or a typed error.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(encoder) = impasto_encoder::read("fuzz.safetensors", Cursor::new(data)) {
        // What was found good can be worked with.
        let deepest = encoder.topology().taps().last().expect("a layer");
        let _ = (encoder.parameters(), encoder.truncated(deepest));
    }
});
