//! Threads for work outside of runs. The library's pools belong to runs, but some of its functions take the pool of the
//! calling thread, which is otherwise one for the whole process. A forked child inherits the books of that pool without
//! its threads, and would wait for them for ever. So no work here runs outside of a pool that this process has made.

use std::sync::{Arc, Mutex};

use impasto::{ThreadPool, thread_pool};
use impasto_job::JobError;

/// A pool, and the process that made it.
struct Made {
    process: u32,
    pool: Arc<ThreadPool>,
}

static POOL: Mutex<Option<Made>> = Mutex::new(None);

/// Returns the pool of this process.
///
/// # Errors
/// When the threads cannot be started.
pub(crate) fn pool() -> Result<Arc<ThreadPool>, JobError> {
    let (process, new) = (std::process::id(), || Ok::<_, JobError>(Arc::new(thread_pool(None)?)));
    // A fork may have copied the lock while another thread held it. Then this work gets a pool of its own.
    let Ok(mut made) = POOL.try_lock() else { return new() };
    if let Some(made) = made.as_ref().filter(|made| made.process == process) {
        return Ok(Arc::clone(&made.pool));
    }
    let pool = new()?;
    let before = made.replace(Made { process, pool: Arc::clone(&pool) });
    // The threads of the parent's pool are not here, so that nobody could tell them to end.
    std::mem::forget(before);
    Ok(pool)
}
