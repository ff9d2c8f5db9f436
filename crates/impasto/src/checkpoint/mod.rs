//! Checkpoints: everything that a run needs to go on as if it had never stopped.
//!
//! A checkpoint holds the pixels, the optimiser's state, the average and the best iterate, where the run stands, and the
//! fingerprint of all that decides its result. It is a safetensors file, so that any tool can look into it. A session that
//! takes one up must have been built the same way; what differs is named.

mod file;
mod fingerprint;

use std::path::{Path, PathBuf};

use impasto_image::ImageError;
use serde::{Deserialize, Serialize};

pub(crate) use file::{each_bytes, write};
pub(crate) use fingerprint::{Fingerprint, hexadecimal, picture_digest};

use crate::Error;
use crate::optimiser::{Average, Home, Optimiser, Values};
use crate::pace::Convergence;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// A checkpoint that was found intact. Its vectors stay in the file, which is kept open.
#[derive(Debug)]
pub struct Checkpoint {
    pub(crate) state: State,
    tensors: file::Tensors,
    /// What the caller wants to find again: no business of ours.
    note: String,
    pub(crate) path: PathBuf,
}

/// Everything but the large vectors.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Of the format.
    pub(crate) version: u32,
    /// Of the program that wrote it.
    pub(crate) program: String,
    pub(crate) fingerprint: Fingerprint,
    /// Index of the scale.
    pub(crate) scale: usize,
    /// Iterations done at the scale.
    pub(crate) iteration: usize,
    pub(crate) optimiser: Optimiser,
    pub(crate) average: Average,
    /// The lowest loss of the final scale.
    pub(crate) best: Option<f64>,
    /// How the scale goes.
    #[serde(default)]
    pub(crate) pace: Convergence,
    /// The average before the last step, where a step back is kept.
    pub(crate) before: Option<Average>,
}

impl Checkpoint {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] and [`CheckpointError::Damaged`], [`CheckpointError::Version`].
    pub fn read(path: &Path) -> Result<Checkpoint, CheckpointError> {
        let (state, note, tensors) = file::read(path)?;
        Ok(Checkpoint { state, tensors, note, path: path.into() })
    }

    /// What [`Session::save`](crate::Session::save) was given to keep.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The instruction set that the run must go on with.
    pub fn instruction_set(&self) -> &str {
        &self.state.fingerprint.instruction_set
    }

    /// Pixels of the largest tile that the run must go on with, if it was cut in tiles.
    pub fn window(&self) -> Option<usize> {
        self.state.fingerprint.window
    }

    /// The version of the program that wrote it.
    pub fn program(&self) -> &str {
        &self.state.program
    }

    /// A vector, of `len` numbers or of none.
    pub(crate) fn vector(&self, name: &str, len: usize, home: &Home) -> Result<Values, Error> {
        self.tensors.read(&self.path, name, len, home)
    }

    pub(crate) fn differs(&self, what: String) -> CheckpointError {
        CheckpointError::Differs { path: self.path.clone(), what }
    }
}

impl State {
    pub(crate) fn new(fingerprint: Fingerprint, optimiser: Optimiser, average: Average) -> State {
        State {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            fingerprint,
            scale: 0,
            iteration: 0,
            optimiser,
            average,
            best: None,
            pace: Convergence::default(),
            before: None,
        }
    }
}

/// Why a checkpoint could not be written or taken up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] ImageError),
    /// The run has diverged, has lost a part of its state, or was finished.
    #[error("a run that has failed or was finished cannot be saved")]
    Failed,
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not a checkpoint, or not a whole one.
    #[error("{} is no intact checkpoint: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Written in another format.
    #[error("{} has checkpoint version {found}, expected {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// Of another run than the one that shall take it up.
    #[error("{} belongs to another run: {what}", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// What is not the same.
        what: String,
    },
}

impl CheckpointError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            CheckpointError::Write(error) => error.hint(),
            CheckpointError::Damaged { .. } => Some("begin the run anew; nothing of it can be used".into()),
            CheckpointError::Version { .. } => {
                Some("resume with the version of impasto that wrote it, or begin anew".into())
            }
            CheckpointError::Differs { .. } => {
                Some("give back what it was before, or begin the run anew".into())
            }
            CheckpointError::Failed => {
                Some("go on from the last checkpoint before it, with other options".into())
            }
            CheckpointError::Read { .. } => None,
        }
    }
}
