//! `like`: takes the options of a run from the recipe of a picture.
//!
//! The picture may come from a stranger. So only options that affect the picture are taken from its recipe: no name of
//! a file that is written, no limit, and no path.

use std::path::Path;

use impasto::image::Format;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::JobError;
use crate::encoding::{depth_of, same_file};
use crate::naming::name_stylized;
use crate::recipe::{self, OF_RESULTS, PROGRAM, read};
use crate::spec::{ColourKind, NAMES, ProfileKind, StylizeSpec, text_of};
use crate::text::printable;

/// A job with the options of an earlier run.
pub struct FromRecipe {
    /// The job.
    pub spec: StylizeSpec,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// SHA-256 of the weights of the earlier run, unless another model was given.
    pub weights: Option<String>,
}

/// Returns the job with the options of the picture at `path`. Options that were given stay; `given` tells for a name
/// whether the option was.
///
/// # Errors
/// When the picture carries no recipe, or a recipe that is damaged or names files in other folders.
pub fn like(spec: StylizeSpec, path: &Path, given: &dyn Fn(&str) -> bool) -> Result<FromRecipe, JobError> {
    like_cell(spec, path, None, given)
}

/// Like [`like`]. With a `cell`, the picture is a sheet, and the options are those of its picture with this number,
/// from 1 on, row by row. The size of that picture is not taken.
///
/// # Errors
/// As [`like`], and when the picture is no sheet, has no such cell, or is a sheet and no cell was given.
pub fn like_cell(
    mut spec: StylizeSpec,
    path: &Path,
    cell: Option<usize>,
    given: &dyn Fn(&str) -> bool,
) -> Result<FromRecipe, JobError> {
    name_stylized(&mut spec);
    let limits = spec.input.limits_from(OF_RESULTS)?;
    let recipe = read(path, &limits).and_then(|recipe| of_cell(recipe, cell));
    let recipe = recipe.map_err(|failure| failure.about("`like`"))?;
    let report = spec.report.as_deref().map(|report| ("report", report));
    if let Some((option, _)) = spec.side_outputs.files().chain(report).find(|(_, file)| same_file(file, path))
    {
        return Err(JobError::bad_input(format!(
            "`{option}` and `like` name the same file, {}",
            path.display()
        )));
    }
    like_recipe(spec, &path.display().to_string(), &recipe, given)
}

/// Returns the job with the options of a recipe, which the picture `name` carries. See [`like`].
///
/// # Errors
/// When the recipe is damaged or names files in other folders.
pub fn like_recipe(
    mut spec: StylizeSpec,
    name: &str,
    recipe: &Map<String, Value>,
    given: &dyn Fn(&str) -> bool,
) -> Result<FromRecipe, JobError> {
    // `none` in place of a file leaves the masks of the recipe out.
    let no_masks = spec.regions.switches_off_masks();
    let mut notes = Vec::new();
    let version = recipe.get(PROGRAM).and_then(Value::as_str).unwrap_or("another version");
    if version != env!("CARGO_PKG_VERSION") {
        let version = printable(version);
        notes.push(format!("note: {name} was made by impasto {version}; this version may paint differently"));
    }
    let broken = |reason: &str| {
        JobError::bad_input(format!("`like`: {name}: its recipe is damaged: {}", printable(reason)))
    };
    let options = recipe.get("options").and_then(Value::as_object).ok_or_else(|| broken("no options"))?;
    for (kind, inside) in options {
        let inside = inside.as_object().ok_or_else(|| broken("its options are not an object"))?;
        match kind.as_str() {
            "run" => spec.run = overlaid(&spec.run, inside, given).map_err(|error| broken(&error))?,
            "regions" => {
                spec.regions = overlaid(&spec.regions, inside, given).map_err(|error| broken(&error))?
            }
            "result" => {
                spec.result = overlaid(&spec.result, inside, given).map_err(|error| broken(&error))?
            }
            other => return Err(broken(&format!("unknown options {other}"))),
        }
    }
    if !given("style_weights") && spec.style.iter().any(|style| style.weight.is_some()) {
        spec.run.objective.style_weights = None;
    }
    if !given("colour_map") && spec.run.colour != ColourKind::Match {
        spec.run.colour_map = None;
    }
    let is_path = |text: &str| text.contains(['/', '\\']) && !text.starts_with("random:");
    let of_styles = recipe.get("styles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if of_styles.len() == spec.style.len() {
        let has_weights = spec.run.objective.style_weights.is_some();
        for (style, of) in
            spec.style.iter_mut().zip(of_styles).filter(|(style, _)| style.settings().next().is_none())
        {
            let left_out = |setting: &str| match setting {
                "weight" => has_weights,
                "mask" | "region" => no_masks,
                _ => false,
            };
            for setting in NAMES.into_iter().filter(|setting| !left_out(setting)) {
                let value = text_of(&of[setting]);
                if value.as_deref().is_some_and(|value| setting == "mask" && is_path(value)) {
                    return Err(broken("it names files in other folders"));
                }
                value.map_or(Ok(()), |value| style.set(setting, &value)).map_err(|error| broken(&error))?;
            }
        }
    } else if of_styles.iter().any(|of| NAMES.iter().any(|setting| !of[*setting].is_null())) {
        notes.push(format!(
            "note: {name} has another number of styles: the settings of its styles are left out"
        ));
    }
    let init = spec.run.init.as_deref().unwrap_or(Path::new("")).to_string_lossy();
    let masks = spec.regions.mask.iter().filter(|_| !given("mask"));
    let masks = masks.chain(spec.regions.protect.iter().filter(|_| !given("protect")));
    let others = masks.map(|path| path.to_string_lossy()).any(|path| is_path(&path));
    if others || (!given("init") && is_path(&init)) || (!given("model") && is_path(&spec.run.objective.model))
    {
        return Err(broken("it names files in other folders"));
    }
    spec.regions.leave_out_none(&given);
    fit_to_format(&mut spec, &given, &mut notes)?;
    let sha256 = recipe.get("encoder").and_then(|encoder| encoder["sha256"].as_str());
    let weights = sha256.filter(|_| !given("model")).map(str::to_owned);
    Ok(FromRecipe { spec, notes, weights })
}

/// Returns the recipe of the chosen picture.
fn of_cell(recipe: Map<String, Value>, cell: Option<usize>) -> Result<Map<String, Value>, JobError> {
    match (cell, recipe::labels(&recipe).len()) {
        (None, 0) => Ok(recipe),
        (None, pictures) => {
            Err(JobError::bad_input(format!("the picture is a sheet of {pictures} pictures"))
                .hint(format!("choose one by `cell` 1 to {pictures}, counted row by row")))
        }
        (Some(number), _) => recipe::picture(&recipe, number),
    }
}

/// Options that are never taken from a recipe: they do not affect the picture, or concern the file that is written.
const OF_ONE_RUN: [&str; 4] = ["threads", "device", "keep_gps", "format"];

/// Returns the options with the values of a recipe, except for options that were given.
fn overlaid<T: Serialize + DeserializeOwned>(
    options: &T,
    from: &Map<String, Value>,
    given: &dyn Fn(&str) -> bool,
) -> Result<T, String> {
    let mut all = serde_json::to_value(options).map_err(|error| error.to_string())?;
    overlay(&mut all, from, given)?;
    serde_json::from_value(all).map_err(|error| error.to_string())
}

fn overlay(into: &mut Value, from: &Map<String, Value>, given: &dyn Fn(&str) -> bool) -> Result<(), String> {
    for (name, value) in from {
        let Some(place) = into.get_mut(name) else {
            return Err(format!("unknown option {name}"));
        };
        match value {
            Value::Object(inside) if place.is_object() => overlay(place, inside, given)?,
            _ if given(name) || OF_ONE_RUN.contains(&name.as_str()) => {}
            _ => *place = value.clone(),
        }
    }
    Ok(())
}

/// Leaves out options of the recipe that the format of the result does not support.
fn fit_to_format(
    spec: &mut StylizeSpec,
    given: &dyn Fn(&str) -> bool,
    notes: &mut Vec<String>,
) -> Result<(), JobError> {
    if spec.output.as_os_str().is_empty() {
        // A result in memory has no format yet.
        return Ok(());
    }
    let format = spec.result.format(&spec.output)?;
    let result = &mut spec.result;
    let mut drop = |name: &str| {
        notes.push(format!("note: `{name}` of the recipe is not for {}: it is left out", format.name()));
    };
    if result.quality.is_some() && !given("quality") && format != Format::Jpeg {
        result.quality = None;
        drop("quality");
    }
    if !given("depth")
        && result.depth.and_then(depth_of).is_some_and(|depth| !format.depths().contains(&depth))
    {
        result.depth = None;
        drop("depth");
    }
    if !given("profile") && result.profile == ProfileKind::P3 && !format.holds_wide_gamut() {
        result.profile = ProfileKind::Input;
        drop("profile");
    }
    Ok(())
}
