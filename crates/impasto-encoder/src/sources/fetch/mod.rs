//! Fetching a model: from which address, how much of it, verified how, and kept as what.
//!
//! Each file of a model is tried at each of its addresses. What arrives goes into a `.part` file that a later try takes up.
//! Only what was verified is converted, and only what was converted gets the model's name, in one step; so a process may be
//! killed at any time. One process fetches a model at a time.

mod client;
mod part;
mod plan;
mod transfer;

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

pub use client::Patience;

use self::client::Client;
use self::part::Part;
use self::plan::Plan;
use self::transfer::{Failed, Transfer};
use super::catalogue::{Model, Needed, WeightFile};
use super::error::SourceError;
use super::store::Store;
use super::{Event, keep};
use crate::{Encoder, EncoderError, Precision};

/// Longest header of a safetensors file, which comes on top of the values.
const HEADER: u64 = 16 << 20;

/// How to fetch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch {
    /// What is kept.
    pub precision: Precision,
    /// Fetch it although it is here.
    pub force: bool,
    /// How long to wait for servers.
    pub patience: Patience,
}

impl Store {
    /// Brings a model into our own cache: from the caches of others where they have it, else from the network. Gives the
    /// path. What happens on the way is told to `watch`.
    ///
    /// # Errors
    /// [`EncoderError::Source`]: every address with what was wrong with it; a full disk; the network forbidden by the
    /// environment.
    pub fn fetch(
        &self,
        model: &'static Model,
        how: &Fetch,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, EncoderError> {
        let own = self.own(model, how.precision)?;
        if !how.force && self.read_own(model, &own).is_ok() {
            return Ok(own);
        }
        let lock = self.lock(model, watch)?;
        if !how.force {
            // Another process may just have fetched it.
            if self.read_own(model, &own).is_ok() {
                return Ok(own);
            }
            drop(lock);
            if let Ok(encoder) = self.try_open(model, watch) {
                // From half precision to single is no way.
                if how.precision == Precision::Half || self.read_own(model, &own).is_ok() {
                    let _lock = self.lock(model, watch)?;
                    return self.keep(model, &encoder, how.precision);
                }
            }
            return self.fetch_locked(model, how, self.lock(model, watch)?, watch);
        }
        self.fetch_locked(model, how, lock, watch)
    }

    fn fetch_locked(
        &self,
        model: &'static Model,
        how: &Fetch,
        _lock: std::fs::File,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, EncoderError> {
        if let Some(by) = &self.environment().offline {
            let by_hand = self.by_hand(model);
            return Err(SourceError::Offline { name: model.name.into(), by: by.clone(), by_hand }.into());
        }
        let client = Client::new(&how.patience);
        let mut failures = Vec::new();
        for file in model.files {
            for address in self.environment().addresses(file) {
                let shown = without_credentials(&address);
                watch(Event::Fetching { file, address: &shown });
                let fetched = self.fetch_from(&client, model, file, &address, how, watch);
                match fetched.and_then(|encoder| Ok(self.keep(model, &encoder, how.precision)?)) {
                    Ok(path) => return Ok(path),
                    Err(Ended::Failed(why)) => {
                        watch(Event::Failed { address: &shown, why: &why });
                        failures.push(format!("{shown}: {why}"));
                    }
                    Err(Ended::Error(error)) => return Err(error),
                }
            }
        }
        let by_hand = self.by_hand(model);
        Err(SourceError::Fetch { name: model.name.into(), failures, by_hand }.into())
    }
}
