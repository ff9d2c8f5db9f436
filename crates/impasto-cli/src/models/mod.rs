//! `impasto models`: what encoders there are, and what is in one. A file for each subcommand.

mod import;
mod show;
mod verify;

use clap::Subcommand;
use impasto::encoder::known;

use crate::failure::Failure;
use crate::output::line;

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the encoders that can be named
    List,
    /// Show one encoder: every layer, with what it costs and sees; source, licence
    Show(show::ShowArgs),
    /// Make a safetensors file of the convolutions in a file of any format
    Import(import::ImportArgs),
    /// Read a file of weights to its end and say what it is
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: ModelsCommand) -> Result<(), Failure> {
    match command {
        ModelsCommand::List => list(),
        ModelsCommand::Show(args) => show::run(&args),
        ModelsCommand::Import(args) => import::run(&args),
        ModelsCommand::Verify(args) => verify::run(&args),
    }
}

fn list() -> Result<(), Failure> {
    for model in known() {
        line(&format!("{:<14} {}", model.name, model.about))?;
    }
    line("FILE           weights as safetensors, PyTorch, Keras, Caffe, ONNX, MatConvNet or NumPy files")
}
