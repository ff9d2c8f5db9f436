//! The job `stylize`: repaint a picture in the style of others.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, OutputSpec, RegionSpec, RunSpec, StyleSpec};
use crate::paths;

/// Repaint a picture in the style of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct StylizeSpec {
    /// The picture to repaint
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub content: PathBuf,
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[cfg_attr(feature = "clap", arg(required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// The file to write; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp). In a
    /// folder, the file is called CONTENT_STYLE.png
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "OUT"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub output: PathBuf,
    /// The options of the run.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub run: RunSpec,
    /// Options for masks: where styles are painted, and which parts stay unchanged.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub regions: RegionSpec,
    /// Options for writing results.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub result: OutputSpec,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
    /// Files beside the result.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub side_outputs: SideOutputSpec,
    /// Also write the current picture every N iterations, as OUT_0050.png and so on
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub save_every: Option<usize>,
    /// Also write a report: everything needed to repeat and assess the run
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE.json"))]
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub report: Option<PathBuf>,
    /// The checkpoint file, from which `impasto resume` continues the run; removed at the end [default: OUT.checkpoint,
    /// written when the run ends early, and every minute if it is expected to take more than two]
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub checkpoint: Option<PathBuf>,
    /// Time between two checkpoints, such as 30s or 5m [default: 60s]
    #[cfg_attr(feature = "clap", arg(long, value_name = "TIME"))]
    #[serde(default)]
    pub checkpoint_every: Option<String>,
    /// Write no checkpoint, however long the run takes
    #[cfg_attr(feature = "clap", arg(long, conflicts_with_all = ["checkpoint", "checkpoint_every"]))]
    #[serde(default)]
    pub no_checkpoint: bool,
}

impl StylizeSpec {
    /// A job with the default options.
    pub fn new(content: PathBuf, style: Vec<StyleSpec>, output: PathBuf) -> StylizeSpec {
        StylizeSpec {
            content,
            style,
            output,
            run: RunSpec::default(),
            regions: RegionSpec::default(),
            result: OutputSpec::default(),
            input: InputSpec::default(),
            side_outputs: SideOutputSpec::default(),
            save_every: None,
            report: None,
            checkpoint: None,
            checkpoint_every: None,
            no_checkpoint: false,
        }
    }
}

/// Files that may be written beside the result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct SideOutputSpec {
    /// Also write content, styles and result side by side
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", help_heading = "Output"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub triptych: Option<PathBuf>,
    /// Also draw the losses of the run
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE.svg", help_heading = "Output"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub plot: Option<PathBuf>,
    /// Also write a film of the developing picture; mp4 needs an installed ffmpeg
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE.gif|mp4", help_heading = "Output"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub timelapse: Option<PathBuf>,
}

impl SideOutputSpec {
    /// The files that were asked for, with the names of their options.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [
            ("triptych", self.triptych.as_deref()),
            ("plot", self.plot.as_deref()),
            ("timelapse", self.timelapse.as_deref()),
        ];
        files.into_iter().filter_map(|(option, path)| Some((option, path?)))
    }
}
