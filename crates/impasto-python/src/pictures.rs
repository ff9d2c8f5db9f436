//! Pictures in and out: a decoded picture, from a file, from the bytes of one, or from an array.
//!
//! `impasto._pictures` brings every kind of argument to one of these forms. [`picture_of`] calls it from Rust.

use std::path::PathBuf;

use impasto::image::{
    Averaging, Depth, Filter, Format, Numbers, Picture, Plane, RawPicture, Space, fit_long_edge, resize,
    resize_plane, save, to_bytes,
};
use impasto_job::JobError;
use impasto_job::inputs::{self, Input};
use impasto_job::spec::InputSpec;
use numpy::{PyArray, PyArray3, PyArrayMethods, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{OrRaise, spelled, working};

/// A decoded picture with the properties of its file: depth, profile, opacity, metadata.
#[pyclass(frozen, name = "Picture", module = "impasto._native")]
pub(crate) struct PyPicture(pub(crate) Input);

fn limits_of(limits: Option<String>) -> Result<impasto::image::Limits, JobError> {
    InputSpec { limits }.limits()
}

#[pymethods]
impl PyPicture {
    /// Reads a file, within limits.
    #[staticmethod]
    #[pyo3(signature = (path, limits=None))]
    fn read(py: Python<'_>, path: PathBuf, limits: Option<String>) -> PyResult<PyPicture> {
        working(py, || inputs::read(&path, &limits_of(limits)?).map(PyPicture))
    }

    /// Decodes the bytes of a file. `name` stands for the file in errors and recipes.
    #[staticmethod]
    #[pyo3(signature = (bytes, name, limits=None))]
    fn decode(py: Python<'_>, bytes: &[u8], name: &str, limits: Option<String>) -> PyResult<PyPicture> {
        working(py, || Input::from_bytes(name, bytes, &limits_of(limits)?).map(PyPicture))
    }

    /// Takes a C-contiguous array `[height, width, 1 to 4 channels]` of uint8.
    #[staticmethod]
    #[pyo3(signature = (array, name, icc_profile=None, exif=None))]
    fn from_uint8(
        py: Python<'_>,
        array: PyReadonlyArray3<'_, u8>,
        name: &str,
        icc_profile: Option<Vec<u8>>,
        exif: Option<Vec<u8>>,
    ) -> PyResult<PyPicture> {
        let numbers = Numbers::Eight(array.as_slice()?.to_vec());
        of_raw(py, array.shape(), numbers, name, (icc_profile, exif))
    }

    /// Takes a C-contiguous array `[height, width, 1 to 4 channels]` of uint16.
    #[staticmethod]
    #[pyo3(signature = (array, name, icc_profile=None, exif=None))]
    fn from_uint16(
        py: Python<'_>,
        array: PyReadonlyArray3<'_, u16>,
        name: &str,
        icc_profile: Option<Vec<u8>>,
        exif: Option<Vec<u8>>,
    ) -> PyResult<PyPicture> {
        let numbers = Numbers::Sixteen(array.as_slice()?.to_vec());
        of_raw(py, array.shape(), numbers, name, (icc_profile, exif))
    }

    /// Takes a C-contiguous array `[height, width, 1 to 4 channels]` of float32 in 0..1.
    #[staticmethod]
    #[pyo3(signature = (array, name, icc_profile=None, exif=None))]
    fn from_float32(
        py: Python<'_>,
        array: PyReadonlyArray3<'_, f32>,
        name: &str,
        icc_profile: Option<Vec<u8>>,
        exif: Option<Vec<u8>>,
    ) -> PyResult<PyPicture> {
        let numbers = Numbers::Float(array.as_slice()?.to_vec());
        of_raw(py, array.shape(), numbers, name, (icc_profile, exif))
    }

    /// The name in errors and recipes.
    #[getter]
    fn name(&self) -> String {
        self.0.path.display().to_string()
    }

    /// Width and height in pixels.
    #[getter]
    fn size(&self) -> (usize, usize) {
        self.0.decoded.picture.size()
    }

    /// Bits per channel: 8, 16 or 32.
    #[getter]
    fn depth(&self) -> u8 {
        match self.0.decoded.depth {
            Depth::Eight => 8,
            Depth::Sixteen => 16,
            Depth::Float => 32,
        }
    }

    /// `srgb` or `p3`.
    #[getter]
    fn space(&self) -> &'static str {
        name_of(self.0.decoded.space)
    }

    /// Whether some of it is transparent.
    #[getter]
    fn has_alpha(&self) -> bool {
        self.0.decoded.alpha.is_some()
    }

    /// SHA-256 of the data that it was read from.
    #[getter]
    fn sha256(&self) -> String {
        self.0.sha256().to_owned()
    }

    /// Notes on how it was read.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().iter().map(|note| spelled(note)).collect()
    }

    /// The recipe that it carries, as JSON.
    #[getter]
    fn recipe(&self) -> Option<String> {
        self.0.decoded.metadata.recipe.clone()
    }

    /// The picture with another name.
    fn named(&self, name: &str) -> PyPicture {
        PyPicture(self.0.clone().named(name))
    }

    /// The picture in sRGB, with this long edge in pixels. The average of light is kept. Never enlarged.
    fn resized(&self, py: Python<'_>, size: usize) -> PyResult<PyPicture> {
        working(py, || {
            let mut input = self.0.clone();
            let decoded = &mut input.decoded;
            decoded.bring_to(Space::Srgb);
            let from = decoded.picture.size();
            let to = fit_long_edge(from, size.clamp(1, decoded.picture.long_edge()));
            if from != to {
                let small = resize(&decoded.picture, to.0, to.1, Filter::Bicubic, Averaging::Light);
                decoded.picture = clamped(small);
                decoded.alpha = decoded.alpha.as_ref().and_then(|alpha| {
                    let data = resize_plane(alpha.data(), from, to, Filter::Bilinear);
                    Plane::new(to.0, to.1, data.into_iter().map(|value| value.clamp(0.0, 1.0)).collect())
                });
                (input.summary.width, input.summary.height) = to;
            }
            Ok::<_, JobError>(PyPicture(input))
        })
    }

    /// A new array `[height, width, 3]` in sRGB, or with 4 channels if `alpha` is true. `dtype` is `uint8`, `uint16` or
    /// `float32`.
    #[pyo3(signature = (dtype="uint8", alpha=false))]
    fn to_numpy<'py>(&self, py: Python<'py>, dtype: &str, alpha: bool) -> PyResult<Bound<'py, PyAny>> {
        let decoded = &self.0.decoded;
        let plane = alpha.then(|| opaque_or(decoded.alpha.as_ref(), decoded.picture.size()));
        array(py, (&decoded.picture, decoded.space), plane.as_ref(), dtype)
    }

    /// The bytes of a file with the picture, in sRGB with 8 bits.
    #[pyo3(signature = (format="png", quality=95))]
    fn encoded<'py>(&self, py: Python<'py>, format: &str, quality: u8) -> PyResult<Bound<'py, PyBytes>> {
        let decoded = &self.0.decoded;
        let bytes = working(py, || {
            small_file(&decoded.picture, decoded.space, decoded.alpha.as_ref(), format, quality)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes the picture in sRGB with 8 bits, in the format that the extension names.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        working(py, || {
            let mut decoded = self.0.decoded.clone();
            decoded.bring_to(Space::Srgb);
            let alpha = decoded.alpha.as_ref().filter(|_| Format::of(&path).is_ok_and(Format::holds_alpha));
            Ok::<_, JobError>(save(&path, &decoded.picture, alpha, &Default::default())?)
        })
    }
}

fn of_raw(
    py: Python<'_>,
    shape: &[usize],
    numbers: Numbers,
    name: &str,
    (icc_profile, exif): (Option<Vec<u8>>, Option<Vec<u8>>),
) -> PyResult<PyPicture> {
    let raw = RawPicture { size: (shape[1], shape[0]), numbers, icc_profile, exif };
    working(py, || Input::from_raw(name, raw).map(PyPicture))
}

/// Returns the picture that an argument is: a path, bytes, a file object, an array and so on. `what` names the argument
/// in errors and recipes.
#[allow(dead_code)] // for the modules beside this one
pub(crate) fn picture_of(argument: &Bound<'_, PyAny>, what: &str) -> PyResult<Input> {
    let as_picture = argument.py().import("impasto._pictures")?.getattr("as_picture")?;
    let made = as_picture.call1((argument, what))?;
    Ok(made.cast::<PyPicture>()?.get().0.clone())
}

/// The name of a colour space.
pub(crate) fn name_of(space: Space) -> &'static str {
    match space {
        Space::Srgb => "srgb",
        _ => "p3",
    }
}

/// The values of a picture, between 0 and 1.
pub(crate) fn clamped(picture: Picture) -> Picture {
    let (width, height) = picture.size();
    let rgb = picture.into_rgb().into_iter().map(|value| value.clamp(0.0, 1.0)).collect();
    // The length is that of the picture before.
    Picture::new(width, height, rgb).unwrap_or_else(|| Picture::filled(width, height, [0.0; 3]))
}

/// The opacity, resized to a picture's size; 1 where there is none.
pub(crate) fn opaque_or(alpha: Option<&Plane>, (width, height): (usize, usize)) -> Plane {
    let opaque = || Plane::filled(width, height, 1.0);
    alpha.map_or_else(opaque, |alpha| {
        let data = resize_plane(alpha.data(), alpha.size(), (width, height), Filter::Bilinear);
        let data = data.into_iter().map(|value| value.clamp(0.0, 1.0)).collect();
        Plane::new(width, height, data).unwrap_or_else(opaque)
    })
}

/// Returns a new array `[height, width, 3 or 4]` that owns its memory, in sRGB and in 0..1 of its type.
pub(crate) fn array<'py>(
    py: Python<'py>,
    (picture, space): (&Picture, Space),
    alpha: Option<&Plane>,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let picture = &py.detach(|| picture.clone().between(space, Space::Srgb));
    let both = (picture, alpha);
    Ok(match dtype {
        "uint8" => filled(py, both, |value| (value * 255.0).round() as u8)?.into_any(),
        "uint16" => filled(py, both, |value| (value * 65535.0).round() as u16)?.into_any(),
        "float32" => filled(py, both, |value| value)?.into_any(),
        _ => {
            let problem = format!("dtype: expected uint8, uint16 or float32, found {dtype}");
            return Err(pyo3::exceptions::PyValueError::new_err(problem));
        }
    })
}

fn filled<'py, T: numpy::Element + Copy + Send>(
    py: Python<'py>,
    (picture, alpha): (&Picture, Option<&Plane>),
    convert: impl Fn(f32) -> T + Sync,
) -> PyResult<Bound<'py, PyArray3<T>>> {
    let (width, height) = picture.size();
    let channels = 3 + usize::from(alpha.is_some());
    let array = PyArray::zeros(py, [height, width, channels], false);
    {
        let mut writable = array.readwrite();
        let numbers = writable.as_slice_mut()?;
        let planes = picture.rgb().chunks_exact(width * height).chain(alpha.map(Plane::data));
        for (channel, plane) in planes.enumerate() {
            let places = numbers[channel..].iter_mut().step_by(channels);
            places.zip(plane).for_each(|(place, value)| *place = convert(value.clamp(0.0, 1.0)));
        }
    }
    Ok(array)
}

/// Returns the bytes of a file with 8 bits in sRGB and without metadata, for showing a picture.
pub(crate) fn small_file(
    picture: &Picture,
    space: Space,
    alpha: Option<&Plane>,
    format: &str,
    quality: u8,
) -> Result<Vec<u8>, JobError> {
    let format: Format =
        format.parse().map_err(|reason| JobError::bad_input(format!("`format` {format}: {reason}")))?;
    let encoding = impasto::image::Encoding {
        format: Some(format),
        space,
        jpeg_quality: quality.clamp(1, 100),
        ..Default::default()
    };
    let alpha = alpha.filter(|_| format.holds_alpha()).map(|alpha| opaque_or(Some(alpha), picture.size()));
    Ok(to_bytes(std::path::Path::new("picture"), picture, alpha.as_ref(), &encoding)?)
}

/// Returns the recipe that the file at a path carries, as JSON.
#[pyfunction]
pub(crate) fn read_recipe(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    working(py, || {
        let recipe = impasto_job::recipe::read(&path, &impasto_job::recipe::OF_RESULTS)?;
        Ok::<_, JobError>(serde_json::Value::Object(recipe).to_string())
    })
}

/// The same for a value that is an option: refuses it with the exception for this option.
pub(crate) fn refused(py: Python<'_>, message: impl Into<String>) -> PyErr {
    match Err::<(), _>(JobError::bad_input(message)).or_raise(py) {
        Err(error) => error,
        Ok(()) => unreachable!("an error stays one"),
    }
}
