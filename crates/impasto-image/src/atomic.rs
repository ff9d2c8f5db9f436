//! Writes a file completely or not at all.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::ImageError;

/// The destination that a writer gets.
pub trait Sink: Write + Seek {}

impl<T: Write + Seek> Sink for T {}

/// Writes `path` through `write`, completely or not at all.
///
/// The bytes go to a temporary file in the same folder, which then replaces `path` in one step and takes over the
/// permissions of the old file. If anything fails before that, the old file is unchanged and the temporary one is
/// removed. A symbolic link is followed. Something that is not a file (a pipe, a terminal) is written directly, once
/// all bytes are there.
///
/// # Errors
/// [`ImageError::IsFolder`], [`ImageError::NoFolder`], [`ImageError::NotAFolder`], [`ImageError::Write`].
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Sink) -> io::Result<()>,
) -> Result<(), ImageError> {
    let target = Target::of(path)?;
    let written = if target.is_special {
        fs::OpenOptions::new().write(true).open(&target.file).and_then(|mut file| {
            // It cannot seek.
            let mut bytes = Cursor::new(Vec::new());
            write(&mut bytes)?;
            file.write_all(bytes.get_ref())?;
            file.flush()
        })
    } else {
        replace(&target, write)
    };
    written.map_err(|source| ImageError::Write { path: path.into(), source })
}

/// Checks whether `path` could be written, without leaving a trace: before the work, not after it.
///
/// # Errors
/// The errors of [`write_atomically`].
pub fn check_writable(path: &Path) -> Result<(), ImageError> {
    let target = Target::of(path)?;
    if target.is_special {
        return Ok(());
    }
    // Only trying tells: permissions, read-only disks and access lists all matter.
    temporary(&target).map(drop).map_err(|source| ImageError::Write { path: path.into(), source })
}

/// Most links that are followed; more must be a loop.
const MOST_LINKS: usize = 40;

/// The place where the bytes go.
struct Target {
    /// The file itself, with links resolved.
    file: PathBuf,
    /// The folder that it is in.
    folder: PathBuf,
    /// The permissions of the file that is replaced.
    permissions: Option<fs::Permissions>,
    /// Whether it is neither a file nor a folder, and must not be replaced.
    is_special: bool,
}

impl Target {
    fn of(path: &Path) -> Result<Self, ImageError> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(ImageError::IsFolder { path: path.into() });
        }
        // Replacing a link by a file would break what others have arranged, so replace its target. The target may not
        // exist yet, and the system follows only links to existing files.
        let mut file = path.to_owned();
        for _ in 0..MOST_LINKS {
            let (false, Ok(next)) = (file.exists(), fs::read_link(&file)) else { break };
            file = file.parent().unwrap_or(Path::new("")).join(next);
        }
        let file = file.canonicalize().unwrap_or(file);
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let found = match fs::metadata(&file) {
            Err(source) if source.kind() == io::ErrorKind::InvalidFilename => {
                return Err(ImageError::Write { path: path.into(), source });
            }
            found => found.ok(),
        };
        if found.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(ImageError::IsFolder { path: path.into() });
        }
        if folder.is_file() {
            return Err(ImageError::NotAFolder { path: path.into(), folder });
        }
        if !folder.is_dir() {
            return Err(ImageError::NoFolder { path: path.into(), folder });
        }
        if found.as_ref().is_some_and(|found| found.permissions().readonly()) {
            // The folder would allow it, but the file was protected for a reason.
            let source = io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected");
            return Err(ImageError::Write { path: path.into(), source });
        }
        let is_special = found.as_ref().is_some_and(|found| !found.is_file());
        Ok(Self { file, folder, permissions: found.map(|found| found.permissions()), is_special })
    }
}

fn replace(target: &Target, write: impl FnOnce(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
    let mut temporary = temporary(target)?;
    let mut buffer = BufWriter::new(temporary.as_file_mut());
    write(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    if let Some(permissions) = &target.permissions {
        // Not every file system supports it; the content matters more.
        let _ = temporary.as_file().set_permissions(permissions.clone());
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target.file)?;
    #[cfg(unix)]
    if let Ok(folder) = fs::File::open(&target.folder) {
        // Lets the new name survive a power cut too; the bytes are safe already.
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Makes a temporary file in the target's folder, which is removed when dropped. Also removes the leftovers of killed
/// processes for the same target: a lock ends with its process, so it marks the files that are still being written.
fn temporary(target: &Target) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file.file_name().unwrap_or_default());
    prefix.push(".");
    sweep(&target.folder, &prefix);
    match locked(&target.folder, &prefix) {
        // With the prefix and suffix, the name may be too long.
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
            locked(&target.folder, OsStr::new(".impasto-"))
        }
        made => made,
    }
}

const SUFFIX: &str = ".impasto-part";

/// Makes a new file with a lock.
fn locked(folder: &Path, prefix: &OsStr) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(SUFFIX);
    // Temporary files are private by default. This one becomes an ordinary file, whose mode the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        let file = builder.tempfile_in(folder)?;
        // Before it was locked, another process may have taken the file for a leftover.
        let lost =
            matches!(file.as_file().try_lock(), Err(fs::TryLockError::WouldBlock)) || !file.path().exists();
        if !lost {
            return Ok(file);
        }
    }
}

/// Removes files that no process holds a lock on. On a file system without locks, nothing is removed.
fn sweep(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix.as_encoded_bytes())
            && name.ends_with(SUFFIX.as_bytes())
            && let Ok(file) = fs::File::open(entry.path())
            && file.try_lock().is_ok()
        {
            // The lock is held until the file is removed.
            let _ = fs::remove_file(entry.path());
        }
    }
}
