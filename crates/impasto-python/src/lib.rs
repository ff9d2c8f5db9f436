//! The native half of the Python package: the module `impasto._native`.
//!
//! It converts arguments and results, and releases the interpreter while the library works. What users see is in
//! `python/impasto`, which calls this module.

use pyo3::pymodule;

mod blocks;
mod errors;
mod jobs;
mod kept;
mod low;
mod models;
mod one_job;
mod pictures;
mod run;
mod shared;
mod threads;
mod wait;

#[pymodule]
mod _native {
    use pyo3::prelude::*;

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::blocks::{PyConductor, PyPainter};
    #[pymodule_export]
    use crate::jobs::Job;
    #[pymodule_export]
    use crate::kept::PyKept;
    #[pymodule_export]
    use crate::low::{PyEncoder, PyObjective, PyTape};
    #[pymodule_export]
    use crate::models::{bytes_of, fetch_model, model_names};
    #[pymodule_export]
    use crate::one_job::run_job;
    #[pymodule_export]
    use crate::pictures::{PyPicture, read_recipe};
    #[pymodule_export]
    use crate::run::Run;

    /// A panic is raised as an exception, so it must not be printed, too.
    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        std::panic::set_hook(Box::new(|_| {}));
        Ok(())
    }
}
