//! A complete job, with the version of its format.

use std::path::PathBuf;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::{BatchSpec, CompareSpec, SheetSpec, StylizeSpec, TextureSpec, VideoSpec};
use crate::JobError;

/// The version of the job format that this program writes. It reads this version and all earlier ones.
pub const VERSION: u32 = 1;

/// A job: the version of the format, and a task with all its options. The name of a file that is not Unicode is
/// `percent-encoded:` and its bytes, such as `percent-encoded:caf%E9.png`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// Version of the job format: 1.
    pub version: u32,
    /// The task of the job.
    pub task: Task,
}

/// The task of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Task {
    /// Repaint a picture.
    Stylize(StylizeSpec),
    /// Make a picture of a style alone.
    Texture(TextureSpec),
    /// Repaint many pictures in each of several styles.
    Batch(BatchSpec),
    /// Make a sheet of small pictures that shows the effect of options.
    Sheet(SheetSpec),
    /// Score pictures.
    Compare(CompareSpec),
    /// Repaint a film.
    Video(Box<VideoSpec>),
}

impl Task {
    /// The device of the task; `None` if it has none, as a comparison.
    pub(crate) fn device_mut(&mut self) -> Option<&mut Option<String>> {
        match self {
            Task::Stylize(spec) => Some(&mut spec.run.device),
            Task::Texture(spec) => Some(&mut spec.device),
            Task::Batch(spec) => Some(&mut spec.run.device),
            Task::Sheet(spec) => Some(&mut spec.run.device),
            Task::Video(spec) => Some(&mut spec.run.device),
            Task::Compare(_) => None,
        }
    }
}

impl From<Task> for JobSpec {
    fn from(task: Task) -> JobSpec {
        JobSpec { version: VERSION, task }
    }
}

impl JobSpec {
    /// Reads a job from JSON. Options that are left out get their defaults.
    ///
    /// # Errors
    /// When the text is not a job, has an unknown option, or has a version that this program cannot read.
    pub fn from_json(text: &str) -> Result<JobSpec, JobError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let wrong = |error: serde_json::Error| JobError::bad_input(format!("this is not a job: {error}"));
        let Versioned { version } = serde_json::from_str(text).map_err(wrong)?;
        check_version(version)?;
        serde_json::from_str(text).map_err(wrong)
    }

    /// The job as JSON, with every option.
    ///
    /// # Errors
    /// When the name of a file is not Unicode, on systems other than Unix.
    pub fn to_json(&self) -> Result<String, JobError> {
        serde_json::to_string_pretty(self)
            .map_err(|error| JobError::bad_input(format!("the job cannot be written as JSON: {error}")))
    }

    /// The JSON schema of a job.
    pub fn schema() -> Schema {
        schema_for!(JobSpec)
    }

    /// The file or folder of the result. A comparison has none.
    pub fn output(&self) -> Option<&PathBuf> {
        match &self.task {
            Task::Stylize(spec) => Some(&spec.output),
            Task::Texture(spec) => Some(&spec.output),
            Task::Batch(spec) => Some(&spec.output),
            Task::Sheet(spec) => Some(&spec.output),
            Task::Compare(_) => None,
            Task::Video(spec) => Some(&spec.output),
        }
    }
}

/// Refuses a job of a form that this program does not know.
pub(crate) fn check_version(version: u32) -> Result<(), JobError> {
    match (1..=VERSION).contains(&version) {
        true => Ok(()),
        false => Err(JobError::bad_input(format!(
            "the job has version {version}, this program reads versions 1 to {VERSION}"
        ))
        .hint("a newer version of impasto may read it")),
    }
}
