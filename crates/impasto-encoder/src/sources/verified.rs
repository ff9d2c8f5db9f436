//! Remembers which files were verified, so that a large file is hashed once and not at each start.
//!
//! A file counts as unchanged while its length and modification time are the same. The list helps, but proves nothing:
//! a file that is not in it is hashed. It is `verified.json` in our own cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};

use super::lock::Lock;

/// The list in one of our folders.
pub(super) struct Verified {
    file: PathBuf,
}

/// The note about a file.
pub(super) struct Known {
    /// The digest it was verified against, or its own hash.
    pub(super) digest: String,
    /// Whether its length and time are unchanged.
    pub(super) is_unchanged: bool,
}

impl Verified {
    pub(super) fn in_folder(folder: &Path) -> Verified {
        Verified { file: folder.join("verified.json") }
    }

    fn read(&self) -> Map<String, Value> {
        let text = fs::read(&self.file).unwrap_or_default();
        match serde_json::from_slice(&text) {
            Ok(Value::Object(all)) => all,
            _ => Map::new(),
        }
    }

    /// The note about this file.
    pub(super) fn of(&self, path: &Path) -> Option<Known> {
        let all = self.read();
        let known = all.get(&key(path))?;
        let digest = known["digest"].as_str()?.to_string();
        let (bytes, modified) = stamp(path)?;
        let is_unchanged = known["bytes"] == json!(bytes) && known["modified"] == json!(modified);
        Some(Known { digest, is_unchanged })
    }

    /// Forgets a file that is about to be replaced; the old note would make the new file look damaged.
    pub(super) fn forget(&self, path: &Path) {
        self.change(|all| {
            all.remove(&key(path));
        });
    }

    /// Notes the digest of a file. A failure only costs time at the next start.
    pub(super) fn note(&self, path: &Path, digest: &str) {
        let Some((bytes, modified)) = stamp(path) else { return };
        self.change(|all| {
            // Files that no longer exist are forgotten.
            all.retain(|known, _| Path::new(known).exists());
            all.insert(key(path), json!({ "bytes": bytes, "modified": modified, "digest": digest }));
        });
    }

    /// Changes the list under a lock, so that no note of another process is lost. Readers always see a whole list.
    fn change(&self, change: impl FnOnce(&mut Map<String, Value>)) {
        if !self.file.parent().is_some_and(Path::is_dir) {
            return;
        }
        let Ok(_lock) = Lock::new(&self.file.with_extension("lock"), || {}) else { return };
        let mut all = self.read();
        change(&mut all);
        let beside = self.file.with_extension("new");
        let written = fs::write(&beside, Value::Object(all).to_string());
        if written.and_then(|()| fs::rename(&beside, &self.file)).is_err() {
            let _ = fs::remove_file(&beside);
        }
    }
}

fn key(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Length, and modification time in nanoseconds; links are followed.
fn stamp(path: &Path) -> Option<(u64, String)> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), modified.as_nanos().to_string()))
}
