//! The work: threads that take jobs from the queue and run them, one job at a time each.
//!
//! HTTP never touches a run. It changes the database, and sends commands to a run through its control.

mod follow;
mod kept;
mod live;
mod outcome;
mod place;
mod room;
mod run;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::app::App;
use crate::problem::Problem;
use crate::store::{Filter, Job, State};

pub(crate) use kept::bytes as kept_bytes;
pub(crate) use live::{Live, Progress, Watch};
pub(crate) use room::about_film;

/// The time that runs get to write their checkpoints at the end.
const LAST: Duration = Duration::from_secs(60);

/// Wakes the threads when there may be work.
#[derive(Default)]
pub(crate) struct Queue {
    changed: Condvar,
    news: Mutex<bool>,
    paused: AtomicBool,
    ending: AtomicBool,
}

impl Queue {
    /// Tells the threads that there may be work.
    pub(crate) fn wake(&self) {
        *self.news.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether no further job begins.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    pub(crate) fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
        self.wake();
    }

    /// Whether the server is about to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Waits until there may be work.
    fn wait(&self) {
        let news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(news, Duration::from_secs(3600), |news| !*news);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

/// The threads that run jobs.
pub(crate) struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    /// Starts this number of threads.
    pub(crate) fn start(app: &Arc<App>, count: usize) -> std::io::Result<Workers> {
        let worker = |number: usize| {
            let app = Arc::clone(app);
            thread::Builder::new().name(format!("job {number}")).spawn(move || work(&app))
        };
        Ok(Workers((1..=count).map(worker).collect::<Result<_, _>>()?))
    }

    /// Pauses the runs at a checkpoint, and waits for the threads to end.
    pub(crate) fn end(self, app: &App) {
        app.queue.ending.store(true, Ordering::SeqCst);
        app.live.all().iter().for_each(|running| running.control.pause());
        app.queue.wake();
        let until = Instant::now() + LAST;
        for worker in self.0 {
            // The thread wakes another one that waits.
            while !worker.is_finished() && Instant::now() < until {
                app.queue.wake();
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn work(app: &Arc<App>) {
    while !app.queue.is_ending() {
        let next = match app.queue.is_paused() {
            true => Ok(None),
            false => app.store.run(Job::claim),
        };
        match next {
            Ok(Some(job)) => run::run(app, &job),
            Ok(None) => app.queue.wait(),
            // The disk may be full for a while.
            Err(_) => thread::sleep(Duration::from_secs(1)),
        }
    }
}

/// Deaths at one iteration after which a job fails, and deaths before its first one. A job that is at fault dies at the
/// same place each time. The second number is larger, because a program that is killed from outside soon after its
/// start is always killed at about the same place.
const AT_ITERATION: usize = 2;
const BEFORE: usize = 5;

/// Brings jobs that ran when the program ended back into the queue. A job that ended the program again and again at the
/// same place fails: it would do so for ever.
pub(crate) fn recover(app: &App) -> Result<(), Problem> {
    let filter = Filter { states: vec![State::Running], queue: true, limit: 10_000, ..Filter::default() };
    let (jobs, _) = app.store.run(move |connection| filter.page(connection))?;
    for job in jobs.into_iter().filter(|job| job.kind != "batch") {
        let folder = app.files.job(&job.id);
        let place = place::read(&folder);
        let (deaths, before) = job.place.split_once(' ').unwrap_or_default();
        let deaths = if before == place { deaths.parse().unwrap_or(0) + 1 } else { 1 };
        let most = if place.starts_with(place::ITERATION) { AT_ITERATION } else { BEFORE };
        app.store.run(move |connection| match deaths >= most {
            true => {
                Job::finish(connection, &job.id, State::Failed, None, Some(&poison(deaths, &place)), false)
            }
            false => {
                Job::set_place(connection, &job.id, &format!("{deaths} {place}"))?;
                Job::move_to(connection, &job.id, &[State::Running], State::Queued).map(|_| ())
            }
        })?;
        place::forget(&folder);
    }
    Ok(())
}

fn poison(deaths: usize, place: &str) -> Value {
    Problem::internal(format!("the job ended the program {deaths} times at the same place ({place})"))
        .hint("the system may have stopped it for lack of memory: try a smaller size, or less memory")
        .to_json()
}
