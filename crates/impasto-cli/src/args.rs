//! The command line, defined once: parser, help and errors all come from here.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use impasto_job::spec::{
    BatchSpec, CompareSpec, InputSpec, ObjectiveSpec, RegionSpec, RunSpec, SheetSpec, StyleSpec, StylizeSpec,
    TextureSpec,
};
use serde::{Deserialize, Serialize};

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

#[derive(Args)]
pub(crate) struct StylizeArgs {
    #[command(flatten)]
    pub(crate) spec: StylizeSpec,
    /// Take all options from the recipe of a picture that impasto made; options given besides count more
    #[arg(long, value_name = "PICTURE")]
    pub(crate) like: Option<PathBuf>,
    /// Show the result in the terminal: by kitty, iTerm2 or sixel graphics, or in half blocks
    #[arg(long, help_heading = "Output")]
    pub(crate) preview: bool,
    /// How to show progress, on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct TextureArgs {
    #[command(flatten)]
    pub(crate) spec: TextureSpec,
    /// How to show progress, on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct SheetArgs {
    #[command(flatten)]
    pub(crate) spec: SheetSpec,
    /// How to show progress, on stderr: a line for each picture, or an object
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct PlanArgs {
    /// The picture to repaint
    pub(crate) content: PathBuf,
    /// The pictures whose style to take, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[arg(required = true, value_parser = OsStringValueParser::new().try_map(StyleSpec::parse))]
    pub(crate) style: Vec<StyleSpec>,
    #[command(flatten)]
    pub(crate) run: RunSpec,
    #[command(flatten)]
    pub(crate) regions: RegionSpec,
    #[command(flatten)]
    pub(crate) input: InputSpec,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct BatchArgs {
    #[command(flatten)]
    pub(crate) spec: BatchSpec,
    /// How to show progress, on stderr: a line for each picture, or an object
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// A picture that impasto made
    pub(crate) picture: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputSpec,
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
    #[arg(long, value_name = "S", required = true, num_args = 1.., value_parser = OsStringValueParser::new().try_map(StyleSpec::parse))]
    pub(crate) style: Vec<StyleSpec>,
    #[command(flatten)]
    pub(crate) objective: ObjectiveSpec,
    #[command(flatten)]
    pub(crate) regions: RegionSpec,
    #[command(flatten)]
    pub(crate) input: InputSpec,
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
    #[command(flatten)]
    pub(crate) spec: CompareSpec,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum ProgressKind {
    /// A bar with scale, losses, speed and time left
    Bar,
    /// One JSON object a line
    Json,
    /// No progress; notes and the line at the end remain
    None,
}
