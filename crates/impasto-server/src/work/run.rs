//! Running one job: from its settings to its files, and to its end in the database.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use impasto_job::{End, ErrorKind, JobError, Previews, Runner, Task};

use super::follow::listener;
use super::kept::{remove_work, take_over, told};
use super::outcome::{Ended, end};
use super::place::Place;
use super::room::Room;
use crate::app::App;
use crate::problem::Problem;
use crate::settings::{Settings, Slot};
use crate::store::{Job, Picture, State};

/// Least time between two checkpoints. The first one follows the first step, so that every start makes progress.
const EVERY: Duration = Duration::from_secs(2);

/// Long edge of previews, and of the frames of a film to look at.
const PREVIEW: usize = 768;
const FRAME: usize = 1280;

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
    let folder = app.files.job(&job.id);
    if ended.state.is_final() {
        super::place::forget(&folder);
    }
    if ended.state == State::Done {
        remove_work(&folder);
    }
    if let Some(result) = &ended.result {
        app.files.add(result["bytes"].as_u64().unwrap_or(0));
    }
    app.metrics.job(&job.kind, ended.state.name(), started.elapsed());
    let id = job.id.clone();
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let error = ended.error.map(|problem| told(problem, &folder).to_json());
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
    take_over(app, job)?;
    let mut place = Place::new(&folder);
    place.set("reading");
    let settings = Settings::parse(&job.body)?;
    let spec = settings.job(&|slot| app.file_of(slot), &folder)?;
    let checkpoint = folder.join("checkpoint");
    let runner = runner(&folder, &checkpoint, spec.task);
    let running = app.live.begin(&job.id, runner.control());
    // A command may have come before the job could be commanded.
    if app.queue.is_ending() {
        return Ok(Ended::without(State::Queued));
    }
    let mut names = names(app, &settings)?;
    names.push((folder.join(""), String::new()));
    let renamed = |error: JobError| renamed(error.into(), &names);
    let models = Arc::clone(&app.models);
    let room = Arc::new(Room::new(app, &folder, running.control.clone()));
    let listener = listener(app, job, &running, place, (Arc::clone(notes), Arc::clone(&room)));
    let max_edge = if job.kind == "video" { FRAME } else { PREVIEW };
    let threads = app.threads;
    let known = names.clone();
    let runner = runner
        .names(move |path| known.iter().find(|(file, _)| file == path).map(|(_, name)| name.into()))
        .models(move |name| models(name))
        .films(impasto_video::films())
        .threads(threads)
        .previews(Previews { max_edge, every: None })
        .saves(checkpoint, EVERY)
        .on_event(listener);
    let outcome = runner.run();
    let paused = if running.user_paused.load(Ordering::SeqCst) || !app.queue.is_ending() {
        State::Paused
    } else {
        State::Queued
    };
    let no_room = room.end();
    let ended = match outcome {
        Ok(outcome) => end(&folder, outcome, paused, &names),
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            Ok(Ended::without(match running.control.end() {
                End::Paused => paused,
                _ => State::Cancelled,
            }))
        }
        Err(error) => Err(renamed(error)),
    }?;
    Ok(match no_room {
        // The pause was not asked for by a user.
        Some(problem) if !ended.state.is_final() => {
            Ended { error: Some(problem), ..Ended::without(State::Failed) }
        }
        _ => ended,
    })
}

/// Returns the runner of a task: from its checkpoint, if there is one that this task wrote.
fn runner(folder: &Path, checkpoint: &Path, task: Task) -> Runner {
    if checkpoint.exists() {
        // A folder that was moved has checkpoints with its old name. The run begins anew then.
        let resumed = Runner::resume(checkpoint).ok();
        let ours =
            resumed.filter(|runner| runner.spec().output().is_some_and(|output| output.starts_with(folder)));
        if let Some(runner) = ours {
            return runner;
        }
        let _ = fs::remove_file(checkpoint);
    }
    Runner::new(task)
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
