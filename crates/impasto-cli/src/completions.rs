//! `impasto completions` and `impasto man`: what shells and `man` know of the command line.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::line;
use crate::usage;

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Args)]
pub(crate) struct ManArgs {
    /// The folder to write the pages to, one for each command; created if missing
    folder: PathBuf,
}

/// Prints the script that completes commands and options.
pub(crate) fn completions(args: CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut usage::command(), "impasto", &mut script);
    line(String::from_utf8_lossy(&script).trim_end())
}

/// Writes the manual pages.
pub(crate) fn man(args: ManArgs) -> Result<(), Failure> {
    let lost = |error: std::io::Error| Failure::write(&args.folder, &error);
    fs::create_dir_all(&args.folder).map_err(lost)?;
    clap_mangen::generate_to(usage::command(), &args.folder).map_err(lost)
}
