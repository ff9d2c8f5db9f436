//! Errors as the user sees them: `error:` and `hint:` lines, and an exit code.

use std::path::Path;
use std::process::ExitCode;

use impasto::encoder::EncoderError;
use impasto::engine::EngineError;
use impasto::image::ImageError;
use impasto_job::{ErrorKind, JobError, spell};

use crate::output::{printable_lines, say};

/// The error of a command.
#[derive(Debug)]
pub(crate) struct Failure(JobError);

const FAILED: u8 = 1;
const BAD_INPUT: u8 = 2;
const ENVIRONMENT: u8 = 3;
const INTERRUPTED: u8 = 130;

impl Failure {
    /// An error about an impossible request.
    pub(crate) fn bad_input(message: impl Into<String>) -> Failure {
        Failure(JobError::bad_input(message))
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Failure {
        Failure(self.0.hint(hint))
    }

    /// Adds a hint to the one that there is.
    pub(crate) fn and_hint(self, hint: impl Into<String>) -> Failure {
        Failure(self.0.and_hint(hint))
    }

    /// Whether the message begins with an option, named as in the library.
    pub(crate) fn is_about(&self, option: &str) -> bool {
        self.0.message().starts_with(&format!("`{option}`"))
    }

    /// Puts the option that the error is about before the message.
    pub(crate) fn about(self, option: &str) -> Failure {
        Failure(self.0.about(option))
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> Failure {
        Failure(JobError::new(ErrorKind::Interrupted, message))
    }

    /// A mistake in this program, such as an uncaught panic.
    pub(crate) fn bug(message: impl Into<String>) -> Failure {
        Failure(JobError::new(ErrorKind::Bug, message))
    }

    /// An error about work that failed.
    pub(crate) fn failed(message: impl Into<String>) -> Failure {
        Failure(JobError::failed(message))
    }

    /// An error about a file or folder that could not be read.
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Failure {
        Failure(JobError::read(path, error))
    }

    /// An error about a file that could not be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Failure {
        Failure(JobError::write(path, error))
    }

    pub(crate) fn print(&self) {
        let bug = self.0.kind() == ErrorKind::Bug;
        let message = with_options(self.0.message());
        // File names, names of tensors and answers of servers come from outside, so control characters are escaped.
        say(&printable_lines(&format!("error: {}{message}", if bug { "internal error: " } else { "" })));
        let hint = self.0.hint_text().map(with_options);
        let goes_on = self.0.checkpoint().map(|path| format!("`impasto resume {}` goes on", path.display()));
        let report = bug.then(|| {
            "this is a bug in impasto; please report it with the command and the pictures".to_owned()
        });
        let hints: Vec<String> = hint.into_iter().chain(goes_on).chain(report).collect();
        if !hints.is_empty() {
            say(&printable_lines(&format!("hint: {}", hints.join("; "))));
        }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self.0.kind() {
            ErrorKind::BadInput => BAD_INPUT,
            ErrorKind::Environment => ENVIRONMENT,
            ErrorKind::Interrupted => INTERRUPTED,
            _ => FAILED,
        })
    }
}

/// Returns the message with its options as a command line spells them: `style_scale` is `--style-scale`.
pub(crate) fn with_options(message: &str) -> String {
    spell(message, |name| format!("--{}", name.replace('_', "-")))
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Failure {
        Failure(error)
    }
}

impl From<impasto::Error> for Failure {
    fn from(error: impasto::Error) -> Failure {
        Failure(error.into())
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Failure {
        Failure(error.into())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        Failure(error.into())
    }
}

impl From<EncoderError> for Failure {
    fn from(error: EncoderError) -> Failure {
        Failure(error.into())
    }
}
