//! The data folder: what lies where, and how much room there is.
//!
//! `studio.sqlite` is the database, `token` the secret. The running server holds `lock`, and `address` has its address.
//! `pictures/ab/<sha256>` holds uploads, `jobs/<uuid>/` the files of a job, `incoming/` uploads that are not complete.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
use impasto_job::{ErrorKind, JobError};

use crate::problem::Problem;

/// Free space that is never used: the disk belongs to others too.
const RESERVE: u64 = 1 << 30;

/// The names of the file that is held, of the file with the address of the server, and of that with the secret.
const LOCK: &str = "lock";
const ADDRESS: &str = "address";
const TOKEN: &str = "token";

/// Whether a running server holds the folder.
pub(crate) fn is_in_use(root: &Path) -> bool {
    File::open(root.join(LOCK))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The error for a folder that another server holds, with the address that opens that server.
pub(crate) fn in_use(root: &Path) -> JobError {
    let message = format!("another studio uses the folder {}", root.display());
    let error = JobError::new(ErrorKind::Environment, message);
    let read = |name: &str| fs::read_to_string(root.join(name)).ok();
    match (read(ADDRESS), read(TOKEN)) {
        (Some(address), Some(token)) => error.hint(format!(
            "open http://{}/#token={} to use it; or stop it; or start a second one with --port 0 and another folder \
             with --data",
            address.trim(),
            token.trim()
        )),
        _ => error.hint("stop it, or start a second one with --port 0 and another folder with --data"),
    }
}

/// The data folder.
pub(crate) struct Files {
    root: PathBuf,
    /// The most bytes that the folder may hold.
    pub(crate) quota: u64,
    /// The bytes that it holds, as counted last and changed since.
    used: AtomicU64,
    /// Held as long as the server runs.
    _lock: File,
}

impl Files {
    /// Opens the folder, or makes it. Only one server may use a folder.
    pub(crate) fn open(root: &Path, quota: u64) -> Result<Files, JobError> {
        let failed = |error: io::Error| JobError::write(root, &error);
        let root = std::path::absolute(root).map_err(failed)?;
        if !root.exists() {
            fs::create_dir_all(&root).map_err(failed)?;
            private(&root).map_err(failed)?;
        }
        let lock = File::create(root.join(LOCK)).map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(in_use(&root));
        }
        let _ = fs::remove_file(root.join(ADDRESS));
        let _ = fs::remove_dir_all(root.join("incoming"));
        for folder in ["pictures", "jobs", "incoming"] {
            fs::create_dir_all(root.join(folder)).map_err(failed)?;
        }
        let files = Files { root, quota, used: AtomicU64::new(0), _lock: lock };
        files.count();
        Ok(files)
    }

    /// Keeps the address of the server, for those who find the folder in use. It is not the secret.
    pub(crate) fn keep_address(&self, address: &str) {
        let _ = fs::write(self.root.join(ADDRESS), address);
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("studio.sqlite")
    }

    pub(crate) fn token(&self) -> PathBuf {
        self.root.join(TOKEN)
    }

    /// The folder of uploads that are not complete.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// The file of a picture.
    pub(crate) fn picture(&self, id: &str) -> PathBuf {
        self.root.join("pictures").join(&id[..2]).join(id)
    }

    /// A picture of a film: its first frame.
    pub(crate) fn poster(&self, id: &str) -> PathBuf {
        self.root.join("pictures").join(&id[..2]).join(format!("{id}.poster.png"))
    }

    /// The folder of a job.
    pub(crate) fn job(&self, id: &str) -> PathBuf {
        self.root.join("jobs").join(id)
    }

    /// Removes the folder of a job.
    pub(crate) fn remove_job(&self, id: &str) {
        let folder = self.job(id);
        let bytes = size_of(&folder);
        if fs::remove_dir_all(folder).is_ok() {
            self.replace(bytes, 0);
        }
    }

    /// Removes the file of a picture, and its small versions.
    pub(crate) fn remove_picture(&self, id: &str) {
        let path = self.picture(id);
        for entry in
            path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten()
        {
            if entry.file_name().to_string_lossy().starts_with(id) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Counts the bytes that the folder holds.
    pub(crate) fn count(&self) {
        self.used.store(size_of(&self.root), Ordering::Relaxed);
    }

    /// Adds bytes that were written since the last count.
    pub(crate) fn add(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes anew that were counted before.
    pub(crate) fn replace(&self, before: u64, now: u64) {
        let counted = |used: u64| Some(used.saturating_sub(before).saturating_add(now));
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
    }

    /// The bytes that the folder holds.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// The free bytes of the disk.
    pub(crate) fn free(&self) -> u64 {
        fs4::available_space(&self.root).unwrap_or(u64::MAX)
    }

    /// Refuses work for which there is no room.
    pub(crate) fn check_room(&self, bytes: u64) -> Result<(), Problem> {
        let full = |detail: String, hint: &str| {
            Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, "no-room", detail).hint(hint))
        };
        if self.used().saturating_add(bytes) > self.quota {
            let (used, quota) = (megabytes(self.used()), megabytes(self.quota));
            let detail = format!("the studio holds {used} MB of {quota} MB that it may");
            return full(detail, "empty the bin, delete jobs, or start the server with a larger --quota");
        }
        if self.free() < RESERVE.saturating_add(bytes) {
            let detail = format!("the disk has only {} MB left", megabytes(self.free()));
            return full(detail, "delete jobs or other files: the studio leaves 1 GB of the disk free");
        }
        Ok(())
    }
}

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

/// The bytes of all files in a folder.
pub(crate) fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => size_of(&entry.path()),
        Ok(facts) => facts.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}

/// Lets only this user into the folder.
fn private(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
