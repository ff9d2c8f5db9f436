//! The low level: networks, tapes and objectives, for losses and loops of the user's own.
//!
//! Arrays come as `[height, width, 3]` and go as they come. The engine's are planar.

mod encoder;
mod objective;
mod tape;

use impasto::engine::{Features, Pixels, Size};
use numpy::{PyArray3, PyArrayMethods, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(crate) use encoder::PyEncoder;
pub(crate) use objective::PyObjective;
pub(crate) use tape::PyTape;

/// Pixels of an array `[height, width, 3]`, C-contiguous.
fn pixels_of(array: &PyReadonlyArray3<'_, f32>) -> PyResult<Pixels> {
    let shape = array.shape();
    let (height, width) = (shape[0], shape[1]);
    let numbers = array.as_slice()?;
    let plane = |channel: usize| numbers.iter().skip(channel).step_by(3).copied();
    let data = (0..3).flat_map(plane).collect();
    let made = (shape[2] == 3).then(|| Pixels::new(Size::new(width, height), data)).flatten();
    made.ok_or_else(|| PyValueError::new_err(format!("expected (height, width, 3), found {shape:?}")))
}

/// A new array `[height, width, 3]`.
fn array_of<'py>(py: Python<'py>, pixels: &Pixels) -> PyResult<Bound<'py, PyArray3<f32>>> {
    let Size { width, height } = pixels.size;
    let array = PyArray3::zeros(py, [height, width, 3], false);
    {
        let mut writable = array.readwrite();
        let numbers = writable.as_slice_mut()?;
        for (channel, plane) in pixels.data.chunks_exact(width * height).enumerate() {
            let places = numbers[channel..].iter_mut().step_by(3);
            places.zip(plane).for_each(|(place, value)| *place = *value);
        }
    }
    Ok(array)
}

/// A new array `[channels, height, width]`.
fn features_array<'py>(py: Python<'py>, features: &Features) -> PyResult<Bound<'py, PyArray3<f32>>> {
    let Features { channels, size, data } = features;
    let array = PyArray3::zeros(py, [*channels, size.height, size.width], false);
    {
        let mut writable = array.readwrite();
        writable.as_slice_mut()?.iter_mut().zip(data).for_each(|(place, value)| *place = *value as f32);
    }
    Ok(array)
}
