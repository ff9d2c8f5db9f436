//! The state that a run's own thread and its callers share. The run works on a thread of its own and stops before each
//! step until a step is asked for. Callers wait with the interpreter released, and see Ctrl-C within [`SLICE`].
//!
//! No lock is held while anybody waits or works, so no number of callers can block each other for longer than a step.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use impasto::image::Space;
use impasto::{Picture, thread_pool};
use impasto_job::{Control, Event, JobError, Moment, Outcome, Runner, VideoEvent};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde_json::json;

use crate::errors::{of_panic, spelled};

/// Longest time between two looks at signals.
const SLICE: Duration = Duration::from_millis(10);

/// How long a caller that was interrupted waits for the run to end, before it raises the exception all the same.
const LEAVE: Duration = Duration::from_millis(20);

/// Painted frames of a film that may wait for somebody to take them. The film waits before the next one.
const FRAMES: usize = 2;

/// Work that the run's thread does between two steps.
type Request = Box<dyn FnOnce(&Moment<'_, '_>) + Send>;

/// How many steps the run may do.
pub(crate) enum Allowed {
    /// This number; then it waits.
    Steps(usize),
    /// All of them.
    All,
}

pub(crate) struct State {
    pub(crate) allowed: Allowed,
    /// Whether the first step has been reached.
    pub(crate) ready: bool,
    /// Events that nobody has taken, as JSON: steps of a run, items of a batch or a sheet, all events of a film.
    pub(crate) events: VecDeque<String>,
    /// The painted frames of a film that nobody has taken.
    pub(crate) frames: VecDeque<(Arc<Picture>, Space)>,
    /// Whether events are kept for somebody who takes them.
    pub(crate) listening: bool,
    /// All steps of a run, as JSON.
    pub(crate) history: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) checkpoint: Option<std::path::PathBuf>,
    pub(crate) outcome: Option<Arc<Result<Outcome, JobError>>>,
    requests: VecDeque<Request>,
    /// Whether nobody is left to ask for a step.
    closed: bool,
}

/// The state, with a signal for every change of it.
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    pub(crate) control: Control,
    /// The process that the run belongs to.
    process: u32,
}

impl Shared {
    /// Starts a run on a thread of its own.
    pub(crate) fn start(runner: Runner, allowed: Allowed) -> std::io::Result<Arc<Shared>> {
        let state = State {
            allowed,
            ready: false,
            events: VecDeque::new(),
            frames: VecDeque::new(),
            listening: true,
            history: Vec::new(),
            notes: Vec::new(),
            checkpoint: None,
            outcome: None,
            requests: VecDeque::new(),
            closed: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            control: runner.control(),
            process: std::process::id(),
        });
        let (told, asked) = (Arc::clone(&shared), Arc::clone(&shared));
        let runner =
            runner.on_event(move |event| told.hear(&event)).between(move |moment| asked.between(moment));
        let ended = Arc::clone(&shared);
        thread::Builder::new().name("impasto".into()).spawn(move || {
            // A pool of its own: see `threads.rs`. It does little, since the session of the run has another one.
            let work = || thread_pool(None)?.install(|| runner.run());
            let outcome = catch_unwind(AssertUnwindSafe(work));
            let outcome = outcome.unwrap_or_else(|panic| Err(of_panic(&*panic)));
            let mut state = ended.lock();
            state.outcome = Some(Arc::new(outcome));
            state.requests.clear();
            drop(state);
            ended.changed.notify_all();
        })?;
        Ok(shared)
    }

    /// The state. A panic of another thread leaves it whole, since every change of it is one statement.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Refuses a run that was copied into this process by a fork: its thread is not here.
    pub(crate) fn check_process(&self) -> PyResult<()> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(PyRuntimeError::new_err(
            "this run began in another process, and its threads stayed there\nhint: start the run in the child, or use \
             the start method spawn",
        ))
    }

    /// Changes the state, and tells everybody who waits.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `look` finds what it looks for. Ctrl-C stops the run and is raised.
    pub(crate) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        mut look: impl FnMut(&mut State) -> Option<T> + Send,
    ) -> PyResult<T> {
        loop {
            let found = py.detach(|| {
                let mut state = self.lock();
                if let Some(found) = look(&mut state) {
                    return Some(found);
                }
                let waited = self.changed.wait_timeout(state, SLICE);
                let mut state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
                look(&mut state)
            });
            if let Some(found) = found {
                return Ok(found);
            }
            if let Err(signal) = py.check_signals() {
                self.control.stop();
                self.changed.notify_all();
                py.detach(|| self.wait_for_end(LEAVE));
                return Err(signal);
            }
        }
    }

    fn wait_for_end(&self, most: Duration) {
        let end = Instant::now() + most;
        let mut state = self.lock();
        while state.outcome.is_none() {
            let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return;
            };
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Has the run's thread do this between two steps, and waits for it; `None` if the run has ended.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Moment<'_, '_>) -> T + Send + 'static,
    ) -> PyResult<Option<T>> {
        let slot: Arc<Mutex<Option<T>>> = Arc::default();
        let place = Arc::clone(&slot);
        let request: Request = Box::new(move |moment| {
            let done = work(moment);
            *place.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(done);
        });
        self.change(|state| {
            if state.outcome.is_none() {
                state.requests.push_back(request);
            }
        });
        self.wait(py, |state| {
            let done = slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            match done {
                Some(done) => Some(Some(done)),
                None if state.outcome.is_some() => Some(None),
                None => None,
            }
        })
    }

    /// Ends the run when nobody has it any more.
    pub(crate) fn close(&self) {
        self.control.cancel();
        self.change(|state| state.closed = true);
    }

    /// Runs on the run's thread before each step: does what is asked for, and waits until a step may be done.
    fn between(&self, moment: &Moment<'_, '_>) {
        let mut state = self.lock();
        state.ready = true;
        self.changed.notify_all();
        loop {
            if let Some(request) = state.requests.pop_front() {
                drop(state);
                request(moment);
                self.changed.notify_all();
                state = self.lock();
                continue;
            }
            if state.closed || self.control.is_asked_to_end_now() {
                return;
            }
            match &mut state.allowed {
                Allowed::All => return,
                Allowed::Steps(0) => {}
                Allowed::Steps(left) => {
                    *left -= 1;
                    return;
                }
            }
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Runs on the working threads with every event.
    fn hear(&self, event: &Event) {
        self.change(|state| match event {
            Event::Step { work: (done, left), .. } => {
                let mut value = json!(event);
                value["progress"] = json!(done / (done + left).max(f64::MIN_POSITIVE));
                let text = value.to_string();
                if state.listening {
                    state.events.push_back(text.clone());
                }
                state.history.push(text);
            }
            Event::Item { .. } => state.events.push_back(json!(event).to_string()),
            Event::Film(VideoEvent::Picture { picture, space, .. }) => {
                state.frames.push_back((Arc::clone(picture), *space));
            }
            Event::Film(_) => state.events.push_back(json!(event).to_string()),
            Event::Warned { text } => state.notes.push(spelled(text)),
            Event::Checkpointed { path } => state.checkpoint = Some(path.clone()),
            _ => {}
        });
        if matches!(event, Event::Film(VideoEvent::Picture { .. })) {
            self.wait_for_room();
        }
    }

    /// Waits until there is room for another frame, so that the memory of a film does not depend on its length.
    fn wait_for_room(&self) {
        let mut state = self.lock();
        while state.frames.len() >= FRAMES && !state.closed && !self.control.is_asked_to_end_now() {
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}
