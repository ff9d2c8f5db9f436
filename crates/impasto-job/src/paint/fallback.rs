//! A card that `auto` took, and that fails: the run goes on on the processor, from its last checkpoint or from its
//! start. A card that was named is never replaced: its failure is an error.

use std::path::PathBuf;

use serde_json::Value;

use super::{Ended, Extras, Keeping, Names, Painting, Resumed};
use crate::JobError;
use crate::error::Cause;
use crate::spec::StylizeSpec;

/// Everything that a run needs to begin a second time.
pub(super) struct Again {
    possible: bool,
    resumed: Option<PathBuf>,
    names: Option<Names>,
    weights: Option<String>,
    notes: Vec<String>,
    face: Value,
    keeping: Option<Keeping>,
}

/// A run that begins again on the processor.
pub(super) struct Fallen {
    pub(super) note: String,
    pub(super) extras: Extras,
}

impl Again {
    /// Keeps the extras of a run before it begins. Pictures that were handed over are used up by the first beginning,
    /// so with them there is no second one.
    pub(super) fn of(spec: &StylizeSpec, extras: &Extras) -> Again {
        let automatic = spec.run.device.as_deref().is_none_or(|name| name == "auto");
        Again {
            possible: automatic && extras.inputs.is_none(),
            resumed: extras.resumed.as_ref().map(|resumed| resumed.path.clone()),
            names: extras.names.clone(),
            weights: extras.weights.clone(),
            notes: extras.notes.clone(),
            face: extras.face.clone(),
            keeping: extras.keeping.clone(),
        }
    }

    /// The run from its last checkpoint on, if it ended because its card failed. Its notes were told when it began.
    pub(super) fn take_over(&self, painting: &Painting<'_>, ended: &Result<(), Ended>) -> Option<Fallen> {
        let Err(Ended::Run(error)) = ended else { return None };
        let on_card = painting.session.instruction_set().starts_with("gpu ");
        (self.possible && on_card && is_of_device(error))
            .then(|| self.fallen(painting.checkpoints.saved(), &error.to_string()))
            .flatten()
            .map(|fallen| Fallen { extras: Extras { told: true, ..fallen.extras }, ..fallen })
    }

    /// The run from its start, or from the checkpoint that it was resumed from, if its card failed before its first
    /// step. Its notes are still to be told. Every other error is returned.
    pub(super) fn begin_anew(&self, error: JobError) -> Result<Fallen, JobError> {
        if !self.possible || *error.cause() != Cause::Device {
            return Err(error);
        }
        let fallen = self.fallen(self.resumed.clone(), error.message());
        fallen.ok_or(error)
    }

    /// `None` if the checkpoint cannot be read.
    fn fallen(&self, checkpoint: Option<PathBuf>, reason: &str) -> Option<Fallen> {
        let resumed = match checkpoint {
            Some(path) => Some(Resumed::read(&path).ok()?),
            None => None,
        };
        let from = match resumed.as_ref().map_or(0, |resumed| resumed.info.steps.len()) {
            0 => "begins again".to_owned(),
            done => format!("goes on after step {done}"),
        };
        let extras = Extras {
            device: resumed.is_some(),
            resumed,
            names: self.names.clone(),
            weights: self.weights.clone(),
            notes: self.notes.clone(),
            face: self.face.clone(),
            keeping: self.keeping.clone(),
            ..Extras::default()
        };
        Some(Fallen { note: format!("warning: {reason}: the run {from} on the processor"), extras })
    }
}

/// Whether an error is a card's.
fn is_of_device(error: &impasto::Error) -> bool {
    matches!(crate::error::cause_of(error), Cause::Device)
}
