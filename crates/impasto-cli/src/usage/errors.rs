//! Mistakes on the command line, in words that say what to type.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::words::chosen;
use super::{missing, synonyms, values};
use crate::failure::Failure;
use crate::show::quoted;

/// How alike two names must be for one to be a misspelling of the other (1: the same).
const ALIKE: f64 = 0.7;

/// Returns clap's error in our words. The help, the version and all errors that are not listed here end the process as
/// clap does it.
pub(super) fn explained(error: clap::Error, words: &[OsString]) -> Failure {
    let explained = match error.kind() {
        ErrorKind::UnknownArgument => unknown_option(&error, words),
        ErrorKind::InvalidSubcommand => unknown_command(&error, words),
        ErrorKind::MissingRequiredArgument => missing::options(&error, words),
        ErrorKind::ValueValidation => values::unread(&error),
        ErrorKind::InvalidValue => values::none_of_these(&error),
        _ => None,
    };
    explained.unwrap_or_else(|| error.exit())
}

/// The error for a long option with one dash, as neural-style has them. clap takes it for several short options.
pub(super) fn one_dash(words: &[OsString]) -> Option<Failure> {
    let root = super::command();
    let (name, command) = chosen(&root, words);
    if name.starts_with("impasto compat") {
        return None;
    }
    let is_known = |ours: &str| options(command).any(|name| name == ours);
    let one_dash = |word: &OsString| -> Option<String> {
        let text = word.to_str().filter(|text| text.len() > 3 && !text.starts_with("--"))?;
        text.strip_prefix('-').map(synonyms::plain)
    };
    let before = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut found = words[..before].iter().filter_map(|word| Some((word, one_dash(word)?)));
    let (word, plain) = found.find(|(_, name)| is_known(name) || synonyms::of(name, &is_known).is_some())?;
    let all: Vec<String> = words[..before].iter().filter_map(one_dash).collect();
    let hint = if ["content-image", "style-image"].iter().all(|name| all.iter().any(|other| other == name)) {
        let first = words.iter().position(|word| one_dash(word).is_some()).unwrap_or(1);
        let theirs: Vec<String> = words[first..].iter().map(|word| quoted(&word.to_string_lossy())).collect();
        format!("`impasto compat neural-style {}` takes the options of neural-style", theirs.join(" "))
    } else if is_known(&plain) {
        format!("with two dashes: --{plain}")
    } else {
        let hint = synonyms::of(&plain, &is_known)?;
        format!("{hint}; `impasto compat neural-style` takes the options of neural-style")
    };
    let word = word.to_string_lossy();
    Some(Failure::bad_input(format!("`{name}` has no option {word}")).hint(hint))
}

fn unknown_option(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let found = text(error, ContextKind::InvalidArg)?;
    let root = super::command();
    let (name, command) = chosen(&root, words);
    let all = format!("{name} --help");
    if !found.starts_with('-') {
        let failure = Failure::bad_input(format!("unexpected word {found}"));
        return Some(failure.hint(format!("`{all}` shows how the command is written")));
    }
    let known: Vec<&str> = options(command).collect();
    let hint = match synonyms::of(&found, &|ours| known.contains(&ours)) {
        Some(hint) => format!("{hint}; `{all}` lists all options"),
        None => match (nearest(&found, &known), elsewhere(&root, &found)) {
            (Some(near), _) => format!("did you mean --{near}? `{all}` lists all options"),
            (None, Some(other)) => format!("`impasto {other}` has it; `{all}` lists all options"),
            (None, None) => format!("`{all}` lists all options"),
        },
    };
    Some(Failure::bad_input(format!("`{name}` has no option {found}")).hint(hint))
}

/// Another command that has the option.
fn elsewhere<'a>(root: &'a Command, option: &str) -> Option<&'a str> {
    let name = option.strip_prefix("--")?;
    root.get_subcommands().find(|command| options(command).any(|other| other == name)).map(Command::get_name)
}

fn unknown_command(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let found = text(error, ContextKind::InvalidSubcommand)?;
    if let Some(failure) = missing::command(&found, words) {
        return Some(failure);
    }
    let command = super::command();
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let meant = synonyms::command(&found).filter(|name| names.contains(name));
    let hint = match meant.or_else(|| nearest(&found, &names)) {
        Some(near) => format!("did you mean `impasto {near}`?"),
        None => "`impasto --help` lists the commands".to_owned(),
    };
    Some(Failure::bad_input(format!("no command {found}")).hint(hint))
}

pub(super) fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn options(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter_map(|arg| arg.get_long())
}

/// The name that the word is a misspelling of.
pub(super) fn nearest<'a>(found: &str, names: &[&'a str]) -> Option<&'a str> {
    let found = synonyms::plain(found);
    let alike = names.iter().map(|name| (strsim::normalized_damerau_levenshtein(&found, name), *name));
    let best = alike.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= ALIKE).then_some(best.1)
}
