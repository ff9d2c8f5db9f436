//! Encoders by name: the embedded one, random ones, published ones that are on this machine, and files.

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
    /// What to pass as the model's name.
    pub name: &'static str,
    /// What it is, in one line.
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

/// Those that are part of the program.
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

/// The encoder called `lite`, `random:...`, one of the published models by name, or at a path.
///
/// A published model has to be on this machine, in our cache or in that of torch, Hugging Face or Keras; the network is never
/// asked. [`sources::Store`](crate::sources::Store) tells more of what happens on the way.
///
/// # Errors
/// [`EncoderError::UnknownModel`] with the nearest names, [`EncoderError::Source`] for a model that is not here, or what is
/// wrong with the file.
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
