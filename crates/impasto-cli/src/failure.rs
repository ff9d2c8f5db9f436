//! Errors as the user sees them: `error:` and `hint:` lines, and an exit code.

use std::path::Path;
use std::process::ExitCode;

use impasto::encoder::EncoderError;
use impasto::engine::EngineError;
use impasto::image::ImageError;
use impasto::{CheckpointError, Setting};

use crate::output::{printable_lines, say};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    code: u8,
}

const FAILED: u8 = 1;
const BAD_INPUT: u8 = 2;
const ENVIRONMENT: u8 = 3;
const INTERRUPTED: u8 = 130;

impl Failure {
    /// Something that the user asked for and that cannot be.
    pub(crate) fn bad_input(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), hint: None, code: BAD_INPUT }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint to what there may be.
    pub(crate) fn and_hint(self, hint: impl Into<String>) -> Failure {
        match &self.hint {
            Some(first) => {
                let both = format!("{first}; {}", hint.into());
                self.hint(both)
            }
            None => self.hint(hint),
        }
    }

    /// Names the option that it is about.
    pub(crate) fn about(mut self, option: &str) -> Failure {
        self.message = format!("{option}: {}", self.message);
        self
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), hint: None, code: INTERRUPTED }
    }

    /// A panic that nobody caught.
    pub(crate) fn bug(message: String) -> Failure {
        Failure { message: format!("internal error: {message}"), hint: None, code: FAILED }
            .hint("this is a bug in impasto; please report it with the command and the pictures")
    }

    /// Work that did not come to its end.
    pub(crate) fn failed(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), hint: None, code: FAILED }
    }

    /// A file or folder that could not be read.
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Failure {
        Failure::bad_input(format!("cannot read {}: {error}", path.display()))
    }

    /// Without the hint.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// A file that could not be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Failure {
        Failure {
            message: format!("cannot write {}: {error}", path.display()),
            hint: None,
            code: ENVIRONMENT,
        }
    }

    pub(crate) fn print(&self) {
        // Names of files and tensors, and what servers answer, are texts of strangers.
        say(&printable_lines(&format!("error: {}", self.message)));
        if let Some(hint) = &self.hint {
            say(&printable_lines(&format!("hint: {hint}")));
        }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// A message of the library, with its settings as they are spelled here: `style_scale` is `--style-scale`.
fn with_options(message: &str) -> String {
    Setting::spell(message, |setting| format!("--{}", setting.name().replace('_', "-")))
}

impl From<impasto::Error> for Failure {
    fn from(error: impasto::Error) -> Failure {
        let code = match &error {
            impasto::Error::Diverged { .. } | impasto::Error::NotFinite { .. } => FAILED,
            impasto::Error::Threads { .. } => ENVIRONMENT,
            impasto::Error::Encoder(EncoderError::Source(_)) => ENVIRONMENT,
            impasto::Error::Engine(EngineError::Cancelled) => INTERRUPTED,
            impasto::Error::Encoder(EncoderError::Write { .. })
            | impasto::Error::Checkpoint(CheckpointError::Write(_))
            | impasto::Error::Stream { .. }
            | impasto::Error::Engine(EngineError::Spill { .. }) => ENVIRONMENT,
            _ => BAD_INPUT,
        };
        let message = match error.is_cancelled() {
            true => "interrupted; nothing was written".into(),
            false => with_options(&error.to_string()),
        };
        Failure { message, hint: error.hint().map(|hint| with_options(&hint)), code }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Failure {
        let code = if matches!(error, ImageError::Write { .. }) { ENVIRONMENT } else { BAD_INPUT };
        let failure = Failure { message: error.to_string(), hint: error.hint(), code };
        match error {
            ImageError::TooLarge { .. } => failure.and_hint("or raise the limit with --limits"),
            ImageError::TooSlow { .. } => failure.and_hint("or give it more time with --limits time=60s"),
            _ => failure,
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        impasto::Error::from(error).into()
    }
}

impl From<EncoderError> for Failure {
    fn from(error: EncoderError) -> Failure {
        impasto::Error::from(error).into()
    }
}
