//! The database: one SQLite file and one connection, on a thread of its own.
//!
//! Everything that must survive a power cut is in it: jobs, their order and their ends, pictures, styles, presets, and
//! the events that browsers may have missed. One writer never meets a locked database, and no request waits for the
//! disk on a thread of the server. Reads go through the same connection: they take less than a millisecond.

mod events;
mod jobs;
mod library;
mod pictures;
mod schema;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use impasto_job::{ErrorKind, JobError};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::problem::Problem;

pub(crate) use events::{Durable, last_event, note_change};
pub(crate) use jobs::{Filter, Job, NewJob, State};
pub(crate) use library::{Preset, Style, fact, set_fact};
pub(crate) use pictures::Picture;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// The database.
#[derive(Clone)]
pub(crate) struct Store {
    works: mpsc::Sender<Work>,
    /// The id of the newest durable event.
    news: watch::Receiver<i64>,
}

impl Store {
    /// Opens the database in this file, or makes it. `changed` is called after each durable event, even if nobody waits
    /// for the work any more because the client has left.
    pub(crate) fn open(path: &Path, changed: impl Fn() + Send + 'static) -> Result<Store, JobError> {
        let failed = |error: rusqlite::Error| {
            JobError::new(ErrorKind::Environment, format!("cannot open {}: {error}", path.display()))
                .hint("give another folder with `data`, or move the file away")
        };
        let mut connection = Connection::open(path).map_err(failed)?;
        schema::prepare(&mut connection).map_err(failed)?;
        let (sender, works) = mpsc::channel::<Work>();
        let (tell, news) = watch::channel(last_event(&connection).map_err(failed)?);
        let run = move || {
            for work in works {
                work(&mut connection);
                if let Ok(last) = last_event(&connection) {
                    let is_new = tell.send_if_modified(|known| std::mem::replace(known, last) != last);
                    if is_new {
                        changed();
                    }
                }
            }
        };
        thread::Builder::new()
            .name("database".into())
            .spawn(run)
            .map_err(|error| JobError::failed(format!("a thread cannot be started: {error}")))?;
        Ok(Store { works: sender, news })
    }

    /// Runs a transaction, and waits for it on this thread.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, receiver) = mpsc::channel();
        self.send(move |connection| drop(sender.send(transaction(connection, work))))?;
        receiver.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Runs a transaction, and waits for it without blocking the thread.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, receiver) = oneshot::channel();
        self.send(move |connection| drop(sender.send(transaction(connection, work))))?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Follows the id of the newest durable event.
    pub(crate) fn news(&self) -> watch::Receiver<i64> {
        self.news.clone()
    }

    fn send(&self, work: impl FnOnce(&mut Connection) + Send + 'static) -> Result<(), Problem> {
        self.works.send(Box::new(work)).map_err(|_| gone())
    }
}

fn gone() -> Problem {
    Problem::internal("the database is closed")
}

/// Runs work in a transaction that is undone if the work fails.
fn transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let made = work(&transaction)?;
    transaction.commit()?;
    Ok(made)
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time in milliseconds since 1970 as RFC 3339.
pub(crate) fn rfc3339(milliseconds: i64) -> String {
    let since = std::time::Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn a_change_is_told_even_if_nobody_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (told, changes) = mpsc::channel();
        let store = Store::open(&folder.path().join("studio.db"), move || told.send(()).unwrap()).unwrap();
        {
            let mut work = pin!(store.call(|connection| note_change(connection, "queue.changed", "queue")));
            // The work is sent, and the client leaves.
            let _ = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        changes.recv_timeout(std::time::Duration::from_secs(300)).unwrap();
        // Work that changes nothing tells nothing.
        store.run(|connection| fact(connection, "queue.paused")).unwrap();
        assert!(changes.try_recv().is_err());
    }
}
