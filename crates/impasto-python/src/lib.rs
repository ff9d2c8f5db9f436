//! The native half of the Python package: the module `impasto._native`.
//!
//! It converts arguments and results, and releases the interpreter while the library works. What users see is in
//! `python/impasto`, which calls this module.

use pyo3::prelude::*;

mod blocks;
mod errors;
mod one_job;
mod pictures;

#[pymodule]
mod _native {
    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::blocks::{PyConductor, PyPainter};

    #[pymodule_export]
    use crate::one_job::run_job;

    #[pymodule_export]
    use crate::pictures::{PyPicture, read_recipe};
}
