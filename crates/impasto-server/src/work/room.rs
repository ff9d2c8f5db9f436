//! The room that a film takes while it is painted: its frames count among the bytes of the data folder as they are
//! written, and a film that would pass the quota or the reserve ends before. Its frames are kept.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use impasto_job::{Control, VideoPlan};

use super::kept;
use crate::app::App;
use crate::files::size_of;
use crate::problem::Problem;

/// Frames between two counts of the files. Between them a frame counts with the most that it may have.
const FRAMES: usize = 32;

/// The room of one film.
pub(super) struct Room {
    app: Arc<App>,
    folder: PathBuf,
    control: Control,
    taken: Mutex<Taken>,
}

/// The bytes that a film has taken.
#[derive(Default)]
struct Taken {
    /// The bytes that are counted so far.
    counted: u64,
    /// The most that a frame takes.
    each: u64,
    /// Frames since the last count, and their shot.
    frames: usize,
    shot: usize,
    /// The reason why there is no room.
    problem: Option<Problem>,
}

impl Room {
    /// The room of a film in the folder of its job. Frames of earlier runs are counted already.
    pub(super) fn new(app: &Arc<App>, folder: &Path, control: Control) -> Room {
        let taken = Taken { counted: held(folder), ..Taken::default() };
        Room { app: Arc::clone(app), folder: folder.into(), control, taken: Mutex::new(taken) }
    }

    /// Ends the film at once if there is no room for all of it.
    pub(super) fn planned(&self, plan: &VideoPlan) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.each = plan.disk_bytes / plan.painted.max(1) as u64;
        let left = plan.painted.saturating_sub(plan.done) as u64;
        let more = plan.disk_bytes.saturating_sub(taken.counted).min(taken.each.saturating_mul(left));
        self.check(&mut taken, more);
    }

    /// Counts a frame that was written. Ends the film if there is no room for the next one.
    pub(super) fn frame(&self, shot: usize) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.frames += 1;
        let now = match taken.frames >= FRAMES || taken.shot != shot {
            true => held(&self.folder),
            false => taken.counted + taken.each,
        };
        if taken.frames >= FRAMES {
            taken.frames = 0;
        }
        taken.shot = shot;
        self.app.files.replace(taken.counted, now);
        taken.counted = now;
        let each = taken.each;
        self.check(&mut taken, each);
    }

    /// Counts the files at the end. Returns the reason if the film ended for lack of room.
    pub(super) fn end(&self) -> Option<Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let now = held(&self.folder);
        self.app.files.replace(taken.counted, now);
        taken.counted = now;
        taken.problem.take()
    }

    fn check(&self, taken: &mut Taken, bytes: u64) {
        if let Err(problem) = self.app.files.check_room(bytes) {
            taken.problem = Some(about_film(problem, bytes));
            self.control.pause();
        }
    }
}

/// The problem of a film that would need this many bytes.
pub(crate) fn about_film(problem: Problem, bytes: u64) -> Problem {
    let detail = format!(
        "the frames of the film need about {} MB more: {}",
        bytes.div_ceil(1_000_000),
        problem.detail
    );
    let hint = problem.hint.clone().unwrap_or_default();
    Problem { detail, ..problem }.hint(format!("{hint}; or repaint the film at a smaller size"))
}

fn held(folder: &Path) -> u64 {
    kept::work(folder).map_or(0, |work| size_of(&work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    /// A room in a folder that may hold this many bytes more than it does.
    fn room(data: &Path, more: u64) -> (Room, Arc<App>, PathBuf) {
        let mut app = App::open(&Options::new(data.into())).unwrap();
        app.files.quota = app.files.used() + more;
        let app = Arc::new(app);
        let folder = app.files.job("one");
        std::fs::create_dir_all(folder.join("result.mp4.film")).unwrap();
        (Room::new(&app, &folder, Control::default()), app, folder.join("result.mp4.film"))
    }

    fn plan(disk_bytes: u64, painted: usize) -> VideoPlan {
        let (width, height, frames, done, shots, seconds) = (8, 8, painted, 0, 1, 1.0);
        VideoPlan { width, height, frames, painted, done, shots, seconds, disk_bytes, folder: PathBuf::new() }
    }

    #[test]
    fn frames_count_as_they_are_written() {
        let data = tempfile::tempdir().unwrap();
        let (room, app, work) = room(data.path(), 1_000_000);
        let before = app.files.used();
        room.planned(&plan(1000, 10));
        std::fs::write(work.join("000000.png"), [0; 70]).unwrap();
        // The first frame of a shot is counted by its file, the next one by the most that it may take.
        for used in [70, 170] {
            room.frame(1);
            assert_eq!(app.files.used(), before + used);
        }
        assert_eq!(room.end(), None);
        assert_eq!(app.files.used(), before + 70);
        assert!(!room.control.is_asked_to_end());
    }

    #[test]
    fn a_film_ends_before_it_passes_the_quota() {
        let data = tempfile::tempdir().unwrap();
        let (room, ..) = room(data.path(), 150);
        room.planned(&plan(1000, 10));
        assert!(room.control.is_asked_to_end());
        assert_eq!(room.end().unwrap().status, 507);
        assert_eq!(room.end(), None, "it is told once");

        let data = tempfile::tempdir().unwrap();
        let (room, _, work) = super::tests::room(data.path(), 150);
        room.planned(&plan(100, 1));
        assert!(!room.control.is_asked_to_end());
        std::fs::write(work.join("000000.png"), [0; 70]).unwrap();
        room.frame(1);
        assert!(room.control.is_asked_to_end());
        assert!(room.end().unwrap().hint.unwrap().contains("smaller size"));
    }
}
