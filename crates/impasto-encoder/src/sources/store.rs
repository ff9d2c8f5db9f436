//! Finds the files of a model: first in our own cache, then in those of torch, Hugging Face and Keras.

use std::path::PathBuf;
use std::{fs, io};

use super::Event;
use super::catalogue::{Digest, Model, WeightFile};
use super::environment::Environment;
use super::error::SourceError;
use super::lock::Lock;
use super::verified::Verified;
use crate::{Encoder, EncoderError, Precision};

/// The models by name, and the places where they may be.
#[derive(Clone, Debug)]
pub struct Store {
    environment: Environment,
    models: &'static [Model],
}

/// A file of a model on this machine.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The path.
    pub path: PathBuf,
    /// The cache it is in: `own`, `torch`, `Hugging Face`, `Keras`.
    pub cache: &'static str,
    /// The published file; `None` for our own, converted one.
    pub file: Option<&'static WeightFile>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it can be used.
    pub state: State,
}

/// Whether a file can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was verified, and did not change since.
    Verified,
    /// Its length fits; it is hashed before it is used.
    Unverified,
    /// It is not what its name says, with the reason.
    Wrong(String),
}

impl Store {
    /// A store with the catalogue and the environment of this process.
    pub fn of_process() -> Store {
        Store::new(Environment::of_process(), super::catalogue())
    }

    /// A store with other models, or other places.
    pub fn new(environment: Environment, models: &'static [Model]) -> Store {
        Store { environment, models }
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// All models.
    pub fn models(&self) -> &'static [Model] {
        self.models
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Option<&'static Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The path of our own file of a model.
    pub(super) fn own(&self, model: &Model, precision: Precision) -> Result<PathBuf, SourceError> {
        let folder = self.environment.models().ok_or(SourceError::NoCache)?;
        Ok(folder.join(match precision {
            Precision::Single => format!("{}.safetensors", model.name),
            Precision::Half => format!("{}.f16.safetensors", model.name),
        }))
    }

    pub(super) fn verified(&self) -> Option<Verified> {
        self.environment.models().map(|folder| Verified::in_folder(&folder))
    }

    /// Lists the files of a model on this machine, the one to use first. Hashes and writes nothing.
    pub fn look(&self, model: &'static Model) -> Vec<Finding> {
        let mut found = Vec::new();
        for precision in [Precision::Single, Precision::Half] {
            found.extend(self.own(model, precision).ok().and_then(|path| self.finding("own", path, None)));
        }
        for file in model.files {
            let by_hand = self.environment.models().map(|folder| ("own", folder.join(file.name)));
            let places = by_hand.into_iter().chain(self.environment.places(file));
            found.extend(places.filter_map(|(cache, path)| self.finding(cache, path, Some(file))));
        }
        found
    }

    fn finding(
        &self,
        cache: &'static str,
        path: PathBuf,
        file: Option<&'static WeightFile>,
    ) -> Option<Finding> {
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let bytes = metadata.len();
        let known = self.verified().and_then(|verified| verified.of(&path));
        let expected = file.map(wanted);
        let state = match file {
            Some(file) if !file.size.fits(bytes) => {
                State::Wrong(format!("expected {} bytes, found {bytes}", file.size))
            }
            _ => match known {
                Some(known)
                    if known.is_unchanged
                        && expected.as_ref().is_none_or(|expected| *expected == known.digest) =>
                {
                    State::Verified
                }
                _ => State::Unverified,
            },
        };
        Some(Finding { path, cache, file, bytes, state })
    }

    /// Writes an encoder to its place in one step.
    pub(super) fn keep(
        &self,
        model: &Model,
        encoder: &Encoder,
        precision: Precision,
    ) -> Result<PathBuf, EncoderError> {
        let path = self.own(model, precision)?;
        // Write into a folder of our own first, which nobody else touches while the lock is held. If a process is
        // killed, its leftovers there are removed with the folder.
        let new = path.with_extension("new");
        let failed = |source| SourceError::Write { path: new.clone(), source };
        let remove = || match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        remove().and_then(|()| fs::create_dir(&new)).map_err(failed)?;
        let beside = new.join("model.safetensors");
        let sha256 = encoder.save(&beside, precision)?;
        if let Some(verified) = self.verified() {
            verified.forget(&path);
        }
        fs::rename(&beside, &path).map_err(failed)?;
        remove().map_err(failed)?;
        if let Some(verified) = self.verified() {
            verified.note(&path, &sha256);
        }
        self.remove_parts(model);
        Ok(path)
    }

    /// Removes the leftovers of earlier downloads.
    fn remove_parts(&self, model: &Model) {
        let Some(folder) = self.environment.models() else { return };
        for file in model.files {
            for ending in ["part", "part.json", "part.new"] {
                // A file that cannot be removed only costs space.
                let _ = fs::remove_file(folder.join(format!("{}.{ending}", file.name)));
            }
        }
    }

    /// A lock held while a model is fetched or converted: a second process waits, and then finds the model.
    pub(super) fn lock(&self, model: &Model, watch: &mut dyn FnMut(Event<'_>)) -> Result<Lock, SourceError> {
        let folder = self.environment.models().ok_or(SourceError::NoCache)?;
        let path = folder.join(format!("{}.lock", model.name));
        Lock::new(&path, || watch(Event::Waiting)).map_err(|source| SourceError::Write { path, source })
    }
}

/// The note for a verified file.
pub(super) fn wanted(file: &WeightFile) -> String {
    match file.digest {
        Some(Digest::Sha256(digest)) => format!("sha256:{digest}"),
        Some(Digest::Md5(digest)) => format!("md5:{digest}"),
        None => format!("content:{}", file.name),
    }
}
