//! The record of one picture, and the way back to its pixels.

use impasto::{Derivatives, Tape};
use impasto_job::JobError;
use numpy::{
    PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3,
};
use pyo3::prelude::*;

use super::{array_of, features_array};
use crate::wait::{Home, waiting};

/// The record of one picture.
#[pyclass(frozen, name = "Tape", module = "impasto._native")]
pub(crate) struct PyTape {
    tape: Tape,
    home: Home,
}

impl PyTape {
    pub(super) fn new(tape: Tape, home: Home) -> PyTape {
        PyTape { tape, home }
    }
}

#[pymethods]
impl PyTape {
    /// E[f fᵀ] at each style layer, `[channels, channels]`.
    fn gram<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let of = |moments: impasto::objective::MeanMoments| {
            let array = PyArray2::zeros(py, [moments.channels, moments.channels], false);
            array.readwrite().as_slice_mut()?.copy_from_slice(&moments.second);
            Ok(array)
        };
        self.tape.moments().map(of).collect()
    }

    /// E[f] at each style layer, `[channels]`.
    fn mean<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyArray1<f64>>> {
        self.tape.moments().map(|moments| PyArray1::from_vec(py, moments.mean)).collect()
    }

    /// The mean squared difference at each content layer.
    fn content_mse(&self) -> Vec<f64> {
        self.tape.content().collect()
    }

    /// The features at each layer where they were recorded, `[channels, height, width]`.
    fn features<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray3<f32>>>> {
        self.tape.features().iter().map(|features| features_array(py, features)).collect()
    }

    /// The gradient by the pixels, `[height, width, 3]`, from the derivatives by what was recorded, in the same order.
    fn pull_back<'py>(
        &self,
        py: Python<'py>,
        gram: Vec<Option<PyReadonlyArray2<'py, f64>>>,
        mean: Vec<Option<PyReadonlyArray1<'py, f64>>>,
        content: Vec<f64>,
        features: Vec<Option<PyReadonlyArray3<'py, f64>>>,
    ) -> PyResult<Bound<'py, PyArray3<f32>>> {
        self.home.check(py, "tape")?;
        let by = Derivatives {
            gram: gram
                .iter()
                .map(|by| copied(by.as_ref().map(|by| by.as_slice())))
                .collect::<PyResult<_>>()?,
            mean: mean
                .iter()
                .map(|by| copied(by.as_ref().map(|by| by.as_slice())))
                .collect::<PyResult<_>>()?,
            content,
            features: features
                .iter()
                .map(|by| copied(by.as_ref().map(|by| by.as_slice())))
                .collect::<PyResult<_>>()?,
        };
        let gradient = waiting(py, |cancel| Ok::<_, JobError>(self.tape.pull_back(&by, cancel)?))?;
        array_of(py, &gradient)
    }
}

fn copied<E: Into<PyErr>>(values: Option<Result<&[f64], E>>) -> PyResult<Option<Vec<f64>>> {
    values.map(|values| Ok(values.map_err(Into::into)?.to_vec())).transpose()
}
