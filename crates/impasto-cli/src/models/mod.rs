//! `impasto models`: what encoders there are, and what is in one. A file for each subcommand.

mod show;

use clap::Subcommand;
use impasto::encoder::known;

use crate::failure::Failure;
use crate::output::line;

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the encoders that can be named
    List,
    /// Show one encoder: layers, size, source, licence
    Show(show::ShowArgs),
}

pub(crate) fn run(command: ModelsCommand) -> Result<(), Failure> {
    match command {
        ModelsCommand::List => list(),
        ModelsCommand::Show(args) => show::run(args),
    }
}

fn list() -> Result<(), Failure> {
    for model in known() {
        line(&format!("{:<14} {}", model.name, model.about))?;
    }
    line("FILE           a safetensors file: canonical (conv1_1.weight) or torchvision's (features.0.weight)")
}
