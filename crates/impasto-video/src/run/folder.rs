//! The folder of a film in progress: painted frames of 16 bits, the state after the last frame of each shot, and the
//! manifest.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use impasto::image::{Depth, Encoding, Format, Picture, Plane, Space, save, write_atomically};
use impasto_job::{Cause, Guarded, JobError};
use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, digest};
use crate::film::State;

/// The record of a painted frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) frame: usize,
    pub(crate) iterations: usize,
    pub(crate) unseen: f32,
    /// Findings and acts of the guards.
    pub(crate) guarded: Option<Guarded>,
    pub(crate) seconds: f64,
    /// The instruction set, or the graphics card with its driver.
    #[serde(default)]
    pub(crate) engine: String,
}

/// The folder.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    /// Keep a second program from painting the same part.
    _locks: [File; 2],
}

/// How far a shot is painted.
pub(crate) struct Progress {
    /// The last painted frame.
    pub(crate) frame: usize,
    pub(crate) state: State,
    /// SHA-256 of its file.
    pub(crate) digest: String,
}

impl Folder {
    /// Opens the folder for a part of the work; it is created if it is missing.
    ///
    /// # Errors
    /// When another program works on the same part.
    pub(crate) fn open(path: PathBuf, (part, parts): (usize, usize)) -> Result<Folder, JobError> {
        fs::create_dir_all(&path).map_err(|error| JobError::write(&path, &error))?;
        let create = |name: String| {
            let file = path.join(name);
            File::create(&file).map_err(|error| JobError::write(&file, &error))
        };
        // Parts work side by side, but the whole works alone.
        let (all, own) = (create("film.lock".into())?, create(format!("part-{part}-of-{parts}.lock"))?);
        let locked = if parts == 1 { all.try_lock() } else { all.try_lock_shared() };
        match locked.and_then(|()| own.try_lock()) {
            Ok(()) => Ok(Folder { path, _locks: [all, own] }),
            Err(_) => Err(JobError::bad_input(format!("another program paints in {}", path.display()))
                .hint("wait for it, or give another `folder`")),
        }
    }

    fn manifest_path(&self) -> PathBuf {
        self.path.join("film.json")
    }

    /// The manifest of the work so far, if there is any.
    pub(crate) fn manifest(&self) -> Result<Option<Manifest>, JobError> {
        Manifest::read(&self.manifest_path())
    }

    /// Writes the manifest.
    pub(crate) fn put_manifest(&self, manifest: &Manifest) -> Result<(), JobError> {
        self.put_settings(&serde_json::to_string_pretty(manifest).unwrap_or_default())
    }

    /// The settings of work that has no manifest.
    pub(crate) fn settings(&self) -> Result<Option<String>, JobError> {
        let path = self.manifest_path();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JobError::read(&path, &error)),
        }
    }

    /// Writes the settings of work that has no manifest, in its place.
    pub(crate) fn put_settings(&self, text: &str) -> Result<(), JobError> {
        Ok(write_atomically(&self.manifest_path(), |file| file.write_all(text.as_bytes()))?)
    }

    /// The file of a frame.
    pub(crate) fn frame(&self, frame: usize) -> PathBuf {
        self.path.join(format!("{frame:06}.png"))
    }

    /// Writes a frame with 16 bits, and returns its digest.
    pub(crate) fn put_frame(
        &self,
        frame: usize,
        (picture, alpha): (&Picture, Option<&Plane>),
        space: Space,
    ) -> Result<String, JobError> {
        let path = self.frame(frame);
        let profile = (space != Space::Srgb).then(|| space.icc());
        let encoding = Encoding {
            format: Some(Format::Png),
            depth: Depth::Sixteen,
            space,
            icc_profile: profile,
            ..Encoding::default()
        };
        save(&path, picture, alpha, &encoding)?;
        digest(&path)
    }

    fn state_path(&self, shot: usize) -> PathBuf {
        state_path(&self.path, shot)
    }

    fn record_path(&self, shot: usize) -> PathBuf {
        self.path.join(format!("shot-{:04}.jsonl", shot + 1))
    }

    /// Keeps the state after a frame, and its record. With this the frame counts as painted.
    pub(crate) fn put_state(
        &self,
        shot: usize,
        state: &State,
        digest: &str,
        record: &Record,
    ) -> Result<(), JobError> {
        let notes = HashMap::from([
            ("frame".to_owned(), record.frame.to_string()),
            ("digest".to_owned(), digest.to_owned()),
        ]);
        state.save(&self.state_path(shot), notes)?;
        let path = self.record_path(shot);
        let lost = |error: std::io::Error| JobError::write(&path, &error);
        let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(lost)?;
        writeln!(file, "{}", serde_json::to_string(record).unwrap_or_default()).map_err(lost)
    }

    /// The frame up to which a shot is painted, without its state.
    pub(crate) fn reached(&self, shot: usize) -> Result<Option<usize>, JobError> {
        reached(&self.path, shot)
    }

    /// How far a shot is painted.
    pub(crate) fn progress(&self, shot: usize) -> Result<Option<Progress>, JobError> {
        let path = self.state_path(shot);
        if !path.exists() {
            return Ok(None);
        }
        let unread = |error: JobError| error.caused_by(Cause::Frames);
        let (state, notes) = State::open(&path).map_err(unread)?;
        let note = |name: &str| notes.get(name).cloned().unwrap_or_default();
        let frame = note("frame")
            .parse()
            .map_err(|_| unread(JobError::bad_input(format!("{} is damaged", path.display()))))?;
        Ok(Some(Progress { frame, state, digest: note("digest") }))
    }

    /// Forgets a shot.
    pub(crate) fn forget(&self, shot: usize) -> Result<(), JobError> {
        for path in [self.state_path(shot), self.record_path(shot)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(JobError::write(&path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the folder. Files that are not of the film stay, and with them the folder.
    pub(crate) fn remove(self) -> Result<(), JobError> {
        let lost = |error: std::io::Error| JobError::write(&self.path, &error);
        for entry in fs::read_dir(&self.path).map_err(lost)? {
            let path = entry.map_err(lost)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let is_ours = name == "film.json"
                || name.strip_suffix(".png").is_some_and(number)
                || (name.starts_with("shot-") && (name.ends_with(".state") || name.ends_with(".jsonl")))
                || name == "film.lock"
                || (name.starts_with("part-") && name.ends_with(".lock"));
            if is_ours {
                fs::remove_file(&path).map_err(lost)?;
            }
        }
        // A folder that holds other files is not empty.
        let _ = fs::remove_dir(&self.path);
        Ok(())
    }
}

fn state_path(folder: &Path, shot: usize) -> PathBuf {
    folder.join(format!("shot-{:04}.state", shot + 1))
}

/// The frame up to which a shot is painted in a folder.
pub(crate) fn reached(folder: &Path, shot: usize) -> Result<Option<usize>, JobError> {
    let path = state_path(folder, shot);
    match path.exists() {
        true => Ok(State::notes(&path)?.get("frame").and_then(|frame| frame.parse().ok())),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::manifest::tests::manifest;

    #[test]
    fn a_folder_is_for_one_program_and_keeps_foreign_files() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("film");
        let folder = Folder::open(path.clone(), (1, 1)).unwrap();
        assert!(Folder::open(path.clone(), (1, 1)).is_err());
        assert!(Folder::open(path.clone(), (2, 2)).is_err(), "a part beside the whole");
        drop(folder);
        let part = Folder::open(path.clone(), (1, 2)).unwrap();
        assert!(Folder::open(path.clone(), (1, 2)).is_err());
        assert!(Folder::open(path.clone(), (2, 2)).is_ok());
        assert!(Folder::open(path.clone(), (1, 1)).is_err(), "the whole beside a part");
        drop(part);
        let folder = Folder::open(path.clone(), (1, 1)).unwrap();
        folder.put_manifest(&manifest(|_| {})).unwrap();
        assert_eq!(folder.manifest().unwrap().unwrap(), manifest(|_| {}));
        fs::write(path.join("notes.txt"), "mine").unwrap();
        folder.remove().unwrap();
        let left: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
    }
}
