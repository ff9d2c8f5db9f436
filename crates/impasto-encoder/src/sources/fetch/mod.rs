//! Fetches a model: tries its addresses, verifies what arrives, converts it and keeps the result.
//!
//! Each file of a model is tried at each of its addresses. The bytes go into a `.part` file that a later try resumes.
//! Only a verified file is converted, and only a converted file gets the model's name, in one step. So a process may be
//! killed at any time. One process fetches a model at a time.

mod client;
mod part;
mod plan;
mod transfer;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

pub use client::Patience;

use self::client::Client;
use self::part::Part;
use self::plan::Plan;
use self::transfer::{Failed, Transfer};
use super::advice::without_credentials;
use super::catalogue::{Digest, Model, Needed, WeightFile};
use super::error::SourceError;
use super::store::Store;
use super::{Event, keep};
use crate::{Encoder, EncoderError, Precision};

/// Longest header of a safetensors file, which adds to the size of the values.
const HEADER: u64 = 16 << 20;

/// How to fetch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch {
    /// The precision of the kept file.
    pub precision: Precision,
    /// Fetch the model even if it is here.
    pub force: bool,
    /// How long to wait for servers.
    pub patience: Patience,
}

impl Store {
    /// Brings a model into our own cache, from another program's cache or else from the network, and returns its path.
    /// `watch` is told of the progress.
    ///
    /// # Errors
    /// [`EncoderError::Source`]: each address with its error; a full disk; or a network that the environment forbids.
    pub fn fetch(
        &self,
        model: &'static Model,
        how: &Fetch,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, EncoderError> {
        let own = self.own(model, how.precision)?;
        let _lock = self.lock(model, watch)?;
        // Another process may just have fetched it, or another cache may have it.
        if !how.force {
            if self.read_own(model, &own).is_ok() {
                return Ok(own);
            }
            if let Ok(encoder) = self.try_open(model, Some(how.precision), watch) {
                if how.precision == Precision::Half {
                    return self.keep(model, &encoder, Precision::Half);
                }
                // If it could not be written, fetching will report that.
                if self.read_own(model, &own).is_ok() {
                    return Ok(own);
                }
            }
        }
        if let Some(by) = &self.environment().offline {
            let by_hand = self.by_hand(model);
            return Err(SourceError::Offline { name: model.name.into(), by: by.clone(), by_hand }.into());
        }
        let client = Client::new(&how.patience);
        let mut failures = Vec::new();
        for file in model.files {
            if !file.is_readable() {
                failures.push(format!(
                    "{}: not fetched, as this build cannot read it; build with the feature foreign-formats",
                    file.name
                ));
                continue;
            }
            for address in self.environment().addresses(file) {
                let shown = without_credentials(&address);
                watch(Event::Fetching { file, address: &shown });
                match self.fetch_from(&client, model, (file, &address, &shown), how, watch) {
                    Ok(path) => return Ok(path),
                    Err(Ended::Here(why)) => {
                        watch(Event::Failed { address: &shown, why: &why });
                        failures.push(format!("{shown}: {why}"));
                    }
                    Err(Ended::Everywhere(error)) => return Err(error),
                }
            }
        }
        let by_hand = self.by_hand(model);
        Err(SourceError::Fetch { name: model.name.into(), failures, by_hand }.into())
    }

    /// Fetches from one address into our own cache.
    fn fetch_from(
        &self,
        client: &Client,
        model: &'static Model,
        (file, address, shown): (&'static WeightFile, &str, &str),
        how: &Fetch,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, Ended> {
        let folder = self.environment().models().ok_or(SourceError::NoCache)?;
        // The hash of the whole file cannot verify a part.
        let (digest, most) = match file.needed {
            Needed::Whole => (file.digest, file.size.most()),
            Needed::Convolutions => (None, HEADER + 2 * model.convolution_bytes()),
        };
        let make_sure_of_room = |to_come| self.make_sure_of_room(&folder, to_come, model, how.precision);
        let transfer = Transfer {
            client,
            patience: &how.patience,
            model,
            file,
            address,
            make_sure_of_room: &make_sure_of_room,
        };
        let mut plan = Plan::new(file.needed, most);
        let failed = |failed| match failed {
            Failed::Here(why) => Ended::Here(why),
            Failed::Disk(source) => {
                SourceError::Write { path: folder.join(format!("{}.part", file.name)), source }.into()
            }
            Failed::NoSpace { needed, free } => {
                SourceError::NoSpace { folder: folder.clone(), needed, free }.into()
            }
        };
        let open = || Part::open(&folder, file.name, shown, digest).map_err(Failed::Disk);
        let mut part = open().map_err(failed)?;
        let was_taken_up = part.kept() > 0;
        if let Err(why) = transfer.run(&mut part, &mut plan, watch) {
            // There is nothing to resume.
            if part.kept() == 0 {
                part.remove();
            }
            return Err(failed(why));
        }
        if was_taken_up && part.hashes().check(digest).is_err() {
            // The bytes of an earlier try may have been wrong.
            part.restart().map_err(Failed::Disk).map_err(failed)?;
            plan.restart();
            transfer.run(&mut part, &mut plan, watch).map_err(failed)?;
        }
        match self.convert(model, (file, shown), &part, &plan, digest) {
            Ok(encoder) => {
                let path = self.keep(model, &encoder, how.precision)?;
                watch(Event::Kept { path: &path });
                Ok(path)
            }
            Err(why) => {
                part.remove();
                Err(Ended::Here(why))
            }
        }
    }

    /// Reads and verifies the fetched file as an encoder.
    fn convert(
        &self,
        model: &Model,
        (file, shown): (&WeightFile, &str),
        part: &Part,
        plan: &Plan,
        digest: Option<Digest>,
    ) -> Result<Encoder, String> {
        let hashes = part.hashes();
        hashes.check(digest)?;
        let (encoder, facts) = match file.needed {
            Needed::Whole => {
                let encoder = crate::read_file(part.path()).map_err(|error| error.to_string())?;
                (encoder, keep::Facts::of_whole(file, &hashes.sha256, Some(shown)))
            }
            Needed::Convolutions => {
                let kept = fs::read(part.path()).map_err(|error| error.to_string())?;
                let alone = plan.assemble(&kept)?;
                drop(kept);
                let encoder =
                    crate::read(file.name, Cursor::new(alone)).map_err(|error| error.to_string())?;
                (encoder, keep::Facts::of_part(file, &hashes.sha256, shown))
            }
        };
        keep::check(model, &encoder)?;
        Ok(keep::with_facts(keep::named(encoder, model.name), model, &facts))
    }

    /// Checks that the download and the converted file fit on the disk.
    fn make_sure_of_room(
        &self,
        folder: &Path,
        to_come: u64,
        model: &Model,
        precision: Precision,
    ) -> Result<(), Failed> {
        let made = match precision {
            Precision::Single => model.convolution_bytes(),
            Precision::Half => model.convolution_bytes() / 2,
        };
        let needed = to_come + made;
        // If the system does not report the free space, writing will.
        match fs4::available_space(folder) {
            Ok(free) if free < needed => Err(Failed::NoSpace { needed, free }),
            _ => Ok(()),
        }
    }
}

/// Why an address did not give the model.
enum Ended {
    /// Another address may succeed.
    Here(String),
    /// No other address can succeed.
    Everywhere(EncoderError),
}

impl<E: Into<EncoderError>> From<E> for Ended {
    fn from(error: E) -> Ended {
        Ended::Everywhere(error.into())
    }
}
