//! The job `texture`: a picture of a style alone. It runs like the job `stylize`, but without a content.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::run::{default_model, default_preset};
use super::{InputSpec, ObjectiveSpec, OutputSpec, RunSpec, StyleSpec, StylizeSpec};
use crate::paths;

/// Make a picture of a style alone, from noise; optionally seamless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct TextureSpec {
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,layers=L+L
    #[cfg_attr(feature = "clap", arg(required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// The file to write; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp). In a
    /// folder, the file is called STYLE_texture.png
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "OUT"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub output: PathBuf,
    /// Width and height in pixels, such as 1024x512, or one number for both
    #[cfg_attr(feature = "clap", arg(long, value_name = "WxH", default_value = "512x512", value_parser = size))]
    #[serde(default = "default_size")]
    pub size: (usize, usize),
    /// Make opposite sides fit together; width and height must then be multiples of 16
    #[cfg_attr(feature = "clap", arg(long))]
    #[serde(default)]
    pub seamless: bool,
    /// A complete recipe: impasto, gatys, johnson, johnson-pt, crowson, scaling or keras
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", default_value = "impasto"))]
    #[serde(default = "default_preset")]
    pub preset: String,
    /// The encoder: lite, vgg19, vgg19-oxford, random:vgg19?seed=0, ... (see `models list`), or a file of weights
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME|FILE", default_value = "lite"))]
    #[serde(default = "default_model")]
    pub model: String,
    /// Measure of style: gram, gram-hw, mean-std, covariance, wasserstein, wasserstein-newton, or a sum [default: the
    /// preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "S"))]
    #[serde(default)]
    pub statistic: Option<String>,
    /// Style layers; they share the preset's weight equally [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "L,...", value_delimiter = ','))]
    #[serde(default)]
    pub style_layers: Option<Vec<String>>,
    /// Weight that multiplies the total variation [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "W"))]
    #[serde(default)]
    pub tv_weight: Option<f64>,
    /// Size of strokes relative to the style's, 0.1 to 4, in proportion to the picture [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F"))]
    #[serde(default)]
    pub stroke_size: Option<f64>,
    /// Iterations at each scale: one number for all, or a list from the smallest scale on [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N|N,N,...", value_delimiter = ','))]
    #[serde(default)]
    pub iterations: Option<Vec<usize>>,
    /// Finish within this time, such as 60s or 5m, with fewer iterations if necessary [default: no limit]
    #[cfg_attr(feature = "clap", arg(long, value_name = "TIME"))]
    #[serde(default)]
    pub time: Option<String>,
    /// Long edge of the smallest scale in pixels [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub min_size: Option<usize>,
    /// The initial picture: style-stats (noise in the colours of the styles), noise, gray, or a picture file
    /// [default: style-stats]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME|FILE"))]
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub init: Option<PathBuf>,
    /// Seed of everything random: the same seed gives the same bytes
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = 0))]
    #[serde(default)]
    pub seed: u64,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    #[serde(default)]
    pub threads: Option<usize>,
    /// The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name (see `devices`) [default: auto]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Memory that the run may take, such as 4G [default: three quarters of the memory of the machine or its container]
    #[cfg_attr(feature = "clap", arg(long, value_name = "SIZE", value_parser = super::size_of_memory))]
    #[serde(default)]
    pub memory: Option<u64>,
    /// Options for writing results.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub result: OutputSpec,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub input: InputSpec,
    /// Also write a report: everything needed to repeat and assess the run
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE.json"))]
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub report: Option<PathBuf>,
}

/// The size of a texture, which stands in for the content.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Texture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Whether opposite sides fit together.
    pub(crate) seamless: bool,
}

impl TextureSpec {
    /// Returns the same run as a `stylize` job, with defaults for its other options, and the size of the picture.
    pub(crate) fn as_stylize(&self) -> (StylizeSpec, Texture) {
        let (width, height) = self.size;
        let spec = self.clone();
        let objective = ObjectiveSpec {
            preset: spec.preset,
            model: spec.model,
            statistic: spec.statistic,
            style_layers: spec.style_layers,
            tv_weight: spec.tv_weight,
            ..ObjectiveSpec::default()
        };
        let run = RunSpec {
            objective,
            stroke_size: spec.stroke_size,
            iterations: spec.iterations,
            time: spec.time,
            min_size: spec.min_size,
            init: spec.init,
            seed: spec.seed,
            threads: spec.threads,
            device: spec.device,
            memory: spec.memory,
            ..RunSpec::default()
        };
        let stylize = StylizeSpec {
            run,
            result: spec.result,
            input: spec.input,
            report: spec.report,
            ..StylizeSpec::new(PathBuf::new(), spec.style, spec.output)
        };
        (stylize, Texture { width, height, seamless: self.seamless })
    }

    /// Returns the texture job with the options of a `stylize` job: the reverse of [`as_stylize`](Self::as_stylize).
    pub(crate) fn of_stylize(
        spec: StylizeSpec,
        (width, height): (usize, usize),
        seamless: bool,
    ) -> TextureSpec {
        let StylizeSpec { style, output, run, result, input, report, .. } = spec;
        TextureSpec {
            style,
            output,
            size: (width, height),
            seamless,
            preset: run.objective.preset,
            model: run.objective.model,
            statistic: run.objective.statistic,
            style_layers: run.objective.style_layers,
            tv_weight: run.objective.tv_weight,
            stroke_size: run.stroke_size,
            iterations: run.iterations,
            time: run.time,
            min_size: run.min_size,
            init: run.init,
            seed: run.seed,
            threads: run.threads,
            device: run.device,
            memory: run.memory,
            result,
            input,
            report,
        }
    }
}

fn default_size() -> (usize, usize) {
    (512, 512)
}

#[cfg(feature = "clap")]
/// Parses `1024x512`, or `512` for both sides.
fn size(text: &str) -> Result<(usize, usize), String> {
    let side = |text: &str| text.trim().parse::<usize>().ok().filter(|side| *side > 0);
    let (width, height) = text.split_once(['x', 'X']).unwrap_or((text, text));
    side(width).zip(side(height)).ok_or_else(|| "expected a size such as 1024x512".into())
}
