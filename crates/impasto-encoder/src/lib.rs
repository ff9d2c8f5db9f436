//! Defines a VGG network (an ordered chain of 3x3 convolutions with names and widths, 2x2 pooling between blocks, and
//! an affine map from RGB in 0..1 to the network's input), and reads and checks one.
//!
//! This crate does not run a network; `impasto-engine` does.
//!
//! Network: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014
//! (arXiv:1409.1556).
#![forbid(unsafe_code)]

mod assemble;
mod decoder;
mod encoder;
mod error;
mod family;
mod file;
mod formats;
mod layout;
mod levels;
mod random;
mod registry;
mod save;
mod sequence;
pub mod sources;
mod topology;

pub use decoder::{Decoder, Level, NEAREST};
pub use encoder::{Encoder, InputMap, Provenance, Weights};
pub use error::EncoderError;
pub use family::{ChannelOrder, Family, Identified, identify};
pub use file::{Examined, examine, import_file, read, read_file};
pub use formats::Format;
pub use levels::{levels, levels_sha256, read_levels};
pub use random::RandomSpec;
pub use registry::{EMBEDDED, Known, known, open};
pub use save::Precision;
pub use topology::{Conv, Pooling, Tap, Topology};

/// The known names that are most similar to `typed`, best first, at most three.
///
/// Used for the hints of errors about names: layers, models, presets.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut scored: Vec<(f64, &str)> =
        known.into_iter().map(|name| (strsim::jaro_winkler(typed, name), name)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().filter(|(score, _)| *score > 0.6).take(3).map(|(_, name)| name.to_string()).collect()
}

/// A digest as hexadecimal text.
fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
