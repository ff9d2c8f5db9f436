//! A result in memory: pixels, and all that its file gets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::image::{
    Averaging, Decoded, Density, Depth, Filter, Metadata, Numbers, Picture, Plane, RawPicture, Space,
    fit_long_edge, resize,
};
use impasto_job::inputs::Input;
use impasto_job::spec::OutputSpec;
use impasto_job::{JobError, Kept};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{spelled, working};
use crate::pictures::{PyPicture, array, clamped, name_of, opaque_or, small_file};

/// A result in memory.
#[pyclass(frozen, name = "Kept", module = "impasto._native")]
pub(crate) struct PyKept(pub(crate) Kept);

fn asked(options: &str) -> Result<OutputSpec, JobError> {
    serde_json::from_str(options)
        .map_err(|error| JobError::bad_input(format!("options for writing: {error}")))
}

#[pymethods]
impl PyKept {
    /// Width and height in pixels.
    #[getter]
    fn size(&self) -> (usize, usize) {
        self.0.picture.size()
    }

    /// `srgb` or `p3`.
    #[getter]
    fn space(&self) -> &'static str {
        name_of(self.0.space())
    }

    /// Whether some of the content was transparent.
    #[getter]
    fn has_alpha(&self) -> bool {
        self.0.alpha().is_some()
    }

    /// The recipe, as JSON.
    #[getter]
    fn recipe(&self) -> &str {
        &self.0.recipe
    }

    /// The options by which the run would write it, as JSON.
    #[getter]
    fn written(&self) -> String {
        serde_json::to_string(&self.0.result).unwrap_or_default()
    }

    /// A new array `[height, width, 3]` in sRGB, or with 4 channels if `alpha` is true.
    #[pyo3(signature = (dtype="uint8", alpha=false))]
    fn to_numpy<'py>(&self, py: Python<'py>, dtype: &str, alpha: bool) -> PyResult<Bound<'py, PyAny>> {
        let plane = alpha.then(|| opaque_or(self.0.alpha(), self.0.picture.size()));
        array(py, (&self.0.picture, self.0.space()), plane.as_ref(), dtype)
    }

    /// Writes the file, with options as JSON. Returns warnings.
    fn save(&self, py: Python<'_>, path: PathBuf, options: &str) -> PyResult<Vec<String>> {
        let warnings = working(py, || self.0.save(&path, &asked(options)?))?;
        Ok(warnings.iter().map(|warning| spelled(warning)).collect())
    }

    /// Returns the bytes that `save` writes to a file of this name.
    fn to_bytes<'py>(&self, py: Python<'py>, name: PathBuf, options: &str) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = working(py, || self.0.to_bytes(&name, &asked(options)?))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The bytes of a file that shows the picture, with a long edge of at most `max_edge` pixels: in sRGB, 8 bits.
    #[pyo3(signature = (max_edge, format="png", quality=90))]
    fn shown<'py>(
        &self,
        py: Python<'py>,
        max_edge: usize,
        format: &str,
        quality: u8,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = working(py, || {
            let small = fitted(&self.0.picture, max_edge);
            small_file(&small, self.0.space(), self.0.alpha(), format, quality)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The picture, to be used as an input.
    fn picture(&self, py: Python<'_>, name: &str) -> PyResult<PyPicture> {
        working(py, || {
            let kept = &self.0;
            let numbers = Numbers::Float(kept.picture.rgb().to_vec());
            // The planes stand in for pixels here: only their digest is wanted.
            let raw = RawPicture { size: kept.picture.size(), numbers, icc_profile: None, exif: None };
            let sha256 = Input::from_raw(name, raw)?.sha256().to_owned();
            let (width, height) = kept.picture.size();
            let alpha = kept.alpha().map(|alpha| opaque_or(Some(alpha), (width, height)));
            let picture = clamped((*kept.picture).clone());
            let metadata = Metadata { recipe: Some(kept.recipe.clone()), ..kept.content.metadata.clone() };
            let decoded = Decoded { picture, alpha, metadata, ..(*kept.content).clone() };
            Ok::<_, JobError>(PyPicture(Input::from_decoded(name, sha256, decoded)))
        })
    }

    /// Everything that `restored` needs, for pickling.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (kept, content) = (&self.0, &self.0.content);
        let state = PyDict::new(py);
        state.set_item("size", kept.picture.size())?;
        state.set_item("planes", PyArray1::from_slice(py, kept.picture.rgb()))?;
        state.set_item("space", name_of(content.space))?;
        state.set_item("depth", depth_number(content.depth))?;
        if let Some(alpha) = &content.alpha {
            state.set_item("alpha_size", alpha.size())?;
            state.set_item("alpha", PyArray1::from_slice(py, alpha.data()))?;
        }
        state.set_item("icc_profile", content.icc_profile.as_deref().map(|icc| PyBytes::new(py, icc)))?;
        state.set_item("exif", content.metadata.exif.as_deref().map(|exif| PyBytes::new(py, exif)))?;
        state.set_item("density", content.metadata.density.map(|density| (density.x, density.y)))?;
        state.set_item("recipe", &kept.recipe)?;
        state.set_item("written", self.written())?;
        Ok(state)
    }

    /// The result of a state.
    #[staticmethod]
    #[pyo3(signature = (*, size, planes, space, depth, icc_profile, exif, density, recipe, written, alpha_size=None,
                        alpha=None))]
    #[allow(clippy::too_many_arguments)] // the items of a state
    fn restored(
        py: Python<'_>,
        size: (usize, usize),
        planes: PyReadonlyArray1<'_, f32>,
        space: &str,
        depth: u8,
        icc_profile: Option<Vec<u8>>,
        exif: Option<Vec<u8>>,
        density: Option<(f64, f64)>,
        recipe: String,
        written: &str,
        alpha_size: Option<(usize, usize)>,
        alpha: Option<PyReadonlyArray1<'_, f32>>,
    ) -> PyResult<PyKept> {
        let damaged = || crate::pictures::refused(py, "the pickle of this result is damaged");
        let picture = Picture::new(size.0, size.1, planes.as_slice()?.to_vec()).ok_or_else(damaged)?;
        let alpha = match (alpha_size, alpha) {
            (Some((width, height)), Some(alpha)) => {
                Some(Plane::new(width, height, alpha.as_slice()?.to_vec()).ok_or_else(damaged)?)
            }
            _ => None,
        };
        let content = Decoded {
            picture: Picture::filled(1, 1, [0.0; 3]),
            space: if space == "p3" { Space::DisplayP3 } else { Space::Srgb },
            alpha,
            depth: match depth {
                8 => Depth::Eight,
                16 => Depth::Sixteen,
                _ => Depth::Float,
            },
            icc_profile,
            metadata: Metadata { exif, density: density.map(|(x, y)| Density { x, y }), recipe: None },
            is_one_of_several: false,
            notes: Vec::new(),
        };
        let result = working(py, || asked(written))?;
        Ok(PyKept(Kept { picture: Arc::new(picture), content: Arc::new(content), result, recipe }))
    }
}

fn depth_number(depth: Depth) -> u8 {
    match depth {
        Depth::Eight => 8,
        Depth::Sixteen => 16,
        Depth::Float => 32,
    }
}

/// Returns a picture with a long edge of at most `max_edge` pixels.
pub(crate) fn fitted(picture: &Picture, max_edge: usize) -> Picture {
    let (width, height) = fit_long_edge(picture.size(), picture.long_edge().min(max_edge.max(1)));
    match (width, height) == picture.size() {
        true => picture.clone(),
        false => clamped(resize(picture, width, height, Filter::Bicubic, Averaging::Light)),
    }
}

/// A sheet or another picture without a recipe, as a result.
pub(crate) fn plain(picture: Arc<Picture>, space: Space) -> PyPicture {
    let name = Path::new("sheet");
    let decoded = Decoded {
        picture: clamped((*picture).clone()),
        space,
        alpha: None,
        depth: Depth::Eight,
        icc_profile: None,
        metadata: Metadata::default(),
        is_one_of_several: false,
        notes: Vec::new(),
    };
    PyPicture(Input::from_decoded(&name.display().to_string(), String::new(), decoded))
}
