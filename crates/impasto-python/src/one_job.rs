//! Whole jobs, for actors of `impasto.ray` that paint one picture after the other.

use std::path::PathBuf;
use std::time::Duration;

use impasto_job::{JobSpec, Runner};
use pyo3::prelude::*;

use crate::errors::working;

/// Time between two checkpoints. The first comes after the first step.
const EVERY: Duration = Duration::from_secs(60);

/// Runs a job (JSON) to its end and writes its results. `threads`: `None` for one per processor. The job saves itself
/// to `checkpoint`, if there is one, and continues from it if `resumes`.
#[pyfunction]
#[pyo3(signature = (job, threads=None, checkpoint=None, resumes=false))]
pub(crate) fn run_job(
    py: Python<'_>,
    job: &str,
    threads: Option<usize>,
    checkpoint: Option<PathBuf>,
    resumes: bool,
) -> PyResult<()> {
    working(py, || {
        let runner = match checkpoint {
            Some(checkpoint) if resumes => Runner::resume(&checkpoint)?,
            Some(checkpoint) => Runner::new(JobSpec::from_json(job)?).saves(checkpoint, EVERY),
            None => Runner::new(JobSpec::from_json(job)?),
        };
        runner.films(impasto_video::films()).threads(threads).run().map(|_| ())
    })
}
