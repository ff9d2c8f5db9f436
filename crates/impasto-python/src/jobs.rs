//! A job from keywords: its task as JSON, which `impasto._jobs` puts together, and the pictures that it names.

use std::collections::HashMap;
use std::path::PathBuf;

use impasto_job::inputs::Input;
use impasto_job::spec::StylizeSpec;
use impasto_job::{FromRecipe, JobError, JobSpec, Runner, Task, like, like_recipe};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value, json};

use crate::errors::{OrRaise, working};
use crate::pictures::PyPicture;

/// A keyword: its name, its place in the task, and its value as JSON.
type Keyword = (String, String, String);

/// A job that can be run, planned or resumed.
#[pyclass(frozen, module = "impasto._native")]
pub(crate) struct Job {
    spec: JobSpec,
    pictures: HashMap<PathBuf, Input>,
    notes: Vec<String>,
    weights: Option<String>,
}

#[pymethods]
impl Job {
    /// Makes a job. `required` is the JSON of the task's required properties, and `keywords` are the others, each with
    /// its place in the task as a JSON pointer. `pictures` holds the pictures that the job names `memory:NAME`.
    #[new]
    fn new(
        py: Python<'_>,
        task: &str,
        required: &str,
        keywords: Vec<Keyword>,
        pictures: &Bound<'_, PyDict>,
    ) -> PyResult<Job> {
        let pictures = held(pictures)?;
        let spec = specified(task, required, &keywords).or_raise(py)?;
        Ok(Job { spec, pictures, notes: Vec::new(), weights: None })
    }

    /// Returns the job with the options of a recipe: that of the file at `path`, or one as JSON. The keywords in
    /// `given` stay.
    #[pyo3(signature = (path, recipe, given))]
    fn like(
        &self,
        py: Python<'_>,
        path: PathBuf,
        recipe: Option<String>,
        given: Vec<String>,
    ) -> PyResult<Job> {
        let Task::Stylize(spec) = &self.spec.task else {
            return Err(JobError::bad_input("`like` is for stylize")).or_raise(py);
        };
        let FromRecipe { spec, notes, weights } = working(py, || {
            let is_given = |name: &str| given.iter().any(|given| given == name);
            with_recipe(spec.clone(), &path, recipe.as_deref(), &is_given)
        })?;
        Ok(Job { spec: Task::Stylize(spec).into(), pictures: self.pictures.clone(), notes, weights })
    }

    /// Returns the job with this checkpoint file, in place of the one that it names.
    fn with_checkpoint(&self, path: PathBuf) -> Job {
        let mut spec = self.spec.clone();
        if let Task::Stylize(stylize) = &mut spec.task {
            stylize.checkpoint = Some(path);
        }
        let (pictures, notes, weights) = (self.pictures.clone(), self.notes.clone(), self.weights.clone());
        Job { spec, pictures, notes, weights }
    }

    /// The task as JSON, with every option.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        self.spec.to_json().or_raise(py)
    }

    /// Plans the run: memory and time, scale by scale, as JSON. Nothing is painted.
    fn plan(&self, py: Python<'_>) -> PyResult<String> {
        let runner = self.runner();
        let planned = working(py, move || runner.plan())?;
        let mut object = json!(planned.plan);
        object["seconds"] = json!(planned.plan.seconds());
        object["peak_bytes_in_half"] = json!(planned.peak_bytes_in_half);
        object["checkpoint_bytes"] = json!(planned.plan.checkpoint_bytes());
        object["threads"] = json!(planned.threads);
        object["instruction_set"] = json!(planned.instruction_set);
        Ok(object.to_string())
    }
}

impl Job {
    /// Returns a runner of the job.
    pub(crate) fn runner(&self) -> Runner {
        Runner::new(self.spec.clone())
            .pictures(self.pictures.clone())
            .in_memory()
            .films(impasto_video::films())
            .notes(self.notes.clone())
            .expect_weights(self.weights.clone())
    }
}

/// Returns a runner that goes on from a checkpoint, with the pictures that were in memory.
pub(crate) fn resumed(checkpoint: &std::path::Path, pictures: &Bound<'_, PyDict>) -> PyResult<Runner> {
    let runner = working(pictures.py(), || Runner::resume(checkpoint))?;
    Ok(runner.pictures(held(pictures)?).in_memory())
}

fn held(pictures: &Bound<'_, PyDict>) -> PyResult<HashMap<PathBuf, Input>> {
    let mut all = HashMap::new();
    for (path, picture) in pictures {
        let picture = picture.cast::<PyPicture>()?;
        all.insert(path.extract::<PathBuf>()?, picture.get().0.clone());
    }
    Ok(all)
}

fn with_recipe(
    spec: StylizeSpec,
    path: &std::path::Path,
    recipe: Option<&str>,
    given: &dyn Fn(&str) -> bool,
) -> Result<FromRecipe, JobError> {
    let Some(text) = recipe else { return like(spec, path, given) };
    let wrong = |error: serde_json::Error| JobError::bad_input(format!("`like`: this is no recipe: {error}"));
    let recipe: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
    like_recipe(spec, &path.display().to_string(), &recipe, given)
}

/// Returns the job with these keywords. A keyword with a wrong value is named.
fn specified(task: &str, required: &str, keywords: &[Keyword]) -> Result<JobSpec, JobError> {
    let bug = |error: serde_json::Error| JobError::bad_input(format!("this is not a job: {error}"));
    let base: Value = serde_json::from_str(required).map_err(bug)?;
    let with = |keywords: &[Keyword]| -> Result<JobSpec, serde_json::Error> {
        let mut spec = base.clone();
        for (_, place, value) in keywords {
            put(&mut spec, place, serde_json::from_str(value)?);
        }
        serde_json::from_value(json!({ "version": impasto_job::spec::VERSION, "task": { task: spec } }))
    };
    with(keywords).map_err(|error| {
        let wrong = keywords.iter().find_map(|keyword| {
            let error = with(std::slice::from_ref(keyword)).err()?;
            Some(JobError::bad_input(format!("`{}`: {}", keyword.0, in_words(&error, &keyword.2))))
        });
        wrong.unwrap_or_else(|| bug(error))
    })
}

/// Puts a value at a place such as `/run/objective/preset`; the objects on the way are made.
fn put(spec: &mut Value, place: &str, value: Value) {
    let mut at = spec;
    for name in place.trim_start_matches('/').split('/') {
        at = &mut at[name];
    }
    *at = value;
}

/// Says in our words why a value is wrong.
fn in_words(error: &serde_json::Error, value: &str) -> String {
    let text = error.to_string();
    let Some((_, expected)) = text.split_once("expected ") else { return format!("{text}, found {value}") };
    let words = [
        ("u64", "a whole number from 0 on"),
        ("usize", "a whole number from 0 on"),
        ("u8", "a whole number"),
        ("f64", "a number"),
        ("a sequence", "a list"),
        ("a boolean", "True or False"),
        ("a string", "a text"),
    ];
    let expected = words.into_iter().find(|(rust, _)| *rust == expected).map_or(expected, |(_, words)| words);
    format!("expected {}, found {value}", expected.replace('`', ""))
}
