//! Data on stdout, where a closed pipe is no error; and memory that the process took.

use std::io::{self, Write};

/// Prints a line of data. A reader that closed the pipe (`head`) has what it wanted.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// The largest resident memory so far, where the system tells (Linux).
pub(crate) fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
