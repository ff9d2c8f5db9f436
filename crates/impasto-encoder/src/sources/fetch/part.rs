//! A partly fetched file, and the notes that tell whether it can be resumed.
//!
//! `NAME.part` has the bytes. `NAME.part.json` has the address, the version that the server named (`ETag` or
//! `Last-Modified`), the length of the whole file, and the number of bytes that are certainly on the disk. A process
//! may be killed at any time. The bytes in the file are used again if all notes agree.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::catalogue::Digest;
use super::super::digest::{Hasher, Hashes};

/// Interval of bytes after which the file is synced: bytes that a power failure lost must not count as kept.
const SYNC_EVERY: u64 = 8 << 20;

/// A file in the making.
pub(super) struct Part {
    path: PathBuf,
    note: PathBuf,
    file: File,
    hasher: Hasher,
    expected: Option<Digest>,
    kept: u64,
    synced: u64,
    address: String,
    version: Option<String>,
    total: Option<u64>,
}

impl Part {
    /// Opens the part of a file from this address; it may be empty.
    pub(super) fn open(
        folder: &Path,
        name: &str,
        address: &str,
        expected: Option<Digest>,
    ) -> io::Result<Part> {
        let path = folder.join(format!("{name}.part"));
        let note = folder.join(format!("{name}.part.json"));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut part = Part {
            path,
            note,
            file,
            hasher: Hasher::new(expected),
            expected,
            kept: 0,
            synced: 0,
            address: address.to_string(),
            version: None,
            total: None,
        };
        part.take_up()?;
        Ok(part)
    }

    fn take_up(&mut self) -> io::Result<()> {
        let note: Value =
            serde_json::from_slice(&fs::read(&self.note).unwrap_or_default()).unwrap_or_default();
        let version = note["version"].as_str();
        if note["address"].as_str() != Some(&self.address) || version.is_none() {
            return self.restart();
        }
        (self.version, self.total) = (version.map(str::to_string), note["total"].as_u64());
        // Without a final hash, a hole left by a power failure would go unnoticed.
        let length = self.file.metadata()?.len();
        let usable =
            if self.expected.is_some() { length } else { note["synced"].as_u64().unwrap_or(0).min(length) };
        let usable = self.total.map_or(usable, |total| usable.min(total));
        self.file.set_len(usable)?;
        self.file.rewind()?;
        self.kept = self.hasher.update_from(&mut self.file)?;
        self.synced = self.kept;
        self.file.seek(SeekFrom::Start(self.kept))?;
        Ok(())
    }

    /// Forgets all bytes.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        match fs::remove_file(&self.note) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        (self.kept, self.synced) = (0, 0);
        (self.version, self.total) = (None, None);
        self.hasher = Hasher::new(self.expected);
        Ok(())
    }

    /// Notes the version of the file before its first byte arrives.
    pub(super) fn begin(&mut self, version: Option<&str>, total: Option<u64>) -> io::Result<()> {
        (self.version, self.total) = (version.map(str::to_string), total);
        self.write_note()
    }

    fn write_note(&self) -> io::Result<()> {
        let note = json!({
            "address": self.address, "version": self.version, "total": self.total, "synced": self.synced,
        });
        let beside = self.note.with_extension("new");
        fs::write(&beside, note.to_string())?;
        fs::rename(&beside, &self.note)
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.kept += bytes.len() as u64;
        if self.kept - self.synced >= SYNC_EVERY { self.sync() } else { Ok(()) }
    }

    /// Syncs all bytes to the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.synced < self.kept {
            self.file.sync_data()?;
            self.synced = self.kept;
            self.write_note()?;
        }
        Ok(())
    }

    /// Number of bytes that are here.
    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn set_total(&mut self, total: u64) {
        self.total = Some(total);
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the first bytes.
    pub(super) fn beginning(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        (&mut self.file).take(length).read_to_end(&mut bytes)?;
        self.file.seek(SeekFrom::Start(self.kept))?;
        Ok(bytes)
    }

    pub(super) fn hashes(&self) -> Hashes {
        self.hasher.clone().finish()
    }

    /// Removes the part and its notes.
    pub(super) fn remove(self) {
        // A file that cannot be removed is resumed or overwritten the next time.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(&self.note);
    }
}
