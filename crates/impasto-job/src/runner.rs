//! Running a job, with events, commands, and a way to resume it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use impasto::Speed;
use impasto::encoder::Encoder;
use serde_json::Value;

use crate::context::Previews;
use crate::inputs::{Input, Inputs};
use crate::naming::name_in_folder;
use crate::paint::{self, Drafted, Extras, Keeping, Resumed};
use crate::spec::{SheetSpec, StylizeSpec};
use crate::{
    BatchDone, Compared, Context, Control, End, ErrorKind, Event, Filmed, Films, JobError, JobSpec, Moment,
    Painted, Planned, SheetDone, Task,
};
use crate::{batch, compare, sheet};

/// The outcome of a job.
#[non_exhaustive]
pub enum Outcome {
    /// A painted picture.
    Painted(Painted),
    /// The pictures of a batch.
    Batch(BatchDone),
    /// A sheet of small pictures.
    Sheet(SheetDone),
    /// The scores of pictures.
    Compared(Box<Compared>),
    /// A film.
    Filmed(Filmed),
}

impl Outcome {
    /// How the job ended.
    pub fn end(&self) -> End {
        match self {
            Outcome::Painted(painted) => painted.end,
            Outcome::Batch(done) => done.end,
            Outcome::Sheet(done) => done.end,
            Outcome::Compared(_) => End::Complete,
            Outcome::Filmed(filmed) => filmed.end,
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
    /// A runner that begins a job. If `output` is a folder, the result gets a name in it. The mask `none` is no mask.
    pub fn new(job: impl Into<JobSpec>) -> Runner {
        let mut job = job.into();
        name_in_folder(&mut job.task);
        match &mut job.task {
            Task::Stylize(StylizeSpec { regions, .. }) | Task::Sheet(SheetSpec { regions, .. }) => {
                regions.leave_out_none(&|_| true);
            }
            Task::Video(spec) => spec.regions.leave_out_none(&|_| true),
            _ => {}
        }
        Runner { job, extras: Extras::default(), context: Context::default() }
    }

    /// A runner that continues a job from its checkpoint. The job ends with the same bytes as without the interruption.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is not a checkpoint of a job.
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

    /// The value that the face (front end) which began the job kept in its checkpoint ([`face`](Runner::face)).
    pub fn face_value(&self) -> &Value {
        &self.extras.face
    }

    /// The control that commands the job, for use in other threads.
    pub fn control(&self) -> Control {
        self.context.control.clone()
    }

    /// Takes commands through this control, which may command other jobs too.
    #[must_use]
    pub fn controlled_by(mut self, control: &Control) -> Runner {
        self.context.control = control.clone();
        self
    }

    /// Calls a function with every event. The function runs on the working thread, so it should be short. A batch calls
    /// it from several threads.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(Event) + Send + Sync + 'static) -> Runner {
        self.context.listener = Arc::new(listener);
        self
    }

    /// Asks for pictures while the run is in progress ([`Event::Preview`]).
    #[must_use]
    pub fn previews(mut self, previews: Previews) -> Runner {
        self.context.previews = Some(previews);
        self
    }

    /// Opens models with this function, which may fetch them or keep them. Without it, a model that is not on this
    /// machine is an error.
    #[must_use]
    pub fn models(
        mut self,
        open: impl Fn(&str) -> Result<Encoder, JobError> + Send + Sync + 'static,
    ) -> Runner {
        self.context.models = Arc::new(open);
        self
    }

    /// Paints films with this function: `impasto-video` has it. Without it, a job `video` is an error.
    #[must_use]
    pub fn films(mut self, films: Films) -> Runner {
        self.context.films = Some(films);
        self
    }

    /// Sets the number of threads, in place of the number in the specification. No result depends on it.
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Runner {
        let place = match &mut self.job.task {
            Task::Stylize(spec) => &mut spec.run.threads,
            Task::Texture(spec) => &mut spec.threads,
            Task::Batch(spec) => &mut spec.run.threads,
            Task::Sheet(spec) => &mut spec.run.threads,
            Task::Compare(spec) => &mut spec.threads,
            Task::Video(spec) => &mut spec.run.threads,
        };
        *place = threads.or(*place);
        self
    }

    /// Sets the device, in place of the one in the specification. A run that is resumed goes on there, which changes
    /// its bytes; a note says so.
    #[must_use]
    pub fn device(mut self, device: Option<String>) -> Runner {
        self.extras.device = device.is_some();
        if let Some(place) = self.job.task.device_mut() {
            *place = device.or(place.take());
        }
        self
    }

    /// Gives the files of a run `stylize` or `texture` other names, in recipes, reports and notes: those by which users
    /// know them. Files for which `name` returns `None` keep theirs.
    #[must_use]
    pub fn names(mut self, name: impl Fn(&Path) -> Option<PathBuf> + Send + Sync + 'static) -> Runner {
        self.extras.names = Some(Arc::new(name));
        self
    }

    /// Uses pictures that are decoded already, in place of the files of a `stylize` job. A run that was given them does
    /// not begin again on the processor if its card fails.
    #[must_use]
    pub fn inputs(mut self, inputs: Inputs) -> Runner {
        self.extras.inputs = Some(inputs);
        self
    }

    /// Uses pictures in memory in place of files. The job names them by these paths, which begin with
    /// [`MEMORY`](crate::inputs::MEMORY).
    #[must_use]
    pub fn pictures(mut self, pictures: HashMap<PathBuf, Input>) -> Runner {
        self.context.pictures = Arc::new(pictures);
        self
    }

    /// Keeps a result in memory, where it can be saved later ([`Painted::kept`]). If `output` is empty, no file is
    /// written.
    #[must_use]
    pub fn in_memory(mut self) -> Runner {
        self.context.in_memory = true;
        self
    }

    /// Calls a function before each step of a run `stylize` or `texture`, on the working thread. The run goes on when
    /// it returns.
    #[must_use]
    pub fn between(mut self, between: impl FnMut(&mut Moment<'_, '_>) + Send + 'static) -> Runner {
        self.extras.between = Some(Box::new(between));
        self
    }

    /// Emits a note if the weights have another SHA-256.
    #[must_use]
    pub fn expect_weights(mut self, sha256: Option<String>) -> Runner {
        self.extras.weights = sha256;
        self
    }

    /// Adds notes that are emitted before those of the job.
    #[must_use]
    pub fn notes(mut self, notes: Vec<String>) -> Runner {
        self.extras.notes = notes;
        self
    }

    /// Keeps a value of the face in the checkpoint, where the face finds it again when the job is resumed.
    #[must_use]
    pub fn face(mut self, face: Value) -> Runner {
        self.extras.face = face;
        self
    }

    /// Saves a run `stylize` or `texture` in this checkpoint, unless the job names one: after its first step, then at
    /// least this time apart, but for at most a twentieth of the time.
    #[must_use]
    pub fn saves(mut self, path: PathBuf, every: Duration) -> Runner {
        self.extras.keeping = Some(Keeping { path, every });
        self
    }

    /// Adds time that has passed before the job began. It counts towards a time limit.
    #[must_use]
    pub fn elapsed(mut self, elapsed: Duration) -> Runner {
        let now = Instant::now();
        self.context.started = now.checked_sub(elapsed).unwrap_or(now);
        self
    }

    /// Returns the memory and the time that a job `stylize` or `texture` will take, before it begins.
    ///
    /// # Errors
    /// When [`run`](Runner::run) would refuse the job, or the job has another task.
    pub fn plan(&self) -> Result<Planned, JobError> {
        match &self.job.task {
            Task::Stylize(spec) => paint::plan((spec, None), &self.extras, &self.context),
            Task::Texture(spec) => {
                let (spec, texture) = spec.as_stylize();
                paint::plan((&spec, Some(&texture)), &self.extras, &self.context)
            }
            _ => Err(JobError::bad_input("only a run of one picture can be planned")),
        }
    }

    /// Predicts times from this speed, which an earlier [`plan`](Runner::plan) measured, in place of a measurement.
    #[must_use]
    pub fn speed(mut self, speed: Option<Speed>) -> Runner {
        self.extras.speed = speed;
        self
    }

    /// Paints the draft of a job `stylize` or `texture`, in memory. Nothing is written.
    ///
    /// # Errors
    /// When [`run`](Runner::run) would refuse the job, the job has another task, or its run begins without a draft.
    pub fn draft(self) -> Result<Drafted, JobError> {
        let Runner { job, extras, context } = self;
        match &job.task {
            Task::Stylize(spec) => paint::draft((spec, None), extras.inputs, &context),
            Task::Texture(spec) => {
                let (spec, texture) = spec.as_stylize();
                paint::draft((&spec, Some(&texture)), extras.inputs, &context)
            }
            _ => Err(JobError::bad_input("only a run of one picture has a draft")),
        }
    }

    /// Runs the job to its end. That a job was stopped, paused or cancelled is not an error: [`Outcome::end`] tells how
    /// it ended. The exception is a job that has no outcome yet: before its first picture, or in a comparison. It ends
    /// with an error of the kind [`ErrorKind::Interrupted`].
    ///
    /// # Errors
    /// When an option is wrong, an input cannot be read, a result cannot be written, or a run diverges. Earlier results
    /// are kept ([`JobError::checkpoint`]).
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
            Task::Video(spec) => context.film(spec).map(Outcome::Filmed),
        };
        let end = match &outcome {
            Ok(outcome) => outcome.end(),
            Err(error) if error.kind() == ErrorKind::Interrupted => context.control.end(),
            Err(_) => End::Failed,
        };
        context.emit(Event::Done { end });
        outcome
    }
}
