//! Whole jobs, for actors of `impasto.ray` that paint one picture after the other.

use std::path::PathBuf;

use impasto_job::{JobSpec, Runner};
use pyo3::prelude::*;

use crate::errors::working;

/// Runs a job (JSON) to its end and writes its results, or continues it from its checkpoint. `threads`: `None` for one
/// per processor.
#[pyfunction]
#[pyo3(signature = (job, threads=None, checkpoint=None))]
pub(crate) fn run_job(
    py: Python<'_>,
    job: &str,
    threads: Option<usize>,
    checkpoint: Option<PathBuf>,
) -> PyResult<()> {
    working(py, || {
        let runner = match checkpoint {
            Some(checkpoint) => Runner::resume(&checkpoint)?,
            None => Runner::new(JobSpec::from_json(job)?),
        };
        runner.threads(threads).run().map(|_| ())
    })
}
