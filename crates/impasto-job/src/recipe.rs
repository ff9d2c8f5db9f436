//! The recipe that a picture carries: the complete options of its run, and the files it was made from. `from_recipe.rs`
//! reads it to repeat the run. A sheet carries one for all of its pictures (`of_sheet.rs`).
//!
//! Equal runs have equal recipes, so a recipe contains no time and no number of threads. It identifies files only by
//! name and digest, because the names of folders are private.

mod of_sheet;

use std::path::Path;
use std::time::Duration;

use impasto::image::{Limits, read_recipe};
use impasto::{Keep, Session};
use serde_json::{Map, Value, json};

use crate::JobError;
use crate::inputs::{Input, Inputs};
use crate::spec::{OutputSpec, RegionSpec, RunSpec};
use crate::transfer::Asked;

pub(crate) use of_sheet::of_sheet;
pub use of_sheet::{labels, picture};

/// The key that marks a recipe of this program; the recipes of other programs cannot be used.
pub const PROGRAM: &str = "impasto";

/// Returns the recipe of a run. For a run with limited time it states the actual iterations in place of the limit, so
/// that the same picture can be made again.
pub(crate) fn of(asked: &Asked<'_>, result: &OutputSpec, inputs: &Inputs, session: &Session) -> String {
    let (mut run, mut result) = (shared(asked.run), result.clone());
    let done = session.iterations_done();
    if (run.time.is_some() || session.is_hurried())
        && done.len() == session.scales().len()
        && done.last() != Some(&0)
    {
        (run.time, run.first_iterations, run.iterations) = (None, None, Some(done));
    }
    // A run that is repeated from this recipe must not publish the location of another content.
    result.keep_gps = false;
    let encoder = session.encoder();
    let mut recipe = files(asked, inputs);
    recipe["texture"] = json!(asked.texture);
    recipe["encoder"] = json!({
        "name": name_if_file(Path::new(&encoder.name)),
        "family": encoder.family,
        "sha256": encoder.sha256,
    });
    recipe["options"] = json!({ "run": run, "regions": named(asked.regions), "result": result });
    recipe["recipe"] = json!(session.recipe());
    recipe["scales"] = json!(session.scales());
    recipe["instruction_set"] = json!(session.instruction_set());
    recipe.to_string()
}

/// Returns the options of a run as a recipe states them: without the number of threads and without folders.
fn shared(run: &RunSpec) -> RunSpec {
    let mut run = run.clone();
    (run.threads, run.device) = (None, None);
    run.init = run.init.as_deref().map(name_if_file).map(Into::into);
    run.objective.model = name_if_file(Path::new(&run.objective.model));
    run
}

/// Returns the options of regions without folders.
fn named(regions: &RegionSpec) -> RegionSpec {
    let mut regions = regions.clone();
    regions.files_mut().for_each(|path| *path = name_of(path).into());
    regions
}

/// Returns the part of a recipe that identifies the program and the files.
fn files(asked: &Asked<'_>, inputs: &Inputs) -> Value {
    let Inputs { content, styles, init, masks } = inputs;
    let file = |input: &Input| json!({ "name": name_of(&input.path), "sha256": input.sha256() });
    json!({
        PROGRAM: env!("CARGO_PKG_VERSION"),
        "content": content.is_file().then(|| file(content)),
        "styles": styles.iter().zip(asked.styles).enumerate().map(|(index, (style, given))| {
            let mut object = file(style);
            given.settings().for_each(|(name, value)| object[name] = value);
            if let Some(mask) = masks.of_style(index) {
                object["mask"] = file(mask);
            }
            object
        }).collect::<Vec<_>>(),
        "init": init.as_ref().map(file),
        "masks": masks.of_content().iter().map(file).collect::<Vec<_>>(),
        "protect": masks.protect().map(file),
    })
}

/// Returns the recipe of the same run, whose result is written with other options.
pub(crate) fn writing(recipe: &str, result: &OutputSpec) -> String {
    let result = OutputSpec { keep_gps: false, ..result.clone() };
    changed(recipe, |recipe| recipe["options"]["result"] = json!(result))
}

/// Returns the recipe of the run that keeps another iterate.
pub(crate) fn keeping(recipe: &str, keep: Keep) -> String {
    changed(recipe, |recipe| {
        recipe["recipe"]["keep"] = json!(keep);
        recipe["options"]["run"]["keep"] = json!(keep.to_string());
    })
}

/// Returns the iterate that a recipe keeps.
pub fn kept(recipe: &str) -> Option<Keep> {
    let recipe: Value = serde_json::from_str(recipe).ok()?;
    serde_json::from_value(recipe.pointer("/recipe/keep")?.clone()).ok()
}

/// Returns a recipe with a change. Texts that are no recipe stay.
fn changed(recipe: &str, change: impl FnOnce(&mut Value)) -> String {
    match serde_json::from_str::<Value>(recipe) {
        Ok(mut value) if value.is_object() => {
            change(&mut value);
            value.to_string()
        }
        _ => recipe.to_owned(),
    }
}

/// Returns the last part of a path.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Returns the last part of a path to a file. Other texts (the name of an encoder or of an initial picture) stay.
fn name_if_file(path: &Path) -> String {
    if path.is_file() { name_of(path) } else { path.to_string_lossy().into_owned() }
}

/// The limits for results whose recipe is read. They may be larger than inputs, because only their texts are read.
pub const OF_RESULTS: Limits =
    Limits { file: 4_000_000_000, time: Some(Duration::from_secs(60)), ..Limits::NONE };

/// Returns the recipe that a picture carries, as JSON.
///
/// # Errors
/// When the file cannot be read, or carries no recipe of this program.
pub fn read(path: &Path, limits: &Limits) -> Result<Map<String, Value>, JobError> {
    let value = read_recipe(path, limits)?.and_then(|text| serde_json::from_str(&text).ok());
    match value {
        Some(Value::Object(recipe)) if recipe.contains_key(PROGRAM) => Ok(recipe),
        _ => Err(JobError::bad_input(format!("{}: the picture carries no recipe", path.display())).hint(
            "impasto writes one into PNG, JPEG, TIFF, WebP and OpenEXR; other programs may drop it, and \
             `no_metadata` leaves it out",
        )),
    }
}
