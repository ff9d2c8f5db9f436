//! Waits for work of the library so that Ctrl-C is heard.
//!
//! A signal only sets a flag in the interpreter until the main thread asks for it. So the work runs on a thread of its
//! own. The calling thread releases the interpreter and asks every 20 ms. After a signal it cancels the work, waits for
//! its end, and raises what the handler of the signal raised.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use impasto::Cancel;
use impasto_job::JobError;
use pyo3::prelude::*;

use crate::errors::{OrRaise, of_panic};

/// Time between two questions for signals.
const SLICE: Duration = Duration::from_millis(20);

/// Runs work with the interpreter released. The work gets a flag that it has to obey.
pub(crate) fn waiting<T: Send, E: Into<JobError>>(
    py: Python<'_>,
    work: impl FnOnce(&Cancel) -> Result<T, E> + Send,
) -> PyResult<T> {
    let cancel = Cancel::default();
    let (ends, ended) = channel::<()>();
    let flag = &cancel;
    let (signal, done) = py.detach(move || {
        std::thread::scope(|scope| {
            let worker = scope.spawn(move || {
                // Its end is the end of the channel.
                let _ends = ends;
                let done = catch_unwind(AssertUnwindSafe(|| work(flag).map_err(Into::into)));
                done.unwrap_or_else(|panic| Err(of_panic(&*panic)))
            });
            let mut signal = None;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(SLICE) {
                if let Err(raised) = Python::attach(|py| py.check_signals()) {
                    flag.cancel();
                    signal = Some(raised);
                    break;
                }
            }
            (signal, worker.join().unwrap_or_else(|panic| Err(of_panic(&*panic))))
        })
    });
    match signal {
        Some(raised) => Err(raised),
        None => done.or_raise(py),
    }
}

/// The process that made an object with threads. They do not exist in a forked child, which would wait for them
/// forever.
#[derive(Clone, Copy)]
pub(crate) struct Home(u32);

impl Home {
    /// This process.
    pub(crate) fn here() -> Home {
        Home(std::process::id())
    }

    /// Refuses another process.
    pub(crate) fn check(self, py: Python<'_>, what: &str) -> PyResult<()> {
        if self.0 == std::process::id() {
            return Ok(());
        }
        let problem = format!("this {what} was made before a fork, and its threads are not in the child");
        let made = JobError::bad_input(problem);
        Err(made.hint("make it in the child, or start processes with the method spawn")).or_raise(py)
    }
}
