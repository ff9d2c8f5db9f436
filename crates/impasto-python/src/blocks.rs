//! A picture in blocks: the conductor and the painters of `impasto::blocks`. `impasto.ray` drives them.
//!
//! Vectors pass as one-dimensional arrays: f32 for pixels, f64 for sums. Every call releases the interpreter.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use impasto::blocks::{Conductor, Cut, Painter, ScaleSpec, Stage, Strips, Vectors};
use impasto_job::{ErrorKind, JobError, JobSpec, Spread};
use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::working;
use crate::pictures::array;

/// Arrays by name.
type Arrays<'py> = BTreeMap<String, PyReadonlyArray1<'py, f32>>;

/// Arrays of other blocks, by number.
type FromOthers<'py> = Vec<(usize, PyReadonlyArray1<'py, f32>)>;

/// Locks for one call. Calls come one after the other; a second one at the same time waits.
fn lock<T>(of: &Mutex<T>) -> Result<MutexGuard<'_, T>, JobError> {
    of.lock().map_err(|_| JobError::new(ErrorKind::Bug, "an earlier call has panicked"))
}

fn vectors(arrays: &Arrays<'_>) -> PyResult<Vectors> {
    arrays.iter().map(|(name, array)| Ok((name.clone(), array.as_slice()?.to_vec()))).collect()
}

fn dict<'py>(py: Python<'py>, vectors: &Vectors) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, values) in vectors {
        dict.set_item(name, values.to_pyarray(py))?;
    }
    Ok(dict)
}

fn strips(arrays: &FromOthers<'_>) -> PyResult<Strips> {
    arrays.iter().map(|(other, array)| Ok((*other, array.as_slice()?.to_vec()))).collect()
}

fn pairs<'py>(py: Python<'py>, strips: &Strips) -> Vec<(usize, Bound<'py, PyArray1<f32>>)> {
    strips.iter().map(|(other, values)| (*other, values.to_pyarray(py))).collect()
}

/// Sees the whole picture: runs the small scales, judges the sums of all blocks.
#[pyclass(frozen, name = "Conductor", module = "impasto._native")]
pub(crate) struct PyConductor(Mutex<Spread>);

#[pymethods]
impl PyConductor {
    /// Begins the job (JSON), cut in blocks.
    #[new]
    fn new(
        py: Python<'_>,
        job: &str,
        blocks: (usize, usize),
        above: usize,
        tile: Option<usize>,
    ) -> PyResult<PyConductor> {
        let cut = Cut { blocks, above, tile };
        let begun = working(py, || Spread::begin(&JobSpec::from_json(job)?, cut))?;
        Ok(PyConductor(Mutex::new(begun)))
    }

    /// Notes on how the pictures were read.
    #[getter]
    fn notes(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        working(py, || Ok::<_, JobError>(lock(&self.0)?.notes()))
    }

    /// The scales as JSON: width, height and iterations of each.
    #[getter]
    fn scales(&self, py: Python<'_>) -> PyResult<String> {
        working(py, || {
            let mut spread = lock(&self.0)?;
            Ok::<_, JobError>(serde_json::json!(spread.conductor().session().scales()).to_string())
        })
    }

    /// The work that comes next: `whole`, `spread` or `done`.
    fn next(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.with(py, |conductor| {
            Ok(match conductor.stage()? {
                Stage::Whole => "whole",
                Stage::Spread => "spread",
                Stage::Done => "done",
            })
        })
    }

    /// One iteration of a small scale. Returns the step as JSON.
    fn step(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |conductor| Ok(json(&conductor.step()?)))
    }

    /// Begins a scale in blocks. Returns what every painter has to know, as JSON.
    fn open(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |conductor| conductor.open()?.to_json())
    }

    /// For each block, the blocks that its window shows.
    fn around(&self, py: Python<'_>) -> PyResult<Vec<Vec<usize>>> {
        self.with(py, |conductor| conductor.around())
    }

    /// The vectors of a block.
    fn part<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyDict>> {
        let part = self.with(py, |conductor| conductor.part(index))?;
        dict(py, &part)
    }

    /// Makes the judge, from what the painters returned for each block, or from nothing.
    fn ready(&self, py: Python<'_>, own: Vec<PyReadonlyArray1<'_, f64>>) -> PyResult<()> {
        let own = own.iter().map(|sums| Ok(sums.as_slice()?.to_vec())).collect::<PyResult<Vec<_>>>()?;
        self.with(py, |conductor| conductor.ready(&own))
    }

    /// Judges the sums of all blocks. Returns the verdict, the step as JSON, and whether the scale ends with this step.
    fn judge<'py>(
        &self,
        py: Python<'py>,
        sums: Vec<PyReadonlyArray1<'py, f64>>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, String, bool)> {
        let slices = sums.iter().map(|sums| sums.as_slice()).collect::<Result<Vec<_>, _>>()?;
        let (verdict, step, last) = self.with(py, |conductor| {
            let (verdict, step, last) = conductor.judge(&slices)?;
            Ok((verdict, json(&step), last))
        })?;
        Ok((verdict.to_pyarray(py), step, last))
    }

    /// Takes the vectors of a block, after the last step of the scale.
    fn gather(&self, py: Python<'_>, index: usize, arrays: Arrays<'_>) -> PyResult<()> {
        let vectors = vectors(&arrays)?;
        self.with(py, |conductor| conductor.gather(index, &vectors))
    }

    /// Ends the scale.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |conductor| conductor.close())
    }

    /// Writes a checkpoint of a small scale.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.with(py, |conductor| conductor.save(&path))
    }

    /// Continues from a checkpoint of a small scale.
    fn restore(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.with(py, |conductor| conductor.restore(&path))
    }

    /// The place in the run, as JSON.
    fn state(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |conductor| conductor.state())
    }

    /// Goes to a place in the run, whose blocks restore themselves.
    fn resume(&self, py: Python<'_>, state: &str) -> PyResult<()> {
        self.with(py, |conductor| conductor.resume(state))
    }

    /// The picture, as an array `[height, width, 3]` of `uint8`, `uint16` or `float32`.
    #[pyo3(signature = (dtype="uint8"))]
    fn to_numpy<'py>(&self, py: Python<'py>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
        let (picture, space) = working(py, || lock(&self.0)?.picture())?;
        array(py, (&picture, space), None, dtype)
    }

    /// Writes the result. Returns its path.
    fn write(&self, py: Python<'_>) -> PyResult<PathBuf> {
        working(py, || lock(&self.0)?.write())
    }
}

impl PyConductor {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Conductor) -> Result<T, impasto::Error> + Send,
    ) -> PyResult<T> {
        working(py, || Ok::<_, JobError>(work(lock(&self.0)?.conductor())?))
    }
}

fn json(step: &impasto::Step) -> String {
    serde_json::json!(step).to_string()
}

/// Paints some of the blocks.
#[pyclass(frozen, name = "Painter", module = "impasto._native")]
pub(crate) struct PyPainter(Mutex<Painter>);

#[pymethods]
impl PyPainter {
    /// A painter with a model. `threads`: `None` for one per processor.
    #[new]
    #[pyo3(signature = (model, threads=None))]
    fn new(py: Python<'_>, model: &str, threads: Option<usize>) -> PyResult<PyPainter> {
        let painter =
            working(py, || Ok::<_, JobError>(Painter::new(impasto::encoder::open(model)?, threads)?))?;
        Ok(PyPainter(Mutex::new(painter)))
    }

    /// Begins a scale.
    fn begin(&self, py: Python<'_>, scale: &str) -> PyResult<()> {
        self.with(py, |painter| painter.begin(ScaleSpec::from_json(scale)?))
    }

    /// Adds a block. Returns the content's own sums, if the judge needs them.
    fn add<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        arrays: Arrays<'py>,
    ) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        let vectors = vectors(&arrays)?;
        let own = self.with(py, |painter| painter.add(index, vectors))?;
        Ok(own.map(|own| own.to_pyarray(py)))
    }

    /// Observes a block: its sums.
    fn observe<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.with(py, |painter| painter.observe(index))?.to_pyarray(py))
    }

    /// Takes a verdict.
    fn take(&self, py: Python<'_>, verdict: PyReadonlyArray1<'_, f64>) -> PyResult<()> {
        let verdict = verdict.as_slice()?;
        self.with(py, |painter| painter.take(verdict))
    }

    /// The blocks here, in the order in which derivatives are cheapest.
    fn order(&self, py: Python<'_>) -> PyResult<Vec<usize>> {
        self.with(py, |painter| Ok(painter.order()))
    }

    /// Takes the verdict's derivatives to the pixels. Returns those that belong to other blocks.
    fn pull_back<'py>(
        &self,
        py: Python<'py>,
        index: usize,
    ) -> PyResult<Vec<(usize, Bound<'py, PyArray1<f32>>)>> {
        Ok(pairs(py, &self.with(py, |painter| painter.pull_back(index))?))
    }

    /// Moves the pixels. Returns those that are in the windows of others.
    fn descend<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        others: FromOthers<'py>,
    ) -> PyResult<Vec<(usize, Bound<'py, PyArray1<f32>>)>> {
        let others = strips(&others)?;
        Ok(pairs(py, &self.with(py, |painter| painter.descend(index, others))?))
    }

    /// The pixels that are in the windows of others.
    fn strips<'py>(
        &self,
        py: Python<'py>,
        index: usize,
    ) -> PyResult<Vec<(usize, Bound<'py, PyArray1<f32>>)>> {
        Ok(pairs(py, &self.with(py, |painter| painter.strips(index))?))
    }

    /// Takes pixels around a block.
    fn fill(&self, py: Python<'_>, index: usize, others: FromOthers<'_>) -> PyResult<()> {
        let others = strips(&others)?;
        self.with(py, |painter| painter.fill(index, others))
    }

    /// The vectors of a block's core.
    fn vectors<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyDict>> {
        let vectors = self.with(py, |painter| painter.vectors(index))?;
        dict(py, &vectors)
    }

    /// Writes a block to a file of its own. Returns the SHA-256 at its end.
    fn save(&self, py: Python<'_>, index: usize, iteration: usize, path: PathBuf) -> PyResult<String> {
        self.with(py, |painter| painter.save(index, iteration, &path))
    }

    /// Continues a block from its file.
    fn restore(&self, py: Python<'_>, index: usize, path: PathBuf) -> PyResult<()> {
        self.with(py, |painter| painter.restore(index, &path))
    }
}

impl PyPainter {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Painter) -> Result<T, impasto::Error> + Send,
    ) -> PyResult<T> {
        working(py, || Ok::<_, JobError>(work(&mut *lock(&self.0)?)?))
    }
}
