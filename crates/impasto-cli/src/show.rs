//! `impasto show`: prints the recipe that a picture carries, and the command that repeats its run. Without `--all` it
//! is a summary. A sheet has a command for each of its pictures.

use std::path::Path;

use impasto_job::recipe;
use impasto_job::spec::{NAMES, StylizeSpec, text_of};
use serde_json::{Map, Value};

use crate::args::ShowArgs;
use crate::failure::Failure;
use crate::output::{line, printable};

pub(crate) fn run(args: ShowArgs) -> Result<(), Failure> {
    let recipe = recipe::read(&args.picture, &args.input.limits_from(recipe::OF_RESULTS)?)?;
    if args.json {
        let text = serde_json::to_string_pretty(&recipe).map_err(|error| Failure::bug(error.to_string()))?;
        return line(&text);
    }
    let labels = recipe::labels(&recipe);
    if labels.is_empty() {
        line(&printable(&command(&recipe)))?;
    }
    for (number, label) in (1..).zip(&labels) {
        line(&printable(&format!("# {number}: {label}")))?;
        line(&printable(&command(&recipe::picture(&recipe, number)?)))?;
    }
    line("")?;
    let mut lines = if args.all { Vec::new() } else { summary(&recipe, &args.picture) };
    if args.all {
        flatten("", &Value::Object(recipe), &mut lines);
    }
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().try_for_each(|(name, value)| line(&printable(&format!("{name:<width$}  {value}"))))
}

/// Lists the facts that most readers want: program, files, encoder, size, iterations.
fn summary(recipe: &Map<String, Value>, picture: &Path) -> Vec<(String, String)> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let name = |file: &Value| file["name"].as_str().map(str::to_owned);
    let names = |files: &[Value]| Some(files.iter().filter_map(name).collect::<Vec<_>>().join(", "));
    let of = |key: &str| recipe.get(key).and_then(name);
    let scales = list(recipe.get("scales"));
    let size = scales.last().map(|scale| format!("{}x{}", text(&scale["width"]), text(&scale["height"])));
    let iterations: u64 = scales.iter().filter_map(|scale| scale["iterations"].as_u64()).sum();
    let run = recipe.get("options").map(|options| &options["run"]);
    let facts = [
        ("made by", recipe.get(recipe::PROGRAM).map(|version| format!("impasto {}", text(version)))),
        ("content", of("content")),
        ("styles", names(&list(recipe.get("styles")))),
        ("masks", names(&list(recipe.get("masks")))),
        ("protected", of("protect")),
        ("encoder", of("encoder")),
        ("preset", run.and_then(|run| run["objective"]["preset"].as_str()).map(str::to_owned)),
        ("size", size),
        ("iterations", iterations_at(iterations, scales.len())),
        ("everything", Some(format!("impasto show --all {}", quoted(&picture.to_string_lossy())))),
    ];
    let given = facts.into_iter().filter_map(|(fact, value)| Some((fact.to_owned(), value?)));
    given.filter(|(_, value)| !value.is_empty()).collect()
}

/// States the iterations of all scales together; a sheet has none.
fn iterations_at(iterations: u64, scales: usize) -> Option<String> {
    match scales {
        0 => None,
        1 => Some(format!("up to {iterations}")),
        scales => Some(format!("up to {iterations}, at {scales} sizes")),
    }
}

/// Lists every value with its path in the tree. A list of plain values is one line.
fn flatten(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    let below = |inner: &str| if name.is_empty() { inner.to_owned() } else { format!("{name}.{inner}") };
    match value {
        Value::Null => {}
        Value::Object(inside) => {
            inside.iter().for_each(|(inner, value)| flatten(&below(inner), value, lines));
        }
        Value::Array(inside) if inside.iter().any(Value::is_object) => {
            inside
                .iter()
                .enumerate()
                .for_each(|(i, value)| flatten(&below(&(i + 1).to_string()), value, lines));
        }
        plain => lines.push((name.to_owned(), text(plain))),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Returns the command, with the options that differ from their defaults.
fn command(recipe: &Map<String, Value>) -> String {
    let name = |file: &Value| match file["name"].as_str().unwrap_or("FILE") {
        // `-` is standard input, and may have settings. Other names that begin with a dash would be taken for options.
        "-" => "/dev/stdin".to_owned(),
        name if name.starts_with('-') => quoted(&format!("./{name}")),
        name => quoted(name),
    };
    let texture = recipe.get("texture").filter(|texture| texture.is_object());
    let mut words = vec![format!("impasto {}", if texture.is_some() { "texture" } else { "stylize" })];
    words.extend(recipe.get("content").filter(|_| texture.is_none()).map(name));
    for style in recipe.get("styles").and_then(Value::as_array).into_iter().flatten() {
        let given = NAMES.map(|setting| Some(format!("{setting}={}", text_of(&style[setting])?)));
        let settings: Vec<String> = given.into_iter().flatten().collect();
        let settings = if settings.is_empty() { String::new() } else { format!(":{}", settings.join(",")) };
        words.push(name(style) + &if settings.is_empty() { settings } else { quoted(&settings) });
    }
    words.push("-o OUT".into());
    if let Some(texture) = texture {
        words.push(format!("--size {}x{}", texture["width"], texture["height"]));
        words.extend(texture["seamless"].as_bool().filter(|seamless| *seamless).map(|_| "--seamless".into()));
    }
    let standard = StylizeSpec::new("c".into(), Vec::new(), "o".into());
    let standard = serde_json::to_value(standard).unwrap_or_default();
    if let Some(options) = recipe.get("options").and_then(Value::as_object) {
        differences(options, &standard, &mut words);
    }
    words.join(" ")
}

/// Adds the options that differ from their defaults. Unknown options are skipped, because a recipe may hold anything.
fn differences(options: &Map<String, Value>, standard: &Value, words: &mut Vec<String>) {
    for (name, value) in options {
        let Some(standard) = standard.get(name) else { continue };
        let option = format!("--{}", name.replace('_', "-"));
        match value {
            Value::Object(inside) => differences(inside, standard, words),
            same if same == standard => {}
            Value::Bool(true) => words.push(option),
            Value::Null | Value::Bool(false) => {}
            // The option is given once for each file.
            Value::Array(files) if name == "mask" => {
                words.extend(files.iter().map(|file| format!("{option} {}", quoted(&text(file)))));
            }
            other => words.push(format!("{option} {}", quoted(&text(other)))),
        }
    }
}

/// Quotes a word for a shell, if necessary.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,+=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let recipe = json!({
            "content": { "name": "my photo.jpg" },
            "styles": [{ "name": "it's.png" }, { "name": "--report=x" }],
            "options": { "run": {
                "size": 300,
                "half": true,
                "seed": 0,
                "objective": { "preset": "gatys", "style_weights": [1.0, 2.5] },
                "magic; rm x": 5,
            } },
        });
        let Value::Object(recipe) = recipe else { unreachable!() };
        assert_eq!(
            command(&recipe),
            "impasto stylize 'my photo.jpg' 'it'\\''s.png' ./--report=x -o OUT --half --preset gatys \
             --style-weights 1.0,2.5 --size 300"
        );
    }
}
