//! Checkpoints: everything that a run needs to continue as if it had never stopped.
//!
//! A checkpoint holds the pixels, the optimiser's state, the average, the best iterate, the position in the run,
//! and the fingerprint of everything that determines the result. It is a safetensors file, so any tool can inspect
//! it. A session that resumes from a checkpoint must have been built in the same way; otherwise the error names the
//! difference.

mod file;
mod fingerprint;

use std::path::{Path, PathBuf};

use impasto_engine::painting::{Home, Values};
use impasto_image::ImageError;
use serde::{Deserialize, Serialize};

pub(crate) use file::write;
pub(crate) use fingerprint::Fingerprint;

use crate::Error;
use crate::optimiser::{Average, Optimiser};
use crate::pace::Convergence;

/// The version of the file format. No other version is read. The note inside, which a job writes, has a form of its
/// own: `impasto-job` reads older forms of it.
const VERSION: u32 = 1;

/// A checkpoint that was found intact. Its vectors stay in the file, which is kept open.
#[derive(Debug)]
pub struct Checkpoint {
    pub(crate) state: State,
    tensors: file::Tensors,
    /// The caller's own text. The library does not interpret it.
    note: String,
    pub(crate) path: PathBuf,
}

/// Everything but the large vectors.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Version of the format.
    pub(crate) version: u32,
    /// Version of the program that wrote it.
    pub(crate) program: String,
    pub(crate) fingerprint: Fingerprint,
    /// Index of the current scale.
    pub(crate) scale: usize,
    /// Number of iterations done at this scale.
    pub(crate) iteration: usize,
    pub(crate) optimiser: Optimiser,
    pub(crate) average: Average,
    /// The lowest loss at the final scale.
    pub(crate) best: Option<f64>,
    /// Convergence of the current scale.
    #[serde(default)]
    pub(crate) pace: Convergence,
    /// The average before the last step, if the session can step back.
    pub(crate) before: Option<Average>,
}

impl Checkpoint {
    /// Reads a file and checks it.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] if the file cannot be read, [`CheckpointError::Damaged`] if it is not an intact
    /// checkpoint, and [`CheckpointError::Version`] if it has another format version.
    pub fn read(path: &Path) -> Result<Checkpoint, CheckpointError> {
        let (state, note, tensors) = file::read(path)?;
        Ok(Checkpoint { state, tensors, note, path: path.into() })
    }

    /// The text that [`Session::save`](crate::Session::save) was given to keep.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The instruction set that the run must continue with.
    pub fn instruction_set(&self) -> &str {
        &self.state.fingerprint.instruction_set
    }

    /// Pixels of the largest tile that the run must continue with; `None` if the picture was not cut.
    pub fn window(&self) -> Option<usize> {
        self.state.fingerprint.window
    }

    /// Version of the program that wrote the file.
    pub fn program(&self) -> &str {
        &self.state.program
    }

    /// Reads a vector, which must be empty or have `len` numbers.
    pub(crate) fn vector(&self, name: &str, len: usize, home: &Home) -> Result<Values, Error> {
        self.tensors.read(&self.path, name, len, home)
    }

    /// Whether there is a vector of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.has(name)
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

/// Reasons why a checkpoint could not be written or resumed.
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
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file is not a checkpoint, or not a complete one.
    #[error("{} is not an intact checkpoint: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The problem with it.
        problem: String,
    },
    /// The file has another format version.
    #[error("{} has checkpoint version {found}, expected {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// The checkpoint belongs to another run than the one that should resume from it.
    #[error("{} belongs to another run: {what}", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// The difference.
        what: String,
    },
}

impl CheckpointError {
    /// Advice for the user, if there is any.
    pub fn hint(&self) -> Option<String> {
        match self {
            CheckpointError::Write(error) => error.hint(),
            CheckpointError::Damaged { .. } => {
                Some("start the run again; no part of this file can be used".into())
            }
            CheckpointError::Version { .. } => {
                Some("resume with the version of impasto that wrote it, or start the run again".into())
            }
            CheckpointError::Differs { .. } => {
                Some("restore the earlier value, or start the run again".into())
            }
            CheckpointError::Failed => {
                Some("resume from the last checkpoint before the failure, with other options".into())
            }
            CheckpointError::Read { .. } => None,
        }
    }
}
