//! A network that gives features and records pictures.

use std::collections::BTreeMap;
use std::sync::Arc;

use impasto::encoder::{self, Pooling, Tap};
use impasto::{Layers, Picture, Reconstruction, Recorder};
use impasto_job::JobError;
use numpy::{PyArray3, PyReadonlyArray3};
use pyo3::prelude::*;

use super::{PyTape, array_of, features_array, pixels_of};
use crate::errors::OrRaise;
use crate::wait::{Home, waiting};

/// A network with its engine.
#[pyclass(frozen, name = "Encoder", module = "impasto._native")]
pub(crate) struct PyEncoder {
    recorder: Recorder,
    threads: Option<usize>,
    home: Home,
}

/// Name, input channels, output channels, stride, receptive field, and whether a pooling follows.
type Row = (String, usize, usize, usize, usize, bool);

#[pymethods]
impl PyEncoder {
    /// Opens a network by name or from a file of weights. `pooling` is `max`, `average` or `l2`.
    #[new]
    #[pyo3(signature = (name, pooling=None, threads=None))]
    fn new(
        py: Python<'_>,
        name: String,
        pooling: Option<String>,
        threads: Option<usize>,
    ) -> PyResult<PyEncoder> {
        let recorder = waiting(py, |_| {
            let pooling = pooling.as_deref().map(str::parse::<Pooling>).transpose()?;
            Ok::<_, JobError>(Recorder::new(encoder::open(&name)?, pooling, threads)?)
        })?;
        Ok(PyEncoder { recorder, threads, home: Home::here() })
    }

    /// The layers, the first one first.
    #[getter]
    fn table(&self) -> Vec<Row> {
        let topology = self.recorder.encoder().topology();
        let row = |tap: Tap| {
            let conv = &topology.convs()[tap.conv()];
            let (stride, sees) = (topology.smallest_image(tap), topology.receptive_field(tap));
            (
                topology.tap_name(tap),
                conv.inputs,
                conv.outputs,
                stride,
                sees,
                topology.pools_after(tap.conv()),
            )
        };
        topology.taps().map(row).collect()
    }

    /// The affine map from RGB 0..1 to the network's input: the rows of the matrix, and what is added after the
    /// product.
    #[getter]
    fn input_map(&self) -> ([[f32; 3]; 3], [f32; 3]) {
        let map = self.recorder.encoder().input();
        (map.matrix, map.bias)
    }

    /// The pooling: `max`, `average` or `l2`.
    #[getter]
    fn pooling(&self) -> String {
        self.recorder.pooling().to_string()
    }

    /// The family of weights.
    #[getter]
    fn family(&self) -> &str {
        &self.recorder.encoder().provenance().family
    }

    /// SHA-256 of the weights' file, or of the weights if there is no file.
    #[getter]
    fn sha256(&self) -> &str {
        &self.recorder.encoder().provenance().sha256
    }

    /// The metadata of the file: source, licence and so on.
    #[getter]
    fn metadata(&self) -> BTreeMap<String, String> {
        self.recorder.encoder().provenance().metadata.clone()
    }

    /// Checks the name of a layer.
    fn check_layer(&self, py: Python<'_>, layer: &str) -> PyResult<()> {
        self.recorder.encoder().topology().tap(layer).map(drop).or_raise(py)
    }

    /// The features of a picture at each layer, `[channels, height, width]`.
    fn features<'py>(
        &self,
        py: Python<'py>,
        image: PyReadonlyArray3<'py, f32>,
        layers: Vec<String>,
    ) -> PyResult<Vec<Bound<'py, PyArray3<f32>>>> {
        self.home.check(py, "encoder")?;
        let image = pixels_of(&image)?;
        let seen = waiting(py, |cancel| {
            Ok::<_, JobError>(self.recorder.features(&image, &self.taps(&layers)?, cancel)?)
        })?;
        seen.iter().map(|features| features_array(py, features)).collect()
    }

    /// Records a picture.
    fn record(
        &self,
        py: Python<'_>,
        image: PyReadonlyArray3<'_, f32>,
        style: Vec<String>,
        content: Vec<(String, PyReadonlyArray3<'_, f32>)>,
        features: Vec<String>,
    ) -> PyResult<PyTape> {
        self.home.check(py, "encoder")?;
        let image = pixels_of(&image)?;
        let pictures = content.iter().map(|(_, picture)| pixels_of(picture)).collect::<PyResult<Vec<_>>>()?;
        let names: Vec<String> = content.into_iter().map(|(name, _)| name).collect();
        let tape = waiting(py, |cancel| {
            let pictures = pictures.into_iter().map(Arc::new);
            let layers = Layers {
                style: self.taps(&style)?,
                content: self.taps(&names)?.into_iter().zip(pictures).collect(),
                features: self.taps(&features)?,
            };
            Ok::<_, JobError>(self.recorder.record(image, layers, cancel)?)
        })?;
        Ok(PyTape::new(tape, self.home))
    }

    /// A picture reconstructed from noise: from the features at one layer, or, with `of_style`, from the statistics at
    /// one or more.
    #[pyo3(signature = (image, layers, of_style, iterations, seed))]
    fn reconstruct<'py>(
        &self,
        py: Python<'py>,
        image: PyReadonlyArray3<'py, f32>,
        layers: Vec<String>,
        of_style: bool,
        iterations: Option<usize>,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray3<f32>>> {
        self.home.check(py, "encoder")?;
        let pixels = pixels_of(&image)?;
        let made = waiting(py, |cancel| {
            let (width, height) = (pixels.size.width, pixels.size.height);
            let picture = Picture::new(width, height, pixels.data)
                .ok_or_else(|| JobError::bad_input("the picture: expected numbers"))?;
            let kind = match (of_style, &layers[..]) {
                (_, []) => return Err(JobError::bad_input("`layers`: expected at least one layer")),
                (true, _) => Reconstruction::Style(layers),
                (false, [layer]) => Reconstruction::Content(layer.clone()),
                (false, _) => {
                    return Err(JobError::bad_input("`layers`: expected one layer, whose features are kept"));
                }
            };
            let transfer = kind.transfer(picture, self.recorder.encoder(), iterations)?;
            let transfer = transfer.size(width.max(height)).seed(seed).cancel(cancel.clone());
            let mut session = match self.threads {
                Some(threads) => transfer.threads(threads).build()?,
                None => transfer.build()?,
            };
            while session.step()?.is_some() {}
            Ok(session.picture()?)
        })?;
        let size = impasto::engine::Size::new(made.width(), made.height());
        array_of(py, &impasto::engine::Pixels { size, data: made.into_rgb() })
    }
}

impl PyEncoder {
    fn taps(&self, names: &[String]) -> Result<Vec<Tap>, JobError> {
        let topology = self.recorder.encoder().topology();
        names.iter().map(|name| Ok(topology.tap(name)?)).collect()
    }
}
