//! The moments between the steps of a run, at which a face (front end) may look at it and save it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::image::Space;
use impasto::{Keep, Picture, Scale, Step};

use super::kept::Kept;
use super::{Painting, fitted};
use crate::JobError;

/// A run between two steps.
pub struct Moment<'a, 'b>(pub(super) &'a mut Painting<'b>);

/// A function that is called at every such moment, on the working thread. The run goes on when it returns.
pub(crate) type Between = Box<dyn FnMut(&mut Moment<'_, '_>) + Send>;

impl Moment<'_, '_> {
    /// The steps so far.
    pub fn steps(&self) -> &[Step] {
        &self.0.steps
    }

    /// The scales of the run.
    pub fn scales(&self) -> &[Scale] {
        self.0.session.scales()
    }

    /// Whether the iterate is known: the average is not part of every run, and the best one is only kept on request.
    pub fn has(&self, keep: Keep) -> bool {
        self.0.session.has_iterate(keep)
    }

    /// The result so far. `keep` chooses another iterate than the recipe.
    ///
    /// # Errors
    /// When the state of the run cannot be read.
    pub fn kept(&self, keep: Option<Keep>) -> Result<Kept, JobError> {
        let Painting { session, inputs, spec, recipe, .. } = &*self.0;
        let picture = keep.map_or_else(|| session.picture(), |keep| session.iterate(keep))?;
        let kept = Kept::of(Arc::new(picture), &inputs.content.decoded, &spec.result, recipe);
        Ok(match keep {
            Some(keep) if keep != session.recipe().keep => kept.iterate(keep, Arc::clone(&kept.picture)),
            _ => kept,
        })
    }

    /// The picture so far, with a long edge of at most `max_edge` pixels.
    ///
    /// # Errors
    /// When the state of the run cannot be read.
    pub fn preview(&self, max_edge: usize) -> Result<(Picture, Space), JobError> {
        let picture = self.0.session.picture()?;
        Ok((fitted(&picture, max_edge), self.0.inputs.content.decoded.space))
    }

    /// Writes a checkpoint to a file; to the run's own, if none is given. Returns its path.
    ///
    /// # Errors
    /// When the file cannot be written, or the run has no checkpoint of its own.
    pub fn save(&self, path: Option<&Path>) -> Result<PathBuf, JobError> {
        let Painting { checkpoints, session, steps, context, .. } = &*self.0;
        let path = path.unwrap_or(checkpoints.path()).to_path_buf();
        if path.as_os_str().is_empty() {
            return Err(JobError::bad_input("`checkpoint`: expected the name of a file"));
        }
        checkpoints.write_to(&path, session, steps, context)?;
        Ok(path)
    }
}
