//! Input files: decoded, with the facts that reports state about them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::Picture;
use impasto::image::{self, Decoded, Depth, Limits, Metadata, Note, Space};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::JobError;

/// A decoded input file.
#[derive(Clone)]
pub struct Input {
    /// The name of the file.
    pub path: PathBuf,
    /// The picture, with the properties of its file.
    pub decoded: Decoded,
    /// Name, digest and size, as reports state them.
    pub summary: InputSummary,
}

impl Input {
    /// Decodes a picture from bytes that are not in a file, such as an upload or a value in a database.
    ///
    /// # Errors
    /// When the bytes are not a picture, or exceed the limits.
    pub fn from_bytes(name: &str, bytes: &[u8], limits: &Limits) -> Result<Input, JobError> {
        Unread { path: name.into(), bytes: bytes.into(), limits: *limits, sha256: sha256(bytes) }.decode()
    }

    /// Returns a stand-in for the content of a texture: the texture's size, with the colour space and the bit depth of
    /// the first style.
    pub(crate) fn nothing((width, height): (usize, usize), like: Option<&Input>) -> Input {
        let of = like.map(|input| &input.decoded);
        let decoded = Decoded {
            // Never used: the size of a texture is an option.
            picture: Picture::filled(1, 1, [0.5; 3]),
            space: of.map_or(Space::Srgb, |of| of.space),
            alpha: None,
            depth: of.map_or(Depth::Eight, |of| of.depth),
            icc_profile: of.and_then(|of| of.icc_profile.clone()),
            metadata: Metadata::default(),
            is_one_of_several: false,
            notes: Vec::new(),
        };
        let summary = InputSummary { path: String::new(), sha256: String::new(), width, height };
        Input { path: PathBuf::new(), decoded, summary }
    }

    /// Drops the picture, but keeps its name, digest and size.
    pub(crate) fn forget_picture(&mut self) {
        (self.decoded.picture, self.decoded.alpha) = (Picture::filled(1, 1, [0.0; 3]), None);
    }

    /// Whether the picture was read from a file; the stand-in for a texture's content was not.
    pub fn is_file(&self) -> bool {
        !self.path.as_os_str().is_empty()
    }

    /// SHA-256 of the file's bytes, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.summary.sha256
    }

    /// Returns notes for the user on how the file was read.
    pub fn notes(&self) -> Vec<String> {
        let (name, decoded) = (self.path.display(), &self.decoded);
        let is_counted = decoded
            .notes
            .iter()
            .any(|note| matches!(note, Note::FirstOf { .. } | Note::MainOf { .. } | Note::LargestOf { .. }));
        let several = decoded.is_one_of_several && !is_counted;
        let several = several.then(|| format!("note: {name} holds several pictures; the first is taken"));
        several.into_iter().chain(decoded.notes.iter().map(|note| format!("note: {name} {note}"))).collect()
    }
}

/// The facts that a report states about an input.
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

/// The bytes of a file, not decoded yet. The digest is of exactly the bytes that are decoded.
pub(crate) struct Unread {
    path: PathBuf,
    bytes: Arc<[u8]>,
    limits: Limits,
    pub(crate) sha256: String,
}

/// Reads the bytes of a file.
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
/// When the file cannot be read, is not a picture, or exceeds the limits.
pub fn read(path: &Path, limits: &Limits) -> Result<Input, JobError> {
    open(path, limits)?.decode()
}

/// Returns the SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses an output file, given by `option`, that is the model: the model would be lost.
pub fn check_model(option: &str, output: &Path, model: &str) -> Result<(), JobError> {
    match (fs::canonicalize(output), fs::canonicalize(model)) {
        (Ok(output), Ok(file)) if output == file => {
            Err(JobError::bad_input(format!("{model} is the model: it would be overwritten"))
                .hint(format!("give another name with {option}")))
        }
        _ => Ok(()),
    }
}

/// Refuses an output file, given by `option`, that is an input: the input would be lost.
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
