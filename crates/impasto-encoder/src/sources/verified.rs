//! Which files were verified already: a large file is hashed once, not at each start.
//!
//! A file counts as the same while its length and the time of its last change are. The list is a help and no proof: it is
//! looked at, and what it does not know is hashed. It lies in our own cache as `verified.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};

/// The list, in a folder of ours.
pub(super) struct Verified {
    file: PathBuf,
}

/// What is known of a file.
pub(super) struct Known {
    /// What it was verified against, or hashed to.
    pub(super) digest: String,
    /// Whether its length and time are still what they were.
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

    /// What is known of this file.
    pub(super) fn of(&self, path: &Path) -> Option<Known> {
        let all = self.read();
        let known = all.get(&key(path))?;
        let digest = known["digest"].as_str()?.to_string();
        let (bytes, modified) = stamp(path)?;
        let is_unchanged = known["bytes"] == json!(bytes) && known["modified"] == json!(modified);
        Some(Known { digest, is_unchanged })
    }

    /// Forgets a file that is about to be another: a note of what was there before would call it damaged.
    pub(super) fn forget(&self, path: &Path) {
        self.change(|all| {
            all.remove(&key(path));
        });
    }

    /// Notes that this file has this digest. That it cannot be noted costs time at the next start, nothing else.
    pub(super) fn note(&self, path: &Path, digest: &str) {
        let Some((bytes, modified)) = stamp(path) else { return };
        self.change(|all| {
            // Files that went away are forgotten.
            all.retain(|known, _| Path::new(known).exists());
            all.insert(key(path), json!({ "bytes": bytes, "modified": modified, "digest": digest }));
        });
    }

    /// One process at a time, so that no note of another is lost; who only reads sees a whole list at any time.
    fn change(&self, change: impl FnOnce(&mut Map<String, Value>)) {
        let lock = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(self.file.with_extension("lock"))
            .and_then(|file| file.lock().map(|()| file));
        let Ok(_lock) = lock else { return };
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

/// Length, and time of the last change in nanoseconds, of what a link points to.
fn stamp(path: &Path) -> Option<(u64, String)> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), modified.as_nanos().to_string()))
}
