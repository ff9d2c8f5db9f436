//! `impasto compat`: runs commands of other programs, as they appear in scripts, with the equivalent recipe. Each is
//! translated into an `impasto stylize` command, which `--print` shows. So there is only one way to run, and this
//! command can do nothing that `stylize` cannot.
//!
//! A note names each option that has no meaning here and does not change the picture. An option that would change the
//! picture, but has no equivalent, is refused.

mod neural_style;
mod style_transfer;

use std::ffi::{OsStr, OsString};
use std::fmt::Display;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::jobs;
use crate::output::{line, say};
use crate::show::quoted;

#[derive(Subcommand)]
pub(crate) enum CompatCommand {
    /// Take options of jcjohnson/neural-style and ProGamerGov/neural-style-pt, such as -style_image
    #[command(disable_help_flag = true)]
    NeuralStyle(Words),
    /// Take options of crowsonkb/style-transfer-pytorch
    #[command(disable_help_flag = true)]
    StyleTransfer(Words),
}

#[derive(Args)]
pub(crate) struct Words {
    /// The other program's options; after `--`, options of `impasto stylize`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

pub(crate) fn run(command: CompatCommand) -> Result<(), Failure> {
    let (CompatCommand::NeuralStyle(Words { words }) | CompatCommand::StyleTransfer(Words { words })) =
        &command;
    let (theirs, ours) = match words.iter().position(|word| word == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (&words[..], &[][..]),
    };
    let theirs = theirs.iter().map(|word| doubled(word));
    let (print, mut translated) = match &command {
        CompatCommand::NeuralStyle(_) => {
            let args = neural_style::NeuralStyle::parse_from(theirs);
            (args.print, args.translate()?)
        }
        CompatCommand::StyleTransfer(_) => {
            let args = style_transfer::StyleTransfer::parse_from(theirs);
            (args.print, args.translate()?)
        }
    };
    translated.words.extend(ours.iter().cloned());
    translated.notes.iter().for_each(|note| say(&format!("note: {note}")));
    if print {
        let words: Vec<String> =
            translated.words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        return line(&words.join(" "));
    }
    let matches = Cli::command().try_get_matches_from(&translated.words).unwrap_or_else(|error| error.exit());
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match cli.command {
        Command::Stylize(args) => {
            jobs::stylize(*args, matches.subcommand_matches("stylize").unwrap_or(&matches))
        }
        _ => Err(Failure::bug("a translation into another command")),
    }
}

/// Returns `-name` as `--name`, which our parser expects. Single letters, numbers and file names stay unchanged.
fn doubled(word: &OsStr) -> OsString {
    let is_long = |name: &str| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-')
    };
    let name = word.to_str().and_then(|text| text.strip_prefix('-'));
    let name = name.map(|name| name.split_once('=').map_or(name, |(name, _)| name));
    let mut doubled = OsString::new();
    if name.is_some_and(is_long) {
        doubled.push("-");
    }
    doubled.push(word);
    doubled
}

/// An `impasto stylize` command, and notes about the translation.
struct Translation {
    words: Vec<OsString>,
    notes: Vec<String>,
}

impl Translation {
    /// Begins a command with the pictures and the preset. Pictures are resized as in those programs.
    fn new(content: &str, styles: &[String], output: &str, preset: &str) -> Translation {
        let mut new = Translation { words: Vec::new(), notes: Vec::new() };
        new.words.extend(["impasto".into(), "stylize".into(), file(content)]);
        new.words.extend(styles.iter().map(|style| file(style)));
        new.words.extend(["-o".into(), file(output)]);
        new.option("--preset", preset);
        new.option("--resize", "gamma");
        new
    }

    fn option(&mut self, name: &str, value: impl Display) {
        self.words.extend([name.into(), value.to_string().into()]);
    }

    /// Adds an option like [`option`](Translation::option), if there is a value.
    fn given(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.option(name, value);
        }
    }

    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

/// Returns a file name that cannot be taken for an option.
fn file(name: &str) -> OsString {
    if name.starts_with('-') && name != "-" { format!("./{name}").into() } else { name.into() }
}

/// Returns the numbers separated by commas.
fn list(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(",")
}

fn refused(option: &str, why: &str, hint: &str) -> Failure {
    Failure::bad_input(format!("{option}: {why}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_options_get_a_second_dash() {
        for (word, expected) in [
            ("-style_image", "--style_image"),
            ("-gpu=-1", "--gpu=-1"),
            ("-sw", "--sw"),
            ("-s", "-s"),
            ("-s512", "-s512"),
            ("-1", "-1"),
            ("-1e-3", "-1e-3"),
            ("--pt", "--pt"),
            ("-", "-"),
            ("picture.jpg", "picture.jpg"),
            ("-.5", "-.5"),
        ] {
            assert_eq!(doubled(word.as_ref()), expected);
        }
    }
}
