//! A run, a batch, a sheet or a comparison in progress. All its methods may be called from any thread.

use std::path::PathBuf;
use std::sync::Arc;

use impasto::Keep;
use impasto_job::{JobError, Kept, Outcome, Painted, Previews};
use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::errors::{OrRaise, exception};
use crate::jobs::{Job, resumed};
use crate::kept::{PyKept, fitted, plain};
use crate::pictures::{PyPicture, array};
use crate::shared::{Allowed, Shared};

/// How the frames of a film are shown: at their size.
const FRAMES: Previews = Previews { max_edge: usize::MAX, every: None };

/// A job in progress.
#[pyclass(frozen, module = "impasto._native")]
pub(crate) struct Run(Arc<Shared>);

fn begun(runner: impasto_job::Runner, stepwise: bool) -> PyResult<Run> {
    let allowed = if stepwise { Allowed::Steps(0) } else { Allowed::All };
    let shared = Shared::start(runner, allowed);
    shared.map(Run).map_err(|error| PyOSError::new_err(format!("cannot start a thread: {error}")))
}

#[pymethods]
impl Run {
    /// Starts a job. With `stepwise` a run does a step when `next` asks for it; otherwise it goes on by itself.
    /// With `frames`, the painted frames of a film can be taken ([`frame`](Run::frame)), and the film waits for that.
    #[staticmethod]
    #[pyo3(signature = (job, *, stepwise=false, frames=false))]
    fn start(job: &Job, stepwise: bool, frames: bool) -> PyResult<Run> {
        let runner = job.runner();
        begun(if frames { runner.previews(FRAMES) } else { runner }, stepwise)
    }

    /// Goes on from a checkpoint.
    #[staticmethod]
    #[pyo3(signature = (checkpoint, pictures, *, threads=None, stepwise=false))]
    fn resume(
        checkpoint: PathBuf,
        pictures: &Bound<'_, PyDict>,
        threads: Option<usize>,
        stepwise: bool,
    ) -> PyResult<Run> {
        begun(resumed(&checkpoint, pictures)?.threads(threads), stepwise)
    }

    /// Waits until the inputs are read and the first step can begin, or the job has ended.
    fn ready(&self, py: Python<'_>) -> PyResult<()> {
        self.0.check_process()?;
        let failed = self.0.wait(py, |state| match (&state.outcome, state.ready) {
            (Some(outcome), _) => Some(Some(Arc::clone(outcome))),
            (None, true) => Some(None),
            (None, false) => None,
        })?;
        failed.map_or(Ok(()), |outcome| raised(py, &outcome))
    }

    /// Returns the next event as JSON, a step of a run, an item of a batch or a sheet, or any event of a film; `None`
    /// at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.0.check_process()?;
        self.0.change(|state| {
            if let (Allowed::Steps(steps), true) = (&mut state.allowed, state.events.is_empty()) {
                *steps += 1;
            }
        });
        let found = self.0.wait(py, |state| match (state.events.pop_front(), &state.outcome) {
            (Some(event), _) => Some(Ok(event)),
            (None, Some(outcome)) => Some(Err(Arc::clone(outcome))),
            (None, None) => None,
        })?;
        match found {
            Ok(event) => Ok(Some(event)),
            Err(outcome) => raised(py, &outcome).map(|()| None),
        }
    }

    /// Takes the painted frame of a film as a new uint8 array: that of the frame's event, which `next` has returned.
    fn frame<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.check_process()?;
        let taken = self.0.wait(py, |state| match state.frames.pop_front() {
            Some(frame) => Some(Some(frame)),
            None => state.outcome.as_ref().map(|_| None),
        })?;
        self.0.change(|_| {});
        taken.map(|(picture, space)| array(py, (&*picture, space), None, "uint8")).transpose()
    }

    /// Goes on by itself, to the end.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.0.check_process()?;
        self.0.change(|state| {
            state.allowed = Allowed::All;
            state.listening = false;
            state.events.clear();
        });
        let outcome = self.0.wait(py, |state| state.outcome.clone())?;
        raised(py, &outcome)
    }

    /// Waits for the end of a job that was asked to end.
    fn join(&self, py: Python<'_>) -> PyResult<()> {
        self.0.check_process()?;
        self.0.wait(py, |state| state.outcome.as_ref().map(|_| ()))
    }

    /// Ends it at once. The result so far is kept.
    fn stop(&self) -> PyResult<()> {
        self.asked(impasto_job::Control::stop)
    }

    /// Ends it at once. No file is written.
    fn cancel(&self) -> PyResult<()> {
        self.asked(impasto_job::Control::cancel)
    }

    /// Ends it after the step in progress, with a checkpoint.
    fn pause(&self) -> PyResult<()> {
        self.asked(impasto_job::Control::pause)
    }

    /// Completes a run early, at full size.
    fn finish_soon(&self) -> PyResult<()> {
        self.asked(impasto_job::Control::finish_soon)
    }

    /// How the job ended: `complete`, `stopped`, `paused`, `cancelled` or `failed`; `None` while it is in progress.
    #[getter]
    fn end(&self) -> PyResult<Option<String>> {
        self.0.check_process()?;
        let outcome = self.0.lock().outcome.clone();
        Ok(outcome.map(|outcome| match &*outcome {
            Ok(outcome) => json!(outcome.end()).as_str().unwrap_or_default().to_owned(),
            Err(error) if error.kind() == impasto_job::ErrorKind::Interrupted => "cancelled".into(),
            Err(_) => "failed".into(),
        }))
    }

    /// The steps so far, each as JSON.
    #[getter]
    fn history(&self) -> PyResult<Vec<String>> {
        self.0.check_process()?;
        Ok(self.0.lock().history.clone())
    }

    /// Takes the notes that nobody has taken yet.
    fn take_notes(&self) -> PyResult<Vec<String>> {
        self.0.check_process()?;
        Ok(std::mem::take(&mut self.0.lock().notes))
    }

    /// The result, or the result so far. `keep` is the iterate: `average`, `last` or `best`. `None` if there is none.
    #[pyo3(signature = (keep=None))]
    fn kept(&self, py: Python<'_>, keep: Option<&str>) -> PyResult<Option<PyKept>> {
        self.0.check_process()?;
        let keep: Option<Keep> = keep.map(str::parse).transpose().or_raise(py)?;
        let answer = self.0.ask(py, move |moment| match keep {
            Some(keep) if !moment.has(keep) => Ok(None),
            keep => moment.kept(keep).map(Some),
        })?;
        match answer {
            Some(kept) => Ok(kept.or_raise(py)?.map(PyKept)),
            None => Ok(self.painted().and_then(|painted| iterate(&painted, keep)).map(PyKept)),
        }
    }

    /// The picture so far as a new uint8 array, with a long edge of at most `fit` pixels.
    fn picture<'py>(&self, py: Python<'py>, fit: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.check_process()?;
        let made = match self.0.ask(py, move |moment| moment.preview(fit))? {
            Some(made) => Some(made.or_raise(py)?),
            None => self.painted().map(|painted| (fitted(&painted.picture, fit), painted.space)),
        };
        made.map(|(picture, space)| array(py, (&picture, space), None, "uint8")).transpose()
    }

    /// Writes a checkpoint between two steps: to this file, or to the run's own. Returns its path.
    #[pyo3(signature = (path=None))]
    fn checkpoint(&self, py: Python<'_>, path: Option<PathBuf>) -> PyResult<PathBuf> {
        self.0.check_process()?;
        match self.0.ask(py, move |moment| moment.save(path.as_deref()))? {
            Some(saved) => saved.or_raise(py),
            None => Err(exception(py, &JobError::bad_input("the run is over: it cannot be saved any more"))),
        }
    }

    /// The facts about a run that has ended, as JSON.
    fn facts(&self) -> PyResult<Option<String>> {
        self.0.check_process()?;
        Ok(self.painted().map(|painted| {
            json!({
                "end": painted.end,
                "output": painted.output.as_ref().map(|path| path.display().to_string()),
                "checkpoint": painted.checkpoint.as_ref().map(|path| path.display().to_string()),
                "iterations": painted.iterations,
                "seconds": painted.seconds,
                "steps": painted.steps,
            })
            .to_string()
        }))
    }

    /// The last checkpoint that was written.
    #[getter]
    fn checkpoint_path(&self) -> PyResult<Option<PathBuf>> {
        self.0.check_process()?;
        Ok(self.0.lock().checkpoint.clone())
    }

    /// The outcome of a sheet: the picture, and the facts as JSON.
    fn sheet(&self, py: Python<'_>) -> PyResult<(Option<PyPicture>, String)> {
        self.0.check_process()?;
        let outcome = self.0.wait(py, |state| state.outcome.clone())?;
        let Ok(Outcome::Sheet(sheet)) = &*outcome else { return Err(other(py, &outcome)) };
        let picture = sheet.picture.as_ref().map(|picture| plain(Arc::clone(picture), sheet.space));
        let facts = json!({
            "end": sheet.end, "made": sheet.made, "of": sheet.of, "size": sheet.size, "columns": sheet.columns,
            "rows": sheet.rows, "cells": sheet.cells,
        });
        Ok((picture, facts.to_string()))
    }

    /// The outcome of a comparison, as JSON, and as the lines of a table.
    fn compared(&self, py: Python<'_>) -> PyResult<(String, Vec<String>)> {
        self.0.check_process()?;
        let outcome = self.0.wait(py, |state| state.outcome.clone())?;
        let Ok(Outcome::Compared(compared)) = &*outcome else { return Err(other(py, &outcome)) };
        Ok((compared.to_json().to_string(), compared.table()))
    }

    /// The outcome of a film, as JSON.
    fn film(&self, py: Python<'_>) -> PyResult<String> {
        self.0.check_process()?;
        let outcome = self.0.wait(py, |state| state.outcome.clone())?;
        let Ok(Outcome::Filmed(film)) = &*outcome else { return Err(other(py, &outcome)) };
        Ok(json!(film).to_string())
    }

    /// The outcome of a batch, as JSON.
    fn batch(&self, py: Python<'_>) -> PyResult<String> {
        self.0.check_process()?;
        let outcome = self.0.wait(py, |state| state.outcome.clone())?;
        let Ok(Outcome::Batch(batch)) = &*outcome else { return Err(other(py, &outcome)) };
        let (end, made, skipped, left) = (batch.end, batch.made, batch.skipped, batch.left);
        Ok(json!({ "end": end, "made": made, "skipped": skipped, "failed": batch.failed, "left": left })
            .to_string())
    }
}

impl Run {
    fn asked(&self, command: impl FnOnce(&impasto_job::Control)) -> PyResult<()> {
        self.0.check_process()?;
        command(&self.0.control);
        // The lock makes sure that nobody misses it between a look and a wait.
        self.0.change(|_| {});
        Ok(())
    }

    /// The outcome of a run that has ended with a picture, even if it failed then.
    fn painted(&self) -> Option<Painted> {
        match self.0.lock().outcome.as_deref() {
            Some(Ok(Outcome::Painted(painted))) => Some(painted.clone()),
            Some(Err(error)) => error.painted().cloned(),
            _ => None,
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // In a forked child the state may be locked for ever, and there is no thread to tell.
        if self.0.check_process().is_ok() {
            self.0.close();
        }
    }
}

/// Raises the error that a job ended with. That it was interrupted is no error: its result tells.
fn raised(py: Python<'_>, outcome: &Result<Outcome, JobError>) -> PyResult<()> {
    match outcome {
        Err(error) => Err(exception(py, error)),
        Ok(_) => Ok(()),
    }
}

fn other(py: Python<'_>, outcome: &Result<Outcome, JobError>) -> PyErr {
    match outcome {
        Err(error) => exception(py, error),
        Ok(_) => PyTypeError::new_err("this job has another outcome"),
    }
}

fn iterate(painted: &Painted, keep: Option<Keep>) -> Option<Kept> {
    let Some(keep) = keep else { return Some(painted.kept.clone()) };
    let other = painted.iterates.iter().find(|(other, _)| *other == keep);
    match other {
        Some((_, picture)) => Some(painted.kept.iterate(keep, Arc::clone(picture))),
        // The result itself is of the iterate that is not among the others.
        None => {
            let is_result = impasto_job::recipe::kept(&painted.kept.recipe) == Some(keep);
            is_result.then(|| painted.kept.clone())
        }
    }
}
