//! Values that an option does not take: what it takes, and how the value is written.

use std::error::Error;

use clap::error::{ContextKind, ContextValue};

use super::errors::text;
use crate::failure::Failure;

/// Options that take numbers, what they take, and an example.
const NUMBERS: [(&str, &str, &str); 6] = [
    ("--size", "a whole number of pixels above 0", "--size 1024 makes a long edge of 1024 pixels"),
    ("--strength", "a number from 0 to 1", "such as --strength 0.6; 0 is the content, 1 all of the style"),
    ("--stroke-size", "a number from 0.1 to 4", "such as --stroke-size 0.7 for finer strokes"),
    ("--feather", "a number from 0 to 0.25", "such as --feather 0.03"),
    (
        "--quality",
        "a whole number from 1 to 100",
        "such as --quality 95, for JPEG; the amount of work is --effort draft, normal or fine",
    ),
    ("--iterations", "a whole number, or one for each scale", "such as --iterations 200"),
];

/// A value that cannot be read.
pub(super) fn unread(error: &clap::Error) -> Option<Failure> {
    let option = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue)?;
    let reason = error.source().map(ToString::to_string)?;
    let option = option.split(' ').next().unwrap_or(&option);
    let known = NUMBERS.iter().find(|(name, ..)| *name == option);
    let usual = |plain: &str| known.map_or(plain.to_owned(), |(_, what, _)| format!("expected {what}"));
    let (reason, hint) = match reason.as_str() {
        "invalid digit found in string" => (usual("expected a whole number"), whole(option, &value)),
        "invalid float literal" => (usual("expected a number"), fraction(option, &value)),
        "cannot parse integer from empty string" => ("expected a whole number, found nothing".into(), None),
        "cannot parse float from empty string" => ("expected a number, found nothing".into(), None),
        "number too large to fit in target type" => ("the number is too large".into(), None),
        other => match other.split_once(" is not in ").and_then(|(_, range)| range.split_once("..=")) {
            Some((least, most)) => (usual(&format!("expected {least} to {most}")), None),
            None => {
                (other.to_owned(), setting(&value).filter(|_| option.starts_with('<') || option == "--style"))
            }
        },
    };
    let example = known.filter(|_| reason.starts_with("expected")).map(|(_, _, hint)| (*hint).to_owned());
    Some(failure(option, &value, &reason, hint.or(example)))
}

/// A value that is none of a few.
pub(super) fn none_of_these(error: &clap::Error) -> Option<Failure> {
    let option = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue).filter(|value| !value.is_empty())?;
    let Some(ContextValue::Strings(known)) = error.get(ContextKind::ValidValue) else { return None };
    let option = option.split(' ').next().unwrap_or(&option);
    let reason = match &known[..] {
        [first @ .., last] if !first.is_empty() => format!("expected {} or {last}", first.join(", ")),
        _ => format!("expected {}", known.join(", ")),
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    const KEEP: [&str; 8] =
        ["original", "content", "preserve", "photo", "photograph", "source", "input", "true"];
    let meant = match option {
        "--colour" if KEEP.contains(&&*value.to_ascii_lowercase()) => Some("keep"),
        _ => super::errors::nearest(&value, &known),
    };
    let hint = meant.map(|meant| match option.starts_with('-') {
        true => format!("did you mean {option} {meant}?"),
        false => format!("did you mean {meant}?"),
    });
    Some(failure(option, &value, &reason, hint))
}

fn failure(option: &str, value: &str, reason: &str, hint: Option<String>) -> Failure {
    let shown = if value.is_empty() { String::new() } else { format!(" {value}") };
    // The name of an input is in brackets, and the value is enough.
    let named =
        if option.starts_with('<') { shown.trim_start().to_owned() } else { format!("{option}{shown}") };
    let failure = Failure::bad_input(format!("{named}: {reason}"));
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// How a whole number is written.
fn whole(option: &str, value: &str) -> Option<String> {
    let edges = value.split(['x', 'X']).map(|edge| edge.trim().parse::<usize>());
    if option == "--size"
        && value.contains(['x', 'X'])
        && let Ok(edges) = edges.collect::<Result<Vec<_>, _>>()
        && let Some(long) = edges.iter().max()
    {
        return Some(format!("--size is the long edge, and the shape is the content's: --size {long}"));
    }
    let is_whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(number) = value.strip_suffix('%').map(str::trim).filter(|number| is_whole(number)) {
        return Some(match option {
            "--size" => "--size is the long edge in pixels, such as --size 512".into(),
            _ => format!("without a unit: {option} {number}"),
        });
    }
    let thousands = value.strip_suffix(['k', 'K']).filter(|number| is_whole(number));
    if let Some(number) = thousands {
        return Some(format!("in full: {option} {number}000"));
    }
    let joined = value.replace([',', '\'', '_', ' '], "");
    if joined != value && is_whole(&joined) {
        return Some(format!("without separators: {option} {joined}"));
    }
    without_unit(option, value)
}

/// How a number with a fraction is written.
fn fraction(option: &str, value: &str) -> Option<String> {
    if let Some(percent) = value.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()) {
        return Some(format!("as a fraction: {option} {}", percent / 100.0));
    }
    let pointed = value.replacen(',', ".", 1);
    if pointed != value && pointed.parse::<f64>().is_ok() {
        return Some(format!("with a point: {option} {pointed}"));
    }
    without_unit(option, value)
}

fn without_unit(option: &str, value: &str) -> Option<String> {
    let number = value.trim_end_matches(|c: char| c.is_alphabetic()).trim_end();
    (number.len() < value.len() && number.parse::<f64>().is_ok_and(|number| number > 0.0))
        .then(|| format!("without a unit: {option} {number}"))
}

/// How the settings of a style are written: `a.jpg:3` means a weight.
fn setting(value: &str) -> Option<String> {
    let (file, number) = value.rsplit_once(':')?;
    number.parse::<f64>().ok().map(|_| format!("for a weight: {file}:weight={number}"))
}
