//! The recipe that travels with a picture: the options of its run, complete, and what it was made from. `impasto show` prints it,
//! `impasto stylize --like` repeats it.
//!
//! It says nothing that would make two equal runs differ (no time, no threads), and of files only their names and digests:
//! folders are nobody else's business.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use impasto::Session;
use impasto::image::{Limits, open_within};
use serde_json::{Map, Value, json};

use crate::args::StylizeArgs;
use crate::failure::Failure;
use crate::inputs::Input;
use crate::options::RunArgs;
use crate::results::OutputArgs;

/// What the text begins with: other programs' recipes are of no use here.
const PROGRAM: &str = "impasto";

/// The recipe of a run.
pub(crate) fn of(
    run: &RunArgs,
    result: &OutputArgs,
    content: &Input,
    styles: &[Input],
    session: &Session,
) -> String {
    let mut run = run.clone();
    run.threads = None;
    run.init = run.init.as_deref().map(name_if_file).map(Into::into);
    run.objective.model = name_if_file(Path::new(&run.objective.model));
    let encoder = session.encoder();
    let file = |input: &Input| json!({ "name": name_of(&input.path), "sha256": input.sha256() });
    json!({
        PROGRAM: env!("CARGO_PKG_VERSION"),
        "content": file(content),
        "styles": styles.iter().map(file).collect::<Vec<_>>(),
        "encoder": { "name": name_if_file(Path::new(&encoder.name)), "family": encoder.family, "sha256": encoder.sha256 },
        "options": { "run": run, "result": result },
        "recipe": session.recipe(),
        "scales": session.scales(),
        "instruction_set": session.instruction_set(),
    })
    .to_string()
}

/// The last part of a path.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Names of encoders and of ways to begin are no files.
fn name_if_file(path: &Path) -> String {
    if path.is_file() { name_of(path) } else { path.to_string_lossy().into_owned() }
}

/// The recipe that a picture carries.
///
/// # Errors
/// None there, or one of another program.
pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Map<String, Value>, Failure> {
    let text = open_within(path, limits)?.metadata.recipe;
    let value = text.and_then(|text| serde_json::from_str(&text).ok());
    match value {
        Some(Value::Object(recipe)) if recipe.contains_key(PROGRAM) => Ok(recipe),
        _ => Err(Failure::bad_input(format!("{}: the picture carries no recipe", path.display())).hint(
            "impasto writes one into PNG, JPEG, TIFF, WebP and OpenEXR; other programs may drop it, and \
             --no-metadata leaves it out",
        )),
    }
}

/// The options of the picture that `--like` names, where those given do not say otherwise, and what is to be said about it.
pub(crate) fn like(
    mut args: StylizeArgs,
    matches: &ArgMatches,
) -> Result<(StylizeArgs, Vec<String>), Failure> {
    let Some(path) = args.like.take() else { return Ok((args, Vec::new())) };
    let about = |failure: Failure| failure.about("--like");
    let recipe = read(&path, &args.input.limits()?).map_err(about)?;
    let mut notes = Vec::new();
    let version = recipe[PROGRAM].as_str().unwrap_or("another version");
    if version != env!("CARGO_PKG_VERSION") {
        notes.push(format!(
            "note: {} was made by impasto {version}; what is not an option may differ",
            path.display()
        ));
    }
    let broken = |reason: String| {
        about(Failure::bad_input(format!("{}: its recipe is damaged: {reason}", path.display())))
    };
    let mut all = serde_json::to_value(&args).map_err(|error| Failure::bug(error.to_string()))?;
    let options =
        recipe.get("options").and_then(Value::as_object).ok_or_else(|| broken("no options".into()))?;
    let given = |name: &str| {
        let known = matches.ids().any(|id| id.as_str() == name);
        known && matches.value_source(name) == Some(ValueSource::CommandLine)
    };
    overlay(&mut all, options, &given).map_err(broken)?;
    let args: StylizeArgs = serde_json::from_value(all).map_err(|error| broken(error.to_string()))?;
    if let Some(sha256) = recipe.get("encoder").and_then(|encoder| encoder["sha256"].as_str())
        && !given("model")
        && impasto::encoder::open(&args.run.objective.model)?.provenance().sha256 != sha256
    {
        notes.push(format!(
            "note: {} was made with other weights than {}",
            path.display(),
            args.run.objective.model
        ));
    }
    Ok((args, notes))
}

/// Takes options from `from`, but for those that were given.
fn overlay(into: &mut Value, from: &Map<String, Value>, given: &dyn Fn(&str) -> bool) -> Result<(), String> {
    for (name, value) in from {
        let Some(place) = into.get_mut(name) else {
            return Err(format!("there is no option {name}"));
        };
        match value {
            Value::Object(inside) if place.is_object() => overlay(place, inside, given)?,
            _ if given(name) => {}
            _ => *place = value.clone(),
        }
    }
    Ok(())
}
