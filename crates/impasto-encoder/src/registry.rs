//! Encoders by name: the embedded one, random ones, and files.

use std::io::Cursor;
use std::path::Path;

use crate::{Encoder, EncoderError, RandomSpec};

/// Name of the encoder inside the binary.
pub const EMBEDDED: &str = "lite";

const LITE: &[u8] = include_bytes!("lite.safetensors");

/// A model that can be named without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What to pass as the model's name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
}

/// The models that can be named without a file.
pub fn known() -> &'static [Known] {
    &[
        Known {
            name: EMBEDDED,
            about: "VGG-19's layout at a quarter of its width, distilled from VGG-19, to relu5_1; inside the binary",
        },
        Known {
            name: "random:vgg19",
            about: "VGG-19 with random He-normal weights (?seed=0&width=1/4), for benchmarks and tests",
        },
        Known {
            name: "random:vgg16",
            about: "VGG-16 with random He-normal weights (?seed=0&width=1/4), for benchmarks and tests",
        },
    ]
}

/// The encoder called `lite`, `random:...`, or at a path.
///
/// # Errors
/// [`EncoderError::UnknownModel`] with the nearest names, or what is wrong with the file.
pub fn open(name: &str) -> Result<Encoder, EncoderError> {
    if name == EMBEDDED {
        return crate::read(EMBEDDED, Cursor::new(LITE));
    }
    if name.starts_with("random:") {
        return Ok(name.parse::<RandomSpec>()?.encoder(name));
    }
    let path = Path::new(name);
    if path.exists() || path.components().count() > 1 || path.extension().is_some() {
        return crate::read_file(path);
    }
    Err(EncoderError::UnknownModel {
        name: name.into(),
        nearest: crate::nearest(name, known().iter().map(|model| model.name)),
    })
}
