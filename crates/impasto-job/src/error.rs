//! The errors of jobs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use impasto::encoder::EncoderError;
use impasto::engine::EngineError;
use impasto::image::{ImageError, hint_of_missing, reason};
use impasto::{CheckpointError, Subject};

use crate::Painted;

/// The kind of an error, which tells who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The job asks for something impossible: a wrong option, a file that is missing or damaged.
    BadInput,
    /// The work failed: a run diverged, or some pictures of a batch could not be made.
    Failed,
    /// The environment prevents the work: a full disk, a folder that cannot be written to, no network.
    Environment,
    /// The job was interrupted.
    Interrupted,
    /// A mistake in this program.
    Bug,
}

/// The subject of an error, so that a program can react to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Something else, or an option that the message names in backquotes.
    #[default]
    Other,
    /// An option: its name.
    Option(&'static str),
    /// A picture that cannot be read, or not be written as asked.
    Picture,
    /// A picture that is not there.
    Missing,
    /// A model that is not there or cannot be used.
    Model,
    /// The run needs more memory than it may use. The largest size that fits, in pixels; 0 if none fits.
    Memory(usize),
    /// The run diverged.
    Diverged,
    /// A checkpoint that cannot be written or resumed.
    Checkpoint,
    /// A graphics card that was lost, is full, or refused its work.
    Device,
    /// Painted frames that a film cannot go on from: they are damaged, or of other settings.
    Frames,
}

/// An error, with a hint if something can be done about it. In both texts the names of options stand in backquotes
/// ([`spell`](crate::spell)).
#[derive(Debug)]
pub struct JobError {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    checkpoint: Option<PathBuf>,
    cause: Cause,
    painted: Option<Box<Painted>>,
}

impl JobError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> JobError {
        JobError {
            kind,
            message: message.into(),
            hint: None,
            checkpoint: None,
            cause: Cause::Other,
            painted: None,
        }
    }

    /// An error about an impossible request.
    pub fn bad_input(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::BadInput, message)
    }

    /// An error about work that failed.
    pub fn failed(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::Failed, message)
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::Interrupted, message)
    }

    pub(crate) fn bug(message: impl Into<String>) -> JobError {
        JobError::new(ErrorKind::Bug, message)
    }

    /// An error about a file or folder that could not be read.
    pub fn read(path: &Path, error: &io::Error) -> JobError {
        let missing = error.kind() == io::ErrorKind::NotFound;
        let reason = if missing { "no such file".into() } else { reason(error) };
        let read = JobError::bad_input(format!("cannot read {}: {reason}", path.display()));
        match error.kind() {
            io::ErrorKind::NotFound => read.hint(hint_of_missing(path)).caused_by(Cause::Missing),
            io::ErrorKind::PermissionDenied => read.hint("change its permissions so that you may read it"),
            _ => read,
        }
    }

    /// An error about a file that could not be written.
    pub fn write(path: &Path, error: &io::Error) -> JobError {
        let message = format!("cannot write {}: {}", path.display(), reason(error));
        let written = JobError::new(ErrorKind::Environment, message);
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                written.hint("choose a folder that you may write to, or change the permissions")
            }
            io::ErrorKind::StorageFull => written.hint("free some space on that disk, or write elsewhere"),
            _ => written,
        }
    }

    /// The error with this hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> JobError {
        self.hint = Some(hint.into());
        self
    }

    /// The error with this hint in addition to the one that it has.
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

    /// The error with this subject before its message.
    #[must_use]
    pub fn about(mut self, subject: &str) -> JobError {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    pub(crate) fn with_checkpoint(mut self, path: Option<PathBuf>) -> JobError {
        self.checkpoint = path;
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The subject of the error.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The last good picture of a run that failed.
    pub fn painted(&self) -> Option<&Painted> {
        self.painted.as_deref()
    }

    pub(crate) fn with_painted(mut self, painted: Painted) -> JobError {
        self.painted = Some(Box::new(painted));
        self
    }

    /// The error with this subject.
    #[must_use]
    pub fn caused_by(mut self, cause: Cause) -> JobError {
        self.cause = cause;
        self
    }

    /// The message, in one sentence, without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The hint: what can be done about the error.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The checkpoint from which the job can continue ([`Runner::resume`](crate::Runner::resume)).
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
            | impasto::Error::Engine(
                EngineError::Spill { .. }
                | EngineError::DeviceLost { .. }
                | EngineError::DeviceRefused { .. },
            ) => ErrorKind::Environment,
            impasto::Error::Engine(EngineError::Cancelled) => ErrorKind::Interrupted,
            _ => ErrorKind::BadInput,
        };
        let message = match error.is_cancelled() {
            true => "interrupted; nothing was written".into(),
            false => error.to_string(),
        };
        let cause = cause_of(&error);
        JobError { kind, message, hint: error.hint(), checkpoint: None, cause, painted: None }
    }
}

pub(crate) fn cause_of(error: &impasto::Error) -> Cause {
    match error {
        impasto::Error::Invalid { subject: Subject::Setting(setting), .. } => Cause::Option(setting.name()),
        impasto::Error::PresetNeedsLayer { setting, .. } => Cause::Option(setting.name()),
        impasto::Error::Unknown { kind: "iterate to keep", .. } => Cause::Option("keep"),
        impasto::Error::Unknown { kind, .. } => Cause::Option(kind),
        impasto::Error::Labels { .. } | impasto::Error::TooManyColours { .. } => Cause::Option("mask"),
        impasto::Error::NoStyle => Cause::Option("style"),
        impasto::Error::TooSmall { .. } => Cause::Picture,
        impasto::Error::TooLarge { fits, .. } => Cause::Memory(*fits),
        impasto::Error::Diverged { .. } | impasto::Error::NotFinite { .. } => Cause::Diverged,
        impasto::Error::Checkpoint(_) => Cause::Checkpoint,
        impasto::Error::Engine(
            EngineError::DeviceLost { .. }
            | EngineError::DeviceMemory { .. }
            | EngineError::DeviceTooSmall { .. }
            | EngineError::DeviceRefused { .. },
        ) => Cause::Device,
        impasto::Error::Encoder(EncoderError::UnknownPooling { .. }) => Cause::Option("pooling"),
        impasto::Error::Encoder(EncoderError::UnknownLayer { .. }) => Cause::Option("layers"),
        impasto::Error::Encoder(_) => Cause::Model,
        _ => Cause::Other,
    }
}

impl From<ImageError> for JobError {
    fn from(error: ImageError) -> JobError {
        let kind = match error {
            ImageError::Write { .. } => ErrorKind::Environment,
            _ => ErrorKind::BadInput,
        };
        let cause = match error {
            ImageError::NotFound { .. } => Cause::Missing,
            _ => Cause::Picture,
        };
        let made = JobError::new(kind, error.to_string()).caused_by(cause);
        let made = JobError { hint: error.hint(), ..made };
        match error {
            ImageError::TooLarge { raised, .. } => made.and_hint(format!("or give `limits` {raised}")),
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
