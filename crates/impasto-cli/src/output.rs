//! Data on stdout, where a closed pipe is not an error, and messages on stderr.

use std::io::{self, Write};
use std::path::Path;

pub(crate) use impasto_job::text::printable;

use crate::failure::Failure;

/// Prints a line of data. It is not an error if the reader closed the pipe (`head`), but any other loss of data is.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::write(Path::new("standard output"), &error))
        }
        _ => Ok(()),
    }
}

/// Like [`printable`], for a text of several lines.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Writes a message to stderr. If nobody can read it, the work continues all the same.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
