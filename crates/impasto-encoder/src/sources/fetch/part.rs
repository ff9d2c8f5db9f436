//! What has arrived of a file, and what tells whether the rest of the same file can follow.
//!
//! `NAME.part` has the bytes, `NAME.part.json` the address, the version that the server named (`ETag` or `Last-Modified`),
//! the length of the whole file, and how many bytes are certainly on the disk. A process may be killed at any time: what is
//! in the file by then is taken up again if all that fits.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::catalogue::Digest;
use super::super::digest::{Hasher, Hashes};

/// After so many bytes the system is asked to have them on the disk: what it lost with the power must not count as here.
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
    /// What is here of the file, from this address; or nothing.
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
        // Without a hash at the end, nobody would notice a hole that a failure of power left.
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

    /// Notes which version of the file its bytes will be of, before the first of them.
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

    /// Has all bytes on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.synced < self.kept {
            self.file.sync_data()?;
            self.synced = self.kept;
            self.write_note()?;
        }
        Ok(())
    }

    /// Bytes that are here.
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

    /// The first bytes.
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

    /// Removes what is left of it.
    pub(super) fn remove(self) {
        // What cannot be removed is taken up, or overwritten, the next time.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(&self.note);
    }
}
