//! Mistakes on the command line, in words that say what to type.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::synonyms;
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
        ErrorKind::MissingRequiredArgument => missing(&error, words),
        ErrorKind::ValueValidation => wrong_value(&error),
        _ => None,
    };
    explained.unwrap_or_else(|| error.exit())
}

fn unknown_option(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let found = text(error, ContextKind::InvalidArg)?;
    let command = super::command();
    let (name, command) = chosen(&command, words);
    let all = format!("{name} --help");
    if !found.starts_with('-') {
        let failure = Failure::bad_input(format!("unexpected word {found}"));
        return Some(failure.hint(format!("`{all}` shows how the command is written")));
    }
    let options: Vec<&str> = options(command).collect();
    let known = |ours: &str| ours.is_empty() || options.contains(&ours);
    let hint = match synonyms::of(&found).filter(|(ours, _)| known(ours)) {
        Some((_, hint)) => format!("{hint}; `{all}` lists all options"),
        None => match nearest(&found, &options) {
            Some(near) => format!("did you mean --{near}? `{all}` lists all options"),
            None => format!("`{all}` lists all options"),
        },
    };
    Some(Failure::bad_input(format!("`{name}` has no option {found}")).hint(hint))
}

fn unknown_command(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let found = text(error, ContextKind::InvalidSubcommand)?;
    if is_picture(OsStr::new(&found)) {
        let pictures: Vec<String> = words[1..].iter().map(|word| quoted(&word.to_string_lossy())).collect();
        let output =
            if words.iter().any(|word| word == "-o" || word == "--output") { "" } else { " -o out.png" };
        let command = format!("impasto stylize {}{output}", pictures.join(" "));
        return Some(
            Failure::bad_input("no command before the pictures").hint(format!("`{command}` repaints")),
        );
    }
    let command = super::command();
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let hint = match nearest(&found, &names) {
        Some(near) => format!("did you mean `impasto {near}`?"),
        None => "`impasto --help` lists the commands".to_owned(),
    };
    Some(Failure::bad_input(format!("no command {found}")).hint(hint))
}

/// A missing output. If the last picture does not exist, it was meant as the output.
fn missing(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let missing = match error.get(ContextKind::InvalidArg)? {
        ContextValue::Strings(names) => names.clone(),
        ContextValue::String(name) => vec![name.clone()],
        _ => return None,
    };
    let [only] = &missing[..] else { return None };
    if !only.starts_with("--output") {
        return None;
    }
    let mut all: Vec<OsString> = words[1..].to_vec();
    let last = all.len().checked_sub(1).filter(|&last| {
        let pictures = all[1..].iter().filter(|word| is_picture(word)).count();
        pictures > 1 && is_picture(&all[last]) && !Path::new(&all[last]).exists()
    });
    match last {
        Some(last) => all.insert(last, "-o".into()),
        None => all.extend(["-o".into(), "out.png".into()]),
    }
    let command: Vec<String> = all.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    Some(Failure::bad_input("no output is named").hint(format!("`impasto {}`", command.join(" "))))
}

fn wrong_value(error: &clap::Error) -> Option<Failure> {
    let option = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue)?;
    let reason = error.source().map(ToString::to_string)?;
    let option = option.split(' ').next().unwrap_or(&option);
    let reason = match reason.as_str() {
        "invalid digit found in string" => "expected a whole number",
        "cannot parse integer from empty string" => "expected a whole number, found nothing",
        "invalid float literal" => "expected a number",
        "cannot parse float from empty string" => "expected a number, found nothing",
        "number too large to fit in target type" => "the number is too large",
        other => other,
    };
    let shown = if value.is_empty() { String::new() } else { format!(" {value}") };
    let failure = Failure::bad_input(format!("{option}{shown}: {reason}"));
    Some(match advice(option, &value) {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

/// Returns advice on numbers with units.
fn advice(option: &str, value: &str) -> Option<String> {
    let edges = value.split(['x', 'X']).map(|edge| edge.trim().parse::<usize>());
    if option == "--size"
        && let Ok(edges) = edges.collect::<Result<Vec<_>, _>>()
        && let Some(long) = edges.iter().max()
    {
        return Some(format!("--size is the long edge, and the shape is the content's: --size {long}"));
    }
    if let Some(percent) = value.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()) {
        return Some(format!("as a fraction: {option} {}", percent / 100.0));
    }
    let number = value.trim_end_matches(|c: char| c.is_alphabetic());
    (number.len() < value.len() && number.parse::<f64>().is_ok())
        .then(|| format!("without a unit: {option} {number}"))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The command that the words choose, with its full name.
fn chosen<'a>(mut command: &'a Command, words: &[OsString]) -> (String, &'a Command) {
    let mut name = command.get_name().to_owned();
    for word in words.iter().skip(1) {
        let Some(inner) = command.find_subcommand(word) else { continue };
        name = format!("{name} {}", inner.get_name());
        command = inner;
    }
    (name, command)
}

fn options(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter_map(|arg| arg.get_long())
}

fn nearest<'a>(found: &str, names: &[&'a str]) -> Option<&'a str> {
    let found = found.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    let found = found.split('=').next().unwrap_or_default();
    let alike = names.iter().map(|name| (strsim::normalized_damerau_levenshtein(found, name), *name));
    let best = alike.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= ALIKE).then_some(best.1)
}

/// Whether a word is the name of a picture.
fn is_picture(word: &OsStr) -> bool {
    const ENDINGS: [&str; 14] = [
        "avif", "bmp", "exr", "gif", "heic", "jpeg", "jpg", "jxl", "png", "qoi", "tga", "tif", "tiff", "webp",
    ];
    let ending = Path::new(word).extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}
