//! Any file is an encoder or a typed error, whatever format it begins as.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

/// A file of this process's own: PyTorch's files are read by their path.
fn place() -> &'static PathBuf {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| std::env::temp_dir().join(format!("impasto-fuzz-weights-{}", std::process::id())))
}

fuzz_target!(|data: &[u8]| {
    fs::write(place(), data).expect("a place for temporary files");
    if let Ok(encoder) = impasto_encoder::read_file(place()) {
        // What was found good can be worked with, and written.
        let deepest = encoder.topology().taps().last().expect("a layer");
        let _ = (encoder.parameters(), encoder.truncated(deepest));
        encoder.write(std::io::sink(), impasto_encoder::Precision::Half).expect("nothing can fail");
    }
});
