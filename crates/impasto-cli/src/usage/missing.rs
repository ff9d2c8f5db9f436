//! A command line that lacks something: an output, the styles of a batch, the command. The hint is the whole command line.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::{ContextKind, ContextValue};

use super::words::{alone, chosen, is_film, is_picture};
use crate::failure::Failure;
use crate::show::quoted;

/// The error for options that are required.
pub(super) fn options(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let missing = match error.get(ContextKind::InvalidArg)? {
        ContextValue::Strings(names) => names.clone(),
        ContextValue::String(name) => vec![name.clone()],
        _ => return None,
    };
    let lacks = |option: &str| missing.iter().any(|name| name.split(' ').next() == Some(option));
    let (output, style) = (lacks("--output"), lacks("--style"));
    let (name, _) = chosen(&super::command(), words);
    if missing.len() != usize::from(output) + usize::from(style) || (style && name != "impasto batch") {
        return None;
    }
    let message = if style { "no style is named" } else { "no output is named" };
    Some(Failure::bad_input(message).hint(format!("`{}`", completed(words, style, output))))
}

/// The error for pictures without a command.
pub(super) fn command(first: &str, words: &[OsString]) -> Option<Failure> {
    let command = match Path::new(first) {
        folder if folder.is_dir() => "batch",
        film if is_film(film.as_os_str()) => "video",
        picture if is_picture(picture.as_os_str()) => "stylize",
        _ => return None,
    };
    let mut words = words.to_vec();
    words.insert(1, command.into());
    let gives = |options: [&str; 2]| words.iter().any(|word| options.iter().any(|option| word == option));
    let (style, output) = (command == "batch" && !gives(["--style"; 2]), !gives(["-o", "--output"]));
    let hint = format!("`{}` repaints", completed(&words, style, output));
    Some(Failure::bad_input("no command before the pictures").hint(hint))
}

/// The command with what it lacks: `--style` and an output.
fn completed(words: &[OsString], lacks_style: bool, lacks_output: bool) -> String {
    let mut words = words.to_vec();
    let command = super::command();
    let (name, _) = chosen(&command, &words);
    let name = name.trim_start_matches("impasto ");
    if lacks_style {
        match alone(&command, &words)[..] {
            // The last of several was meant as the style.
            [_, .., last] => words.insert(last, "--style".into()),
            _ => words.extend(["--style".into(), "painting.jpg".into()]),
        }
    }
    if lacks_output {
        let alone = alone(&command, &words);
        match alone.last().filter(|last| alone.len() > inputs(name) && is_output(name, &words[**last])) {
            Some(last) => words.insert(*last, "-o".into()),
            None => {
                let output = output(name, alone.first().map(|first| &*words[*first]), &words);
                words.extend(["-o".into(), output.into()]);
            }
        }
    }
    words[0] = "impasto".into();
    let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    words.join(" ")
}

/// The least number of inputs of a command. A further one may be meant as the output.
fn inputs(command: &str) -> usize {
    match command {
        "texture" => 1,
        "batch" => usize::MAX,
        _ => 2,
    }
}

/// Whether an input of a command was meant as its output: it is not there, or is called like one.
fn is_output(command: &str, word: &OsStr) -> bool {
    let fits = match command {
        "video" | "deflicker" => is_film(word) || word.to_string_lossy().contains('%'),
        _ => is_picture(word),
    };
    let path = Path::new(word);
    let is_called =
        path.file_stem().is_some_and(|stem| ["out", "output", "result"].iter().any(|name| stem == *name));
    fits && (is_called || !path.exists())
}

/// A name for the output of a command, which none of the words has.
fn output(command: &str, content: Option<&OsStr>, words: &[OsString]) -> String {
    let content = content.map(Path::new).unwrap_or(Path::new("film.mp4"));
    let is_film = !content.is_dir() && !content.to_string_lossy().contains(['%', '*']);
    match command {
        "batch" => "results".into(),
        "video" | "deflicker" if !is_film => "painted/%04d.png".into(),
        "deflicker" => "steady.mp4".into(),
        "video" => {
            let stem = content.file_stem().unwrap_or_default().to_string_lossy();
            format!("{stem}-painted.mp4")
        }
        _ => {
            let is_free = |name: &&str| words.iter().all(|word| word != *name);
            ["out.png", "out2.png"].into_iter().find(is_free).unwrap_or("result.png").into()
        }
    }
}
