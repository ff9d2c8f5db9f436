//! Models by name, and sizes of memory as text.

use impasto::encoder;
use impasto::encoder::sources::{Fetch, Store};
use pyo3::prelude::*;

use crate::errors::working;

/// The names of models, each with a description.
#[pyfunction]
pub(crate) fn model_names() -> Vec<(String, String)> {
    encoder::known().iter().map(|known| (known.name.to_owned(), known.about.to_owned())).collect()
}

/// Brings a published model to this machine's cache: from the caches of other programs, or from the network.
#[pyfunction]
pub(crate) fn fetch_model(py: Python<'_>, name: &str) -> PyResult<()> {
    working(py, || {
        let store = Store::of_process();
        match store.model(name) {
            Some(model) => store.fetch(model, &Fetch::default(), &mut |_| {}).map(|_| ()),
            // A name of a model that needs no fetching, or an error that lists the names.
            None => encoder::open(name).map(|_| ()),
        }
    })
}

/// The bytes of a size such as `4G`; `None` if the text is no size.
#[pyfunction]
pub(crate) fn bytes_of(text: &str) -> Option<u64> {
    impasto_job::memory::bytes_of(text)
}
