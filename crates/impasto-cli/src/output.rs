//! Data on stdout, where a closed pipe is no error; messages on stderr; and memory that the process took.

use std::io::{self, Write};
use std::path::Path;

pub(crate) use impasto_job::text::printable;

use crate::failure::Failure;

/// Prints a line of data. A reader that closed the pipe (`head`) has what it wanted; data that is lost otherwise is an
/// error.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::write(Path::new("standard output"), &error))
        }
        _ => Ok(()),
    }
}

/// As [`printable`], for a text of more than one line.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Says something to the user. Where nobody can read it, the work goes on all the same.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
