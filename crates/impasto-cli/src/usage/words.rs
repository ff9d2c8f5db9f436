//! The words of a command line: which of them stand alone, and what the names of files mean.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};
use impasto::image::Ending;

/// The command that the words choose, with its full name.
pub(super) fn chosen<'a>(mut command: &'a Command, words: &[OsString]) -> (String, &'a Command) {
    let mut name = command.get_name().to_owned();
    for word in words.iter().skip(1) {
        let Some(inner) = command.find_subcommand(word) else { continue };
        name = format!("{name} {}", inner.get_name());
        command = inner;
    }
    (name, command)
}

/// The indices of the words that stand alone: neither names of commands, nor options, nor values of options.
pub(super) fn alone(mut command: &Command, words: &[OsString]) -> Vec<usize> {
    let mut alone = Vec::new();
    // The values that the last option may still take.
    let mut values = 0;
    let mut has_options = true;
    for (index, word) in words.iter().enumerate().skip(1) {
        let text = word.to_string_lossy();
        if has_options && text == "--" {
            has_options = false;
        } else if has_options && text.len() > 1 && text.starts_with('-') && text.parse::<f64>().is_err() {
            values = values_of(command, &text);
        } else if values > 0 && has_options {
            values -= 1;
        } else if let Some(inner) = command.find_subcommand(word).filter(|_| alone.is_empty()) {
            command = inner;
        } else {
            alone.push(index);
        }
    }
    alone
}

/// The most words after an option that are its values.
fn values_of(command: &Command, option: &str) -> usize {
    if option.contains('=') {
        return 0;
    }
    let long = option.strip_prefix("--");
    let is_meant = |arg: &&Arg| match long {
        Some(name) => {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
        }
        None => arg.get_short().is_some_and(|short| option[1..] == short.to_string()),
    };
    match command.get_arguments().find(is_meant) {
        Some(arg) if arg.get_action().takes_values() => {
            arg.get_num_args().map_or(1, |range| range.max_values())
        }
        _ => 0,
    }
}

/// Whether a word is the name of a picture.
pub(super) fn is_picture(word: &OsStr) -> bool {
    Ending::of(word) == Some(Ending::Picture)
}

/// Whether a word is the name of a film.
pub(super) fn is_film(word: &OsStr) -> bool {
    Ending::of(word) == Some(Ending::Film)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_options_do_not_stand_alone() {
        let alone = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let found = alone(&crate::usage::command(), &words);
            found.into_iter().map(|at| words[at].to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(alone("impasto stylize a --size 64 b --half -o c d"), ["a", "b", "d"]);
        assert_eq!(alone("impasto stylize a --size=64 b --color keep --none c"), ["a", "b", "c"]);
        assert_eq!(alone("impasto batch a b --style c d -o e"), ["a", "b"]);
        assert_eq!(alone("impasto models show stylize"), ["stylize"]);
        assert_eq!(alone("impasto stylize -- a -o b"), ["a", "-o", "b"]);
    }
}
