//! The objective of a preset: loss, terms and gradient of any picture.

use std::sync::{Mutex, PoisonError};

use impasto::objective::Losses;
use impasto::{Evaluation, Evaluator, StyleTransfer};
use impasto_job::JobError;
use impasto_job::inputs::Input;
use impasto_job::spec::{ObjectiveSpec, StyleSpec, refuse_times, shares};
use numpy::{PyArray3, PyReadonlyArray3};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use super::{array_of, pixels_of};
use crate::errors::OrRaise;
use crate::pictures::PyPicture;
use crate::wait::{Home, waiting};

/// An objective with its targets.
#[pyclass(frozen, name = "Objective", module = "impasto._native")]
pub(crate) struct PyObjective {
    evaluator: Mutex<Evaluator>,
    /// Height and width of the pictures that it evaluates.
    #[pyo3(get)]
    size: (usize, usize),
    home: Home,
}

/// Terms of a loss: those of the content and of the style by their layers, and the total variation.
type Terms = (Vec<(String, f64)>, Vec<(String, f64)>, f64);

#[pymethods]
impl PyObjective {
    /// Makes the objective of a content and of styles with their settings. `options` and settings are JSON objects.
    #[new]
    #[pyo3(signature = (content, styles, options, size=None, threads=None))]
    fn new(
        py: Python<'_>,
        content: &PyPicture,
        styles: Vec<(PyRef<'_, PyPicture>, String)>,
        options: &str,
        size: Option<usize>,
        threads: Option<usize>,
    ) -> PyResult<PyObjective> {
        let spec = options_of(options).or_raise(py)?;
        let content = content.0.clone();
        let style = |(picture, settings): (PyRef<'_, PyPicture>, String)| {
            Ok((picture.0.clone(), style_of(&settings).or_raise(py)?))
        };
        let styles = styles.into_iter().map(style).collect::<PyResult<Vec<_>>>()?;
        let evaluator = waiting(py, |cancel| {
            let mut transfer = transfer(&spec, content, styles)?.cancel(cancel.clone());
            if let Some(size) = size {
                transfer = transfer.size(size);
            }
            if let Some(threads) = threads {
                transfer = transfer.threads(threads);
            }
            Ok::<_, JobError>(transfer.evaluator()?)
        })?;
        let size = (evaluator.size().height, evaluator.size().width);
        Ok(PyObjective { evaluator: Mutex::new(evaluator), size, home: Home::here() })
    }

    /// The loss of a picture, its gradient `[height, width, 3]`, and the terms of the loss.
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        image: PyReadonlyArray3<'py, f32>,
    ) -> PyResult<(f64, Bound<'py, PyArray3<f32>>, Terms)> {
        self.home.check(py, "objective")?;
        let image = pixels_of(&image)?;
        let Evaluation { losses, gradient, .. } = waiting(py, |cancel| {
            let mut evaluator = self.evaluator.lock().unwrap_or_else(PoisonError::into_inner);
            Ok::<_, JobError>(evaluator.evaluate(image, cancel)?)
        })?;
        let Losses { content, style, tv, total, .. } = losses;
        Ok((total, array_of(py, &gradient)?, (content, style, tv)))
    }
}

/// The transfer whose objective is meant.
fn transfer(
    spec: &ObjectiveSpec,
    content: Input,
    styles: Vec<(Input, StyleSpec)>,
) -> Result<StyleTransfer, JobError> {
    let specs: Vec<StyleSpec> = styles.iter().map(|(_, spec)| spec.clone()).collect();
    refuse_times(&specs)?;
    let shares = shares(&specs, spec.style_weights.as_deref())?;
    let (content, space) = (content.decoded.clone(), content.decoded.space);
    let mut transfer = StyleTransfer::new(content.picture)
        .preset(spec.preset()?)
        .overrides(spec.overrides()?)
        .encoder(impasto::encoder::open(&spec.model)?)
        .style_scale(spec.style_scale)
        .averaging(spec.resize.averaging());
    for ((mut style, spec), share) in styles.into_iter().zip(shares) {
        style.decoded.bring_to(space);
        let decoded = style.decoded.clone();
        transfer = transfer.style(spec.style(decoded.picture, decoded.alpha, share, None));
    }
    Ok(match content.alpha {
        Some(alpha) => transfer.alpha(alpha),
        None => transfer,
    })
}

/// A style's own settings. The picture has no file here.
fn style_of(settings: &str) -> Result<StyleSpec, JobError> {
    let wrong = |error: serde_json::Error| JobError::bad_input(format!("`style`: {error}"));
    let mut settings: Map<String, Value> = serde_json::from_str(settings).map_err(wrong)?;
    settings.insert("path".into(), "style".into());
    serde_json::from_value(Value::Object(settings)).map_err(wrong)
}

/// The options of the objective. Each is tried by itself first, because an error of the whole would not name it.
fn options_of(text: &str) -> Result<ObjectiveSpec, JobError> {
    let wrong = |error: serde_json::Error| JobError::bad_input(format!("options: {error}"));
    let options: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
    for (name, value) in &options {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<ObjectiveSpec>(Value::Object(alone)).map_err(|error| {
            let known = Value::Object(Map::new());
            let known = serde_json::from_value::<ObjectiveSpec>(known).and_then(serde_json::to_value);
            let is_known = known.is_ok_and(|known| known.get(name).is_some());
            match is_known {
                true => JobError::bad_input(format!("`{name}`: {error}")),
                false => JobError::bad_input(format!("{name} is no option of an objective: {error}")),
            }
        })?;
    }
    serde_json::from_value(Value::Object(options)).map_err(wrong)
}
