//! Opens a found file as an encoder; verifies, converts and keeps it on the way.

use std::path::Path;

use super::catalogue::{Model, WeightFile};
use super::digest::hash_file;
use super::store::{Finding, State, Store, wanted};
use super::{Event, keep};
use crate::{Encoder, EncoderError, Precision};

impl Store {
    /// Opens the encoder of a model on this machine, without the network. `watch` is told of the progress.
    ///
    /// # Errors
    /// [`SourceError::NotHere`](super::SourceError::NotHere) with the places that were searched.
    pub fn open(
        &self,
        model: &'static Model,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Encoder, EncoderError> {
        match self.try_open(model, None, watch) {
            Ok(encoder) => Ok(encoder),
            Err(passed_over) => Err(self.not_here(model, passed_over).into()),
        }
    }

    /// Like [`open`](Store::open), but instead of an error returns the files that could not be used. A caller that asks
    /// for a precision holds the lock. For single precision our own file in half precision does not count.
    pub(super) fn try_open(
        &self,
        model: &'static Model,
        wanted: Option<Precision>,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Encoder, Vec<String>> {
        let mut passed_over = Vec::new();
        let half = self.own(model, Precision::Half).ok().filter(|_| wanted == Some(Precision::Single));
        for finding in self.look(model) {
            if half.as_ref() == Some(&finding.path) {
                continue;
            }
            match self.take(model, &finding, wanted.is_some(), watch) {
                Ok(encoder) => return Ok(encoder),
                Err(why) => {
                    watch(Event::PassedOver { path: &finding.path, why: &why });
                    passed_over.push(format!("{}: {why}", finding.path.display()));
                }
            }
        }
        Err(passed_over)
    }

    fn take(
        &self,
        model: &'static Model,
        finding: &Finding,
        is_locked: bool,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Encoder, String> {
        if let State::Wrong(why) = &finding.state {
            return Err(why.clone());
        }
        let Some(file) = finding.file else { return self.read_own(model, &finding.path) };
        let encoder = self.read_published(model, file, finding, watch)?;
        let lock = if is_locked { Ok(None) } else { self.lock(model, watch).map(Some) };
        let kept =
            lock.map_err(EncoderError::from).and_then(|_lock| self.keep(model, &encoder, Precision::Single));
        match kept {
            Ok(path) => {
                drop(encoder);
                if let Some(verified) = self.verified().filter(|_| finding.state != State::Verified) {
                    verified.note(&finding.path, &wanted(file));
                }
                watch(Event::Kept { path: &path });
                self.read_own(model, &path)
            }
            // If nothing can be kept, the encoder is still used.
            Err(error) => {
                watch(Event::NotKept { why: &error.to_string() });
                Ok(encoder)
            }
        }
    }

    /// Reads our own file; checks its hash if noted, and at least its family.
    pub(super) fn read_own(&self, model: &Model, path: &Path) -> Result<Encoder, String> {
        let encoder = crate::read_file(path).map_err(|error| error.to_string())?;
        keep::check(model, &encoder)?;
        let sha256 = encoder.provenance().sha256.clone();
        if let Some(verified) = self.verified() {
            match verified.of(path) {
                Some(known) if known.digest != sha256 => {
                    return Err(format!("damaged: expected SHA-256 {}, found {sha256}", known.digest));
                }
                Some(known) if known.is_unchanged => {}
                _ => verified.note(path, &sha256),
            }
        }
        Ok(keep::named(encoder, model.name))
    }

    /// Reads and verifies another program's file.
    pub(super) fn read_published(
        &self,
        model: &Model,
        file: &WeightFile,
        finding: &Finding,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Encoder, String> {
        let path = &finding.path;
        if finding.state != State::Verified {
            watch(Event::Verifying { path });
            let hashes = hash_file(path, file.digest).map_err(|error| error.to_string())?;
            hashes.check(file.digest)?;
        }
        watch(Event::Found { path, cache: finding.cache });
        let encoder = crate::read_file(path).map_err(|error| error.to_string())?;
        keep::check(model, &encoder)?;
        let facts = keep::Facts::of_whole(file, &encoder.provenance().sha256, None);
        Ok(keep::with_facts(keep::named(encoder, model.name), model, &facts))
    }
}
