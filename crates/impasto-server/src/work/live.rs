//! Facts about jobs while they run: progress, a picture to look at, and the control. It is not kept: a job that
//! is run again tells it anew.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use impasto_job::Control;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use utoipa::ToSchema;

/// Least time between two events about the progress of a job, and between two pictures.
const PROGRESS: Duration = Duration::from_millis(250);
const PICTURES: Duration = Duration::from_millis(500);

/// Time after a request for a preview during which someone counts as watching.
const WATCHED: Duration = Duration::from_secs(5);

/// The progress of a running job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// `reading`, `preparing`, `draft`, `painting` or `writing`.
    pub(crate) stage: &'static str,
    /// The scale, from 1 on; 0 before the first.
    pub(crate) scale: usize,
    /// Number of scales.
    pub(crate) scales: usize,
    /// The iteration at this scale.
    pub(crate) iteration: usize,
    /// Number of iterations at this scale.
    pub(crate) iterations: usize,
    /// Part of the work that is done, from 0 to 1.
    pub(crate) fraction: f64,
    /// Seconds since the work began.
    pub(crate) elapsed: f64,
    /// Estimated seconds that the rest takes; `null` until they are known.
    pub(crate) seconds_left: Option<f64>,
    /// Pixels across at this scale.
    pub(crate) width: usize,
    /// Pixels down at this scale.
    pub(crate) height: usize,
    /// The tag of the newest preview; `null` if there is none.
    pub(crate) preview: Option<String>,
    /// Pictures of a sheet, or frames of a film, that are painted.
    pub(crate) item: usize,
    /// Pictures of a sheet, or frames of a film, to paint in all.
    pub(crate) items: usize,
    /// The shot of a film, from 1 on; 0 before the first.
    pub(crate) shot: usize,
    /// Number of shots.
    pub(crate) shots: usize,
    /// The frame of a film that was painted last, from 1 on; 0 before the first.
    pub(crate) frame: usize,
    /// Frames of the film.
    pub(crate) frames: usize,
}

/// A picture of a running job, as JPEG.
#[derive(Clone)]
pub(crate) struct Preview {
    pub(crate) tag: String,
    pub(crate) jpeg: Arc<[u8]>,
}

/// A running job.
pub(crate) struct Running {
    pub(crate) control: Control,
    /// Whether a user asked for the pause, and not the end of the server.
    pub(crate) user_paused: AtomicBool,
    now: Mutex<Now>,
}

struct Now {
    progress: Progress,
    preview: Option<Preview>,
    told: Instant,
    looked: Instant,
    /// When a preview was last asked for without a stream of events.
    wanted: Option<Instant>,
}

/// All running jobs, and those who watch them.
pub(crate) struct Live {
    jobs: Mutex<HashMap<String, Arc<Running>>>,
    /// Events that are not kept: progress and previews, as names and data.
    events: broadcast::Sender<(&'static str, Arc<str>)>,
    watchers: AtomicUsize,
}

impl Default for Live {
    fn default() -> Live {
        Live { jobs: Mutex::default(), events: broadcast::channel(64).0, watchers: AtomicUsize::new(0) }
    }
}

impl Live {
    /// Begins to keep what is known of a job.
    pub(crate) fn begin(&self, id: &str, control: Control) -> Arc<Running> {
        let past = Instant::now().checked_sub(Duration::from_secs(1)).unwrap_or_else(Instant::now);
        let progress = Progress { stage: "reading", ..Progress::default() };
        let now = Now { progress, preview: None, told: past, looked: past, wanted: None };
        let running =
            Arc::new(Running { control, user_paused: AtomicBool::new(false), now: Mutex::new(now) });
        lock(&self.jobs).insert(id.to_owned(), Arc::clone(&running));
        running
    }

    /// Forgets a job that is over.
    pub(crate) fn end(&self, id: &str) {
        lock(&self.jobs).remove(id);
    }

    /// The facts about a job, if it runs.
    pub(crate) fn of(&self, id: &str) -> Option<Arc<Running>> {
        lock(&self.jobs).get(id).cloned()
    }

    /// All running jobs.
    pub(crate) fn all(&self) -> Vec<Arc<Running>> {
        lock(&self.jobs).values().cloned().collect()
    }

    /// Watches the jobs.
    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watch { events: self.events.subscribe(), live: Arc::clone(self) }
    }

    /// Changes the progress of a job, and tells it unless that was done a moment ago.
    pub(crate) fn progress(&self, id: &str, running: &Running, change: impl FnOnce(&mut Progress)) {
        let mut now = lock(&running.now);
        let stage = now.progress.stage;
        change(&mut now.progress);
        if now.told.elapsed() >= PROGRESS || now.progress.stage != stage {
            now.told = Instant::now();
            self.tell("job.progress", &json!({ "id": id, "progress": now.progress }));
        }
        let is_watched = self.watchers.load(Ordering::Relaxed) > 0
            || now.wanted.is_some_and(|wanted| wanted.elapsed() < WATCHED);
        if is_watched && now.looked.elapsed() >= PICTURES {
            now.looked = Instant::now();
            running.control.look();
        }
    }

    /// Keeps a new picture of a job, and tells it.
    pub(crate) fn picture(&self, id: &str, running: &Running, jpeg: Vec<u8>) {
        let mut now = lock(&running.now);
        let Progress { scale, iteration, frame, .. } = now.progress;
        // The picture of a film is a frame.
        let tag = if frame > 0 { format!("frame.{frame}") } else { format!("{scale}.{iteration}") };
        now.progress.preview = Some(tag.clone());
        now.preview = Some(Preview { tag: tag.clone(), jpeg: jpeg.into() });
        let url = format!("/api/v1/jobs/{id}/preview?tag={tag}");
        self.tell("preview", &json!({ "id": id, "url": url, "scale": scale, "iteration": iteration }));
    }

    fn tell(&self, name: &'static str, data: &Value) {
        // Nobody may be watching.
        let _ = self.events.send((name, data.to_string().into()));
    }
}

impl Running {
    /// The progress.
    pub(crate) fn progress(&self) -> Progress {
        lock(&self.now).progress.clone()
    }

    /// The newest picture. The next step makes a newer one.
    pub(crate) fn preview(&self) -> Option<Preview> {
        let mut now = lock(&self.now);
        now.wanted = Some(Instant::now());
        now.preview.clone()
    }
}

/// A view of the events that are not kept. As long as there is one, runs make previews.
pub(crate) struct Watch {
    pub(crate) events: broadcast::Receiver<(&'static str, Arc<str>)>,
    live: Arc<Live>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.live.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
