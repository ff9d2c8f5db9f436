//! The jobs `stylize` and `texture`: read pictures, run a session, and keep its results, whatever happens.

mod begin;
mod checkpoints;
mod draft;
mod end;
mod fallback;
mod kept;
mod moment;
mod numbered;
mod pace;
mod resume;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::image::{Averaging, Filter, Space, fit_long_edge, resize};
use impasto::{Keep, Picture, Session, Step};

use crate::control::Request;
use crate::encoding::write;
use crate::event::End;
use crate::inputs::Inputs;
use crate::side::{SideOutputs, Timelapse};
use crate::spec::{JobSpec, StylizeSpec, Texture};
use crate::transfer::Asked;
use crate::{Context, Event, JobError};

pub use begin::Planned;
pub(crate) use begin::{Extras, Names, plan, read};
pub use draft::Drafted;
pub(crate) use draft::draft;
pub use kept::Kept;
pub(crate) use moment::Between;
pub use moment::Moment;
pub use pace::Pace;
pub(crate) use resume::Resumed;

use checkpoints::Checkpoints;
pub(crate) use checkpoints::Keeping;
use fallback::Again;
use numbered::numbered;

/// Iterations at the full size of a run that was asked to finish soon.
const FEW: usize = 10;

/// The outcome of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Painted {
    /// How the run ended: complete, stopped, paused or cancelled.
    pub end: End,
    /// The picture at the size of the last scale that was reached: RGB, encoded by the curve of sRGB.
    pub picture: Arc<Picture>,
    /// The colour space of the picture.
    pub space: Space,
    /// The file of the picture, if it was written.
    pub output: Option<PathBuf>,
    /// The checkpoint from which the run can continue, if there is one.
    pub checkpoint: Option<PathBuf>,
    /// Number of iterations that were done.
    pub iterations: usize,
    /// Seconds that the iterations took.
    pub seconds: f64,
    /// The steps of the run.
    pub steps: Vec<Step>,
    /// The picture with everything that its file gets.
    pub kept: Kept,
    /// The other iterates that are known. They are only here if the result was to be kept in memory
    /// ([`Runner::in_memory`](crate::Runner::in_memory)).
    pub iterates: Vec<(Keep, Arc<Picture>)>,
}

/// A run in progress, with everything that belongs to it.
struct Painting<'a> {
    spec: &'a StylizeSpec,
    texture: Option<&'a Texture>,
    context: &'a Context,
    /// The file of the result; `None` if the result is kept in memory alone.
    output: Option<&'a Path>,
    inputs: Inputs,
    side: SideOutputs<'a>,
    checkpoints: Checkpoints,
    session: Session,
    steps: Vec<Step>,
    pace: Pace,
    film: Option<Timelapse>,
    recipe: String,
}

/// The reason why a run ended early.
enum Ended {
    /// An error of the library, or a request to the control.
    Run(impasto::Error),
    /// A numbered picture could not be written.
    Save(JobError),
    Paused,
}

/// Runs a job to its end, from its start or from a checkpoint.
pub(crate) fn run(
    job: &JobSpec,
    (spec, texture): (&StylizeSpec, Option<&Texture>),
    mut extras: Extras,
    context: &Context,
) -> Result<Painted, JobError> {
    let mut between = extras.between.take();
    let again = Again::of(spec, &extras);
    let fallen = match Painting::begin(job, (spec, texture), extras, context) {
        Ok(mut painting) => {
            let ended = painting.first_sight().and_then(|()| painting.drive(&mut between));
            match again.take_over(&painting, &ended) {
                Some(fallen) => fallen,
                None => return painting.conclude(ended),
            }
        }
        Err(error) => again.begin_anew(error)?,
    };
    context.warn(fallen.note);
    let processor = || Some("cpu".to_owned());
    let (mut job, mut spec) = (job.clone(), spec.clone());
    job.task.device_mut().into_iter().for_each(|device| *device = processor());
    spec.run.device = processor();
    run(&job, (&spec, texture), Extras { between, ..fallen.extras }, context)
}

impl Painting<'_> {
    /// Paints and shows the draft, if the run begins with one: the first picture, long before the result.
    fn first_sight(&mut self) -> Result<(), Ended> {
        let Some(picture) = self.session.draft().map_err(Ended::Run)? else { return Ok(()) };
        let (width, height) = picture.size();
        self.context.emit(Event::Draft { width, height, elapsed: self.pace.elapsed().as_secs_f64() });
        if let Some(film) = &mut self.film {
            film.first(&self.session);
        }
        if self.session.scales().iter().any(|scale| scale.iterations > 0) {
            self.show(&picture, false);
        }
        Ok(())
    }

    fn drive(&mut self, between: &mut Option<Between>) -> Result<(), Ended> {
        loop {
            if let Some(between) = between {
                between(&mut Moment(self));
            }
            if self.context.control.is_hurried() {
                self.session.finish_soon(FEW);
            }
            if self.context.control.requested() == Request::Pause {
                return Err(Ended::Paused);
            }
            let Some(step) = self.session.step().map_err(Ended::Run)? else { return Ok(()) };
            self.after(step)?;
        }
    }

    fn after(&mut self, step: Step) -> Result<(), Ended> {
        self.pace.step(&step, &self.session);
        self.context.emit(self.pace.event(&step));
        self.steps.push(step);
        let done = self.steps.len();
        if self.spec.save_every.is_some_and(|every| done.is_multiple_of(every)) {
            let path = numbered(&self.spec.output, done);
            let picture = self.session.picture().map_err(Ended::Run)?;
            self.write(&path, &picture).map_err(Ended::Save)?;
            self.context.emit(Event::WroteBeside { path });
        }
        if let Some(film) = &mut self.film {
            film.step(&self.session, done);
        }
        let every = self.context.previews.and_then(|previews| previews.every);
        let is_due = every.is_some_and(|every| done.is_multiple_of(every.max(1)));
        if self.context.previews.is_some() && (self.context.control.takes_look() || is_due) {
            let picture = self.session.picture().map_err(Ended::Run)?;
            self.show(&picture, false);
        }
        self.checkpoints.step(&self.session, &self.steps, &self.pace, self.context);
        Ok(())
    }

    /// Emits a picture as a preview, if previews were asked for.
    fn show(&self, picture: &Picture, result: bool) {
        if let Some(previews) = self.context.previews {
            self.context.emit(Event::Preview {
                picture: Arc::new(fitted(picture, previews.max_edge)),
                space: self.inputs.content.decoded.space,
                iterations: self.steps.len(),
                result,
            });
        }
    }

    /// Writes a picture of the run, with the recipe.
    fn write(&self, path: &Path, picture: &Picture) -> Result<(), JobError> {
        write(path, picture, &self.inputs.content.decoded, &self.spec.result, &self.recipe)
    }

    fn asked(&self) -> Asked<'_> {
        let StylizeSpec { run, style, regions, .. } = self.spec;
        Asked { run, styles: style, texture: self.texture, regions }
    }
}

/// Returns a picture with a long edge of at most `max_edge` pixels, with values in 0..1 if it had to be resized.
pub(crate) fn fitted(picture: &Picture, max_edge: usize) -> Picture {
    let (width, height) = fit_long_edge(picture.size(), picture.long_edge().min(max_edge.max(1)));
    if (width, height) == picture.size() {
        return picture.clone();
    }
    let small = resize(picture, width, height, Filter::Bilinear, Averaging::Light);
    let rgb = small.into_rgb().into_iter().map(|value| value.clamp(0.0, 1.0)).collect();
    Picture::new(width, height, rgb).unwrap_or_else(|| picture.clone())
}
