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
mod clean;
mod drafts;
mod extract;
mod files;
mod guard;
mod ids;
mod listen;
mod metrics;
mod pictures;
mod problem;
mod samples;
mod settings;
mod store;
mod token;
mod upload;
mod work;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use impasto::encoder::Encoder;
use impasto::image::Limits;
use impasto_job::{ErrorKind, JobError};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use drafts::Drafts;
use files::Files;
use metrics::Metrics;
use problem::Problem;
use settings::Slot;
use store::{Job, Store};
use token::Token;
use work::{Live, Queue, Workers};

pub use api::openapi;

/// The most jobs that may wait. Further ones are refused until there is room.
const WAITING: usize = 1000;

/// The most streams of events at once.
const STREAMS: usize = 300;

/// Opens models by their names.
pub type Models = Arc<dyn Fn(&str) -> Result<Encoder, JobError> + Send + Sync>;

/// How the studio is served.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The port; 0 for a free one.
    pub port: u16,
    /// The address to listen on.
    pub listen: IpAddr,
    /// Names of hosts that browsers may use, besides the loopback address and `localhost`.
    pub hosts: Vec<String>,
    /// The data folder.
    pub data: PathBuf,
    /// Number of jobs at once.
    pub jobs: usize,
    /// Whether the queue begins paused.
    pub paused: bool,
    /// The most bytes that the data folder may hold.
    pub quota: u64,
    /// Opens models.
    pub models: Models,
}

impl Options {
    /// The defaults: port 7340 of the loopback address, one job at once, 20 GB, models that are on this machine.
    pub fn new(data: PathBuf) -> Options {
        Options {
            port: 7340,
            listen: Ipv4Addr::LOCALHOST.into(),
            hosts: Vec::new(),
            data,
            jobs: 1,
            paused: false,
            quota: 20_000_000_000,
            models: Arc::new(|name| Ok(impasto::encoder::open(name)?)),
        }
    }
}

/// Everything that requests and jobs share.
pub(crate) struct App {
    store: Store,
    files: Files,
    token: Token,
    /// The name of the cookie. Cookies ignore ports, so it has the port in it.
    cookie: String,
    hosts: Vec<String>,
    live: Arc<Live>,
    queue: Queue,
    drafts: Drafts,
    metrics: Metrics,
    models: Models,
    /// Threads of each job; `None` for all.
    threads: Option<usize>,
    limits: Limits,
    samples: Vec<String>,
    streams: Arc<Semaphore>,
    /// Becomes true at the end.
    end: watch::Sender<bool>,
}

impl App {
    /// Opens the data folder.
    fn open(options: &Options) -> Result<App, JobError> {
        let files = Files::open(&options.data, options.quota)?;
        let store = Store::open(&files.database())?;
        let token = Token::of(&files.token())?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut app = App {
            store,
            token,
            cookie: format!("impasto_{}", options.port),
            hosts: options.hosts.clone(),
            live: Arc::default(),
            queue: Queue::default(),
            drafts: Drafts::default(),
            metrics: Metrics::default(),
            models: kept(&options.models),
            threads: (options.jobs > 1).then(|| (threads / options.jobs).max(1)),
            limits: Limits::default(),
            samples: Vec::new(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            end: watch::Sender::new(false),
            files,
        };
        app.samples = samples::prepare(&app).map_err(told)?;
        work::recover(&app).map_err(told)?;
        let paused = app.store.run(|connection| store::fact(connection, "queue.paused")).map_err(told)?;
        app.queue.set_paused(options.paused || paused.as_deref() == Some("yes"));
        Ok(app)
    }

    /// The file of a picture, or of the result of a job.
    fn file_of(&self, slot: &Slot) -> Result<PathBuf, Problem> {
        match slot {
            Slot::Picture(id) => Ok(self.files.picture(id)),
            Slot::Job(id) => {
                let found = id.clone();
                let job = self.store.run(move |connection| Job::find(connection, &found))?;
                let file = job.and_then(|job| self.result_of(&job));
                file.ok_or_else(|| Problem::not_found("result").hint(format!("the job {id} has no picture")))
            }
        }
    }

    /// The file of a job's picture, if it has one.
    fn result_of(&self, job: &Job) -> Option<PathBuf> {
        let name = job.result.as_ref()?["file"].as_str()?;
        let path = self.files.job(&job.id).join(name);
        (job.kind != "compare" && path.exists()).then_some(path)
    }
}

/// A problem at the start, as an error of the command.
fn told(problem: Problem) -> JobError {
    let error = JobError::new(ErrorKind::Environment, problem.detail);
    match problem.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Keeps the model that was opened last, because most jobs use the same.
fn kept(models: &Models) -> Models {
    let (models, last) = (Arc::clone(models), Mutex::new(None::<(String, Encoder)>));
    Arc::new(move |name| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, encoder)) if known == name => Ok(encoder.clone()),
            _ => {
                let encoder = models(name)?;
                *last = Some((name.to_owned(), encoder.clone()));
                Ok(encoder)
            }
        }
    })
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

    /// Ends all streams, pauses the jobs in progress at a checkpoint, and waits for their threads. The next studio of the
    /// folder goes on with them.
    pub fn end(self) {
        self.app.end.send_replace(true);
        if let Some(workers) = self.workers.into_inner().unwrap_or_else(PoisonError::into_inner) {
            workers.end(&self.app);
        }
    }
}

/// Serves the studio until it is told to end, by SIGTERM or Ctrl-C. Calls `started` with the address that opens it.
///
/// # Errors
/// When the folder or the port cannot be used.
pub fn serve(mut options: Options, started: impl FnOnce(&str)) -> Result<(), JobError> {
    if !options.listen.is_loopback() && options.hosts.is_empty() {
        return Err(JobError::bad_input(
            "an address other than the loopback address needs the names of the host",
        )
        .hint("give --allow-host and the name that browsers will use"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .thread_name("http")
        .enable_all()
        .build()
        .map_err(environment)?;
    let address = SocketAddr::new(options.listen, options.port);
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(|error| {
        let error = JobError::new(ErrorKind::Environment, format!("cannot listen on {address}: {error}"));
        error.hint("another studio may run: give another --port, or 0 for a free one")
    })?;
    let address = listener.local_addr().map_err(environment)?;
    options.port = address.port();
    let studio = Studio::open(&options)?;
    studio.begin_work()?;
    started(&format!("http://{}/#token={}", shown(address), studio.token()));
    runtime.block_on(async {
        let cleaning = tokio::spawn(clean::clean(Arc::clone(&studio.app)));
        let serving = tokio::spawn(listen::serve(listener, studio.router(), studio.app.end.subscribe()));
        told_to_end().await;
        studio.app.end.send_replace(true);
        cleaning.abort();
        // An error would be a panic, which ends nothing else.
        let _ = serving.await;
    });
    studio.end();
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(())
}

fn environment(error: std::io::Error) -> JobError {
    JobError::new(ErrorKind::Environment, error.to_string())
}

/// The address as a browser takes it.
fn shown(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("127.0.0.1:{}", address.port()),
        false => address.to_string(),
    }
}

/// Waits for SIGTERM or Ctrl-C.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
