//! The job `compare`: scores for pictures made by any tool.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, StyleSpec};
use crate::paths;

/// Score pictures made by any tool, with measures that no run optimises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct CompareSpec {
    /// The pictures to score
    #[cfg_attr(feature = "clap", arg(required = true))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub pictures: Vec<PathBuf>,
    /// The content that the pictures were made from [default: none, and no content scores]
    #[cfg_attr(feature = "clap", arg(long, value_name = "C"))]
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub content: Option<PathBuf>,
    /// A style picture, as FILE or FILE:weight=W,scale=F; repeat the option for several styles
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// Resize every picture to this long edge in pixels first, never enlarging one [default: their own sizes]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub size: Option<usize>,
    /// Size of the styles relative to the pictures: the value that the pictures were made with
    #[cfg_attr(feature = "clap", arg(long, value_name = "F", default_value_t = 1.0))]
    #[serde(default = "one")]
    pub style_scale: f64,
    /// Use this encoder for the structure score in place of lite, and also score its features at layers that no preset
    /// uses for style: a name or a file of weights. It must not be the encoder that made a picture
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME|FILE"))]
    #[serde(default)]
    pub referee_model: Option<String>,
    /// Also write an HTML page with the pictures and the table
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE.html"))]
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub html: Option<PathBuf>,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub threads: Option<usize>,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
}

fn one() -> f64 {
    1.0
}
