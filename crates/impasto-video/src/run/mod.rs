//! A film from its file to a file: reads, finds shots, paints, and writes.

mod begin;
mod between;
mod finish;
mod folder;
mod paint;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;

use impasto::encoder::{self, Encoder};
use impasto_job::{Control, End, ErrorKind, JobError};

use crate::event::{Plan, VideoEvent};
use crate::spec::VideoSpec;

pub(crate) type Listener = Arc<dyn Fn(VideoEvent) + Send + Sync>;
type Models = Arc<dyn Fn(&str) -> Result<Encoder, JobError> + Send + Sync>;

/// The outcome of a film.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Filmed {
    /// How the work ended.
    pub end: End,
    /// The film or the pattern of frames, if it was written. A shard writes none.
    pub output: Option<PathBuf>,
    /// Frames that this run painted.
    pub painted: usize,
    /// Frames that are left to paint in this part of the work.
    pub left: usize,
}

/// Runs the job of a film.
pub struct VideoRunner {
    spec: VideoSpec,
    surroundings: Surroundings,
}

/// The surroundings of a running job.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) control: Control,
    pub(crate) listener: Listener,
    pub(crate) models: Models,
    pub(crate) pictures: bool,
}

impl Surroundings {
    pub(crate) fn emit(&self, event: VideoEvent) {
        (self.listener)(event);
    }

    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.emit(VideoEvent::Warned { text: text.into() });
    }
}

impl VideoRunner {
    /// A runner of a job. If frames of the same job are on the disk, it goes on after them.
    pub fn new(spec: VideoSpec) -> VideoRunner {
        let surroundings = Surroundings {
            control: Control::default(),
            listener: Arc::new(|_| {}),
            models: Arc::new(|name| Ok(encoder::open(name)?)),
            pictures: false,
        };
        VideoRunner { spec, surroundings }
    }

    /// The job.
    pub fn spec(&self) -> &VideoSpec {
        &self.spec
    }

    /// The control that commands the job, for use in other threads. A film that is stopped goes on when the same job is
    /// run again.
    pub fn control(&self) -> Control {
        self.surroundings.control.clone()
    }

    /// Takes commands through this control.
    #[must_use]
    pub fn controlled_by(mut self, control: &Control) -> VideoRunner {
        self.surroundings.control = control.clone();
        self
    }

    /// Calls a function with every event. The function runs on the working thread, so it should be short.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(VideoEvent) + Send + Sync + 'static) -> VideoRunner {
        self.surroundings.listener = Arc::new(listener);
        self
    }

    /// Asks for each painted frame as a picture ([`VideoEvent::Picture`]).
    #[must_use]
    pub fn pictures(mut self) -> VideoRunner {
        self.surroundings.pictures = true;
        self
    }

    /// Opens models with this function. Without it, a model that is not on this machine is an error.
    #[must_use]
    pub fn models(
        mut self,
        open: impl Fn(&str) -> Result<Encoder, JobError> + Send + Sync + 'static,
    ) -> VideoRunner {
        self.surroundings.models = Arc::new(open);
        self
    }

    /// Returns the work and the disk space that the film will take. It reads the film to find its shots, and paints
    /// nothing.
    ///
    /// # Errors
    /// When [`run`](VideoRunner::run) would refuse the job.
    pub fn plan(&self) -> Result<Plan, JobError> {
        let pool = impasto::thread_pool(self.spec.run.threads)?;
        pool.install(|| Ok(begin::Film::open(&self.spec, &self.surroundings)?.plan()))
    }

    /// Runs the job to its end. That it was stopped is not an error: [`Filmed::end`] tells.
    ///
    /// # Errors
    /// When an option is wrong, when a file cannot be read or written, or when a run diverges. Painted frames are kept, and
    /// the same job goes on after them.
    pub fn run(self) -> Result<Filmed, JobError> {
        let VideoRunner { spec, surroundings } = self;
        let work = || begin::Film::begin(&spec, &surroundings).and_then(|(film, folder)| film.run(folder));
        let pool = impasto::thread_pool(spec.run.threads).map_err(JobError::from);
        let done = pool.and_then(|pool| pool.install(work));
        let end = match &done {
            Ok(filmed) => filmed.end,
            Err(error) if error.kind() == ErrorKind::Interrupted => surroundings.control.end(),
            Err(_) => End::Failed,
        };
        surroundings.emit(VideoEvent::Done { end });
        done
    }
}
