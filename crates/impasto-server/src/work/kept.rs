//! The painted frames of a film that is not made yet. They stay when the film fails or is cancelled, because they may
//! be the work of hours: a job that tries it again takes them over. They go when the film is made of them, or with the
//! job.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::app::App;
use crate::files::size_of;
use crate::frames;
use crate::problem::{OTHER_FRAMES, Problem};
use crate::store::Job;

/// The folder of frames of 16 bits, and of the state between them, in the folder of a job.
pub(super) fn work(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "film"))
}

/// Removes the frames of a film that is made.
pub(super) fn remove_work(folder: &Path) {
    if let Some(work) = work(folder) {
        let _ = fs::remove_dir_all(work);
    }
}

/// The job whose frames a job takes over that tries this one again: it, or one that it tried again itself.
fn before(app: &App, mut of: Option<String>) -> Result<Option<Job>, Problem> {
    while let Some(id) = of {
        let Some(job) = app.store.run(move |connection| Job::find(connection, &id))? else { break };
        let is_of_others = job.error.as_ref().is_some_and(|error| error["type"] == OTHER_FRAMES);
        if job.kind != "video" || !job.state.is_final() || is_of_others {
            break;
        }
        if work(&app.files.job(&job.id)).is_some() {
            return Ok(Some(job));
        }
        of = job.retry_of;
    }
    Ok(None)
}

/// The bytes that are kept for a job that tries this one again.
pub(crate) fn bytes(app: &App, retry_of: Option<String>) -> Result<u64, Problem> {
    let job = before(app, retry_of)?;
    Ok(job.and_then(|job| work(&app.files.job(&job.id))).map_or(0, |work| size_of(&work)))
}

/// Takes over the frames of the film that a job tries again, unless it has its own already.
pub(super) fn take_over(app: &App, job: &Job) -> Result<(), Problem> {
    let folder = app.files.job(&job.id);
    if job.kind != "video" || work(&folder).is_some() {
        return Ok(());
    }
    // Two retries of one film may begin at once: one of them takes all of its frames, the other none.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(earlier) = before(app, job.retry_of.clone())? else { return Ok(()) };
    let from = app.files.job(&earlier.id);
    let Some(work) = work(&from) else { return Ok(()) };
    // The frames to look at go first: after a kill in between, the rest is still found.
    moved(&frames::folder(&from), &frames::folder(&folder))?;
    moved(&work, &folder.join(work.file_name().unwrap_or_default()))
}

/// Moves a folder, if it is there: the earlier job may be deleted meanwhile.
fn moved(from: &Path, to: &Path) -> Result<(), Problem> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The problem of a film that failed, with a hint at the frames that are kept.
pub(super) fn told(problem: Problem, folder: &Path) -> Problem {
    if problem.kind() == OTHER_FRAMES {
        return problem.hint("try it again: the film is painted anew, and these frames stay with this job");
    }
    if work(folder).is_none() {
        return problem;
    }
    const KEPT: &str = "its painted frames are kept: try it again, and it goes on after them";
    match problem.hint.clone() {
        Some(hint) => problem.hint(format!("{hint}; {KEPT}")),
        None => problem.hint(KEPT),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::Options;
    use crate::store::{NewJob, State};

    /// A job in the database. With `retry_of` it tries another one again.
    fn job(app: &App, id: &str, retry_of: Option<&str>) -> Job {
        let (id, kind, retry_of) = (id.to_owned(), "video".to_owned(), retry_of.map(str::to_owned));
        let new = NewJob { id, kind, retry_of, ..NewJob::default() };
        app.store.run(move |connection| new.insert(connection)).unwrap()
    }

    #[test]
    fn of_two_retries_at_once_one_takes_all_frames() {
        let data = tempfile::tempdir().unwrap();
        let app = App::open(&Options::new(data.path().into())).unwrap();
        for turn in 0..100 {
            let first = job(&app, &format!("first-{turn}"), None);
            let id = first.id.clone();
            let cancel = move |connection: &rusqlite::Connection| {
                Job::move_to(connection, &id, &[State::Queued], State::Cancelled)
            };
            app.store.run(cancel).unwrap();
            let from = app.files.job(&first.id);
            fs::create_dir_all(frames::folder(&from)).unwrap();
            fs::create_dir_all(from.join("result.mp4.film")).unwrap();
            let retries = ["a", "b"].map(|name| job(&app, &format!("{name}-{turn}"), Some(&first.id)));
            let start = Barrier::new(2);
            std::thread::scope(|scope| {
                for retry in &retries {
                    scope.spawn(|| {
                        fs::create_dir_all(app.files.job(&retry.id)).unwrap();
                        start.wait();
                        take_over(&app, retry).unwrap();
                    });
                }
            });
            let held = retries.each_ref().map(|retry| {
                let folder = app.files.job(&retry.id);
                (work(&folder).is_some(), frames::folder(&folder).exists())
            });
            assert!(
                [[(true, true), (false, false)], [(false, false), (true, true)]].contains(&held),
                "{held:?}"
            );
        }
    }
}
