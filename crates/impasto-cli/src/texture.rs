//! `impasto texture`: a picture of a style alone. It is a run as any other, without a content.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser};
use serde::{Deserialize, Serialize};

use crate::args::{Cli, Command, ProgressKind, StylizeArgs};
use crate::failure::Failure;
use crate::limits::InputArgs;
use crate::results::OutputArgs;
use crate::style_arg::StyleArg;

#[derive(Args)]
pub(crate) struct TextureArgs {
    /// The pictures of the texture, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,layers=L+L
    #[arg(required = true, value_parser = OsStringValueParser::new().try_map(StyleArg::parse))]
    pub(crate) style: Vec<StyleArg>,
    /// Where to write the result; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp)
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Pixels across and down, such as 1024x512, or one number for both
    #[arg(long, value_name = "WxH", default_value = "512x512", value_parser = size)]
    pub(crate) size: (usize, usize),
    /// Make it fit itself on all sides; width and height are then multiples of 16
    #[arg(long)]
    pub(crate) seamless: bool,
    /// A complete recipe: impasto, gatys, johnson, johnson-pt, crowson, scaling or keras
    #[arg(long, value_name = "NAME", default_value = "impasto")]
    preset: String,
    /// The encoder: lite, vgg19, vgg19-oxford, random:vgg19?seed=0, ... (see `models list`), or a file of weights
    #[arg(long, value_name = "NAME|FILE", default_value = "lite")]
    model: String,
    /// gram, gram-hw, mean-std, covariance, wasserstein, wasserstein-newton, or a sum
    #[arg(long, value_name = "S")]
    statistic: Option<String>,
    /// Style layers; they share the preset's weight equally
    #[arg(long, value_name = "L,...", value_delimiter = ',')]
    style_layers: Option<Vec<String>>,
    /// Multiplies the total variation
    #[arg(long, value_name = "W")]
    tv_weight: Option<f64>,
    /// Size of strokes beside those of the style, 0.1 to 4, in proportion to the picture
    #[arg(long, value_name = "F")]
    stroke_size: Option<f64>,
    /// Iterations at each scale, or a number for each from the smallest on
    #[arg(long, value_name = "N|N,N,...", value_delimiter = ',')]
    iterations: Option<Vec<usize>>,
    /// Finish in this time, such as 60s or 5m
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Long edge of the smallest scale
    #[arg(long, value_name = "N")]
    min_size: Option<usize>,
    /// What to begin with: style-stats (noise in the colours of the styles), noise, gray, or a picture [default: style-stats]
    #[arg(long, value_name = "NAME|FILE")]
    init: Option<PathBuf>,
    /// Seed of everything random: the same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory that the run may take, such as 4G
    #[arg(long, value_name = "SIZE", value_parser = crate::options::size_of_memory)]
    memory: Option<u64>,
    #[command(flatten)]
    result: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
    /// Write everything needed to repeat and judge the run
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// How to show progress, on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    progress: ProgressKind,
}

/// What takes the place of a content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Texture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) seamless: bool,
}

impl TextureArgs {
    /// The same run as the arguments of `stylize`, whose other options are as they are without being given.
    pub(crate) fn stylize(self) -> Result<StylizeArgs, Failure> {
        let words = ["impasto", "stylize", "-", "-", "-o", "-"];
        let Ok(Command::Stylize(args)) = Cli::try_parse_from(words).map(|cli| cli.command) else {
            return Err(Failure::bug("the options of stylize have no defaults".into()));
        };
        let mut args = *args;
        let (width, height) = self.size;
        args.texture = Some(Texture { width, height, seamless: self.seamless });
        args.content = PathBuf::new();
        (args.style, args.output, args.report) = (self.style, self.output, self.report);
        (args.result, args.input, args.progress) = (self.result, self.input, self.progress);
        let run = &mut args.run;
        (run.iterations, run.time, run.min_size) = (self.iterations, self.time, self.min_size);
        (run.init, run.seed, run.threads, run.memory) = (self.init, self.seed, self.threads, self.memory);
        run.stroke_size = self.stroke_size;
        let objective = &mut run.objective;
        (objective.preset, objective.model) = (self.preset, self.model);
        (objective.statistic, objective.style_layers) = (self.statistic, self.style_layers);
        objective.tv_weight = self.tv_weight;
        Ok(args)
    }
}

/// `1024x512`, or `512` for both.
fn size(text: &str) -> Result<(usize, usize), String> {
    let side = |text: &str| text.trim().parse::<usize>().ok().filter(|side| *side > 0);
    let (width, height) = text.split_once(['x', 'X']).unwrap_or((text, text));
    side(width).zip(side(height)).ok_or_else(|| "expected a size such as 1024x512".into())
}
