//! A job that runs: with events, commands, and a way to go on.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use impasto::encoder::Encoder;
use serde_json::Value;

use crate::context::Previews;
use crate::inputs::Inputs;
use crate::paint::{self, Extras, Resumed};
use crate::{
    BatchDone, Compared, Context, Control, End, Event, JobError, JobSpec, Painted, Planned, SheetDone, Task,
};
use crate::{batch, compare, sheet};

/// What a job came to.
#[non_exhaustive]
pub enum Outcome {
    /// A picture.
    Painted(Painted),
    /// Many pictures.
    Batch(BatchDone),
    /// A sheet of small pictures.
    Sheet(SheetDone),
    /// Scores.
    Compared(Box<Compared>),
}

impl Outcome {
    /// How the job ended.
    pub fn end(&self) -> End {
        match self {
            Outcome::Painted(painted) => painted.end,
            Outcome::Batch(done) if done.interrupted => End::Stopped,
            Outcome::Batch(done) if !done.failed.is_empty() => End::Failed,
            _ => End::Complete,
        }
    }
}

/// Runs a job.
pub struct Runner {
    job: JobSpec,
    extras: Extras,
    context: Context,
}

impl Runner {
    /// A runner for a job that begins.
    pub fn new(job: impl Into<JobSpec>) -> Runner {
        Runner { job: job.into(), extras: Extras::default(), context: Context::default() }
    }

    /// A runner for a job that goes on from its checkpoint: it ends with the same bytes as without the break.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is no checkpoint of a job.
    pub fn resume(checkpoint: &Path) -> Result<Runner, JobError> {
        let resumed = Resumed::read(checkpoint)?;
        let job = resumed.info.job.clone();
        let extras = Extras { face: resumed.info.face.clone(), resumed: Some(resumed), ..Extras::default() };
        Ok(Runner { job, extras, context: Context::default() })
    }

    /// The job.
    pub fn spec(&self) -> &JobSpec {
        &self.job
    }

    /// What the face that began the job kept in its checkpoint ([`face`](Runner::face)).
    pub fn face_value(&self) -> &Value {
        &self.extras.face
    }

    /// Commands to the job, for other threads.
    pub fn control(&self) -> Control {
        self.context.control.clone()
    }

    /// Takes commands by this control, which may command other jobs, too.
    #[must_use]
    pub fn controlled_by(mut self, control: &Control) -> Runner {
        self.context.control = control.clone();
        self
    }

    /// Calls a function with every event, on the thread at work: it should be short. A batch calls it from several threads.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(Event) + Send + Sync + 'static) -> Runner {
        self.context.listener = Arc::new(listener);
        self
    }

    /// Asks for pictures on the way ([`Event::Preview`]).
    #[must_use]
    pub fn previews(mut self, previews: Previews) -> Runner {
        self.context.previews = Some(previews);
        self
    }

    /// Opens models by a function: one that may fetch them, or that keeps them. Without it, models that are not on this
    /// machine are errors.
    #[must_use]
    pub fn models(
        mut self,
        open: impl Fn(&str) -> Result<Encoder, JobError> + Send + Sync + 'static,
    ) -> Runner {
        self.context.models = Arc::new(open);
        self
    }

    /// Threads of the job, in place of the number in its specification. No result depends on it.
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Runner {
        let place = match &mut self.job.task {
            Task::Stylize(spec) => &mut spec.run.threads,
            Task::Texture(spec) => &mut spec.threads,
            Task::Batch(spec) => &mut spec.run.threads,
            Task::Sheet(spec) => &mut spec.run.threads,
            Task::Compare(spec) => &mut spec.threads,
        };
        *place = threads.or(*place);
        self
    }

    /// Pictures of `stylize` that are decoded already, in place of its files.
    #[must_use]
    pub fn inputs(mut self, inputs: Inputs) -> Runner {
        self.extras.inputs = Some(inputs);
        self
    }

    /// Warns unless the weights have this SHA-256.
    #[must_use]
    pub fn expect_weights(mut self, sha256: Option<String>) -> Runner {
        self.extras.weights = sha256;
        self
    }

    /// Notes that are told before those of the job.
    #[must_use]
    pub fn notes(mut self, notes: Vec<String>) -> Runner {
        self.extras.notes = notes;
        self
    }

    /// Anything that the face wants to find again when the job is resumed.
    #[must_use]
    pub fn face(mut self, face: Value) -> Runner {
        self.extras.face = face;
        self
    }

    /// Time that the job has taken already: it counts where the time is limited.
    #[must_use]
    pub fn elapsed(mut self, elapsed: Duration) -> Runner {
        let now = Instant::now();
        self.context.started = now.checked_sub(elapsed).unwrap_or(now);
        self
    }

    /// What a job `stylize` or `texture` will take, before it begins.
    ///
    /// # Errors
    /// What [`run`](Runner::run) would refuse; and every other task.
    pub fn plan(&self) -> Result<Planned, JobError> {
        match &self.job.task {
            Task::Stylize(spec) => paint::plan((spec, None), &self.context),
            Task::Texture(spec) => {
                let (spec, texture) = spec.as_stylize();
                paint::plan((&spec, Some(&texture)), &self.context)
            }
            _ => Err(JobError::bad_input("only a run of one picture can be planned")),
        }
    }

    /// Runs the job to its end. A job that was stopped, paused or cancelled is no error: [`Outcome::end`] tells.
    ///
    /// # Errors
    /// Wrong options, inputs that cannot be read, a result that cannot be written, a run that diverges. What there was is
    /// kept ([`JobError::checkpoint`]).
    pub fn run(self) -> Result<Outcome, JobError> {
        let Runner { job, extras, context } = self;
        let outcome = match &job.task {
            Task::Stylize(spec) => paint::run(&job, (spec, None), extras, &context).map(Outcome::Painted),
            Task::Texture(spec) => {
                let (spec, texture) = spec.as_stylize();
                paint::run(&job, (&spec, Some(&texture)), extras, &context).map(Outcome::Painted)
            }
            Task::Batch(spec) => batch::run(spec, &context).map(Outcome::Batch),
            Task::Sheet(spec) => sheet::run(spec, &context).map(Outcome::Sheet),
            Task::Compare(spec) => {
                compare::run(spec, &context).map(|compared| Outcome::Compared(Box::new(compared)))
            }
        };
        context.emit(Event::Done { end: outcome.as_ref().map_or(End::Failed, Outcome::end) });
        outcome
    }
}
