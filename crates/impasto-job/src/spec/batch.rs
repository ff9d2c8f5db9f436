//! The job `batch`: many pictures in each of several styles.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, OutputSpec, RunSpec};
use crate::paths;

/// Repaint many pictures in each of several styles. Existing results are skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct BatchSpec {
    /// Pictures to repaint: files, folders, or patterns such as 'photos/*.jpg'
    #[cfg_attr(feature = "clap", arg(required = true))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub contents: Vec<PathBuf>,
    /// Style pictures, each used on its own: files, folders or patterns
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", required = true, num_args = 1..))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub style: Vec<PathBuf>,
    /// The folder to write to; created if missing
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "DIR"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub output: PathBuf,
    /// Names of the results, with {content} and {style} for the two file names; the extension chooses the format
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", default_value_t = default_name()))]
    #[serde(default = "default_name")]
    pub name: String,
    /// Pictures in progress at once; they share the threads [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub jobs: Option<usize>,
    /// Make only every N-th picture, from the I-th on, so that several machines can share one folder [default: from
    /// JOB_COMPLETION_INDEX and JOB_COMPLETION_COUNT or SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT; otherwise all]
    #[cfg_attr(feature = "clap", arg(long, value_name = "I/N"))]
    #[serde(default)]
    pub shard: Option<String>,
    /// The options of each run.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub run: RunSpec,
    /// Options for writing results.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub result: OutputSpec,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
}

fn default_name() -> String {
    "{content}_{style}.png".into()
}
