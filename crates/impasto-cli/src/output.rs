//! Data on stdout, where a closed pipe is no error; messages on stderr; and memory that the process took.

use std::io::{self, Write};
use std::path::Path;

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

/// Text of strangers for a terminal, which would obey to its control characters.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// As [`printable`], for a text of more than one line.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Says something to the user. Where nobody can read it, the work goes on all the same.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The largest resident memory so far, where the system tells (Linux).
pub(crate) fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
