//! The job `batch`: many contents in many styles. Existing results are skipped, a failure does not stop the rest, and
//! only the pictures in progress are lost if the batch is killed.

mod fallback;
mod items;
mod journal;

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use impasto::engine::Tiling;
use impasto::image::{Limits, check_output};
use impasto::{EngineCache, Session};
use serde_json::json;

use crate::context::Context;
use crate::encoding;
use crate::event::ItemOutcome;
use crate::inputs::{self, Inputs, Masks, Unread};
use crate::memory::default_memory;
use crate::spec::{BatchSpec, RegionSpec, RunSpec, StyleSpec};
use crate::transfer::{self, Asked};
use crate::{End, Event, JobError, recipe};
use items::{Item, Shard};
use journal::{Entry, Found, Journal};

/// The outcome of a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchDone {
    /// How the batch ended: complete, failed if some pictures could not be made, or ended early.
    pub end: End,
    /// Number of pictures that were made.
    pub made: usize,
    /// Number of pictures that existed already.
    pub skipped: usize,
    /// Names of the pictures that could not be made, each with the reason.
    pub failed: Vec<(String, String)>,
    /// Number of pictures that the batch did not get to.
    pub left: usize,
}

/// The data that all pictures of a batch share.
struct Batch<'a> {
    spec: &'a BatchSpec,
    /// The context of the job, with a model that is already open.
    context: Context,
    /// SHA-256 of the model's weights.
    weights: String,
    /// The instruction set, or the graphics card with its driver, that the batch began on.
    device: String,
    /// Whether that card has failed, and the rest is made on the processor.
    fallen: AtomicBool,
    limits: Limits,
    journal: Mutex<Journal>,
    /// Threads of each picture in progress.
    threads: usize,
}

pub(crate) fn run(spec: &BatchSpec, context: &Context) -> Result<BatchDone, JobError> {
    let contents = items::expand("content", &spec.contents)?;
    let styles = items::expand("style", &spec.style)?;
    if spec.jobs == Some(0) {
        return Err(JobError::bad_input("`jobs`: expected at least 1, found 0"));
    }
    // Wrong options are one error, not one for each picture.
    spec.run.objective.preset()?;
    spec.run.overrides()?;
    spec.run.colour()?;
    let limits = spec.input.limits()?;
    let shard = Shard::of(spec.shard.as_deref())?;
    // Each picture of a batch reads its files.
    let read = contents.iter().flat_map(|content| styles.iter().flat_map(move |style| [content, style]));
    inputs::check_standard_input(read.map(PathBuf::as_path))?;
    let items = shard.take(items::pair(&contents, &styles, &spec.name, &spec.result)?);
    items::check_folder(&spec.output, &contents)?;
    items::check_folder(&spec.output, &styles)?;
    fs::create_dir_all(&spec.output).map_err(|error| JobError::write(&spec.output, &error))?;
    let journal = Mutex::new(Journal::open(&spec.output, shard)?);
    let encoder = context.model(&spec.run.objective.model)?;
    context.control.begin();
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = spec.jobs.unwrap_or(1).min(items.len().max(1));
    let batch = Batch {
        spec,
        weights: encoder.provenance().sha256.clone(),
        device: impasto::device_identity(spec.run.device.as_deref().unwrap_or("auto"), &encoder)?,
        context: Context { models: Arc::new(move |_| Ok(encoder.clone())), ..context.clone() },
        fallen: AtomicBool::new(false),
        limits,
        journal,
        threads: spec.run.threads.unwrap_or((all / jobs).max(1)),
    };
    Ok(batch.make_all(&items, jobs))
}

impl Batch<'_> {
    /// Makes the pictures, several at a time, and counts the outcomes.
    fn make_all(&self, items: &[Item], jobs: usize) -> BatchDone {
        let control = &self.context.control;
        let next = AtomicUsize::new(0);
        let outcomes: Vec<Mutex<Option<ItemOutcome>>> = items.iter().map(|_| Mutex::new(None)).collect();
        let work = || {
            let mut cache = None;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let (Some(item), false) = (items.get(index), control.is_asked_to_end()) else { return };
                let outcome = self.outcome(item, &mut cache);
                // A picture that was interrupted has not failed.
                if !control.is_ending() || !matches!(outcome, ItemOutcome::Failed { .. }) {
                    let (number, of, name) = (index + 1, items.len(), item.output.clone());
                    self.context.emit(Event::Item { number, of, name, outcome: outcome.clone() });
                    if let Ok(mut place) = outcomes[index].lock() {
                        *place = Some(outcome);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..jobs {
                scope.spawn(work);
            }
            work();
        });
        let mut done = BatchDone { end: End::Complete, made: 0, skipped: 0, failed: Vec::new(), left: 0 };
        for (item, outcome) in items.iter().zip(outcomes) {
            match outcome.into_inner().ok().flatten() {
                Some(ItemOutcome::Made { .. }) => done.made += 1,
                Some(ItemOutcome::Skipped) => done.skipped += 1,
                Some(ItemOutcome::Failed { message }) => done.failed.push((item.output.clone(), message)),
                None => done.left += 1,
            }
        }
        done.end = match done.failed.is_empty() {
            _ if control.is_ending() || done.left > 0 => control.end(),
            true => End::Complete,
            false => End::Failed,
        };
        done
    }

    /// Makes one picture. An error or a panic fails this picture alone.
    fn outcome(&self, item: &Item, cache: &mut Option<EngineCache>) -> ItemOutcome {
        let made = panic::catch_unwind(AssertUnwindSafe(|| self.make(item, cache)));
        let made = made.unwrap_or_else(|_| Err(JobError::bug("this picture ended in a panic")));
        made.unwrap_or_else(|error| ItemOutcome::Failed { message: error.message().to_owned() })
    }

    /// Makes one picture, unless it exists already. If the card fails that `auto` took, the picture begins again.
    fn make(&self, item: &Item, cache: &mut Option<EngineCache>) -> Result<ItemOutcome, JobError> {
        let (run, fallen) = self.options();
        match self.attempt(item, cache, (&run, fallen)) {
            Err(error) if !fallen && self.may_fall(&error) => {
                self.fall(item, &error);
                // The engine that it holds is the card's.
                *cache = None;
                self.attempt(item, cache, (&self.options().0, true))
            }
            made => made,
        }
    }

    fn attempt(
        &self,
        item: &Item,
        cache: &mut Option<EngineCache>,
        (run, fallen): (&RunSpec, bool),
    ) -> Result<ItemOutcome, JobError> {
        let start = Instant::now();
        let files = Files::open(item, self.spec, &self.limits)?;
        let output = self.spec.output.join(&item.output);
        let unnamed = unnamed(&output, &item.output);
        let hashes: Vec<String> = files.hashes().into_iter().map(str::to_owned).collect();
        let key = self.key(&hashes, &self.device);
        match self.journal()?.find(&output, &unnamed, &item.output, (&key, self.is_automatic())) {
            Found::Done => return Ok(ItemOutcome::Skipped),
            Found::Foreign => {
                return Err(JobError::bad_input(format!(
                    "{} is there already: no batch made it, or it has changed since",
                    output.display()
                ))
                .hint("remove it, or choose another folder or `name`"));
            }
            Found::Nothing | Found::Older => {}
        }
        let mut inputs = files.decode()?;
        self.check(item, &output, &inputs)?;
        let styles = [StyleSpec::plain(&item.style)];
        let regions = RegionSpec::default();
        let asked = Asked { run, styles: &styles, texture: None, regions: &regions };
        let mut session = self.session(&asked, &mut inputs, cache)?;
        encoding::check_side(&output, &self.spec.result, &session)?;
        let ended = loop {
            match session.step() {
                Ok(Some(_)) => {}
                Ok(None) => break session.picture(),
                Err(error) => break Err(error),
            }
        };
        let recipe = recipe::of(&asked, &self.spec.result, &inputs, &session);
        let device = session.instruction_set().to_owned();
        *cache = Some(session.into_cache());
        let picture = ended?;
        let (key, instead_of) = match fallen {
            true => (self.key(&hashes, &device), Some(key)),
            false => (key, None),
        };
        // First write the bytes, then the journal's line with their digest, then rename.
        self.context.control.saving(|| {
            encoding::write(&unnamed, &picture, &inputs.content.decoded, &self.spec.result, &recipe)?;
            let sha256 = journal::sha256_of(&unnamed)
                .ok_or_else(|| JobError::bad_input(format!("{} has vanished", unnamed.display())))?;
            let seconds = start.elapsed().as_secs_f64();
            let output_name = item.output.clone();
            let entry =
                Entry { output: output_name, key, sha256, seconds, device: device.clone(), instead_of };
            self.journal()?.add(entry)?;
            fs::rename(&unnamed, &output).map_err(|error| JobError::write(&output, &error))?;
            Ok(ItemOutcome::Made { seconds, device })
        })
    }

    /// Finds errors before the work that would otherwise occur at its end, and emits notes and warnings.
    fn check(&self, item: &Item, output: &Path, inputs: &Inputs) -> Result<(), JobError> {
        let (read, result) = (inputs.all(), &self.spec.result);
        let content = &inputs.content.decoded;
        inputs::check_apart("`output`", output, &read)?;
        check_output(output, Some(result.format(output)?), content.alpha.is_some())?;
        encoding::encoding(output, ("content", content), result)?;
        let losses = encoding::losses_of_format(output, content, result)?;
        let notes = read.iter().flat_map(|input| input.notes()).chain(losses);
        notes.for_each(|note| self.context.warn(format!("{}: {note}", item.output)));
        Ok(())
    }

    fn session(
        &self,
        asked: &Asked<'_>,
        inputs: &mut Inputs,
        cache: &mut Option<EngineCache>,
    ) -> Result<Session, JobError> {
        let transfer = transfer::of(asked, inputs, &self.context)?
            .threads(self.threads)
            .tiling(Tiling { folder: Some(self.spec.output.clone()), ..Tiling::default() });
        let transfer = match (self.spec.run.memory, default_memory()) {
            // All jobs share the machine's memory. The number of items does not matter, so that shards do not differ.
            (None, Some(memory)) => transfer.memory(memory / self.spec.jobs.unwrap_or(1)),
            _ => transfer,
        };
        Ok(transfer.build_with(cache.take())?)
    }

    fn journal(&self) -> Result<MutexGuard<'_, Journal>, JobError> {
        self.journal.lock().map_err(|_| JobError::bug("a job ended while it held the journal"))
    }

    /// Returns the digest of everything that a result depends on, made on a device.
    fn key(&self, inputs: &[String], device: &str) -> String {
        // The number of threads does not change a byte, and `instruction_set` tells the device.
        let mut run = self.spec.run.clone();
        (run.threads, run.device) = (None, None);
        inputs::sha256(
            json!({
                "program": env!("CARGO_PKG_VERSION"),
                "inputs": inputs,
                "model": self.weights,
                "instruction_set": device,
                "run": run,
                "result": self.spec.result,
            })
            .to_string()
            .as_bytes(),
        )
    }
}

/// Returns the temporary name of a result: hidden, of limited length, with the extension that chooses the format.
fn unnamed(output: &Path, name: &str) -> PathBuf {
    let extension = output.extension().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!(".impasto-batch-{}.{extension}", &inputs::sha256(name.as_bytes())[..16]))
}

/// The files of a picture, read but not decoded.
struct Files {
    content: Unread,
    style: Unread,
    init: Option<Unread>,
}

impl Files {
    fn open(item: &Item, spec: &BatchSpec, limits: &Limits) -> Result<Files, JobError> {
        let (_, init) = spec.run.overrides()?;
        Ok(Files {
            content: inputs::open(&item.content, limits)?,
            style: inputs::open(&item.style, limits)?,
            init: init.as_deref().map(|path| inputs::open(path, limits)).transpose()?,
        })
    }

    fn hashes(&self) -> Vec<&str> {
        [&self.content, &self.style].into_iter().chain(&self.init).map(|file| &file.sha256[..]).collect()
    }

    fn decode(self) -> Result<Inputs, JobError> {
        Ok(Inputs {
            content: self.content.decode()?,
            styles: vec![self.style.decode()?],
            init: self.init.map(Unread::decode).transpose()?,
            masks: Masks::default(),
        })
    }
}
