//! The job `sheet`: small pictures that show what options do.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, RegionSpec, RunSpec, StyleSpec};

/// Make a sheet of small pictures, to see what options do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct SheetSpec {
    /// The picture to repaint
    pub content: PathBuf,
    /// The pictures whose style to take, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[cfg_attr(feature = "clap", arg(required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// An option and its values, such as strength=0.3,0.6,0.9; given twice, the first goes down and the second across
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME=V,V,...", required = true))]
    pub vary: Vec<String>,
    /// Where to write the sheet; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp)
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "OUT"))]
    pub output: PathBuf,
    /// Of each picture: as of stylize, but for a long edge of 256 pixels unless --size is given
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub run: RunSpec,
    /// Where styles go, and what stays as it is.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub regions: RegionSpec,
    /// How inputs are read.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
}
