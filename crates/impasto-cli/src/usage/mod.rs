//! The command line as users meet it: short help, and errors that name what was meant.
//!
//! clap parses and writes the help. Here are the choice of what the short help shows, and the words of the errors that
//! newcomers make: options of other programs, misspelt options, a missing output, numbers with units.

mod errors;
mod help;
pub(crate) mod instead;
mod missing;
mod synonyms;
mod values;
mod words;

use std::ffi::OsString;

use clap::{ArgMatches, Command, CommandFactory};

use crate::args::Cli;
use crate::failure::Failure;

/// The whole command line.
pub(crate) fn command() -> Command {
    help::arranged(Cli::command())
}

/// Parses the arguments of this process. The help and the version end the process.
///
/// # Errors
/// When the arguments cannot be parsed.
pub(crate) fn parse() -> Result<ArgMatches, Failure> {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(failure) = errors::one_dash(&words) {
        return Err(failure);
    }
    command().try_get_matches_from(&words).map_err(|error| errors::explained(error, &words))
}
