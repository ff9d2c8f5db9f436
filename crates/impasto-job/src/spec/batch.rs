//! The job `batch`: many pictures, each in each style.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, OutputSpec, RunSpec};

/// Repaint many pictures, each in each style. Results that exist already are skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct BatchSpec {
    /// Pictures to repaint: files, folders, or patterns such as 'photos/*.jpg'
    #[cfg_attr(feature = "clap", arg(required = true))]
    pub contents: Vec<PathBuf>,
    /// Pictures whose styles to take, each for itself: files, folders or patterns
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", required = true, num_args = 1..))]
    pub style: Vec<PathBuf>,
    /// The folder to write to; made if it is not there
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "DIR"))]
    pub output: PathBuf,
    /// Names of the results; the extension chooses the format
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", default_value_t = default_name()))]
    #[serde(default = "default_name")]
    pub name: String,
    /// Pictures in progress at once, which share the threads [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub jobs: Option<usize>,
    /// Only every N-th picture, from the I-th on: for several machines on one folder [default: as JOB_COMPLETION_INDEX and
    /// JOB_COMPLETION_COUNT or SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT say, else all]
    #[cfg_attr(feature = "clap", arg(long, value_name = "I/N"))]
    #[serde(default)]
    pub shard: Option<String>,
    /// What decides the run.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub run: RunSpec,
    /// How the result is written.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub result: OutputSpec,
    /// How inputs are read.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
}

fn default_name() -> String {
    "{content}_{style}.png".into()
}
