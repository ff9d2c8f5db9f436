//! Data on stdout, where a closed pipe is no error; checks of files to write; and memory that the process took.

use std::io::{self, Write};
use std::path::Path;

use crate::failure::Failure;

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

/// A file that cannot be written shall not be found out after the work.
pub(crate) fn check_writable(option: &str, path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(Failure::bad_input(format!("{option} {}: is a folder", path.display())));
    }
    if !folder.is_dir() {
        return Err(Failure::bad_input(format!(
            "{option} {}: no folder {}",
            path.display(),
            folder.display()
        )));
    }
    if folder.metadata().is_ok_and(|metadata| metadata.permissions().readonly()) {
        return Err(Failure::write(path, &io::Error::from(io::ErrorKind::PermissionDenied)));
    }
    Ok(())
}
