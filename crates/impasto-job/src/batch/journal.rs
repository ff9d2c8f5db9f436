//! The journal of a batch: a line for each result, in the folder of the results, in one file per shard.
//!
//! A line holds the digest of a result, and is written before the result gets its name. So, at whatever moment a batch
//! is killed, the next one can distinguish a complete result, a missing result, and a file that no batch made.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::items::Shard;
use crate::JobError;
use crate::inputs::sha256;

/// The beginning and the end of a journal's file name.
const BEGIN: &str = ".impasto-batch-";
const END: &str = ".jsonl";

/// The entry of one result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// File name of the result.
    pub(super) output: String,
    /// Digest of everything that the result depends on.
    pub(super) key: String,
    /// SHA-256 of the file.
    pub(super) sha256: String,
    pub(super) seconds: f64,
    /// The instruction set, or the graphics card with its driver, that made it.
    #[serde(default)]
    pub(super) device: String,
    /// The digest that it would have from the card that failed, in whose place the processor made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instead_of: Option<String>,
}

/// The journal of a shard, and the entries of all journals of the folder.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    /// Entries by file name. A name has several if options changed; the digest tells which of them made the file.
    known: HashMap<String, Vec<Entry>>,
}

/// The file that exists under a result's name.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Nothing,
    /// The requested result.
    Done,
    /// A result from other pictures or options, which may be replaced.
    Older,
    /// A file that no batch made.
    Foreign,
}

impl Journal {
    /// Opens the journal of a shard, and reads all journals of the folder.
    ///
    /// # Errors
    /// When the folder cannot be read or written to, or another process works on the shard.
    pub(super) fn open(folder: &Path, shard: Shard) -> Result<Journal, JobError> {
        let path = folder.join(format!("{BEGIN}{}-of-{}{END}", shard.index + 1, shard.count));
        let failed = |error| JobError::write(&path, &error);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            return Err(JobError::bad_input(format!("another batch is using {}", path.display()))
                .hint("wait for it, or divide the work with `shard`"));
        }
        let mut known: HashMap<String, Vec<Entry>> = HashMap::new();
        let entries = fs::read_dir(folder).map_err(|error| JobError::read(folder, &error))?;
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(BEGIN) && name.ends_with(END) {
                let bytes = fs::read(entry.path()).map_err(|error| JobError::read(&entry.path(), &error))?;
                // A line is incomplete if a process was killed, or the disk was full, while it was written.
                let lines = bytes.split(|&byte| byte == b'\n');
                for entry in lines.filter_map(|line| serde_json::from_slice::<Entry>(line).ok()) {
                    known.entry(entry.output.clone()).or_default().push(entry);
                }
            }
        }
        Ok(Journal { file, path, known })
    }

    /// Compares the file under a result's name with the requested result. If a killed process completed the result but
    /// did not rename it, the result gets its name now. A result that the processor made because a card had failed is
    /// the requested one where the choice of a device is left to the program (`automatic`).
    pub(super) fn find(
        &self,
        output: &Path,
        unnamed: &Path,
        name: &str,
        (key, automatic): (&str, bool),
    ) -> Found {
        let entries = self.known.get(name).map(Vec::as_slice).unwrap_or_default();
        let made = |file: &Path, any_key: bool| {
            sha256_of(file).is_some_and(|digest| {
                let requested = |entry: &Entry| {
                    any_key || entry.key == key || (automatic && entry.instead_of.as_deref() == Some(key))
                };
                entries.iter().any(|entry| entry.sha256 == digest && requested(entry))
            })
        };
        let found = match output.exists() {
            false => Found::Nothing,
            true if made(output, false) => return Found::Done,
            true if made(output, true) => Found::Older,
            true => return Found::Foreign,
        };
        if made(unnamed, false) && fs::rename(unnamed, output).is_ok() {
            return Found::Done;
        }
        found
    }

    /// Adds a line and waits until it is on the disk.
    pub(super) fn add(&mut self, entry: Entry) -> Result<(), JobError> {
        let failed = |error: std::io::Error| JobError::write(&self.path, &error);
        let line = serde_json::to_string(&entry).map_err(|error| JobError::bug(error.to_string()))?;
        // The last line may be incomplete, so begin with a line break.
        let line = format!("\n{line}\n");
        self.file.write_all(line.as_bytes()).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        self.known.entry(entry.output.clone()).or_default().push(entry);
        Ok(())
    }
}

/// Returns the SHA-256 of a file, if it can be read.
pub(super) fn sha256_of(path: &Path) -> Option<String> {
    Some(sha256(&fs::read(path).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_after_half_a_line_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let shard = Shard { index: 0, count: 1 };
        let entry = |output: &str| Entry {
            output: output.into(),
            key: "k".into(),
            sha256: sha256(output.as_bytes()),
            seconds: 1.0,
            device: "avx2".into(),
            instead_of: None,
        };
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "a").unwrap();
        fs::write(path("b"), "b").unwrap();
        let mut journal = Journal::open(folder.path(), shard).unwrap();
        journal.add(entry("a")).unwrap();
        // The disk was full for a moment.
        journal.file.write_all(b"{\"output\":\"c\",\"k").unwrap();
        journal.add(entry("b")).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), shard).unwrap();
        for name in ["a", "b"] {
            assert_eq!(journal.find(&path(name), &path("none"), name, ("k", true)), Found::Done, "{name}");
            assert_eq!(
                journal.find(&path(name), &path("none"), name, ("other", true)),
                Found::Older,
                "{name}"
            );
        }
        // A newer result that was complete but not renamed replaces an older one.
        let mut journal = journal;
        fs::write(path("new"), "new").unwrap();
        let newer = Entry { key: "other".into(), sha256: sha256(b"new"), ..entry("a") };
        journal.add(newer).unwrap();
        assert_eq!(journal.find(&path("a"), &path("new"), "a", ("other", true)), Found::Done);
        assert_eq!(fs::read(path("a")).unwrap(), b"new");
    }

    #[test]
    fn a_result_in_the_place_of_a_cards_is_the_requested_one_unless_the_card_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "a").unwrap();
        let mut journal = Journal::open(folder.path(), Shard { index: 0, count: 1 }).unwrap();
        let entry = Entry {
            output: "a".into(),
            key: "of the processor".into(),
            sha256: sha256(b"a"),
            seconds: 1.0,
            device: "avx2".into(),
            instead_of: Some("of the card".into()),
        };
        journal.add(entry.clone()).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), Shard { index: 0, count: 1 }).unwrap();
        assert_eq!(journal.known["a"], [entry]);
        let find = |key: &str, automatic| journal.find(&path("a"), &path("none"), "a", (key, automatic));
        assert_eq!((find("of the card", true), find("of the card", false)), (Found::Done, Found::Older));
        assert_eq!(
            (find("of the processor", true), find("of the processor", false)),
            (Found::Done, Found::Done)
        );
        assert_eq!(find("other", true), Found::Older);
        // A line of an earlier version names no device.
        let before: Entry =
            serde_json::from_str(r#"{"output":"b","key":"k","sha256":"s","seconds":1.0}"#).unwrap();
        assert_eq!((&before.device[..], before.instead_of), ("", None));
    }
}
