//! `--checkpoint`: when a run is saved, under which name, and what `resume` finds in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use impasto::image::check_writable;
use impasto::{Session, Step};
use serde::{Deserialize, Serialize};

use crate::args::StylizeArgs;
use crate::failure::Failure;
use crate::inputs::Input;
use crate::interrupt::saving;
use crate::progress::Progress;
use crate::results::same_file;

/// Runs that are expected to take longer than this are saved without being asked.
const LONG: Duration = Duration::from_secs(120);

/// How often, unless asked otherwise.
const EVERY: Duration = Duration::from_secs(60);

/// Unless asked how often, at most one part in so many of the time goes into saving.
const SHARE: u32 = 20;

/// What a checkpoint keeps for the command that resumes it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ResumeInfo {
    pub(crate) args: StylizeArgs,
    /// SHA-256 of the files of content, styles and the picture to begin with.
    inputs: Vec<String>,
    /// Done so far.
    pub(crate) steps: Vec<Step>,
}

impl ResumeInfo {
    pub(crate) fn parse(text: &str) -> Option<ResumeInfo> {
        serde_json::from_str(text).ok()
    }

    /// The inputs must be the files that the run began with.
    pub(crate) fn check(&self, inputs: &[&Input]) -> Result<(), Failure> {
        let changed = inputs.iter().zip(&self.inputs).find(|(input, hash)| input.sha256() != **hash);
        match changed {
            Some((input, _)) => Err(Failure::bad_input(format!(
                "{} has changed since the checkpoint was written",
                input.path.display()
            ))
            .hint("give back what it was before, or begin the run anew")),
            None => Ok(()),
        }
    }
}

/// Saves a run from time to time.
pub(crate) struct Checkpoints {
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
    args: StylizeArgs,
    inputs: Vec<String>,
}

impl Checkpoints {
    /// For a run with these options; `resumed` is the file that it goes on from.
    pub(crate) fn new(
        args: &StylizeArgs,
        inputs: &[&Input],
        resumed: Option<&Path>,
    ) -> Result<Checkpoints, Failure> {
        let every = match args.checkpoint_every.as_deref() {
            None => EVERY,
            Some(text) => humantime::parse_duration(text)
                .or_else(|_| text.parse().map(Duration::from_secs))
                .map_err(|_| {
                    Failure::bad_input(format!("--checkpoint-every: expected a time, found {text}"))
                        .hint("such as 90s, 5m or 1h")
                })?,
        };
        let asked = args.checkpoint.clone();
        if let Some(path) = asked.as_deref().filter(|_| resumed.is_none()) {
            crate::inputs::check_apart("--checkpoint", path, inputs)?;
            crate::inputs::check_model("--checkpoint", path, &args.run.objective.model)?;
            if path.exists() {
                return Err(Failure::bad_input(format!("{} is there already", path.display()))
                    .hint(format!("`impasto resume {}` goes on with it; or remove it", path.display())));
            }
            check_writable(path).map_err(|error| Failure::from(error).about("--checkpoint"))?;
        }
        let path = resumed.map(Path::to_path_buf).or(asked.clone()).unwrap_or_else(|| beside(&args.output));
        for (option, other) in [("--output", Some(&args.output)), ("--report", args.report.as_ref())] {
            if other.is_some_and(|other| same_file(other, &path)) {
                return Err(Failure::bad_input(format!("{option} names the checkpoint, {}", path.display()))
                    .hint("give another name, with --checkpoint if it is not that of the report"));
            }
        }
        Ok(Checkpoints {
            in_the_way: resumed.is_none() && asked.is_none() && path.exists(),
            on: resumed.is_some() || asked.is_some(),
            allowed: !args.no_checkpoint || resumed.is_some(),
            path,
            every,
            fixed: args.checkpoint_every.is_some(),
            last: Instant::now(),
            saved: resumed.is_some(),
            failed: false,
            args: absolute(args),
            inputs: inputs.iter().map(|input| input.sha256().to_string()).collect(),
        })
    }

    /// After a step: saves if it is time to. `left` is what the run is expected to take still.
    pub(crate) fn step(&mut self, session: &Session, steps: &[Step], progress: &Progress) {
        self.on |= self.allowed && progress.elapsed() + progress.left() > LONG;
        if self.on && self.last.elapsed() >= self.every {
            self.save(session, steps, progress);
        }
    }

    /// At an end before the end: saves what can be saved. A run that diverged cannot; its last checkpoint is better.
    pub(crate) fn stop(&mut self, session: &Session, steps: &[Step], progress: &Progress) {
        if self.on && session.can_be_saved() {
            self.save(session, steps, progress);
        }
    }

    /// Adds how to go on, if there is a checkpoint to go on from.
    pub(crate) fn mention(&self, failure: Failure) -> Failure {
        match self.saved {
            true => failure.and_hint(format!("`impasto resume {}` goes on", self.path.display())),
            false => failure,
        }
    }

    /// At the end: it is of no use any more.
    pub(crate) fn remove(&self) {
        if self.saved {
            let _ = fs::remove_file(&self.path);
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What cannot be saved does not end the run: there is still the result to come.
    fn save(&mut self, session: &Session, steps: &[Step], progress: &Progress) {
        if self.in_the_way {
            match set_aside(&self.path) {
                Ok(old) => {
                    self.in_the_way = false;
                    progress
                        .note(&format!("note: the checkpoint of an earlier run is now {}", old.display()));
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.failed, true) {
                        let path = self.path.display();
                        progress.note(&format!(
                            "warning: the run goes on, but cannot be saved: {path} of an earlier run is in the way: {error}"
                        ));
                    }
                    self.last = Instant::now();
                    return;
                }
            }
        }
        let start = Instant::now();
        let note = ResumeInfo { args: self.args.clone(), inputs: self.inputs.clone(), steps: steps.to_vec() };
        let saved = serde_json::to_string(&note)
            .map_err(|error| error.to_string())
            .and_then(|note| saving(|| session.save(&self.path, &note)).map_err(|error| error.to_string()));
        if let Err(problem) = &saved
            && !self.failed
        {
            progress.note(&format!("warning: the run goes on, but cannot be saved: {problem}"));
        }
        self.failed = saved.is_err();
        self.saved |= saved.is_ok();
        self.last = Instant::now();
        if !self.fixed {
            self.every = EVERY.max(SHARE * start.elapsed());
        }
    }
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

/// Names that also hold in another folder.
fn absolute(args: &StylizeArgs) -> StylizeArgs {
    let make = |path: &PathBuf| match path.as_os_str() == "-" {
        // Standard input, wherever it comes from.
        true => path.clone(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
    };
    let mut args = args.clone();
    args.content = make(&args.content);
    for style in &mut args.style {
        style.path = make(&style.path);
        style.mask = style.mask.as_ref().map(make);
    }
    args.regions.files_mut().for_each(|path| *path = make(path));
    args.output = make(&args.output);
    args.report = args.report.as_ref().map(make);
    args.extras.triptych = args.extras.triptych.as_ref().map(make);
    args.extras.plot = args.extras.plot.as_ref().map(make);
    args.extras.timelapse = args.extras.timelapse.as_ref().map(make);
    // Names of kinds and of models are no files, whatever there is in the folder.
    if let Ok((_, Some(picture))) = args.run.overrides() {
        args.run.init = Some(make(&picture));
    }
    let model = PathBuf::from(&args.run.objective.model);
    let named = impasto::encoder::known().iter().any(|known| known.name == args.run.objective.model)
        || args.run.objective.model.starts_with("random:");
    if !named
        && model.exists()
        && let Some(model) = make(&model).to_str()
    {
        args.run.objective.model = model.into();
    }
    args
}
