//! Encoders by name: the embedded one, random ones, published ones on this machine, and files.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use crate::sources::{Store, catalogue};
use crate::{Encoder, EncoderError, RandomSpec};

/// Name of the encoder inside the binary.
pub const EMBEDDED: &str = "lite";

const LITE: &[u8] = include_bytes!("lite.safetensors");

/// A model that can be named without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name to pass for this model.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
}

/// The models that can be named without a file.
pub fn known() -> &'static [Known] {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let published = catalogue().iter().map(|model| Known { name: model.name, about: model.about });
        INSIDE.iter().copied().chain(published).collect()
    });
    &KNOWN
}

/// The models that are part of the program.
const INSIDE: [Known; 3] = [
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
];

/// Opens the encoder called `lite`, `random:...`, a published model by name, or a file by its path.
///
/// A published model must be on this machine, in our cache or in that of torch, Hugging Face or Keras; nothing is
/// downloaded. [`sources::Store`](crate::sources::Store) gives more control, and reports progress.
///
/// # Errors
/// [`EncoderError::UnknownModel`] with the nearest names, [`EncoderError::Source`] for a model that is not on this
/// machine, or the error of a wrong file.
pub fn open(name: &str) -> Result<Encoder, EncoderError> {
    if name == EMBEDDED {
        return crate::read(EMBEDDED, Cursor::new(LITE));
    }
    if name.starts_with("random:") {
        return Ok(name.parse::<RandomSpec>()?.encoder(name));
    }
    if let Some(model) = catalogue().iter().find(|model| model.name == name) {
        return Store::of_process().open(model, &mut |_| {});
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
