//! `impasto models`: lists, fetches, shows, imports and verifies encoders. There is a file for each subcommand.

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

#[cfg(feature = "serve")]
pub(crate) use open::open_without_asking;
pub(crate) use open::{open, set_network, store};

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the encoders that have names, and their places on this machine
    List(list::ListArgs),
    /// Bring an encoder into our own cache, from the caches of other programs or the network
    Fetch(fetch::FetchArgs),
    /// Show one encoder: every layer with its cost and its receptive field, the source, the licence
    Show(show::ShowArgs),
    /// Write the convolutions of a file of any format to a safetensors file
    Import(import::ImportArgs),
    /// Check a file of weights: read every value, and print format, family and network
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
