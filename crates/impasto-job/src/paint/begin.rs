//! The start of a run. Errors that would otherwise occur at its end are found here, before the work.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::engine::Tiling;
use impasto::image::{check_output, check_writable};
use impasto::{MemoryPlan, Session, Speed};
use serde_json::Value;

use super::checkpoints::{Checkpoints, Keeping};
use super::moment::Between;
use super::numbered::check_numbered;
use super::pace::Pace;
use super::{Painting, Resumed};
use crate::encoding::{check_side, encoding, losses_of_format, same_file};
use crate::inputs::{self, Input, Inputs};
use crate::side::{SideOutputs, Timelapse};
use crate::spec::{JobSpec, StylizeSpec, Texture};
use crate::transfer::{self, Asked};
use crate::{Context, Event, JobError, recipe};

/// The name by which users know a file; `None` where it is that of the file.
pub(crate) type Names = Arc<dyn Fn(&Path) -> Option<PathBuf> + Send + Sync>;

/// Inputs of a run that are not part of its job.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) resumed: Option<Resumed>,
    /// Pictures that are decoded already.
    pub(crate) inputs: Option<Inputs>,
    /// Names of files, in recipes, reports and notes.
    pub(crate) names: Option<Names>,
    /// SHA-256 of the expected weights, if any are expected.
    pub(crate) weights: Option<String>,
    /// Notes that are emitted before all others.
    pub(crate) notes: Vec<String>,
    /// Whether all notes of the run were emitted already.
    pub(crate) told: bool,
    /// The value that the face (front end) keeps in checkpoints.
    pub(crate) face: Value,
    /// The checkpoint that the face asks for, if the job names none.
    pub(crate) keeping: Option<Keeping>,
    /// The speed from which times are predicted, if it was measured before.
    pub(crate) speed: Option<Speed>,
    /// Whether a run that is resumed goes on on the device of its job, whatever it began on.
    pub(crate) device: bool,
    /// The function that is called between steps.
    pub(crate) between: Option<Between>,
}

impl<'a> Painting<'a> {
    pub(super) fn begin(
        job: &JobSpec,
        (spec, texture): (&'a StylizeSpec, Option<&'a Texture>),
        extras: Extras,
        context: &'a Context,
    ) -> Result<Painting<'a>, JobError> {
        let Extras {
            resumed, inputs, names, weights, notes: mut warnings, told, face, keeping, device, ..
        } = extras;
        check_options(spec, texture)?;
        let output = output(spec, context);
        let mut inputs = inputs.map_or_else(|| read(spec, texture, context), Ok)?;
        names.iter().for_each(|name| inputs.rename(&**name));
        let all = inputs.all();
        if let Some(resumed) = &resumed {
            resumed.info.check(&all)?;
        }
        warnings.extend(check_outputs(spec, output, &inputs.content, &all)?);
        warnings.extend(inputs.notes());

        let resumed_from = resumed.as_ref().map(|resumed| resumed.path.as_path());
        let checkpoints = Checkpoints::new((job, spec), face, &all, resumed_from, keeping.as_ref())?;
        let others = [
            ("`output`", output),
            ("`report`", spec.report.as_deref()),
            ("the checkpoint", Some(checkpoints.path())),
        ];
        let model = &spec.run.objective.model;
        let side =
            SideOutputs::new(&spec.side_outputs, (&inputs.content, &inputs.styles, &all), &others, model)?;
        let session = session((spec, texture), &mut inputs, resumed.as_ref(), device, context)?;
        let steps = resumed.map_or_else(Vec::new, |resumed| resumed.info.steps);
        if let Some(output) = output {
            check_side(output, &spec.result, &session)?;
        }
        check_numbered(spec, &session, &inputs.all(), checkpoints.path())?;

        if weights.is_some_and(|expected| expected != session.encoder().sha256) {
            warnings.push(format!("note: the picture of `like` was made with other weights than {model}"));
        }
        let pace = Pace::new(&session, &steps);
        let mut painting = Painting {
            spec,
            texture,
            context,
            output,
            inputs,
            side,
            checkpoints,
            session,
            steps,
            pace,
            film: None,
            recipe: String::new(),
        };
        painting.recipe = painting.recipe_now();
        painting.announce(warnings, told)?;
        let space = painting.inputs.content.decoded.space;
        let film = spec.side_outputs.timelapse.as_deref();
        let film = film.map(|path| Timelapse::new(path, &painting.session, space, painting.steps.len()));
        painting.film = film.transpose()?;
        Ok(painting)
    }

    /// Returns the recipe of the run, as far as it is known.
    pub(super) fn recipe_now(&self) -> String {
        recipe::of(&self.asked(), &self.spec.result, &self.inputs, &self.session)
    }

    /// Emits the plan, then notes and warnings, unless they were emitted already.
    fn announce(&self, mut warnings: Vec<String>, told: bool) -> Result<(), JobError> {
        let session = &self.session;
        self.context.emit(Event::Planned {
            scales: session.scales().to_vec(),
            done: self.steps.len(),
            peak_bytes: session.plan().peak_bytes,
            threads: session.threads(),
            work: self.pace.work(),
        });
        if told {
            return Ok(());
        }
        let recipe = session.recipe();
        if !recipe.tuned_for.contains(&session.encoder().family) {
            warnings.push(format!(
                "note: preset {} was tuned for {} weights; {} may need other weights for content, style and total \
                 variation",
                recipe.preset,
                recipe.tuned_for.join(" or "),
                session.encoder().name
            ));
        }
        if let Some(output) = self.output {
            let format = self.spec.result.format(output)?;
            if !self.spec.result.no_metadata && format.holds_recipe() && !format.fits_recipe(&self.recipe) {
                warnings.push(format!(
                    "warning: {} has no room for a recipe of this length: the result carries none",
                    format.name()
                ));
            }
        }
        warnings.into_iter().for_each(|text| self.context.warn(text));
        Ok(())
    }
}

/// The file of the result; `None` if the result is kept in memory alone.
fn output<'a>(spec: &'a StylizeSpec, context: &Context) -> Option<&'a Path> {
    let in_memory = context.in_memory && spec.output.as_os_str().is_empty();
    (!in_memory).then_some(&spec.output)
}

/// Finds wrong options before any file is read.
fn check_options(spec: &StylizeSpec, texture: Option<&Texture>) -> Result<(), JobError> {
    if spec.output == Path::new("-") {
        return Err(JobError::bad_input("-o -: expected the name of a file")
            .hint("for a pipe, write to /dev/stdout and give `format`"));
    }
    if spec.save_every == Some(0) {
        return Err(JobError::bad_input("`save_every`: expected at least 1, found 0"));
    }
    if texture.is_some() && spec.result.keep_gps {
        return Err(JobError::bad_input("`keep_gps` has no effect: a texture has no content"));
    }
    spec.input.limits()?;
    spec.run.objective.preset()?;
    spec.run.overrides().map(|_| ())
}

/// Reads the pictures of a run.
pub(crate) fn read(
    spec: &StylizeSpec,
    texture: Option<&Texture>,
    context: &Context,
) -> Result<Inputs, JobError> {
    let (source, (_, init)) = (context.source(&spec.input)?, spec.run.overrides()?);
    match texture {
        None => Inputs::read(&spec.content, &spec.style, init.as_deref(), &spec.regions, &source),
        Some(texture) => Inputs::read_texture(texture, &spec.style, init.as_deref(), &spec.regions, &source),
    }
}

/// Returns the session, at its first step or at the step where it was saved. The pictures move into it.
fn session(
    (spec, texture): (&StylizeSpec, Option<&Texture>),
    inputs: &mut Inputs,
    resumed: Option<&Resumed>,
    elsewhere: bool,
    context: &Context,
) -> Result<Session, JobError> {
    let asked = Asked { run: &spec.run, styles: &spec.style, texture, regions: &spec.regions };
    let mut transfer = transfer::of(&asked, inputs, context)?;
    context.control.begin();
    // The content targets of a picture in tiles are kept in the folder of the result.
    let folder = std::path::absolute(&spec.output).ok().and_then(|path| path.parent().map(Path::to_path_buf));
    let mut tiling = Tiling { folder, ..Tiling::default() };
    if let Some(Resumed { checkpoint, .. }) = resumed {
        if !elsewhere {
            transfer = transfer.device_of(checkpoint.instruction_set())?;
        }
        tiling.window = checkpoint.window();
        if tiling.window.is_none() {
            // A run that began without tiles continues without them.
            transfer = transfer.memory(None);
        }
    }
    let mut session = transfer.tiling(tiling).build()?;
    if let Some(Resumed { checkpoint, .. }) = resumed {
        let (before, now) = (checkpoint.instruction_set(), session.instruction_set().to_owned());
        if elsewhere && before != now {
            context.warn(format!(
                "note: the run began on {before} and goes on on {now}, which rounds differently"
            ));
            session.restore_elsewhere(checkpoint)?;
        } else {
            session.restore(checkpoint)?;
        }
    }
    Ok(session)
}

/// Returns what a run will take, and its memory in half precision. Nothing is painted.
pub(crate) fn plan(
    (spec, texture): (&StylizeSpec, Option<&Texture>),
    extras: &Extras,
    context: &Context,
) -> Result<Planned, JobError> {
    let mut inputs = extras.inputs.clone().map_or_else(|| read(spec, texture, context), Ok)?;
    inputs.notes().into_iter().for_each(|note| context.warn(note));
    let content = texture.is_none().then(|| inputs.content.decoded.picture.size());
    let asked = Asked { run: &spec.run, styles: &spec.style, texture, regions: &spec.regions };
    let transfer = transfer::of(&asked, &mut inputs, context)?;
    context.control.begin();
    let mut session = transfer.build()?;
    let peak_bytes_in_half = session.peak_in_half()?;
    let speed = match extras.speed {
        Some(speed) => {
            session.predict_time_at(speed);
            speed
        }
        None => session.predict_time()?,
    };
    Ok(Planned {
        content,
        plan: session.plan().clone(),
        speed,
        peak_bytes_in_half,
        threads: session.threads(),
        instruction_set: session.instruction_set().to_owned(),
    })
}

/// The memory and the time that a run will take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// Size of the content in pixels; a texture has none.
    pub content: Option<(usize, usize)>,
    /// The plan, scale by scale.
    pub plan: MemoryPlan,
    /// The speed that the times come from.
    pub speed: Speed,
    /// Peak memory of a run in half precision, in bytes.
    pub peak_bytes_in_half: usize,
    /// Number of threads of the run.
    pub threads: usize,
    /// The instruction set of the engine.
    pub instruction_set: String,
}

/// Checks the names of the files that are written. Returns warnings about what the format does not hold.
fn check_outputs(
    spec: &StylizeSpec,
    output: Option<&Path>,
    content: &Input,
    all: &[&Input],
) -> Result<Vec<String>, JobError> {
    let model = &spec.run.objective.model;
    if let Some(output) = output {
        check_output(output, Some(spec.result.format(output)?), content.decoded.alpha.is_some())?;
        inputs::check_apart("`output`", output, all)?;
        inputs::check_model("`output`", output, model)?;
    } else if spec.save_every.is_some() {
        return Err(JobError::bad_input("`save_every` has no effect without `output`"));
    }
    if let Some(path) = &spec.report {
        inputs::check_apart("`report`", path, all)?;
        inputs::check_model("`report`", path, model)?;
        check_writable(path).map_err(|error| JobError::from(error).about("`report`"))?;
        if output.is_some_and(|output| same_file(path, output)) {
            return Err(JobError::bad_input("`report` and `output` name the same file"));
        }
    }
    let Some(output) = output else { return Ok(Vec::new()) };
    let source = if content.is_file() { "content" } else { "style" };
    encoding(output, (source, &content.decoded), &spec.result)?;
    let losses = losses_of_format(output, &content.decoded, &spec.result)?;
    Ok(losses.into_iter().collect())
}
