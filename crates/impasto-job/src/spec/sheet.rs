//! The job `sheet`: small pictures that show the effect of options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, RegionSpec, RunSpec, StyleSpec};
use crate::paths;

/// Make a sheet of small pictures that shows the effect of options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct SheetSpec {
    /// The picture to repaint
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub content: PathBuf,
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[cfg_attr(feature = "clap", arg(required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// An option and its values, such as strength=0.3,0.6,0.9; if given twice, the first option varies downwards and
    /// the second across
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME=V,V,...", required = true))]
    pub vary: Vec<String>,
    /// The sheet to write; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp). In a
    /// folder, the file is called CONTENT_STYLE_sheet.png
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "OUT"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub output: PathBuf,
    /// The options of each picture, as for `stylize`; the long edge is 256 pixels unless `size` is given.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub run: RunSpec,
    /// Options for masks: where styles are painted, and which parts stay unchanged.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub regions: RegionSpec,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
}
