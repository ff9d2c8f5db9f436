//! The threads of a run. A WebAssembly module can start none: there a run uses rayon's global pool, which is the
//! calling thread alone where the page has not started others for it.

#[cfg(not(target_arch = "wasm32"))]
pub use rayon::ThreadPool;

use crate::{Error, Setting};

/// Rayon's global pool, by the functions of one of its own.
#[cfg(target_arch = "wasm32")]
#[derive(Debug)]
pub struct ThreadPool(());

#[cfg(target_arch = "wasm32")]
impl ThreadPool {
    /// Runs work on the threads, and gives what it gives.
    pub fn install<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    /// How many there are.
    pub fn current_num_threads(&self) -> usize {
        rayon::current_num_threads()
    }
}

/// Threads of their own for a run; `None`: one per processor.
///
/// # Errors
/// [`Error::Invalid`] for 0 and for more than 1024, [`Error::Threads`] when the system has none left.
pub fn thread_pool(threads: Option<usize>) -> Result<ThreadPool, Error> {
    /// More than any machine has; each takes memory, and a mistyped number shall not take it all.
    const MOST: usize = 1024;
    if let Some(wrong) = threads.filter(|threads| !(1..=MOST).contains(threads)) {
        return Err(Error::invalid(Setting::Threads, format!("expected 1 to {MOST}, found {wrong}")));
    }
    start(threads.unwrap_or(0))
}

#[cfg(not(target_arch = "wasm32"))]
fn start(threads: usize) -> Result<ThreadPool, Error> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Error::Threads { threads, problem: error.to_string() })
}

#[cfg(target_arch = "wasm32")]
fn start(threads: usize) -> Result<ThreadPool, Error> {
    match rayon::current_num_threads() {
        there if threads == 0 || threads == there => Ok(ThreadPool(())),
        there => Err(Error::Threads {
            threads,
            problem: format!("WebAssembly starts none, and there are {there}"),
        }),
    }
}
