//! A `stylize` job in blocks, for a run on several machines. The job keeps the conductor; whoever drives it reaches the
//! painters, and passes numbers between them ([`impasto::blocks`]).

use std::path::PathBuf;

use impasto::Picture;
use impasto::blocks::{Conductor, Cut};
use impasto::image::{Space, check_output};

use crate::encoding::{check_side, encoding, write};
use crate::inputs::{self, Inputs};
use crate::spec::StylizeSpec;
use crate::transfer::{self, Asked};
use crate::{Context, JobError, JobSpec, Task, paint, recipe};

/// A run in blocks, with everything that belongs to it.
pub struct Spread {
    spec: StylizeSpec,
    inputs: Inputs,
    conductor: Conductor,
}

impl Spread {
    /// Reads the pictures and checks all options.
    ///
    /// # Errors
    /// When an option is wrong or has no effect in blocks, or a picture cannot be read.
    pub fn begin(job: &JobSpec, cut: Cut) -> Result<Spread, JobError> {
        let Task::Stylize(spec) = &job.task else {
            return Err(JobError::bad_input("only a job `stylize` can be run in blocks"));
        };
        let mut spec = spec.clone();
        check_options(&spec)?;
        // The painters' tiles limit the memory, and the sums have the same order with any number of threads.
        let context = Context::default();
        let mut inputs = paint::read(&spec, None, &context)?;
        let content = &inputs.content.decoded;
        check_output(&spec.output, Some(spec.result.format(&spec.output)?), content.alpha.is_some())?;
        inputs::check_apart("`output`", &spec.output, &inputs.all())?;
        encoding(&spec.output, ("content", content), &spec.result)?;
        let asked = Asked { run: &spec.run, styles: &spec.style, texture: None, regions: &spec.regions };
        let transfer = transfer::of(&asked, &mut inputs, &context)?.memory(None);
        let conductor = Conductor::new(transfer, cut)?;
        check_side(&spec.output, &spec.result, conductor.session())?;
        spec.run.threads = None;
        Ok(Spread { spec, inputs, conductor })
    }

    /// The conductor of the run.
    pub fn conductor(&mut self) -> &mut Conductor {
        &mut self.conductor
    }

    /// Notes on how the pictures were read.
    pub fn notes(&self) -> Vec<String> {
        self.inputs.notes()
    }

    /// The picture so far, and its colour space.
    ///
    /// # Errors
    /// While a scale is spread: the picture is with the painters.
    pub fn picture(&self) -> Result<(Picture, Space), JobError> {
        Ok((self.conductor.picture()?, self.inputs.content.decoded.space))
    }

    /// Writes the result, as a job that is run whole does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> Result<PathBuf, JobError> {
        let StylizeSpec { run, style, regions, result, output, .. } = &self.spec;
        let asked = Asked { run, styles: style, texture: None, regions };
        let recipe = recipe::of(&asked, result, &self.inputs, self.conductor.session());
        write(output, &self.conductor.picture()?, &self.inputs.content.decoded, result, &recipe)?;
        Ok(output.clone())
    }
}

/// Refuses options that have no effect in blocks.
fn check_options(spec: &StylizeSpec) -> Result<(), JobError> {
    let side = spec.side_outputs.files().next().map(|(name, _)| name);
    let refused = [
        ("time", spec.run.time.is_some()),
        ("memory", spec.run.memory.is_some()),
        ("save_every", spec.save_every.is_some()),
        ("report", spec.report.is_some()),
        ("checkpoint", spec.checkpoint.is_some()),
        ("checkpoint_every", spec.checkpoint_every.is_some()),
        ("no_checkpoint", spec.no_checkpoint),
        (side.unwrap_or("plot"), side.is_some()),
    ];
    match refused.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(JobError::bad_input(format!("`{name}` has no effect on a picture in blocks"))),
        None => spec.run.overrides().map(|_| ()),
    }
}
