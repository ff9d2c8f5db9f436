//! When a run is saved, and under which name.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use impasto::image::check_writable;
use impasto::{Session, Step};
use serde_json::Value;

use super::pace::Pace;
use super::resume::{ResumeInfo, absolute};
use crate::encoding::same_file;
use crate::inputs::{self, Input};
use crate::spec::{JobSpec, StylizeSpec};
use crate::{Context, Event, JobError};

/// Runs that are expected to take longer than this are saved without being asked.
const LONG: Duration = Duration::from_secs(120);

/// How often, unless asked otherwise.
const EVERY: Duration = Duration::from_secs(60);

/// Unless asked how often, at most one part in so many of the time goes into saving.
const SHARE: u32 = 20;

/// Saves a run from time to time.
pub(super) struct Checkpoints {
    path: PathBuf,
    every: Duration,
    /// Whether `every` was asked for.
    fixed: bool,
    /// Whether the run is saved: it was asked for, or the run is long.
    on: bool,
    /// The default name holds what an earlier run left, which is not to be lost.
    in_the_way: bool,
    allowed: bool,
    last: Instant,
    /// Whether the file is this run's.
    saved: bool,
    failed: bool,
    job: JobSpec,
    face: Value,
    inputs: Vec<String>,
}

impl Checkpoints {
    /// Checkpoints of a run with these options; `resumed` is the file that it goes on from.
    pub(super) fn new(
        (job, spec): (&JobSpec, &StylizeSpec),
        face: Value,
        inputs: &[&Input],
        resumed: Option<&Path>,
    ) -> Result<Checkpoints, JobError> {
        let every = every(spec)?;
        let asked = spec.checkpoint.clone();
        if let Some(path) = asked.as_deref().filter(|_| resumed.is_none()) {
            check_new(path, spec, inputs)?;
        }
        let path = resumed.map(Path::to_path_buf).or(asked.clone()).unwrap_or_else(|| beside(&spec.output));
        for (option, other) in [("`output`", Some(&spec.output)), ("`report`", spec.report.as_ref())] {
            if other.is_some_and(|other| same_file(other, &path)) {
                return Err(JobError::bad_input(format!(
                    "{option} names the checkpoint, {}",
                    path.display()
                ))
                .hint("give another name, with `checkpoint` if it is not that of the report"));
            }
        }
        Ok(Checkpoints {
            in_the_way: resumed.is_none() && asked.is_none() && path.exists(),
            on: resumed.is_some() || asked.is_some(),
            allowed: !spec.no_checkpoint || resumed.is_some(),
            path,
            every,
            fixed: spec.checkpoint_every.is_some(),
            last: Instant::now(),
            saved: resumed.is_some(),
            failed: false,
            job: absolute(job),
            face,
            inputs: inputs.iter().map(|input| input.sha256().to_string()).collect(),
        })
    }

    /// After a step: saves if it is time to. `left` is what the run is expected to take still.
    pub(super) fn step(&mut self, session: &Session, steps: &[Step], pace: &Pace, context: &Context) {
        self.on |= self.allowed && pace.elapsed() + pace.left() > LONG;
        if self.on && self.last.elapsed() >= self.every {
            self.save(session, steps, context);
        }
    }

    /// At an end before the end: saves what can be saved. A run that diverged cannot; its last checkpoint is better.
    pub(super) fn stop(&mut self, session: &Session, steps: &[Step], context: &Context) {
        if self.on && session.can_be_saved() {
            self.save(session, steps, context);
        }
    }

    /// The checkpoint to go on from, if there is one.
    pub(super) fn saved(&self) -> Option<PathBuf> {
        self.saved.then(|| self.path.clone())
    }

    /// The error, with the checkpoint to go on from, if there is one.
    pub(super) fn mention(&self, error: JobError) -> JobError {
        error.with_checkpoint(self.saved())
    }

    /// At the end: it is of no use any more.
    pub(super) fn remove(&self) {
        if self.saved {
            let _ = fs::remove_file(&self.path);
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Saves. A run that cannot be saved goes on: there is still the result to come.
    pub(super) fn save(&mut self, session: &Session, steps: &[Step], context: &Context) {
        let start = Instant::now();
        let saved = self.clear_the_way(context).and_then(|()| self.write(session, steps, context));
        match &saved {
            Ok(()) => context.emit(Event::Checkpointed { path: self.path.clone() }),
            Err(_) if self.failed => {}
            Err(problem) => context.warn(format!("warning: the run goes on, but cannot be saved: {problem}")),
        }
        self.failed = saved.is_err();
        self.saved |= saved.is_ok();
        self.last = Instant::now();
        if !self.fixed && saved.is_ok() {
            self.every = EVERY.max(SHARE * start.elapsed());
        }
    }

    fn write(&self, session: &Session, steps: &[Step], context: &Context) -> Result<(), String> {
        let note = ResumeInfo {
            job: self.job.clone(),
            inputs: self.inputs.clone(),
            steps: steps.to_vec(),
            face: self.face.clone(),
        };
        let note = serde_json::to_string(&note).map_err(|error| error.to_string())?;
        context.control.saving(|| session.save(&self.path, &note)).map_err(|error| error.to_string())
    }

    /// Moves what an earlier run left under the default name out of the way.
    fn clear_the_way(&mut self, context: &Context) -> Result<(), String> {
        if self.in_the_way {
            let old = set_aside(&self.path).map_err(|error| {
                format!("{} of an earlier run is in the way: {error}", self.path.display())
            })?;
            self.in_the_way = false;
            context.warn(format!("note: the checkpoint of an earlier run is now {}", old.display()));
        }
        Ok(())
    }
}

/// The time from one checkpoint to the next.
fn every(spec: &StylizeSpec) -> Result<Duration, JobError> {
    let Some(text) = spec.checkpoint_every.as_deref() else { return Ok(EVERY) };
    humantime::parse_duration(text).or_else(|_| text.parse().map(Duration::from_secs)).map_err(|_| {
        JobError::bad_input(format!("`checkpoint_every`: expected a time, found {text}"))
            .hint("such as 90s, 5m or 1h")
    })
}

/// The file of a run that begins must be new.
fn check_new(path: &Path, spec: &StylizeSpec, inputs: &[&Input]) -> Result<(), JobError> {
    inputs::check_apart("`checkpoint`", path, inputs)?;
    inputs::check_model("`checkpoint`", path, &spec.run.objective.model)?;
    if path.exists() {
        return Err(JobError::bad_input(format!("{} is there already", path.display()))
            .hint("resume it, or remove it")
            .with_checkpoint(Some(path.into())));
    }
    check_writable(path).map_err(|error| JobError::from(error).about("`checkpoint`"))
}

/// Gives a file a name that is free.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let numbered = |number: usize| {
        let mut name = path.as_os_str().to_os_string();
        name.push(if number == 1 { ".old".into() } else { format!(".old{number}") });
        PathBuf::from(name)
    };
    let free = (1..).map(numbered).find(|name| !name.exists()).unwrap_or_else(|| numbered(1));
    fs::rename(path, &free)?;
    Ok(free)
}

/// `out.png.checkpoint` for `out.png`.
fn beside(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_os_string();
    name.push(".checkpoint");
    name.into()
}
