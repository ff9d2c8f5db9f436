//! A run of the page. It is painted by the processor, or by a graphics card. Where a card fails, the run begins anew on
//! the processor, and its progress says so: the picture so far was on the card.

use std::sync::Arc;
use std::time::Duration;

use impasto::{Backend, Error, Picture, Session, Step};
use serde::Serialize;

use crate::{Image, Painter, Problem, Settings};

/// Iterations of the last scale in a run that is asked to end soon.
const FEW: usize = 5;

/// A run in progress or at its end.
pub(crate) struct Run {
    pub(crate) session: Session,
    settings: Settings,
    /// Whether a card paints it.
    on_card: bool,
    /// The words of the card that failed at it.
    failure: Option<String>,
    /// The picture of a run at its end.
    picture: Option<Picture>,
    /// Work of the whole run, in pixels times iterations.
    work: f64,
    started: Duration,
}

/// The progress of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// The step that was just done.
    pub step: Step,
    /// The part of the work that is done, from 0 to 1.
    pub fraction: f64,
    /// Seconds until the end, at the pace so far.
    pub seconds_left: f64,
    /// Whether a card paints the run.
    pub on_card: bool,
    /// The words of the card that failed at this run; the processor has begun anew.
    pub failure: Option<String>,
}

impl Painter {
    /// Takes the graphics card for the runs that follow.
    pub fn set_card(&mut self, card: Arc<dyn Backend>) {
        self.card = Some(card);
    }

    /// Whether there is a card, which has not failed so far.
    pub fn has_card(&self) -> bool {
        self.card.is_some()
    }

    /// Whether the card is measured to be faster than the processor with the network of a run, and agrees with it.
    /// Without a card there is none that is faster.
    ///
    /// # Errors
    /// Those of [`begin`](Painter::begin), and what keeps the card from working.
    pub fn card_is_faster(&self, settings: &Settings) -> Result<bool, Problem> {
        let Some(card) = &self.card else { return Ok(false) };
        Ok(self.transfer(settings)?.is_faster_on(card.as_ref())?)
    }

    /// Prepares a run, on the card if that is asked for and there is one. Returns the size that its result will have.
    ///
    /// # Errors
    /// The errors of [`StyleTransfer::build`](impasto::StyleTransfer::build), and those of missing pictures.
    pub fn begin(&mut self, settings: &Settings, on_card: bool) -> Result<(usize, usize), Problem> {
        self.end();
        // Drafts take memory that the run can use; they are warm again soon.
        self.drafts.clear();
        let card = self.card.clone().filter(|_| on_card);
        let on_card = card.is_some();
        let run = match self.begun(settings, card) {
            Err(failure) if on_card => {
                let run = self.begun(settings, None)?;
                self.card = None;
                Run { failure: Some(failure.message), ..run }
            }
            begun => begun?,
        };
        let size = run.session.scales().last().map_or((0, 0), |scale| (scale.width, scale.height));
        self.run = Some(run);
        Ok(size)
    }

    fn begun(&mut self, settings: &Settings, card: Option<Arc<dyn Backend>>) -> Result<Run, Problem> {
        let on_card = card.is_some();
        let transfer = self.transfer(settings)?;
        let transfer = match card {
            Some(card) => transfer.backend(card),
            None => transfer,
        };
        let session = transfer.build_with(self.cache.take())?;
        let (work, started, settings) = (session.work_left(), (self.now)(), settings.clone());
        Ok(Run { session, settings, on_card, failure: None, picture: None, work, started })
    }

    /// Does one iteration of the run; `None` at its end.
    ///
    /// # Errors
    /// Without a run, and the errors of [`Session::step`].
    pub fn step(&mut self) -> Result<Option<Progress>, Problem> {
        let step = self.attempt(|run| {
            let step = run.session.step()?;
            if step.is_none() {
                // A card that fails later does not take the picture with it.
                run.picture = Some(run.session.picture()?);
            }
            Ok(step)
        })?;
        let (now, run) = ((self.now)(), self.running()?);
        let Some(step) = step else { return Ok(None) };
        let left = run.session.work_left();
        let fraction = if run.work > 0.0 { (1.0 - left / run.work).clamp(0.0, 1.0) } else { 1.0 };
        let elapsed = now.saturating_sub(run.started).as_secs_f64();
        let seconds_left = if fraction > 0.0 { elapsed * (1.0 - fraction) / fraction } else { 0.0 };
        let (on_card, failure) = (run.on_card, run.failure.clone());
        Ok(Some(Progress { step, fraction, seconds_left, on_card, failure }))
    }

    /// Does something with the run. Where it fails on a card, the processor begins the run anew, and does it.
    fn attempt<T>(&mut self, work: impl Fn(&mut Run) -> Result<T, Error>) -> Result<T, Problem> {
        let run = self.running()?;
        match work(run) {
            Err(failure) if run.on_card => {
                self.begin_anew(&failure)?;
                Ok(work(self.running()?)?)
            }
            done => Ok(done?),
        }
    }

    fn begin_anew(&mut self, failure: &Error) -> Result<(), Problem> {
        self.card = None;
        let Some(Run { session, settings, .. }) = self.run.take() else { return Ok(()) };
        let hurried = session.is_hurried();
        drop(session);
        let mut run = self.begun(&settings, None)?;
        if hurried {
            run.session.finish_soon(FEW);
        }
        self.run = Some(Run { failure: Some(failure.to_string()), ..run });
        Ok(())
    }

    fn running(&mut self) -> Result<&mut Run, Problem> {
        self.run.as_mut().ok_or_else(|| Problem::new("nothing runs"))
    }

    /// The picture of the run so far, reduced to a long edge of `longest` pixels.
    ///
    /// # Errors
    /// Without a run.
    pub fn preview(&mut self, longest: usize) -> Result<Image, Problem> {
        let picture = self.attempt(|run| run.session.preview(longest))?;
        Ok(self.image(&picture))
    }

    /// Brings the run to its end soon, at its full size.
    ///
    /// # Errors
    /// Without a run.
    pub fn finish_soon(&mut self) -> Result<(), Problem> {
        self.running()?.session.finish_soon(FEW);
        Ok(())
    }

    /// Ends the run and returns its picture, which can be saved then.
    ///
    /// # Errors
    /// Without a run, and if the picture was on a card that has failed.
    pub fn result(&mut self) -> Result<Image, Problem> {
        let run = self.running()?;
        let picture = match run.picture.take() {
            Some(picture) => picture,
            None => run.session.picture().map_err(|error| match run.on_card {
                true => Problem::new("the graphics card failed, and the picture so far is lost with it"),
                false => error.into(),
            })?,
        };
        let settings = run.settings.clone();
        run.session.finish();
        let image = self.image(&picture);
        self.shown = Some((picture, settings));
        Ok(image)
    }
}
