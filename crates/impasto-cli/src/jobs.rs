//! Jobs: turns arguments into a [`JobSpec`](impasto_job::JobSpec), and events into lines of output.

use std::sync::Arc;

use clap::ArgMatches;
use clap::parser::ValueSource;
use impasto_job::spec::StylizeSpec;
use impasto_job::{BatchDone, End, Event, FromRecipe, Outcome, Painted, Previews, Runner, Task, like_cell};
use serde::{Deserialize, Serialize};

use crate::args::{BatchArgs, CompareArgs, ProgressKind, ResumeArgs, SheetArgs, StylizeArgs, TextureArgs};
use crate::failure::{Failure, with_options};
use crate::interrupt::stop_on_signal;
use crate::output::{line, say};
use crate::preview;
use crate::progress::Progress;
use crate::show::quoted;
use crate::usage::instead;

/// Options of the command line that a resumed run keeps.
#[derive(Serialize, Deserialize)]
struct Face {
    progress: ProgressKind,
    preview: bool,
}

pub(crate) fn stylize(args: StylizeArgs, matches: &ArgMatches) -> Result<(), Failure> {
    let known = |name: &str| matches.ids().any(|id| id.as_str() == name);
    let given = |name: &str| known(name) && matches.value_source(name) == Some(ValueSource::CommandLine);
    let FromRecipe { spec, notes, weights } = match &args.like {
        Some(path) => like_cell(args.spec, path, args.cell, &given)?,
        None => FromRecipe { spec: args.spec, notes: Vec::new(), weights: None },
    };
    instead::of_stylize(&spec)?;
    let carried = [
        ("mask", !spec.regions.mask.is_empty() && !given("mask")),
        ("protect", spec.regions.protect.is_some() && !given("protect")),
    ];
    let runner = Runner::new(Task::Stylize(spec)).notes(notes).expect_weights(weights);
    let painted = paint(runner, Face { progress: args.progress, preview: args.preview });
    painted.map_err(|failure| match carried.iter().find(|(name, is)| *is && failure.is_about(name)) {
        Some((name, _)) => failure.and_hint(format!("`{name}` none leaves out that of the recipe")),
        None => failure,
    })
}

pub(crate) fn texture(args: TextureArgs) -> Result<(), Failure> {
    paint(Runner::new(Task::Texture(args.spec)), Face { progress: args.progress, preview: false })
}

/// `impasto resume`: continues a run from its checkpoint.
pub(crate) fn resume(given: ResumeArgs) -> Result<(), Failure> {
    let runner = Runner::resume(&given.checkpoint)?.threads(given.threads).device(given.device);
    let face: Option<Face> = serde_json::from_value(runner.face_value().clone()).ok();
    let mut face = face.unwrap_or(Face { progress: ProgressKind::Bar, preview: false });
    face.progress = given.progress.unwrap_or(face.progress);
    paint(runner, face)
}

fn paint(runner: Runner, face: Face) -> Result<(), Failure> {
    let progress = Arc::new(Progress::new(face.progress));
    let shown = Arc::clone(&progress);
    let mut runner = common(runner).face(serde_json::to_value(&face).unwrap_or_default()).on_event(
        move |event| match event {
            Event::Preview { picture, space, result, .. } => {
                // If a picture cannot be shown, one note at the end is enough.
                if let (Err(reason), true) = (preview::show(&picture, space), result) {
                    shown.note(&format!("note: no preview: {reason}"));
                }
            }
            event => shown.run(&event),
        },
    );
    if face.preview {
        runner = runner.previews(Previews { max_edge: preview::LONG_EDGE, every: None });
    }
    let outcome = runner.run();
    progress.finish();
    match outcome? {
        Outcome::Painted(painted) => ended(&painted),
        _ => Ok(()),
    }
}

/// Returns a failure for a run that was interrupted.
fn ended(painted: &Painted) -> Result<(), Failure> {
    if painted.end == End::Complete {
        return Ok(());
    }
    let failure = Failure::interrupted(format!("interrupted; {painted}"));
    Err(match &painted.checkpoint {
        Some(path) => failure.hint(format!("`impasto resume {}` goes on", path.display())),
        None => failure,
    })
}

pub(crate) fn batch(args: BatchArgs) -> Result<(), Failure> {
    let progress = Progress::new(args.progress);
    let runner = common(Runner::new(Task::Batch(args.spec))).on_event(move |event| progress.batch(&event));
    match runner.run()? {
        Outcome::Batch(done) => summarise(&done),
        _ => Ok(()),
    }
}

/// Prints the counts, and a table of the failures.
fn summarise(done: &BatchDone) -> Result<(), Failure> {
    let (made, skipped, failed) = (done.made, done.skipped, done.failed.len());
    let rest = if done.left > 0 { format!(", {} not done", done.left) } else { String::new() };
    line(&format!("{made} made, {skipped} there already, {failed} failed{rest}"))?;
    let width = done.failed.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, message) in &done.failed {
        line(&format!("{name:<width$}  {}", with_options(message)))?;
    }
    match (done.end, failed) {
        (End::Stopped | End::Paused | End::Cancelled, _) => {
            Err(Failure::interrupted("interrupted").hint("the same command makes the rest"))
        }
        (_, 0) => Ok(()),
        (_, 1) => Err(Failure::failed("1 picture was not made")),
        (_, failed) => Err(Failure::failed(format!("{failed} pictures were not made"))),
    }
}

pub(crate) fn sheet(args: SheetArgs) -> Result<(), Failure> {
    let progress = Arc::new(Progress::new(args.progress));
    let (shown, named) = (Arc::clone(&progress), args.spec.clone());
    let runner = common(Runner::new(Task::Sheet(args.spec))).on_event(move |event| shown.sheet(&event));
    let output = runner.spec().output().cloned().unwrap_or_default();
    let outcome = runner.run()?;
    if let Outcome::Sheet(done) = &outcome
        && done.has_recipe
    {
        let files = [named.content].into_iter().chain(named.style.into_iter().map(|style| style.path));
        let files: Vec<String> = files.map(|path| quoted(&path.to_string_lossy())).collect();
        let sheet = quoted(&output.to_string_lossy());
        progress.note(&format!(
            "picture N alone, at full size: impasto stylize {} -o OUT --like {sheet} --cell N",
            files.join(" ")
        ));
    }
    match outcome {
        Outcome::Sheet(done) if done.end != End::Complete => {
            let (path, made) = (output.display(), done.made);
            Err(Failure::interrupted("interrupted")
                .hint(format!("{path} has the {made} pictures that were made")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn compare(args: CompareArgs) -> Result<(), Failure> {
    let runner = common(Runner::new(Task::Compare(args.spec))).on_event(|event| {
        if let Event::Warned { text } = event {
            say(&with_options(&text));
        }
    });
    let Outcome::Compared(compared) = runner.run()? else { return Ok(()) };
    match args.json {
        true => line(&compared.to_json().to_string()),
        false => compared.table().iter().try_for_each(|text| line(text)),
    }
}

/// Sets up what all jobs share: models that may be fetched, signals, and time that counts from the command's start.
fn common(runner: Runner) -> Runner {
    stop_on_signal(&runner.control());
    runner.models(crate::models::open).elapsed(crate::elapsed())
}

/// Returns a runner for the plan of a run.
pub(crate) fn planner(spec: StylizeSpec) -> Runner {
    common(Runner::new(Task::Stylize(spec))).on_event(|event| {
        if let Event::Warned { text } = event {
            say(&with_options(&text));
        }
    })
}
