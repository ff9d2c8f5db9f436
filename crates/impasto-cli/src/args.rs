//! The command line, defined once: the source of the parser, the help and the errors.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use impasto_job::spec::{
    BatchSpec, CompareSpec, InputSpec, ObjectiveSpec, RegionSpec, RunSpec, SheetSpec, StyleSpec, StylizeSpec,
    TextureSpec,
};
use serde::{Deserialize, Serialize};

/// Repaints pictures in the style of others: neural style transfer, with nothing to download.
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
    /// Never use the network; the variable IMPASTO_OFFLINE does the same for all commands
    #[arg(long, global = true, help_heading = "Network")]
    pub(crate) offline: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Repaint a picture in the style of others
    #[command(allow_negative_numbers = true)]
    Stylize(Box<StylizeArgs>),
    /// Repaint a film in the style of pictures, without flicker; ffmpeg reads and writes it
    #[command(allow_negative_numbers = true)]
    Video(Box<crate::video::VideoArgs>),
    /// Make a film steady whose frames another program painted one by one
    Deflicker(Box<crate::deflicker::DeflickerArgs>),
    /// Make a picture of a style alone, from noise; optionally seamless
    Texture(Box<TextureArgs>),
    /// Make a sheet of small pictures that shows the effect of options
    #[command(allow_negative_numbers = true)]
    Sheet(Box<SheetArgs>),
    /// Show what a run will take, scale by scale: memory, tiles, time, checkpoints
    #[command(allow_negative_numbers = true)]
    Plan(Box<PlanArgs>),
    /// Print the recipe that a picture carries: the options of its run, and the command that repeats it
    Show(ShowArgs),
    /// Continue an interrupted run from its checkpoint; it ends with the same bytes
    Resume(ResumeArgs),
    /// Repaint many pictures in each of several styles; existing results are skipped
    #[command(allow_negative_numbers = true)]
    Batch(Box<BatchArgs>),
    /// Evaluate an objective for a picture: print each weighted term, and optionally write the gradient
    #[command(allow_negative_numbers = true)]
    Evaluate(Box<EvaluateArgs>),
    /// Score pictures made by any tool, with measures that no run optimises: content, colour, texture, noise, seams
    #[command(allow_negative_numbers = true)]
    Compare(Box<CompareArgs>),
    /// Time evaluations (observation, loss, pull-back) of a preset's objective on a synthetic picture
    #[command(allow_negative_numbers = true)]
    Bench(BenchArgs),
    /// Show an encoder's view of a picture: features, Gram matrices, and reconstructions from single layers
    Inspect(crate::inspect::InspectArgs),
    /// Run a command of another program with the equivalent recipe, and note the differences
    Compat {
        #[command(subcommand)]
        command: crate::compat::CompatCommand,
    },
    /// Open the studio: a page in the browser, on this machine, with a queue of jobs that survives everything
    #[cfg(feature = "serve")]
    Serve(crate::serve::ServeArgs),
    /// List, fetch, show and check encoders, the networks that look at pictures
    Models {
        #[command(subcommand)]
        command: crate::models::ModelsCommand,
    },
    /// List the devices that networks can run on, and which of them `auto` may take
    Devices(crate::devices::DevicesArgs),
    /// Show what this build can do and what it finds on this machine, for reports of faults
    Doctor(crate::doctor::DoctorArgs),
    /// Print a script that completes commands and options in a shell
    Completions(crate::completions::CompletionsArgs),
    /// Write the manual pages
    Man(crate::completions::ManArgs),
}

#[derive(Args)]
pub(crate) struct StylizeArgs {
    #[command(flatten)]
    pub(crate) spec: StylizeSpec,
    /// Take all options from the recipe of a picture that impasto made; options on the command line take precedence
    #[arg(long, value_name = "PICTURE")]
    pub(crate) like: Option<PathBuf>,
    /// With a sheet as PICTURE: take the options of its Nth picture, counted from 1, row by row
    #[arg(long, value_name = "N", requires = "like")]
    pub(crate) cell: Option<usize>,
    /// Show the result in the terminal: with the graphics of kitty, iTerm2 or sixel, or in half blocks
    #[arg(long, help_heading = "Output")]
    pub(crate) preview: bool,
    /// Progress display on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct TextureArgs {
    #[command(flatten)]
    pub(crate) spec: TextureSpec,
    /// Progress display on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct SheetArgs {
    #[command(flatten)]
    pub(crate) spec: SheetSpec,
    /// Progress display on stderr: bar prints a line for each picture, json an object
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct PlanArgs {
    /// The picture to repaint
    pub(crate) content: PathBuf,
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
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
    /// Progress display on stderr: bar prints a line for each picture, json an object
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// A picture that impasto made
    pub(crate) picture: PathBuf,
    /// Print every value, also those that are always the same
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) input: InputSpec,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ResumeArgs {
    /// The checkpoint file
    pub(crate) checkpoint: PathBuf,
    /// Number of threads; the result does not depend on it [default: as when the run began]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Go on on this device: auto, cpu, gpu, gpu:N, or a part of a card's name. Another one than before rounds
    /// differently [default: where the run began]
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// Progress display on stderr [default: as when the run began]
    #[arg(long, value_enum)]
    pub(crate) progress: Option<ProgressKind>,
}

#[derive(Args)]
pub(crate) struct EvaluateArgs {
    /// The picture to evaluate
    pub(crate) image: PathBuf,
    /// The content picture
    #[arg(long, value_name = "C")]
    pub(crate) content: PathBuf,
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[arg(
        long,
        value_name = "S",
        required = true,
        num_args = 1..,
        value_parser = OsStringValueParser::new().try_map(StyleSpec::parse)
    )]
    pub(crate) style: Vec<StyleSpec>,
    #[command(flatten)]
    pub(crate) objective: ObjectiveSpec,
    #[command(flatten)]
    pub(crate) regions: RegionSpec,
    #[command(flatten)]
    pub(crate) input: InputSpec,
    /// Resize content and picture to this long edge in pixels first, never enlarging them, and styles as the preset
    /// does [default: their own sizes]
    #[arg(long, value_name = "N")]
    pub(crate) size: Option<usize>,
    /// Write the gradient d(total)/d(RGB 0..1) as a NumPy file: float32 [3, height, width]
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) gradient: Option<PathBuf>,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name (see `devices`) [default: auto]
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
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
    /// Width and height of the picture in pixels
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(crate) size: usize,
    /// Number of evaluations to time
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub(crate) iterations: usize,
    /// Number of threads [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name (see `devices`) [default: cpu]
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// Also print the time of each convolution
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
    /// One JSON object per line
    Json,
    /// No progress, only notes and the line at the end
    None,
}
