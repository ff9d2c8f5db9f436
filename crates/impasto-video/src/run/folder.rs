//! The folder of a film in progress: painted frames of 16 bits, the state after the last frame of each shot, and a
//! manifest of everything that decides the bytes.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use impasto::image::{Depth, Encoding, Format, Picture, Plane, Space, save, write_atomically};
use impasto_job::spec::VideoSpec;
use impasto_job::{Cause, Guarded, JobError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::masks::MaskFacts;
use crate::film::State;
use crate::shots::Shots;

/// The version of the folder's form.
const VERSION: u32 = 4;

/// Bytes at each end of an input that its fingerprint sees.
const ENDS: u64 = 4 << 20;

/// Everything that decides the frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) version: u32,
    /// The options that decide the frames.
    pub(crate) settings: Value,
    /// Fingerprints of the input, the styles and the masks.
    pub(crate) inputs: Vec<String>,
    /// SHA-256 of the weights.
    pub(crate) weights: String,
    /// The instruction set, or the graphics card with its driver; another one rounds differently.
    pub(crate) engine: String,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) shots: Shots,
    /// The masks that move.
    pub(crate) masks: Vec<MaskFacts>,
}

/// The record of a painted frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) frame: usize,
    pub(crate) iterations: usize,
    pub(crate) unseen: f32,
    /// Findings and acts of the guards.
    pub(crate) guarded: Option<Guarded>,
    pub(crate) seconds: f64,
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
        let text = serde_json::to_string_pretty(manifest).unwrap_or_default();
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

impl Manifest {
    /// Reads a manifest; `None` if there is none.
    ///
    /// # Errors
    /// When the file is not a manifest of this version.
    pub(crate) fn read(path: &Path) -> Result<Option<Manifest>, JobError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JobError::read(path, &error)),
        };
        let manifest: Option<Manifest> = serde_json::from_str(&text).ok();
        if let Some(manifest) = manifest.filter(|manifest| manifest.version == VERSION) {
            return Ok(Some(manifest));
        }
        let path = path.display();
        let version = serde_json::from_str::<Value>(&text).ok().and_then(|file| file["version"].as_u64());
        let (message, hint) = match version {
            Some(version) if version < u64::from(VERSION) => (
                format!("{path}: the frames were painted by an earlier version of this program"),
                "remove the folder, or give another `folder`: all frames are painted anew",
            ),
            Some(version) if version > u64::from(VERSION) => (
                format!("{path}: the frames were painted by a later version of this program"),
                "go on with that version, or give another `folder`",
            ),
            _ => (format!("{path} is damaged, or no film of this program"), "give another `folder`"),
        };
        Err(JobError::bad_input(message).caused_by(Cause::Frames).hint(hint))
    }

    /// The manifest of a job.
    pub(crate) fn of(
        spec: &VideoSpec,
        inputs: Vec<String>,
        (weights, engine): (String, String),
        (width, height): (usize, usize),
        (shots, masks): (Shots, Vec<MaskFacts>),
    ) -> Manifest {
        // The number of threads, the memory and the file's form change no frame. `engine` tells the device.
        let run =
            impasto_job::spec::RunSpec { threads: None, memory: None, device: None, ..spec.run.clone() };
        let settings = json!({ "film": spec.film, "run": run, "regions": spec.regions, "style": spec.style });
        Manifest { version: VERSION, settings, inputs, weights, engine, width, height, shots, masks }
    }

    /// Returns the first difference from another manifest, in words; `None` if there is none.
    pub(crate) fn difference(&self, other: &Manifest) -> Option<String> {
        if self.inputs != other.inputs {
            return Some("the film, a style or a mask is another file now".into());
        }
        if self.weights != other.weights {
            return Some("the model has other weights now".into());
        }
        if self.engine != other.engine {
            return Some(format!("they were painted with {}, this is {}", self.engine, other.engine));
        }
        if (self.width, self.height) != (other.width, other.height) {
            return Some(format!(
                "they have {}x{} pixels, not {}x{}",
                self.width, self.height, other.width, other.height
            ));
        }
        for part in ["film", "run", "regions", "style"] {
            let (mine, others) = (&self.settings[part], &other.settings[part]);
            if mine != others {
                return Some(changed(mine, others).unwrap_or_else(|| format!("other options of {part}")));
            }
        }
        (self.shots != other.shots).then(|| "the cuts are others now".into())
    }
}

/// The first option that differs.
fn changed(before: &Value, now: &Value) -> Option<String> {
    let now = now.as_object()?;
    for (name, before) in before.as_object()? {
        let now = now.get(name).unwrap_or(&Value::Null);
        if before == now {
            continue;
        }
        return changed(before, now).or_else(|| Some(format!("`{name}` was {before}, now it is {now}")));
    }
    None
}

/// SHA-256 of a file.
pub(crate) fn digest(path: &Path) -> Result<String, JobError> {
    let bytes = fs::read(path).map_err(|error| JobError::read(path, &error))?;
    Ok(hex(&Sha256::digest(&bytes)))
}

/// The fingerprint of an input that may be large: its length and its two ends.
pub(crate) fn fingerprint(path: &Path) -> Result<String, JobError> {
    let lost = |error: std::io::Error| JobError::read(path, &error);
    let mut file = File::open(path).map_err(lost)?;
    let length = file.metadata().map_err(lost)?.len();
    let mut hash = Sha256::new();
    hash.update(length.to_le_bytes());
    for start in [0, length.saturating_sub(ENDS)] {
        file.seek(SeekFrom::Start(start)).map_err(lost)?;
        let mut part = Vec::new();
        (&mut file).take(ENDS).read_to_end(&mut part).map_err(lost)?;
        hash.update(&part);
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_job::spec::StyleSpec;

    fn manifest(change: fn(&mut VideoSpec)) -> Manifest {
        let mut spec = VideoSpec::new("in.mp4".into(), vec![StyleSpec::plain("s.jpg")], "out.mp4".into());
        change(&mut spec);
        Manifest::of(
            &spec,
            vec!["a".into()],
            ("w".into(), "avx2".into()),
            (64, 48),
            (Shots::given(&[], 10), Vec::new()),
        )
    }

    #[test]
    fn changed_settings_are_named_and_others_do_not_count() {
        let before = manifest(|_| {});
        let threads = manifest(|spec| spec.run.threads = Some(1));
        assert_eq!(before.difference(&threads), None);
        let changed = before.difference(&manifest(|spec| spec.run.objective.strength = Some(0.5))).unwrap();
        assert!(changed.contains("`strength` was null, now it is 0.5"), "{changed}");
        assert!(before.difference(&manifest(|spec| spec.film.boil = Some(2.0))).unwrap().contains("`boil`"));
        let other = Manifest { inputs: vec!["b".into()], ..manifest(|_| {}) };
        assert!(before.difference(&other).unwrap().contains("another file"));
    }

    #[test]
    fn a_folder_of_another_version_is_named_as_such() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("film.json");
        let read = |text: String| {
            fs::write(&path, text).unwrap();
            Manifest::read(&path)
        };
        let refused = |text: &str| read(text.into()).unwrap_err().to_string();
        assert!(refused("{\"version\": 3}").contains("an earlier version"));
        assert!(refused(&format!("{{\"version\": {}}}", VERSION + 1)).contains("a later version"));
        for damaged in ["", "{}", "{\"version\": 4}"] {
            assert!(refused(damaged).contains("is damaged, or no film"), "{damaged}");
        }
        let text = serde_json::to_string(&manifest(|_| {})).unwrap();
        assert_eq!(read(text).unwrap(), Some(manifest(|_| {})));
    }

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
