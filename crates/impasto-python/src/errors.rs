//! Errors of the library as the exceptions of `impasto._errors`, with options spelled as keywords.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use impasto_job::{Cause, ErrorKind, JobError, spell};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::threads::pool;

/// Commands that messages of the library name, each with the function that does the same here.
const SPOKEN: [(&str, &str); 3] = [
    ("`impasto show`", "impasto.read_recipe"),
    ("`impasto models list`", "impasto.models()"),
    ("`models list`", "impasto.models()"),
];

/// Returns a message with options spelled as Python spells them: `` `style_scale` `` is `style_scale`.
pub(crate) fn spelled(message: &str) -> String {
    let message = spell(message, str::to_owned);
    SPOKEN.iter().fold(message, |message, (command, here)| message.replace(command, here))
}

/// The name of the option that a message begins with, if it does.
fn option_in(message: &str) -> Option<String> {
    let name = message.strip_prefix('`')?.split('`').next()?;
    name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_').then(|| name.to_owned())
}

/// Returns the exception for an error of a job.
pub(crate) fn exception(py: Python<'_>, error: &JobError) -> PyErr {
    made(py, error).unwrap_or_else(|failure| failure)
}

fn made(py: Python<'_>, error: &JobError) -> PyResult<PyErr> {
    let (mut cause, mut option, mut fits) = ("other", None, None);
    match error.cause() {
        Cause::Option(name) => (cause, option) = ("option", Some((*name).to_owned())),
        Cause::Picture => cause = "picture",
        Cause::Missing => cause = "missing",
        Cause::Model => cause = "model",
        Cause::Memory(size) => (cause, fits) = ("memory", Some(*size)),
        Cause::Diverged => cause = "diverged",
        Cause::Checkpoint => cause = "checkpoint",
        Cause::Device => cause = "device",
        Cause::Frames => cause = "frames",
        _ => {
            option = option_in(error.message());
            if option.is_some() && error.kind() == ErrorKind::BadInput {
                cause = "option";
            }
        }
    }
    let kind = match error.kind() {
        ErrorKind::BadInput => "input",
        ErrorKind::Environment => "environment",
        ErrorKind::Interrupted => "interrupted",
        ErrorKind::Bug => "bug",
        _ => "failed",
    };
    let facts = PyDict::new(py);
    facts.set_item("kind", kind)?;
    facts.set_item("cause", cause)?;
    facts.set_item("option", option)?;
    facts.set_item("fits", fits)?;
    facts.set_item("message", spelled(error.message()))?;
    facts.set_item("hint", error.hint_text().map(spelled))?;
    facts.set_item("checkpoint", error.checkpoint())?;
    let error = py.import("impasto._errors")?.getattr("of_job")?.call((), Some(&facts))?;
    Ok(PyErr::from_value(error))
}

/// Makes exceptions of errors.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Into<JobError>> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error.into()))
    }
}

/// Returns the error for a panic, which is a mistake in this program.
pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> JobError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    JobError::new(ErrorKind::Bug, format!("internal error: {text}"))
        .hint("this is a bug in impasto; please report it with the call and the pictures")
}

/// Runs work of the library with the interpreter released, on threads of this process. A panic is an exception, too.
pub(crate) fn working<T: Send, E: Into<JobError>>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    let done = py.detach(|| {
        let done = catch_unwind(AssertUnwindSafe(|| pool()?.install(|| work().map_err(Into::into))));
        done.unwrap_or_else(|panic| Err(of_panic(&*panic)))
    });
    done.or_raise(py)
}
