//! A film from its file to a file: reads, finds shots, paints, and writes.

mod begin;
mod between;
mod cuts;
mod deflicker;
mod fallback;
mod finish;
mod folder;
mod manifest;
mod masks;
mod paint;
mod painter;
mod reader;
mod sink;
mod start;
mod styles;
mod write;

use std::sync::Arc;

use impasto::encoder::Encoder;
use impasto_job::spec::VideoSpec;
use impasto_job::{Control, End, ErrorKind, Filmed, Films, JobError, VideoContext, VideoEvent, VideoPlan};

pub use deflicker::deflicker;
pub use styles::first_weights;

/// Runs the job of a film.
pub struct VideoRunner {
    spec: VideoSpec,
    context: VideoContext,
}

impl VideoRunner {
    /// A runner of a job. If frames of the same job are on the disk, it goes on after them.
    pub fn new(spec: VideoSpec) -> VideoRunner {
        VideoRunner { spec, context: VideoContext::default() }
    }

    /// The job.
    pub fn spec(&self) -> &VideoSpec {
        &self.spec
    }

    /// The control that commands the job, for use in other threads. A film that is stopped goes on when the same job is
    /// run again.
    pub fn control(&self) -> Control {
        self.context.control.clone()
    }

    /// Takes commands through this control.
    #[must_use]
    pub fn controlled_by(mut self, control: &Control) -> VideoRunner {
        self.context.control = control.clone();
        self
    }

    /// Calls a function with every event. The function runs on the working thread, so it should be short.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(VideoEvent) + Send + Sync + 'static) -> VideoRunner {
        self.context.listener = Arc::new(listener);
        self
    }

    /// Asks for each painted frame as a picture ([`VideoEvent::Picture`]).
    #[must_use]
    pub fn pictures(mut self) -> VideoRunner {
        self.context.shows_frames = true;
        self
    }

    /// Opens models with this function. Without it, a model that is not on this machine is an error.
    #[must_use]
    pub fn models(
        mut self,
        open: impl Fn(&str) -> Result<Encoder, JobError> + Send + Sync + 'static,
    ) -> VideoRunner {
        self.context.models = Arc::new(open);
        self
    }

    /// Returns the work and the disk space that the film will take. It reads the film to find its shots, and paints
    /// nothing.
    ///
    /// # Errors
    /// When [`run`](VideoRunner::run) would refuse the job.
    pub fn plan(&self) -> Result<VideoPlan, JobError> {
        let pool = impasto::thread_pool(self.spec.run.threads)?;
        pool.install(|| Ok(begin::Film::open(&self.spec, &self.context)?.plan()))
    }

    /// Runs the job to its end. That it was stopped is not an error: [`Filmed::end`] tells.
    ///
    /// # Errors
    /// When an option is wrong, when a file cannot be read or written, or when a run diverges. Painted frames are kept,
    /// and the same job goes on after them.
    pub fn run(self) -> Result<Filmed, JobError> {
        let VideoRunner { spec, context } = self;
        told(paint(&spec, &context), &context)
    }
}

/// Tells how the work ended.
fn told(done: Result<Filmed, JobError>, context: &VideoContext) -> Result<Filmed, JobError> {
    let end = match &done {
        Ok(filmed) => filmed.end,
        Err(error) if error.kind() == ErrorKind::Interrupted => context.control.end(),
        Err(_) => End::Failed,
    };
    context.emit(VideoEvent::Done { end });
    done
}

/// The function that a runner of jobs paints films with ([`impasto_job::Runner::films`]).
pub fn films() -> Films {
    Arc::new(paint)
}

fn paint(spec: &VideoSpec, context: &VideoContext) -> Result<Filmed, JobError> {
    let work = || begin::Film::begin(spec, context).and_then(|(film, folder)| film.run(folder));
    impasto::thread_pool(spec.run.threads)?.install(work)
}
