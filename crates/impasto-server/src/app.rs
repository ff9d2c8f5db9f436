//! Everything that requests and jobs share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use impasto::encoder::Encoder;
use impasto::image::Limits;
use impasto_job::{ErrorKind, JobError};
use tokio::sync::{Semaphore, watch};

use crate::drafts::Drafts;
use crate::files::Files;
use crate::frames;
use crate::metrics::Metrics;
use crate::options::{Models, Options};
use crate::problem::Problem;
use crate::samples;
use crate::settings::Slot;
use crate::store::{self, Job, Store};
use crate::token::Token;
use crate::work::{self, Live, Queue};

/// The most streams of events at once.
const STREAMS: usize = 300;

/// The studio's parts.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) files: Files,
    pub(crate) token: Token,
    /// The name of the cookie. Cookies ignore ports, so it has the port in it.
    pub(crate) cookie: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) live: Arc<Live>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) drafts: Drafts,
    pub(crate) metrics: Metrics,
    pub(crate) models: Models,
    /// Threads of each job; `None` for all.
    pub(crate) threads: Option<usize>,
    pub(crate) limits: Limits,
    pub(crate) samples: Vec<String>,
    pub(crate) streams: Arc<Semaphore>,
    /// Becomes true at the end.
    pub(crate) end: watch::Sender<bool>,
}

impl App {
    /// Opens the data folder.
    pub(crate) fn open(options: &Options) -> Result<App, JobError> {
        let files = Files::open(&options.data, options.quota)?;
        let queue = Arc::<Queue>::default();
        let store = Store::open(&files.database(), {
            let queue = Arc::clone(&queue);
            move || queue.wake()
        })?;
        let token = Token::of(&files.token())?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut app = App {
            store,
            token,
            cookie: format!("impasto_{}", options.port),
            hosts: options.hosts.clone(),
            live: Arc::default(),
            queue,
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
    pub(crate) fn file_of(&self, slot: &Slot) -> Result<PathBuf, Problem> {
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

    /// The picture of a film's first frame.
    pub(crate) fn still_of(&self, slot: &Slot) -> Result<PathBuf, Problem> {
        match slot {
            Slot::Picture(id) => {
                let poster = self.files.poster(id);
                Ok(if poster.exists() { poster } else { self.files.picture(id) })
            }
            Slot::Job(id) => {
                let found = id.clone();
                let job = self.store.run(move |connection| Job::find(connection, &found))?;
                let file = job.and_then(|job| self.picture_of(&job));
                file.ok_or_else(|| Problem::not_found("result").hint(format!("the job {id} has no picture")))
            }
        }
    }

    /// The picture that stands for a job's result: the result itself, or the first frame of a film.
    pub(crate) fn picture_of(&self, job: &Job) -> Option<PathBuf> {
        match job.kind == "video" {
            true => frames::at(&self.files.job(&job.id), 0),
            false => self.result_of(job),
        }
    }

    /// The file of a job's result, if it has one.
    pub(crate) fn result_of(&self, job: &Job) -> Option<PathBuf> {
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
