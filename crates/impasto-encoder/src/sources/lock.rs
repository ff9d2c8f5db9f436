//! A lock between processes: a file that is there only while somebody holds it or waits for it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use same_file::Handle;

/// A lock that is held. Dropping it removes its file, and the folders that were made for it and are empty. If another
/// process waits meanwhile, an empty folder may stay.
#[derive(Debug)]
pub(super) struct Lock {
    /// Keeps the lock.
    _file: File,
    path: PathBuf,
    /// The folders that were made, the innermost first.
    made: Vec<PathBuf>,
}

impl Lock {
    /// Waits for the lock of this name; `waits` is called once if another process holds it.
    pub(super) fn new(path: &Path, waits: impl FnOnce()) -> io::Result<Lock> {
        /// Other processes may remove the file between two steps, but hardly this often.
        const TRIES: usize = 1000;
        let folder = path.parent().unwrap_or(Path::new(""));
        let made: Vec<PathBuf> = folder
            .ancestors()
            .filter(|folder| !folder.as_os_str().is_empty())
            .take_while(|folder| !folder.exists())
            .map(Path::to_path_buf)
            .collect();
        let mut waits = Some(waits);
        for _ in 0..TRIES {
            fs::create_dir_all(folder)?;
            let file = match OpenOptions::new().create(true).write(true).truncate(false).open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    waits.take().into_iter().for_each(|waits| waits());
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // The holder before may have removed the file. Then another process can lock the next file of this name.
            if is_at(&file, path)? {
                return Ok(Lock { _file: file, path: path.to_owned(), made });
            }
        }
        Err(io::Error::other("other processes remove the lock again and again"))
    }
}

/// Whether a path still names this file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = Handle::from_file(file.try_clone()?)?;
    match Handle::from_path(path) {
        Ok(there) => Ok(there == held),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A file that cannot be removed harms nobody: the next process locks it.
        let _ = fs::remove_file(&self.path);
        for folder in &self.made {
            // Folders with files in them stay.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn a_lock_leaves_nothing_behind_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/models/a.lock");
        let lock = Lock::new(&path, || panic!("nobody holds it")).unwrap();
        assert!(path.exists());
        drop(lock);
        assert!(!folder.path().join("new").exists());
        let lock = Lock::new(&path, || {}).unwrap();
        fs::write(path.with_file_name("kept"), "").unwrap();
        drop(lock);
        assert!(path.with_file_name("kept").exists() && !path.exists());
    }

    #[test]
    fn one_at_a_time_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, inside) = (folder.path().join("models/a.lock"), Mutex::new(()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _lock = Lock::new(&path, || {}).unwrap();
                        let alone = inside.try_lock().expect("two hold the lock");
                        thread::yield_now();
                        drop(alone);
                    }
                });
            }
        });
        assert!(!path.exists());
    }
}
