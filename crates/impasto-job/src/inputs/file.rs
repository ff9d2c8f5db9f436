//! Inputs from files, with what a report needs to know of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::Picture;
use impasto::image::{self, Decoded, Depth, Limits, Metadata, Space};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::JobError;

/// A decoded file.
#[derive(Clone)]
pub struct Input {
    /// The name of the file.
    pub path: PathBuf,
    /// The picture, with what its file says of it.
    pub decoded: Decoded,
    /// Name, digest and size.
    pub summary: InputSummary,
}

impl Input {
    /// A picture from the bytes of a file that lies elsewhere: an upload, a database.
    ///
    /// # Errors
    /// When the bytes are no picture, or are above the limits.
    pub fn from_bytes(name: &str, bytes: &[u8], limits: &Limits) -> Result<Input, JobError> {
        Unread { path: name.into(), bytes: bytes.into(), limits: *limits, sha256: sha256(bytes) }.decode()
    }

    /// In place of the content of a texture: its size, in the space and with the precision of the first style.
    pub(crate) fn nothing((width, height): (usize, usize), like: Option<&Input>) -> Input {
        let of = like.map(|input| &input.decoded);
        let decoded = Decoded {
            // A texture knows its size; this is never looked at.
            picture: Picture::filled(1, 1, [0.5; 3]),
            space: of.map_or(Space::Srgb, |of| of.space),
            alpha: None,
            depth: of.map_or(Depth::Eight, |of| of.depth),
            icc_profile: of.and_then(|of| of.icc_profile.clone()),
            metadata: Metadata::default(),
            is_one_of_several: false,
        };
        let summary = InputSummary { path: String::new(), sha256: String::new(), width, height };
        Input { path: PathBuf::new(), decoded, summary }
    }

    /// Leaves its name, its digest and its size.
    pub(crate) fn forget_picture(&mut self) {
        (self.decoded.picture, self.decoded.alpha) = (Picture::filled(1, 1, [0.0; 3]), None);
    }

    /// Whether it was read from somewhere.
    pub fn is_file(&self) -> bool {
        !self.path.as_os_str().is_empty()
    }

    /// Of the file's bytes.
    pub fn sha256(&self) -> &str {
        &self.summary.sha256
    }

    /// What its file has more of than is used.
    pub fn note(&self) -> Option<String> {
        let name = self.path.display();
        self.decoded
            .is_one_of_several
            .then(|| format!("note: {name} holds several pictures; the first is taken"))
    }
}

/// What a report says of an input.
#[derive(Clone, Serialize)]
pub struct InputSummary {
    /// The name of the file.
    pub path: String,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

/// The bytes of a file, which are hashed and decoded: both see the same.
pub(crate) struct Unread {
    path: PathBuf,
    bytes: Arc<[u8]>,
    limits: Limits,
    pub(crate) sha256: String,
}

/// Reads a file.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Unread, JobError> {
    let bytes = image::read(path, limits)?;
    Ok(Unread { path: path.into(), sha256: sha256(&bytes), bytes, limits: *limits })
}

impl Unread {
    /// Decodes the picture.
    pub(crate) fn decode(self) -> Result<Input, JobError> {
        let Unread { path, bytes, limits, sha256 } = self;
        let decoded = image::decode(bytes, &path.display().to_string(), &limits)?;
        let (width, height) = decoded.picture.size();
        let summary = InputSummary { path: path.display().to_string(), sha256, width, height };
        Ok(Input { path, decoded, summary })
    }
}

/// Reads and decodes a picture.
///
/// # Errors
/// When the file cannot be read, is no picture, or is above the limits.
pub fn read(path: &Path, limits: &Limits) -> Result<Input, JobError> {
    open(path, limits)?.decode()
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file that is written, and that is also the model, would be lost.
pub fn check_model(option: &str, output: &Path, model: &str) -> Result<(), JobError> {
    match (fs::canonicalize(output), fs::canonicalize(model)) {
        (Ok(output), Ok(file)) if output == file => {
            Err(JobError::bad_input(format!("{model} is the model: it would be overwritten"))
                .hint(format!("give another name with {option}")))
        }
        _ => Ok(()),
    }
}

/// A file that is written, by the option named, and that is also an input would be lost.
pub fn check_apart(option: &str, output: &Path, inputs: &[&Input]) -> Result<(), JobError> {
    let Ok(output) = fs::canonicalize(output) else { return Ok(()) };
    match inputs.iter().find(|input| fs::canonicalize(&input.path).is_ok_and(|path| path == output)) {
        Some(input) => {
            Err(JobError::bad_input(format!("{} is an input: it would be overwritten", input.path.display()))
                .hint(format!("give another name with {option}")))
        }
        None => Ok(()),
    }
}
