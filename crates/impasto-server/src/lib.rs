//! The studio: a server on the user's own machine, with a queue of style transfer jobs and a page for the browser.
//!
//! [`serve`] opens a data folder, starts the threads that run jobs, and answers HTTP on the loopback address until
//! SIGTERM or Ctrl-C. Jobs are run by [`impasto_job`]; results have the bytes of the command line. Nothing that was
//! accepted is lost: everything is in one SQLite file and beside it, and a run that was killed goes on from its
//! checkpoint.
//!
//! The arrows: routes (`api`) change the database (`store`) and command runs through their controls; threads (`work`)
//! take jobs from the database and run them. `settings` turns what browsers send into jobs. `guard` is what every
//! request passes first.
#![forbid(unsafe_code)]

mod accept;
mod api;
mod app;
mod clean;
mod drafts;
mod extract;
mod files;
mod frames;
mod guard;
mod ids;
mod listen;
mod metrics;
mod options;
mod pictures;
mod problem;
mod samples;
mod serve;
mod settings;
mod store;
mod token;
mod upload;
mod work;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use impasto_job::{ErrorKind, JobError};

use app::App;
use problem::Problem;
use work::Workers;

pub use api::openapi;
pub use options::{Models, Options};
pub use serve::serve;

/// The most jobs that may wait. Further ones are refused until there is room.
const WAITING: usize = 1000;

/// A studio: its data, the threads that run its jobs, and the router of its server.
pub struct Studio {
    app: Arc<App>,
    jobs: usize,
    workers: Mutex<Option<Workers>>,
}

impl Studio {
    /// Opens the data folder, or makes it. Jobs wait until [`begin_work`](Studio::begin_work).
    ///
    /// # Errors
    /// When the folder cannot be used, or another studio uses it.
    pub fn open(options: &Options) -> Result<Studio, JobError> {
        let app = Arc::new(App::open(options)?);
        Ok(Studio { app, jobs: options.jobs.max(1), workers: Mutex::default() })
    }

    /// Starts the threads that run jobs.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn begin_work(&self) -> Result<(), JobError> {
        let workers = Workers::start(&self.app, self.jobs).map_err(environment)?;
        *self.workers.lock().unwrap_or_else(PoisonError::into_inner) = Some(workers);
        Ok(())
    }

    /// The router of the server.
    pub fn router(&self) -> Router {
        api::router(&self.app)
    }

    /// The token that opens the studio.
    pub fn token(&self) -> &str {
        self.app.token.text()
    }

    /// Ends all streams, pauses the jobs in progress at a checkpoint, and waits for their threads. The next studio of
    /// the folder goes on with them.
    pub fn end(self) {
        self.app.end.send_replace(true);
        if let Some(workers) = self.workers.into_inner().unwrap_or_else(PoisonError::into_inner) {
            workers.end(&self.app);
        }
    }
}

/// Runs work that may take a while on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(Problem::internal("a mistake in the program ended the work").hint("please report it")),
    }
}

fn environment(error: std::io::Error) -> JobError {
    JobError::new(ErrorKind::Environment, error.to_string())
}
