//! The painted frames of a film that is not made yet. They stay when the film fails or is cancelled, because they may
//! be the work of hours: a job that tries it again takes them over. They go when the film is made of them, or with the
//! job.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    let Some(earlier) = before(app, job.retry_of.clone())? else { return Ok(()) };
    let from = app.files.job(&earlier.id);
    let Some(work) = work(&from) else { return Ok(()) };
    // The frames to look at go first: after a kill in between, the rest is still found.
    match fs::rename(frames::folder(&from), frames::folder(&folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(fs::rename(&work, folder.join(work.file_name().unwrap_or_default()))?)
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
