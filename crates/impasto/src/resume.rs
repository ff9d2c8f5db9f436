//! Saving a session, and resuming it.

use std::path::Path;

use impasto_engine::painting::{Home, Numbers, Values};
use impasto_engine::{Engine, Size};

use crate::checkpoint::{self, Checkpoint, CheckpointError, State};
use crate::scale_up::home;
use crate::{Error, Session};

/// Names of the vectors that every checkpoint has.
const IMAGE: &str = "image";
const AVERAGE: &str = "average";
/// Name of the best iterate, if there is one.
const BEST: &str = "best";
/// Names of the vectors for undoing a step, if there are any.
const BEFORE: [&str; 2] = ["before.image", "before.average"];

impl Session {
    /// Whether the session can be saved: not after the run has failed or was [finished](Session::finish).
    pub fn can_be_saved(&self) -> bool {
        !self.spoiled && self.inputs.follow.is_none()
    }

    /// Writes everything that the run needs to continue from here, with a `note` for the program that resumes it.
    /// An older checkpoint of the same name stays until the new one is complete.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file cannot be written, or if the run has failed and cannot continue.
    pub fn save(&self, path: &Path, note: &str) -> Result<(), Error> {
        if !self.can_be_saved() {
            return Err(CheckpointError::Failed.into());
        }
        let mut state = State::new(
            self.fingerprint.clone(),
            self.optimiser.clone_scalars(),
            self.average.clone_scalars(),
        );
        (state.scale, state.iteration) = (self.scale, self.iteration);
        state.pace = self.pace.saved(self.budget.as_ref());
        state.best = self.best.as_ref().map(|(loss, _)| *loss);
        let mut vectors: Vec<(String, &dyn Numbers)> =
            vec![(IMAGE.into(), &self.image), (AVERAGE.into(), &self.average.sum)];
        if let Some((_, best)) = &self.best {
            vectors.push((BEST.into(), best));
        }
        if let Some((image, average)) = &self.before {
            state.before = Some(average.clone_scalars());
            vectors.push((BEFORE[0].into(), image));
            vectors.push((BEFORE[1].into(), &average.sum));
        }
        vectors.extend(
            self.optimiser.vectors().into_iter().map(|(name, values)| (name, values as &dyn Numbers)),
        );
        checkpoint::write(path, &state, note, &vectors)?;
        Ok(())
    }

    /// Continues from a checkpoint: every further step gives the same bytes as in the saved run.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the session was not built like the saved run; the error names the difference. Also
    /// fails if this session has reached its last scale, where the input pictures are no longer kept.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if let Some(what) = self.fingerprint.difference(&checkpoint.state.fingerprint) {
            return Err(checkpoint.differs(what).into());
        }
        self.take(checkpoint)
    }

    /// Continues from a checkpoint of a run on another device or instruction set. The rest of the run rounds as this
    /// session's device does, so the result has other bytes than that of either device alone.
    ///
    /// # Errors
    /// The errors of [`restore`](Session::restore), but for the device.
    pub fn restore_elsewhere(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let mut begun = checkpoint.state.fingerprint.clone();
        begun.instruction_set.clone_from(&self.fingerprint.instruction_set);
        if let Some(what) = self.fingerprint.difference(&begun) {
            return Err(checkpoint.differs(what).into());
        }
        self.take(checkpoint)
    }

    /// Takes the state out of a checkpoint that fits.
    fn take(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let state = &checkpoint.state;
        if self.inputs.content.is_none() {
            return Err(checkpoint.differs("this session is already at its last scale".into()).into());
        }
        let wrong = || CheckpointError::Damaged {
            path: checkpoint.path.clone(),
            problem: "its parts do not fit each other".into(),
        };
        let scale = *self.inputs.scales.get(state.scale).ok_or_else(wrong)?;
        if state.iteration > scale.iterations {
            return Err(wrong().into());
        }
        let (width, height) = self.inputs.canvas(scale).outer();
        let (size, home) = (Size::new(width, height), home(&self.inputs, &self.engine, state.scale));
        // Before the first step there is no state yet.
        let or_none = |name: &str, home: &Home| checkpoint.vector(name, 3 * size.area(), home);
        let take = |name: &str, home: &Home| match or_none(name, home)? {
            none if none.is_empty() => Err(wrong().into()),
            values => Ok::<Values, Error>(values),
        };
        let image = take(IMAGE, &Home::Memory)?;
        let average = state.average.with(or_none(AVERAGE, &home)?);
        let best = state.best.map(|loss| Ok::<_, Error>((loss, take(BEST, &home)?))).transpose()?;
        let before = match &state.before {
            Some(average) => Some((take(BEFORE[0], &home)?, average.with(take(BEFORE[1], &home)?))),
            None => None,
        };
        let mut optimiser = state.optimiser.clone_scalars();
        optimiser.put_back(&home, |name| or_none(name, &home))?;
        (self.scale, self.iteration) = (state.scale, state.iteration);
        (self.image, self.average, self.best) = (image, average, best);
        (self.optimiser, self.before, self.objective, self.protected) = (optimiser, before, None, None);
        self.pace = state.pace.clone();
        (self.stopped, self.spoiled) = (false, false);
        // If nothing came after the draft, it is painted again with the same result.
        self.begun = (state.scale, state.iteration) != (0, 0);
        self.engine.forget_targets();
        Ok(())
    }
}
