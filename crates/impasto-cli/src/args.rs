//! The command line, defined once: parser, help and errors all come from here.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::limits::InputArgs;
use crate::masks::RegionArgs;
use crate::options::{ObjectiveArgs, RunArgs};
use crate::results::OutputArgs;
use crate::sheet::SheetArgs;
use crate::side_outputs::ExtrasArgs;
use crate::style_arg::StyleArg;
use crate::texture::{Texture, TextureArgs};

/// Repaints a picture in the style of another: neural style transfer, with nothing to download.
#[derive(Parser)]
#[command(name = "impasto", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// Whether a model that is not on this machine may be fetched.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct NetworkArgs {
    /// Fetch the model if it is not on this machine, without asking
    #[arg(long, global = true, conflicts_with = "offline", help_heading = "Network")]
    pub(crate) download: bool,
    /// Never use the network, as the variable IMPASTO_OFFLINE says for all commands
    #[arg(long, global = true, help_heading = "Network")]
    pub(crate) offline: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Repaint a picture in the style of others
    #[command(allow_negative_numbers = true)]
    Stylize(Box<StylizeArgs>),
    /// Make a picture of a style alone, from noise; seamless if asked to
    Texture(Box<TextureArgs>),
    /// Make a sheet of small pictures, to see what options do
    #[command(allow_negative_numbers = true)]
    Sheet(Box<SheetArgs>),
    /// Say what a run will take, scale by scale: memory, tiles, time, checkpoints
    #[command(allow_negative_numbers = true)]
    Plan(Box<PlanArgs>),
    /// Print the recipe that a picture carries: how it was made, and the command that repeats it
    Show(ShowArgs),
    /// Go on with a run that was stopped, from its checkpoint: it ends with the same bytes
    Resume(ResumeArgs),
    /// Repaint many pictures, each in each style; what is there already is skipped
    #[command(allow_negative_numbers = true)]
    Batch(Box<BatchArgs>),
    /// Judge a picture by an objective: print each weighted term, write its gradient
    #[command(allow_negative_numbers = true)]
    Evaluate(Box<EvaluateArgs>),
    /// Score pictures of any tool by measures that no run optimises: content, colour, texture, noise, seams
    #[command(allow_negative_numbers = true)]
    Compare(Box<CompareArgs>),
    /// Time evaluations (observe, judge, pull back) of a preset's objective on a synthetic picture
    #[command(allow_negative_numbers = true)]
    Bench(BenchArgs),
    /// Show what an encoder sees in a picture: features, Gram matrices, and what one layer alone knows of it
    Inspect(crate::inspect::InspectArgs),
    /// Run a command of another program: the equal recipe, with notes on what differs
    Compat {
        #[command(subcommand)]
        command: crate::compat::CompatCommand,
    },
    /// Encoders: the networks that look at pictures
    Models {
        #[command(subcommand)]
        command: crate::models::ModelsCommand,
    },
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct StylizeArgs {
    /// The picture to repaint
    pub(crate) content: PathBuf,
    /// The pictures whose style to take, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[arg(required = true, value_parser = OsStringValueParser::new().try_map(StyleArg::parse))]
    pub(crate) style: Vec<StyleArg>,
    /// Where to write the result; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp)
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    #[serde(default)]
    pub(crate) regions: RegionArgs,
    #[command(flatten)]
    pub(crate) result: OutputArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Take all options from the recipe of a picture that impasto made; options given besides count more
    #[arg(long, value_name = "PICTURE")]
    pub(crate) like: Option<PathBuf>,
    /// Show the result in the terminal: by kitty, iTerm2 or sixel graphics, or in half blocks
    #[arg(long, help_heading = "Output")]
    pub(crate) preview: bool,
    #[command(flatten)]
    pub(crate) extras: ExtrasArgs,
    /// Also write OUT_0050.png and so on, every N iterations
    #[arg(long, value_name = "N")]
    pub(crate) save_every: Option<usize>,
    /// Write everything needed to repeat and judge the run
    #[arg(long, value_name = "FILE.json")]
    pub(crate) report: Option<PathBuf>,
    /// Where to keep what `impasto resume` needs to go on; removed at the end [default: OUT.checkpoint, for runs that are
    /// expected to take more than two minutes]
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// How often to write it, such as 30s or 5m [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub(crate) checkpoint_every: Option<String>,
    /// Keep no checkpoint, however long the run
    #[arg(long, conflicts_with_all = ["checkpoint", "checkpoint_every"])]
    pub(crate) no_checkpoint: bool,
    /// How to show progress, on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
    /// In place of a content.
    #[arg(skip)]
    #[serde(default)]
    pub(crate) texture: Option<Texture>,
}

#[derive(Args)]
pub(crate) struct PlanArgs {
    /// The picture to repaint
    pub(crate) content: PathBuf,
    /// The pictures whose style to take, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[arg(required = true, value_parser = OsStringValueParser::new().try_map(StyleArg::parse))]
    pub(crate) style: Vec<StyleArg>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) regions: RegionArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct BatchArgs {
    /// Pictures to repaint: files, folders, or patterns such as 'photos/*.jpg'
    #[arg(required = true)]
    pub(crate) contents: Vec<PathBuf>,
    /// Pictures whose styles to take, each for itself: files, folders or patterns
    #[arg(long, value_name = "S", required = true, num_args = 1..)]
    pub(crate) style: Vec<PathBuf>,
    /// The folder to write to; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Names of the results; the extension chooses the format
    #[arg(long, value_name = "NAME", default_value = "{content}_{style}.png")]
    pub(crate) name: String,
    /// Pictures in progress at once, which share the threads [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Only every N-th picture, from the I-th on: for several machines on one folder [default: as JOB_COMPLETION_INDEX and
    /// JOB_COMPLETION_COUNT or SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT say, else all]
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<String>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) result: OutputArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How to show progress, on stderr: a line for each picture, or an object
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// A picture that impasto made
    pub(crate) picture: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ResumeArgs {
    /// The checkpoint
    pub(crate) checkpoint: PathBuf,
    /// Threads; the result does not depend on it [default: as the run began]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// How to show progress, on stderr [default: as the run began]
    #[arg(long, value_enum)]
    pub(crate) progress: Option<ProgressKind>,
}

#[derive(Args)]
pub(crate) struct EvaluateArgs {
    /// The picture to judge
    pub(crate) image: PathBuf,
    /// The content picture
    #[arg(long, value_name = "C")]
    pub(crate) content: PathBuf,
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[arg(long, value_name = "S", required = true, num_args = 1.., value_parser = OsStringValueParser::new().try_map(StyleArg::parse))]
    pub(crate) style: Vec<StyleArg>,
    #[command(flatten)]
    pub(crate) objective: ObjectiveArgs,
    #[command(flatten)]
    pub(crate) regions: RegionArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Bring content and picture to this long edge first, never enlarged, and styles as the preset does [default: their own sizes]
    #[arg(long, value_name = "N")]
    pub(crate) size: Option<usize>,
    /// Write d(total)/d(RGB 0..1) as float32 [3, height, width]
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) gradient: Option<PathBuf>,
    /// Threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// The pictures to score
    #[arg(required = true)]
    pub(crate) pictures: Vec<PathBuf>,
    /// The content that they were made of; without one, nothing is said of it
    #[arg(long, value_name = "C")]
    pub(crate) content: Option<PathBuf>,
    /// A style picture, as FILE or FILE:weight=W,scale=F; once for each
    #[arg(long, value_name = "S", required = true, value_parser = OsStringValueParser::new().try_map(StyleArg::parse))]
    pub(crate) style: Vec<StyleArg>,
    /// Bring every picture to this long edge first, never enlarged [default: their own sizes]
    #[arg(long, value_name = "N")]
    pub(crate) size: Option<usize>,
    /// Size of the styles beside the pictures: as they were made with
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    pub(crate) style_scale: f64,
    /// Look for structure through this encoder, in place of lite, and also at layers that no preset's style looks at: lite, or a
    /// safetensors file; not the one that made a picture
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) referee_model: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write a page with the pictures and the table
    #[arg(long, value_name = "FILE.html")]
    pub(crate) html: Option<PathBuf>,
    /// Threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// The encoder
    #[arg(long, value_name = "M", default_value = "lite")]
    pub(crate) model: String,
    /// The recipe whose objective is evaluated
    #[arg(long, value_name = "NAME", default_value = "gatys")]
    pub(crate) preset: String,
    /// Width and height of the picture
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(crate) size: usize,
    /// Evaluations to time
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub(crate) iterations: usize,
    /// Threads [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Also print where the time went, convolution by convolution
    #[arg(long)]
    pub(crate) layers: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum ProgressKind {
    /// A bar with scale, losses, speed and time left
    Bar,
    /// One JSON object a line
    Json,
    /// No progress; notes and the line at the end remain
    None,
}
