//! Running one job: from its settings to its files, and to its end in the database.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use impasto_job::inputs::Inputs;
use impasto_job::{Compared, End, ErrorKind, Event, JobError, Outcome, Previews, Runner, SheetDone, Task};
use serde_json::{Value, json};

use super::live::Running;
use super::place::{ITERATION, Place};
use crate::App;
use crate::pictures::jpeg;
use crate::problem::Problem;
use crate::settings::{Settings, Slot};
use crate::store::{Job, Picture, State};

/// Least time between two checkpoints. The first one follows the first step, so that every start makes progress.
const EVERY: Duration = Duration::from_secs(2);

/// Long edge of previews.
const PREVIEW: usize = 768;

/// How a job ended.
struct Ended {
    state: State,
    result: Option<Value>,
    error: Option<Problem>,
    stopped_early: bool,
}

impl Ended {
    fn without(state: State) -> Ended {
        Ended { state, result: None, error: None, stopped_early: false }
    }
}

/// Runs a job, and keeps how it ended.
pub(super) fn run(app: &Arc<App>, job: &Job) {
    let started = Instant::now();
    let notes = Arc::new(Mutex::new(Vec::new()));
    let ended = catch_unwind(AssertUnwindSafe(|| begin(app, job, &notes)));
    let ended = match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(problem)) => Ended { error: Some(problem), ..Ended::without(State::Failed) },
        Err(_) => {
            let problem =
                Problem::internal("the job failed by a mistake in the program").hint("please report it");
            Ended { error: Some(problem), ..Ended::without(State::Failed) }
        }
    };
    app.live.end(&job.id);
    if ended.state != State::Queued && ended.state != State::Paused {
        let _ = fs::remove_file(app.files.job(&job.id).join("place"));
    }
    if let Some(result) = &ended.result {
        app.files.add(result["bytes"].as_u64().unwrap_or(0));
    }
    app.metrics.job(&job.kind, ended.state.name(), started.elapsed());
    let id = job.id.clone();
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let error = ended.error.map(|problem| problem.to_json());
    let finish = move |connection: &rusqlite::Connection| {
        Job::set_notes(connection, &id, &notes)?;
        Job::finish(connection, &id, ended.state, ended.result.as_ref(), error.as_ref(), ended.stopped_early)
    };
    // The disk may be full: then the end is told when there is room again, or after the next start.
    for _ in 0..600 {
        if app.store.run(finish.clone()).is_ok() || app.queue.is_ending() {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn begin(app: &Arc<App>, job: &Job, notes: &Arc<Mutex<Vec<String>>>) -> Result<Ended, Problem> {
    let folder = app.files.job(&job.id);
    fs::create_dir_all(&folder)?;
    let mut place = Place::new(&folder);
    place.set("reading");
    let settings = Settings::parse(&job.body)?;
    let spec = settings.job(&|slot| app.file_of(slot), &folder)?;
    let checkpoint = folder.join("checkpoint");
    let (runner, resumes) = runner(&folder, &checkpoint, spec.task);
    let running = app.live.begin(&job.id, runner.control());
    // A command may have come before the job could be commanded.
    if app.queue.is_ending() {
        return Ok(Ended::without(State::Queued));
    }
    let names = names(app, &settings)?;
    let renamed = |error: JobError| renamed(error.into(), &names);
    let runner = match with_names(runner.spec().task.clone(), &names) {
        Some(inputs) => runner.inputs(inputs.map_err(renamed)?),
        None => runner,
    };
    let models = Arc::clone(&app.models);
    let listener = listener(app, job, &running, place, Arc::clone(notes));
    let threads = app.threads;
    let mut runner = runner
        .models(move |name| models(name))
        .threads(threads)
        .previews(Previews { max_edge: PREVIEW, every: None })
        .saves(checkpoint, EVERY)
        .on_event(listener);
    if resumes {
        runner = runner.threads(threads);
    }
    let outcome = runner.run();
    let paused = if running.user_paused.load(Ordering::SeqCst) || !app.queue.is_ending() {
        State::Paused
    } else {
        State::Queued
    };
    match outcome {
        Ok(outcome) => end(&folder, outcome, paused, &names),
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            Ok(Ended::without(match running.control.end() {
                End::Paused => paused,
                _ => State::Cancelled,
            }))
        }
        Err(error) => Err(renamed(error)),
    }
}

/// Returns the runner of a task: from its checkpoint, if there is one that this task wrote.
fn runner(folder: &Path, checkpoint: &Path, task: Task) -> (Runner, bool) {
    if checkpoint.exists() {
        // A folder that was moved has checkpoints with its old name. The run begins anew then.
        let resumed = Runner::resume(checkpoint).ok();
        let ours =
            resumed.filter(|runner| runner.spec().output().is_some_and(|output| output.starts_with(folder)));
        if let Some(runner) = ours {
            return (runner, true);
        }
        let _ = fs::remove_file(checkpoint);
    }
    (Runner::new(task), false)
}

/// Reads the pictures of a run, with the names that users know them by. Other tasks read theirs themselves.
fn with_names(task: Task, names: &[(PathBuf, String)]) -> Option<Result<Inputs, JobError>> {
    let Task::Stylize(spec) = task else { return None };
    let read = || {
        let (limits, (_, init)) = (spec.input.limits()?, spec.run.overrides()?);
        let mut inputs = Inputs::read(&spec.content, &spec.style, init.as_deref(), &spec.regions, &limits)?;
        inputs.rename(&|path| names.iter().find(|(file, _)| file == path).map(|(_, name)| name.into()));
        Ok(inputs)
    };
    Some(read())
}

/// The files of a job's pictures, with the names that users know them by.
fn names(app: &App, settings: &Settings) -> Result<Vec<(PathBuf, String)>, Problem> {
    let mut names = Vec::new();
    for slot in settings.slots() {
        let name = match slot {
            Slot::Picture(id) => {
                let id = id.clone();
                app.store.run(move |connection| Picture::find(connection, &id))?.map(|picture| picture.name)
            }
            Slot::Job(id) => Some(format!("{id}.png")),
        };
        names.push((app.file_of(slot)?, name.unwrap_or_default()));
    }
    Ok(names)
}

/// The problem with the names of pictures in place of files.
fn renamed(mut problem: Problem, names: &[(PathBuf, String)]) -> Problem {
    for (file, name) in names {
        problem.detail = problem.detail.replace(&file.display().to_string(), name);
    }
    problem
}

/// Follows the events of a run.
fn listener(
    app: &Arc<App>,
    job: &Job,
    running: &Arc<Running>,
    place: Place,
    notes: Arc<Mutex<Vec<String>>>,
) -> impl Fn(Event) + Send + Sync + 'static {
    let (app, running, id) = (Arc::clone(app), Arc::clone(running), job.id.clone());
    let place = Mutex::new(place);
    move |event| {
        let at = |text: &str| place.lock().unwrap_or_else(PoisonError::into_inner).set(text);
        match event {
            Event::Planned { scales, work: (done, left), .. } => {
                at("preparing");
                app.live.progress(&id, &running, |progress| {
                    progress.stage = if done > 0.0 { "painting" } else { "draft" };
                    progress.scales = scales.len();
                    progress.fraction = fraction(done, left);
                });
            }
            Event::Draft { width, height, elapsed } => {
                at("drafted");
                app.live.progress(&id, &running, |progress| {
                    (progress.stage, progress.width, progress.height) = ("painting", width, height);
                    progress.elapsed = elapsed;
                });
            }
            Event::Step { step, elapsed, seconds_left, work: (done, left) } => {
                at(&format!("{ITERATION} {} of scale {}", step.iteration, step.scale));
                app.metrics.step(step.seconds);
                app.live.progress(&id, &running, |progress| {
                    (progress.scale, progress.scales) = (step.scale, step.scales);
                    (progress.iteration, progress.iterations) = (step.iteration, step.iterations);
                    (progress.width, progress.height) = (step.width, step.height);
                    progress.fraction = fraction(done, left);
                    (progress.elapsed, progress.seconds_left) = (elapsed, Some(seconds_left));
                    progress.stage = if left > 0.0 { "painting" } else { "writing" };
                });
            }
            Event::Preview { picture, space, .. } => {
                if let Ok(jpeg) = jpeg(&picture, space) {
                    app.live.picture(&id, &running, jpeg);
                }
            }
            Event::Item { number, of, .. } => {
                at(&format!("picture {number}"));
                app.live.progress(&id, &running, |progress| {
                    (progress.item, progress.items) = (number, of);
                    progress.fraction = number as f64 / of.max(1) as f64;
                    progress.stage = if number < of { "painting" } else { "writing" };
                });
            }
            Event::Warned { text } => {
                let text = impasto_job::spell(&text, str::to_owned);
                notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
            _ => {}
        }
    }
}

fn fraction(done: f64, left: f64) -> f64 {
    if done + left > 0.0 { done / (done + left) } else { 0.0 }
}

/// What the outcome of a run means for its job.
fn end(
    folder: &Path,
    outcome: Outcome,
    paused: State,
    names: &[(PathBuf, String)],
) -> Result<Ended, Problem> {
    let state = match outcome.end() {
        End::Complete | End::Stopped => State::Done,
        End::Paused => paused,
        End::Cancelled => State::Cancelled,
        _ => State::Failed,
    };
    let stopped_early = outcome.end() == End::Stopped;
    let result = match outcome {
        Outcome::Painted(painted) => match &painted.output {
            Some(path) => {
                let (width, height) = painted.picture.size();
                Some(json!({
                    "width": width, "height": height,
                    "seconds": painted.seconds, "iterations": painted.iterations,
                    "timelapse": folder.join("timelapse.gif").exists(),
                    "file": path.file_name().map(|name| name.to_string_lossy()),
                    "bytes": fs::metadata(path)?.len(),
                }))
            }
            None => None,
        },
        Outcome::Sheet(done) => Some(sheet(folder, &done)?),
        Outcome::Compared(compared) => Some(scores(folder, &compared, names)?),
        _ => None,
    };
    // A run that was stopped before anything was painted has nothing to keep.
    let state = if state == State::Done && result.is_none() { State::Cancelled } else { state };
    if state.is_final() {
        let _ = fs::remove_file(folder.join("checkpoint"));
    }
    Ok(Ended { state, result: result.filter(|_| state == State::Done), error: None, stopped_early })
}

fn sheet(folder: &Path, done: &SheetDone) -> Result<Value, Problem> {
    let (width, height) = done.size;
    let cells = json!({
        "width": width, "height": height,
        "columns": done.columns, "rows": done.rows, "cells": done.cells,
    });
    fs::write(folder.join("cells.json"), cells.to_string())?;
    let bytes = fs::metadata(folder.join("result.png"))?.len();
    Ok(json!({ "width": width, "height": height, "bytes": bytes, "file": "result.png", "items": done.made }))
}

fn scores(folder: &Path, compared: &Compared, names: &[(PathBuf, String)]) -> Result<Value, Problem> {
    let mut text = compared.to_json().to_string();
    for (file, name) in names {
        let quoted = |text: &str| json!(text).to_string().trim_matches('"').to_owned();
        text = text.replace(&quoted(&file.display().to_string()), &quoted(name));
    }
    fs::write(folder.join("scores.json"), &text)?;
    Ok(json!({ "bytes": text.len(), "file": "scores.json" }))
}
