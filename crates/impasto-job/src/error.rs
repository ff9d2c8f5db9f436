//! Why a job did not do what it was asked.

use std::fmt;
use std::path::{Path, PathBuf};

use impasto::CheckpointError;
use impasto::encoder::EncoderError;
use impasto::engine::EngineError;
use impasto::image::ImageError;

/// The kind of an error: who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The job asks for something that cannot be: a wrong option, a file that is not there or is damaged.
    BadInput,
    /// The work did not come to its end: a run diverged, some pictures of a batch could not be made.
    Failed,
    /// The machine is in the way: a full disk, a folder that cannot be written, no network.
    Environment,
    /// Somebody ended the job.
    Interrupted,
    /// A mistake in this program.
    Bug,
}

/// An error, with a hint where there is something to be done about it. Options in both are in backquotes
/// ([`spell`](crate::spell)).
#[derive(Debug)]
pub struct JobError {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    checkpoint: Option<PathBuf>,
}

impl JobError {
    /// An error of a kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> JobError {
        JobError { kind, message: message.into(), hint: None, checkpoint: None }
    }

    /// Something that was asked for and cannot be.
    pub fn bad_input(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::BadInput, message)
    }

    /// Work that did not come to its end.
    pub fn failed(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::Failed, message)
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::Interrupted, message)
    }

    pub(crate) fn bug(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::Bug, message)
    }

    /// A file or folder that could not be read.
    pub fn read(path: &Path, error: &std::io::Error) -> JobError {
        JobError::bad_input(format!("cannot read {}: {error}", path.display()))
    }

    /// A file that could not be written.
    pub fn write(path: &Path, error: &std::io::Error) -> JobError {
        JobError::new(ErrorKind::Environment, format!("cannot write {}: {error}", path.display()))
    }

    /// The error with this hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> JobError {
        self.hint = Some(hint.into());
        self
    }

    /// The error with one hint more.
    #[must_use]
    pub fn and_hint(self, hint: impl Into<String>) -> JobError {
        match &self.hint {
            Some(first) => {
                let both = format!("{first}; {}", hint.into());
                self.hint(both)
            }
            None => self.hint(hint),
        }
    }

    /// The error with what it is about before its message.
    #[must_use]
    pub fn about(mut self, subject: &str) -> JobError {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    pub(crate) fn with_checkpoint(mut self, path: Option<PathBuf>) -> JobError {
        self.checkpoint = path;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message, in one sentence, without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What can be done about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The checkpoint from which the job can go on ([`Runner::resume`](crate::Runner::resume)).
    pub fn checkpoint(&self) -> Option<&Path> {
        self.checkpoint.as_deref()
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JobError {}

impl From<impasto::Error> for JobError {
    fn from(error: impasto::Error) -> JobError {
        let kind = match &error {
            impasto::Error::Diverged { .. } | impasto::Error::NotFinite { .. } => ErrorKind::Failed,
            impasto::Error::Threads { .. }
            | impasto::Error::Stream { .. }
            | impasto::Error::Encoder(EncoderError::Source(_) | EncoderError::Write { .. })
            | impasto::Error::Checkpoint(CheckpointError::Write(_))
            | impasto::Error::Engine(EngineError::Spill { .. }) => ErrorKind::Environment,
            impasto::Error::Engine(EngineError::Cancelled) => ErrorKind::Interrupted,
            _ => ErrorKind::BadInput,
        };
        let message = match error.is_cancelled() {
            true => "interrupted; nothing was written".into(),
            false => error.to_string(),
        };
        JobError { kind, message, hint: error.hint(), checkpoint: None }
    }
}

impl From<ImageError> for JobError {
    fn from(error: ImageError) -> JobError {
        let kind = match error {
            ImageError::Write { .. } => ErrorKind::Environment,
            _ => ErrorKind::BadInput,
        };
        let made = JobError { kind, message: error.to_string(), hint: error.hint(), checkpoint: None };
        match error {
            ImageError::TooLarge { .. } => made.and_hint("or raise the limit with `limits`"),
            ImageError::TooSlow { .. } => made.and_hint("or give it more time with `limits` time=60s"),
            _ => made,
        }
    }
}

impl From<EngineError> for JobError {
    fn from(error: EngineError) -> JobError {
        impasto::Error::from(error).into()
    }
}

impl From<EncoderError> for JobError {
    fn from(error: EncoderError) -> JobError {
        impasto::Error::from(error).into()
    }
}
