//! The checkpoints of a run: when they are written, and under which name.

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

/// A run that is expected to take longer than this is saved from time to time by default.
const LONG: Duration = Duration::from_secs(120);

/// Default time between two checkpoints.
const EVERY: Duration = Duration::from_secs(60);

/// By default, saving takes at most one part in `SHARE` of the time.
const SHARE: u32 = 20;

/// The checkpoint that a face (front end) asks for, and the time between two.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    pub(crate) path: PathBuf,
    /// Least time between two checkpoints. The first one follows the first step.
    pub(crate) every: Duration,
}

/// Saves a run from time to time.
pub(super) struct Checkpoints {
    path: PathBuf,
    every: Duration,
    /// Time between two checkpoints of a run that is saved quickly.
    least: Duration,
    /// Whether `every` was given as an option.
    fixed: bool,
    /// Whether the next step is saved, however little time has passed.
    soon: bool,
    /// Whether the run is saved, because an option asks for it or because the run is long.
    on: bool,
    /// Whether the default name belongs to a checkpoint of an earlier run, which must not be lost.
    in_the_way: bool,
    allowed: bool,
    last: Instant,
    /// Whether the file is a checkpoint of this run.
    saved: bool,
    failed: bool,
    job: JobSpec,
    face: Value,
    inputs: Vec<String>,
}

impl Checkpoints {
    /// The checkpoints of a run with these options. `resumed` is the checkpoint from which the run continues.
    pub(super) fn new(
        (job, spec): (&JobSpec, &StylizeSpec),
        face: Value,
        inputs: &[&Input],
        resumed: Option<&Path>,
        kept: Option<&Keeping>,
    ) -> Result<Checkpoints, JobError> {
        let every = match (kept, &spec.checkpoint_every) {
            (Some(kept), None) => kept.every,
            _ => every(spec)?,
        };
        let asked = spec.checkpoint.as_ref().or(kept.map(|kept| &kept.path)).cloned();
        if let Some(path) = asked.as_deref().filter(|_| resumed.is_none()) {
            check_new(path, spec, inputs)?;
        }
        // A result without a file has no place for a checkpoint either.
        let output = Some(&spec.output).filter(|output| !output.as_os_str().is_empty());
        let path = resumed.map(Path::to_path_buf).or(asked.clone());
        let nowhere = path.is_none() && output.is_none();
        let path = path.or(output.map(|output| beside(output))).unwrap_or_default();
        for (option, other) in [("`output`", output), ("`report`", spec.report.as_ref())] {
            if other.is_some_and(|other| same_file(other, &path)) {
                return Err(JobError::bad_input(format!(
                    "{option} names the checkpoint, {}",
                    path.display()
                ))
                .hint("give one of them another name; `checkpoint` names the checkpoint"));
            }
        }
        Ok(Checkpoints {
            in_the_way: resumed.is_none() && asked.is_none() && path.exists(),
            on: resumed.is_some() || asked.is_some(),
            allowed: (!spec.no_checkpoint || resumed.is_some()) && !nowhere,
            path,
            every,
            least: every,
            fixed: spec.checkpoint_every.is_some(),
            soon: kept.is_some(),
            last: Instant::now(),
            saved: resumed.is_some(),
            failed: false,
            job: absolute(job),
            face,
            inputs: inputs.iter().map(|input| input.sha256().to_string()).collect(),
        })
    }

    /// Saves the run after a step, if it is time to.
    pub(super) fn step(&mut self, session: &Session, steps: &[Step], pace: &Pace, context: &Context) {
        self.on |= self.allowed && pace.elapsed() + pace.left() > LONG;
        if self.on && (self.soon || self.last.elapsed() >= self.every) {
            self.soon = false;
            self.save(session, steps, context);
        }
    }

    /// Saves a run that ends early, however short it would have been, once it has painted something. A run that diverged
    /// cannot be saved; its last checkpoint is better.
    pub(super) fn stop(&mut self, session: &Session, steps: &[Step], context: &Context) {
        self.on |= self.allowed && !steps.is_empty();
        if self.on && session.can_be_saved() {
            self.save(session, steps, context);
        }
    }

    /// The checkpoint from which the run can continue, if there is one.
    pub(super) fn saved(&self) -> Option<PathBuf> {
        self.saved.then(|| self.path.clone())
    }

    /// Adds the checkpoint from which the run can continue to an error, if there is one.
    pub(super) fn mention(&self, error: JobError) -> JobError {
        error.with_checkpoint(self.saved())
    }

    /// Removes the checkpoint at the end of the run.
    pub(super) fn remove(&self) {
        if self.saved {
            let _ = fs::remove_file(&self.path);
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Saves the run. A run that cannot be saved continues, because its result may still be written.
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
            self.every = self.least.max(SHARE * start.elapsed());
        }
    }

    fn write(&self, session: &Session, steps: &[Step], context: &Context) -> Result<(), String> {
        self.write_to(&self.path, session, steps, context).map_err(|error| error.message().to_owned())
    }

    /// Writes a checkpoint to a file.
    pub(super) fn write_to(
        &self,
        path: &Path,
        session: &Session,
        steps: &[Step],
        context: &Context,
    ) -> Result<(), JobError> {
        let note = ResumeInfo {
            job: self.job.clone(),
            inputs: self.inputs.clone(),
            steps: steps.to_vec(),
            face: self.face.clone(),
        };
        let note = serde_json::to_string(&note).map_err(|error| JobError::bug(error.to_string()))?;
        Ok(context.control.saving(|| session.save(path, &note))?)
    }

    /// Renames a checkpoint of an earlier run that has the default name.
    fn clear_the_way(&mut self, context: &Context) -> Result<(), String> {
        if self.in_the_way {
            let old = set_aside(&self.path).map_err(|error| {
                format!("the checkpoint {} of an earlier run cannot be renamed: {error}", self.path.display())
            })?;
            self.in_the_way = false;
            context.warn(format!("note: the checkpoint of an earlier run is now {}", old.display()));
        }
        Ok(())
    }
}

/// Returns the time between two checkpoints.
fn every(spec: &StylizeSpec) -> Result<Duration, JobError> {
    let Some(text) = spec.checkpoint_every.as_deref() else { return Ok(EVERY) };
    humantime::parse_duration(text).or_else(|_| text.parse().map(Duration::from_secs)).map_err(|_| {
        JobError::bad_input(format!("`checkpoint_every`: expected a time, found {text}"))
            .hint("such as 90s, 5m or 1h")
    })
}

/// Refuses the checkpoint file of a new run if it exists, or is an input or the model.
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

/// Renames a file to a free name, which is returned.
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

/// Returns `out.png.checkpoint` for `out.png`.
fn beside(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_os_string();
    name.push(".checkpoint");
    name.into()
}
