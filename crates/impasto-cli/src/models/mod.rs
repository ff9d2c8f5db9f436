//! `impasto models`: what encoders there are, and what is in one. A file for each subcommand.

mod ask;
mod fetch;
mod import;
mod list;
mod open;
mod show;
mod verify;
mod watch;

use clap::Subcommand;

use crate::failure::Failure;

pub(crate) use open::{open, set_network};

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the encoders that can be named, and where on this machine they are
    List(list::ListArgs),
    /// Bring an encoder to this machine, from the caches of other programs or the network
    Fetch(fetch::FetchArgs),
    /// Show one encoder: every layer, with what it costs and sees; source, licence
    Show(show::ShowArgs),
    /// Make a safetensors file of the convolutions in a file of any format
    Import(import::ImportArgs),
    /// Read a file of weights to its end and say what it is
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: ModelsCommand) -> Result<(), Failure> {
    match command {
        ModelsCommand::List(args) => list::run(args),
        ModelsCommand::Fetch(args) => fetch::run(args),
        ModelsCommand::Show(args) => show::run(&args),
        ModelsCommand::Import(args) => import::run(&args),
        ModelsCommand::Verify(args) => verify::run(&args),
    }
}
