//! `impasto batch`: many contents in many styles. What is done is skipped, what fails does not stop the rest, and killing it
//! loses nothing but the pictures in progress.

mod items;
mod journal;

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use impasto::encoder::Encoder;
use impasto::engine::Tiling;
use impasto::image::{Limits, check_output};
use impasto::{Cancel, EngineCache};
use serde_json::json;

use crate::args::{BatchArgs, ProgressKind};
use crate::failure::Failure;
use crate::inputs;
use crate::interrupt::{cancel_on_signal, saving};
use crate::masks::{Masks, RegionArgs};
use crate::output::{line, say};
use crate::pictures::Pictures;
use crate::recipe;
use crate::results;
use crate::style_arg::StyleArg;
use crate::transfer;
use items::{Item, Shard};
use journal::{Entry, Found, Journal};

/// What became of an item.
enum Outcome {
    Made(f64),
    Skipped,
    Failed(Failure),
}

/// What all jobs share.
struct Batch<'a> {
    args: &'a BatchArgs,
    encoder: Encoder,
    limits: Limits,
    journal: Mutex<Journal>,
    cancel: Cancel,
    /// Threads of each picture in progress.
    threads: usize,
}

pub(crate) fn run(args: BatchArgs) -> Result<(), Failure> {
    let contents = items::expand("content", &args.contents)?;
    let styles = items::expand("style", &args.style)?;
    if args.jobs == Some(0) {
        return Err(Failure::bad_input("--jobs: expected at least 1, found 0"));
    }
    // Wrong options are found out once, and not with each picture.
    args.run.objective.preset()?;
    args.run.overrides()?;
    args.run.colour()?;
    let limits = args.input.limits()?;
    let shard = Shard::of(args.shard.as_deref())?;
    let items = shard.take(items::pair(&contents, &styles, &args.name, &args.result)?);
    items::check_folder(&args.output, &contents)?;
    items::check_folder(&args.output, &styles)?;
    fs::create_dir_all(&args.output).map_err(|error| Failure::write(&args.output, &error))?;
    let journal = Mutex::new(Journal::open(&args.output, shard)?);
    let encoder = crate::models::open(&args.run.objective.model)?;
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(1).min(items.len().max(1));
    let threads = args.run.threads.unwrap_or((all / jobs).max(1));
    let cancel = cancel_on_signal();
    let batch = Batch { args: &args, encoder, limits, journal, cancel: cancel.clone(), threads };

    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<Outcome>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        let mut cache = None;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(item), false) = (items.get(index), cancel.is_cancelled()) else { return };
            // A bug that one picture brings out shall not cost the others.
            let made = panic::catch_unwind(AssertUnwindSafe(|| batch.make(item, &mut cache)));
            let outcome = made.unwrap_or_else(|_| Err(Failure::bug("this picture ended in a panic".into())));
            let outcome = outcome.unwrap_or_else(Outcome::Failed);
            if !cancel.is_cancelled() || !matches!(outcome, Outcome::Failed(_)) {
                batch.tell((index + 1, items.len()), item, &outcome);
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
    let outcomes: Vec<Option<Outcome>> =
        outcomes.into_iter().map(|outcome| outcome.into_inner().ok().flatten()).collect();
    summarise(&items, &outcomes, cancel.is_cancelled())
}

impl Batch<'_> {
    /// Makes one picture, if it is not there.
    fn make(&self, item: &Item, cache: &mut Option<EngineCache>) -> Result<Outcome, Failure> {
        let start = Instant::now();
        let run = &self.args.run;
        let (content, style) =
            (inputs::open(&item.content, &self.limits)?, inputs::open(&item.style, &self.limits)?);
        let (overrides, init) = run.overrides()?;
        let init = init.as_deref().map(|path| inputs::open(path, &self.limits)).transpose()?;
        let output = self.args.output.join(&item.output);
        let unnamed = unnamed(&output, &item.output);
        let hashes = [&content, &style].into_iter().chain(&init).map(|file| &file.sha256[..]);
        let key = self.key(&hashes.collect::<Vec<_>>());
        match self.journal()?.find(&output, &unnamed, &item.output, &key) {
            Found::Done => return Ok(Outcome::Skipped),
            Found::Foreign => {
                return Err(Failure::bad_input(format!(
                    "{} is there already, and no batch made it as it is",
                    output.display()
                ))
                .hint("remove it, or choose another folder or --name"));
            }
            Found::Nothing | Found::Older => {}
        }
        let mut pictures = Pictures {
            content: content.decode()?,
            styles: vec![style.decode()?],
            init: init.map(inputs::Unread::decode).transpose()?,
            masks: Masks::default(),
        };
        let read = pictures.all();
        let content = &pictures.content;
        inputs::check_apart("--output", &output, &read)?;
        check_output(&output, Some(self.args.result.format(&output)?), content.decoded.alpha.is_some())?;
        results::encoding(&output, &content.decoded, &self.args.result)?;
        if self.args.progress != ProgressKind::None {
            let notes = read.iter().filter_map(|input| input.note());
            let losses = results::losses_of_format(&output, &content.decoded, &self.args.result)?;
            notes.chain(losses).for_each(|note| say(&format!("{}: {note}", item.output)));
        }
        let preset = run.objective.preset()?;
        let given = [StyleArg::plain(&item.style)];
        let transfer =
            transfer::of(run, &mut pictures, (&given, None), &RegionArgs::default(), preset, overrides)?
                .encoder(self.encoder.clone())
                .threads(self.threads)
                .tiling(Tiling { folder: Some(self.args.output.clone()), ..Tiling::default() })
                .cancel(self.cancel.clone());
        let transfer = match (run.memory, transfer::default_memory()) {
            // What the machine has is for all jobs together; also where there is less to do, so that shards do not differ.
            (None, Some(memory)) => transfer.memory(memory / self.args.jobs.unwrap_or(1)),
            _ => transfer,
        };
        let mut session = transfer.build_with(cache.take())?;
        results::check_side(&output, &self.args.result, &session)?;
        let picture = loop {
            match session.step() {
                Ok(Some(_)) => {}
                Ok(None) => break session.picture(),
                Err(error) => break Err(error),
            }
        };
        let recipe =
            recipe::of(run, &self.args.result, &RegionArgs::default(), &pictures, (&given, None), &session);
        *cache = Some(session.into_cache());
        let picture = picture?;
        // First the bytes, then the line that knows them, then the name.
        saving(|| {
            results::write(&unnamed, &picture, &pictures.content.decoded, &self.args.result, &recipe)?;
            let sha256 = journal::sha256_of(&unnamed)
                .ok_or_else(|| Failure::bad_input(format!("{} has vanished", unnamed.display())))?;
            let seconds = start.elapsed().as_secs_f64();
            self.journal()?.add(Entry { output: item.output.clone(), key, sha256, seconds })?;
            fs::rename(&unnamed, &output).map_err(|error| Failure::write(&output, &error))?;
            Ok(Outcome::Made(seconds))
        })
    }

    fn journal(&self) -> Result<std::sync::MutexGuard<'_, Journal>, Failure> {
        self.journal.lock().map_err(|_| Failure::bug("a job ended while it held the journal".into()))
    }

    /// Digest of everything that a result depends on.
    fn key(&self, inputs: &[&str]) -> String {
        // Neither of these changes a byte.
        let mut run = self.args.run.clone();
        run.threads = None;
        inputs::sha256(
            json!({
                "program": env!("CARGO_PKG_VERSION"),
                "inputs": inputs,
                "model": self.encoder.provenance().sha256,
                "instruction_set": impasto::engine::InstructionSet::from_env().map(|set| set.name()).ok(),
                "run": run,
                "result": self.args.result,
            })
            .to_string()
            .as_bytes(),
        )
    }

    fn tell(&self, (number, of): (usize, usize), item: &Item, outcome: &Outcome) {
        let (event, more) = match outcome {
            Outcome::Made(seconds) => ("made", format!("in {seconds:.1} s")),
            Outcome::Skipped => ("skipped", "is there already".into()),
            Outcome::Failed(failure) => ("failed", format!("failed: {}", failure.message())),
        };
        match self.args.progress {
            ProgressKind::None => {}
            ProgressKind::Bar => say(&format!("[{number}/{of}] {}: {more}", item.output)),
            ProgressKind::Json => {
                say(&json!({ "event": event, "output": item.output, "number": number, "of": of, "text": more })
                    .to_string());
            }
        }
    }
}

/// Where a result is written before it gets its name: hidden, no longer than other names, with the extension that chooses its
/// format.
fn unnamed(output: &Path, name: &str) -> PathBuf {
    let extension = output.extension().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!(".impasto-batch-{}.{extension}", &inputs::sha256(name.as_bytes())[..16]))
}

/// Counts, and a table of what failed.
fn summarise(items: &[Item], outcomes: &[Option<Outcome>], interrupted: bool) -> Result<(), Failure> {
    let count =
        |wanted: fn(&Outcome) -> bool| outcomes.iter().flatten().filter(|outcome| wanted(outcome)).count();
    let made = count(|outcome| matches!(outcome, Outcome::Made(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let left = items.len() - made - skipped - failed;
    let rest = if left > 0 { format!(", {left} not done") } else { String::new() };
    line(&format!("{made} made, {skipped} there already, {failed} failed{rest}"))?;
    let width = items.iter().map(|item| item.output.chars().count()).max().unwrap_or(0);
    for (item, outcome) in items.iter().zip(outcomes) {
        if let Some(Outcome::Failed(failure)) = outcome {
            line(&format!("{:<width$}  {}", item.output, failure.message()))?;
        }
    }
    match (interrupted, failed) {
        (true, _) => Err(Failure::interrupted("interrupted").hint("the same command makes the rest")),
        (false, 0) => Ok(()),
        (false, 1) => Err(Failure::failed("1 picture was not made")),
        (false, failed) => Err(Failure::failed(format!("{failed} pictures were not made"))),
    }
}
