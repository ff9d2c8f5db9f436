//! The end of a run, which keeps the results so far, however the run ended.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use impasto::{Keep, Picture, Step};

use super::kept::Kept;
use super::{Ended, Painted, Painting};
use crate::event::End;
use crate::report::Report;
use crate::{Event, JobError};

impl Painting<'_> {
    /// Writes the results that are kept. If the run failed, or a result could not be written, that is an error.
    pub(super) fn conclude(mut self, ended: Result<(), Ended>) -> Result<Painted, JobError> {
        let end = self.end_of(&ended);
        if ended.is_err() {
            self.save_state(&ended, end);
            self.session.finish();
        }
        let picture = match self.session.picture() {
            Ok(picture) => picture,
            // The failure that ended the run also lost its picture.
            Err(lost) => return Err(if let Err(Ended::Run(error)) = ended { error } else { lost }.into()),
        };
        if end == End::Complete {
            // With a time limit, the number of iterations is known only now.
            self.recipe = self.recipe_now();
        }
        let keeps = self.is_worth_saving(end);
        let control = &self.context.control;
        let written = match self.output.filter(|_| keeps) {
            Some(output) => control.saving(|| self.write(output, &picture)),
            None => Ok(()),
        };
        let beside = if keeps { self.write_beside(&picture) } else { Ok(()) };
        if let (Err(lost), Err(_)) = (&beside, &ended) {
            self.context.warn(format!("warning: {}", lost.message()));
        }
        self.report(end, keeps && written.is_ok(), written.is_ok(), &picture)?;
        if let Err(error) = written {
            if ended.is_ok() {
                self.checkpoints.stop(&self.session, &self.steps, self.context);
            }
            return Err(self.checkpoints.mention(error));
        }
        let painted = self.painted(end, picture, keeps);
        match ended {
            Ok(()) => {
                self.checkpoints.remove();
                if changed_nothing(&self.steps) {
                    self.context.warn(
                        "warning: the iterations changed nothing, because the steps are too small: raise \
                         `learning_rate` or the weights",
                    );
                }
                self.tell_result(&painted);
                beside.map(|()| painted)
            }
            Err(Ended::Paused) if self.checkpoints.saved().is_none() => {
                Err(JobError::failed("the run was paused, but could not be saved"))
            }
            Err(Ended::Paused) => Ok(painted),
            Err(Ended::Run(error)) if error.is_cancelled() => Ok(painted),
            Err(Ended::Run(error)) => {
                self.context.warn(painted.to_string());
                Err(self.checkpoints.mention(error.into()).with_painted(painted))
            }
            Err(Ended::Save(error)) => Err(self.checkpoints.mention(error)),
        }
    }

    fn end_of(&self, ended: &Result<(), Ended>) -> End {
        match ended {
            Ok(()) => End::Complete,
            Err(Ended::Paused) => End::Paused,
            // A pause waits for the end of a step; only a stop or a cancellation ends one.
            Err(Ended::Run(error)) if error.is_cancelled() => self.context.control.end(),
            Err(_) => End::Failed,
        }
    }

    /// Writes a checkpoint from which the run can continue.
    fn save_state(&mut self, ended: &Result<(), Ended>, end: End) {
        // A run that was refused would be refused again.
        let refused = matches!(ended, Err(Ended::Run(impasto::Error::Invalid { .. })));
        match end {
            End::Paused => self.checkpoints.save(&self.session, &self.steps, self.context),
            End::Cancelled => {}
            _ if refused => {}
            _ => self.checkpoints.stop(&self.session, &self.steps, self.context),
        }
    }

    /// Whether there is a picture to keep. A draft counts as one. If nothing was painted, an earlier result under this
    /// name is worth more than the initial picture.
    fn is_worth_saving(&self, end: End) -> bool {
        match end {
            End::Complete => true,
            End::Paused | End::Cancelled => false,
            End::Stopped => !self.steps.is_empty() || self.session.has_draft(),
            End::Failed => !self.steps.is_empty(),
        }
    }

    /// Writes the files beside the result.
    fn write_beside(&mut self, picture: &Picture) -> Result<(), JobError> {
        let (film, done) = (self.film.take(), self.steps.len());
        let wrote = |path: &Path| self.context.emit(Event::WroteBeside { path: path.into() });
        let writing = |path: &Path| self.context.emit(Event::Writing { path: path.into() });
        self.context.control.saving(|| {
            let filmed = |film: crate::side::Timelapse| film.write(picture, done, (&writing, &wrote));
            self.side.write(picture, &self.steps, &wrote).and(film.map_or(Ok(()), filmed))
        })
    }

    fn report(&self, end: End, has_output: bool, written: bool, picture: &Picture) -> Result<(), JobError> {
        let Some(path) = self.spec.report.as_ref().filter(|_| end != End::Cancelled) else { return Ok(()) };
        let outcome = match end {
            _ if !written => "failed",
            End::Complete => "complete",
            End::Stopped => "interrupted",
            End::Paused => "paused",
            _ => "failed",
        };
        let (session, steps) = (&self.session, &self.steps[..]);
        let mut report =
            Report::of((self.spec, self.texture), &self.inputs, (session, steps), picture.size(), outcome)?;
        if let Some(output) = self.output.filter(|_| has_output) {
            report.output = output.display().to_string();
        }
        report.write(path)?;
        self.context.emit(Event::WroteBeside { path: path.clone() });
        Ok(())
    }

    fn painted(&self, end: End, picture: Picture, keeps: bool) -> Painted {
        let picture = Arc::new(picture);
        Painted {
            end,
            space: self.inputs.content.decoded.space,
            output: self.output.filter(|_| keeps).map(Path::to_path_buf),
            iterates: self.iterates(),
            kept: Kept::of(
                Arc::clone(&picture),
                &self.inputs.content.decoded,
                &self.spec.result,
                &self.recipe,
            ),
            picture,
            steps: self.steps.clone(),
            checkpoint: if end == End::Complete { None } else { self.checkpoints.saved() },
            iterations: self.steps.len(),
            seconds: self.steps.iter().fold(0.0, |sum, step| sum + step.seconds),
        }
    }

    /// The iterates that the result was not made of, for a face that keeps results in memory.
    fn iterates(&self) -> Vec<(Keep, Arc<Picture>)> {
        let session = &self.session;
        let others = [Keep::Average, Keep::Last, Keep::Best].into_iter().filter(|keep| {
            self.context.in_memory && *keep != session.recipe().keep && session.has_iterate(*keep)
        });
        others.filter_map(|keep| Some((keep, Arc::new(session.iterate(keep).ok()?)))).collect()
    }

    fn tell_result(&self, painted: &Painted) {
        let (width, height) = painted.picture.size();
        if let Some(output) = self.output {
            self.context.emit(Event::Wrote {
                path: output.to_path_buf(),
                width,
                height,
                count: painted.iterations,
                seconds: painted.seconds,
            });
        }
        self.show(&painted.picture, true);
    }
}

/// Whether the loss stayed the same at every scale. One iteration at a scale does not tell.
fn changed_nothing(steps: &[Step]) -> bool {
    /// Relative change of a loss by the smallest change of a pixel in single precision, or less.
    const ROUNDING: f64 = 1e-9;
    let same = |pair: &[Step]| {
        let (before, after) = (pair[0].losses.total, pair[1].losses.total);
        (before - after).abs() <= ROUNDING * before.abs()
    };
    let stays = |scale: &[Step]| scale.len() > 1 && scale.windows(2).all(same);
    !steps.is_empty() && steps.chunk_by(|one, next| one.scale == next.scale).all(stays)
}

/// States in a sentence what was kept.
impl fmt::Display for Painted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((width, height), done) = (self.picture.size(), self.iterations);
        match &self.output {
            Some(path) => {
                let path = path.display();
                write!(f, "{path} holds the picture after {done} iterations ({width}x{height})")
            }
            None if self.end == End::Paused => write!(f, "paused after {done} iterations"),
            None => f.write_str("nothing was painted yet, so nothing was written"),
        }
    }
}
