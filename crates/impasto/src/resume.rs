//! Saving a session, and taking it up again where it stood.

use std::collections::HashMap;
use std::path::Path;

use impasto_engine::{Engine, Pixels, Size};

use crate::checkpoint::{self, Checkpoint, CheckpointError, State};
use crate::optimiser::Average;
use crate::{Error, Session};

/// Names of the vectors that every checkpoint has.
const IMAGE: &str = "image";
const AVERAGE: &str = "average";
/// Where there is a best iterate.
const BEST: &str = "best";
/// Where there is a step back.
const BEFORE: [&str; 2] = ["before.image", "before.average"];

impl Session {
    /// Writes everything that the run needs to go on from here, with a `note` for whoever resumes it. An older checkpoint
    /// of the same name stays until the new one is complete.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when it cannot be written.
    pub fn save(&self, path: &Path, note: &str) -> Result<(), Error> {
        let mut state = State::new(
            self.fingerprint.clone(),
            self.optimiser.clone_scalars(),
            self.average.clone_scalars(),
        );
        (state.scale, state.iteration) = (self.scale, self.iteration);
        state.best = self.best.as_ref().map(|(loss, _)| *loss);
        state.note = note.into();
        let mut vectors: Vec<(String, &[f32])> =
            vec![(IMAGE.into(), &self.image.data), (AVERAGE.into(), &self.average.sum)];
        if let Some((_, best)) = &self.best {
            vectors.push((BEST.into(), &best.data));
        }
        if let Some((image, average)) = &self.before {
            state.before = Some(average.clone_scalars());
            vectors.push((BEFORE[0].into(), &image.data));
            vectors.push((BEFORE[1].into(), &average.sum));
        }
        vectors.extend(self.optimiser.vectors());
        Ok(checkpoint::write(path, &state, &vectors)?)
    }

    /// Goes on from a checkpoint: every further step gives the same bytes as in the run that it was saved in.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when the session was not built as that run was, naming what differs; and when it has come to its
    /// last scale, where pictures are no longer kept.
    pub fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), Error> {
        if let Some(what) = self.fingerprint.difference(&checkpoint.state.fingerprint) {
            return Err(checkpoint.differs(what).into());
        }
        if self.plan.content.is_none() {
            return Err(checkpoint.differs("this session is at its last scale already".into()).into());
        }
        let Checkpoint { state, tensors, path } = checkpoint;
        let damaged =
            |problem: &str| CheckpointError::Damaged { path: path.clone(), problem: problem.to_string() };
        let wrong = || damaged("its parts do not fit each other");
        let scale = *self.plan.scales.get(state.scale).ok_or_else(wrong)?;
        let (width, height) = self.plan.canvas(scale).outer();
        let (size, count) = (Size::new(width, height), 3 * width * height);
        let mut tensors: HashMap<String, Vec<f32>> = tensors.into_iter().collect();
        let mut take =
            |name: &str| tensors.remove(name).ok_or_else(|| damaged("it lacks a part of the state"));
        let (image, sum) = (take(IMAGE)?, take(AVERAGE)?);
        let best = state.best.map(|loss| Ok::<_, CheckpointError>((loss, take(BEST)?))).transpose()?;
        let mut before = None;
        if let Some(average) = state.before {
            let (data, sum) = (take(BEFORE[0])?, take(BEFORE[1])?);
            if data.len() != count || sum.len() != count {
                return Err(wrong().into());
            }
            before = Some((Pixels { size, data }, Average { sum, ..average }));
        }
        let mut optimiser = state.optimiser;
        optimiser.put_back(&mut take)?;
        // The optimiser may have nothing yet.
        let fits = |values: &[f32]| values.len() == count;
        let state_fits = optimiser.vectors().iter().all(|(_, values)| values.is_empty() || fits(values));
        let best_fits = best.as_ref().is_none_or(|(_, best)| fits(best));
        if !(fits(&image) && fits(&sum) && state_fits && best_fits && state.iteration <= scale.iterations) {
            return Err(wrong().into());
        }
        (self.scale, self.iteration) = (state.scale, state.iteration);
        self.image = Pixels { size, data: image };
        self.average = state.average;
        self.average.sum = sum;
        self.best = best.map(|(loss, data)| (loss, Pixels { size, data }));
        self.optimiser = optimiser;
        (self.before, self.objective, self.stopped) = (before, None, false);
        self.engine.forget_targets();
        Ok(())
    }
}
