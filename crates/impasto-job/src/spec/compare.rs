//! The job `compare`: scores for pictures of any tool.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, StyleSpec};

/// Score pictures of any tool by measures that no run optimises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct CompareSpec {
    /// The pictures to score
    #[cfg_attr(feature = "clap", arg(required = true))]
    pub pictures: Vec<PathBuf>,
    /// The content that they were made of; without one, nothing is said of it
    #[cfg_attr(feature = "clap", arg(long, value_name = "C"))]
    #[serde(default)]
    pub content: Option<PathBuf>,
    /// A style picture, as FILE or FILE:weight=W,scale=F; once for each
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// Bring every picture to this long edge first, never enlarged [default: their own sizes]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub size: Option<usize>,
    /// Size of the styles beside the pictures: as they were made with
    #[cfg_attr(feature = "clap", arg(long, value_name = "F", default_value_t = 1.0))]
    #[serde(default = "one")]
    pub style_scale: f64,
    /// Look for structure through this encoder, in place of lite, and also at layers that no preset's style looks at: lite, or a
    /// safetensors file; not the one that made a picture
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME|FILE"))]
    #[serde(default)]
    pub referee_model: Option<String>,
    /// Also write a page with the pictures and the table
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE.html"))]
    #[serde(default)]
    pub html: Option<PathBuf>,
    /// Threads; the result does not depend on it [default: one per processor]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub threads: Option<usize>,
    /// How inputs are read.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
}

fn one() -> f64 {
    1.0
}
