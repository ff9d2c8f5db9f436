//! The manifest of a film in progress: everything that decides the bytes of its frames.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use impasto_job::spec::VideoSpec;
use impasto_job::{Cause, JobError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::masks::MaskFacts;
use crate::shots::Shots;

/// The version of the folder's form.
const VERSION: u32 = 6;

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
    /// The engines that painted frames before, in their order: a card that failed, or that `from` left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<String>,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) shots: Shots,
    /// The masks that move.
    pub(crate) masks: Vec<MaskFacts>,
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
        let earlier = Vec::new();
        Manifest { version: VERSION, settings, inputs, weights, engine, earlier, width, height, shots, masks }
    }

    /// The engines that painted frames, in their order.
    pub(crate) fn engines(&self) -> impl Iterator<Item = &str> {
        self.earlier.iter().chain([&self.engine]).map(String::as_str)
    }

    /// Goes on with another engine. The one before is remembered if it painted anything.
    pub(crate) fn go_on_with(&mut self, engine: String, painted: bool) {
        let before = std::mem::replace(&mut self.engine, engine);
        if painted && before != self.engine {
            self.earlier.push(before);
        }
    }

    /// The manifest of work that goes on where another one left it, from a frame on if one is given.
    pub(crate) fn after(mut self, before: &Manifest, from: Option<usize>) -> Manifest {
        if from != Some(0) {
            let engine = std::mem::replace(&mut self.engine, before.engine.clone());
            self.earlier = before.earlier.clone();
            self.go_on_with(engine, true);
        }
        self
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
            let engines = self.engines().collect::<Vec<_>>().join(", then with ");
            return Some(format!("they were painted with {engines}, this is {}", other.engine));
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
pub(super) mod tests {
    use super::*;
    use impasto_job::spec::StyleSpec;

    /// The manifest of a job.
    pub(crate) fn manifest(change: fn(&mut VideoSpec)) -> Manifest {
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
    fn engines_are_remembered_in_their_order() {
        let of = |engine: &str| Manifest { engine: engine.into(), ..manifest(|_| {}) };
        let engines = |manifest: &Manifest| manifest.engines().collect::<Vec<_>>().join(" ");
        let mut film = of("card");
        film.go_on_with("avx2".into(), true);
        assert_eq!(engines(&film), "card avx2");
        // Only the engine that paints now has to be the same.
        assert_eq!(film.difference(&of("avx2")), None);
        let told = film.difference(&of("card")).unwrap();
        assert!(told.contains("card, then with avx2, this is card"), "{told}");
        assert_eq!(engines(&of("avx2").after(&film, None)), "card avx2");
        assert_eq!(engines(&of("avx2").after(&film, Some(3))), "card avx2");
        assert_eq!(engines(&of("neon").after(&film, Some(3))), "card avx2 neon");
        assert_eq!(engines(&of("neon").after(&film, Some(0))), "neon");
        let mut unpainted = of("card");
        unpainted.go_on_with("avx2".into(), false);
        assert_eq!(engines(&unpainted), "avx2");
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
        for damaged in ["", "{}", "{\"version\": 6}"] {
            assert!(refused(damaged).contains("is damaged, or no film"), "{damaged}");
        }
        let text = serde_json::to_string(&manifest(|_| {})).unwrap();
        assert_eq!(read(text).unwrap(), Some(manifest(|_| {})));
    }
}
