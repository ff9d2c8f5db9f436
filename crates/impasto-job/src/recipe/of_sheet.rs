//! The recipe that a sheet carries: the options that all of its pictures share, and for each picture those that were
//! varied. With its number, a picture has a recipe of its own, for any size.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{files, name_if_file, named, shared};
use crate::JobError;
use crate::inputs::Inputs;
use crate::text::printable;
use crate::transfer::Asked;

/// The key of the pictures of a sheet.
const PICTURES: &str = "sheet";

/// Returns the recipe of a sheet, as JSON: each picture has a label and the values of the options that were varied.
pub(crate) fn of_sheet<'a>(
    asked: &Asked<'_>,
    inputs: &Inputs,
    pictures: impl Iterator<Item = (&'a str, &'a Map<String, Value>)>,
) -> String {
    let mut recipe = files(asked, inputs);
    recipe["options"] = json!({ "run": shared(asked.run), "regions": named(asked.regions) });
    let picture = |(label, settings): (&str, &Map<String, Value>)| {
        let mut settings = settings.clone();
        if let Some(Value::String(model)) = settings.get_mut("model") {
            *model = name_if_file(Path::new(model));
        }
        json!({ "label": label, "settings": settings })
    };
    recipe[PICTURES] = pictures.map(picture).collect();
    recipe.to_string()
}

/// The labels of a sheet's pictures, row by row; none in the recipe of a single picture.
pub fn labels(recipe: &Map<String, Value>) -> Vec<String> {
    let label = |picture: &Value| picture["label"].as_str().unwrap_or_default().to_owned();
    recipe.get(PICTURES).and_then(Value::as_array).into_iter().flatten().map(label).collect()
}

/// Returns the recipe of one picture of a sheet. It has no size, because the pictures of a sheet are small.
///
/// # Errors
/// When the recipe is of no sheet, when there is no picture with this number (they count from 1), or when the recipe is
/// damaged.
pub fn picture(recipe: &Map<String, Value>, number: usize) -> Result<Map<String, Value>, JobError> {
    let Some(pictures) = recipe.get(PICTURES).and_then(Value::as_array) else {
        return Err(JobError::bad_input("`cell`: the picture is no sheet").hint("leave `cell` out"));
    };
    let Some(chosen) = number.checked_sub(1).and_then(|at| pictures.get(at)) else {
        let of = pictures.len();
        return Err(JobError::bad_input(format!("`cell` {number}: the sheet has the pictures 1 to {of}"))
            .hint("they count row by row; `impasto show` lists them"));
    };
    let mut recipe = recipe.clone();
    recipe.remove(PICTURES);
    let damaged = |what: &str| JobError::bad_input(format!("the recipe is damaged: {}", printable(what)));
    let run = recipe.get_mut("options").and_then(|options| options.get_mut("run"));
    let run = run.and_then(Value::as_object_mut).ok_or_else(|| damaged("no options"))?;
    run.remove("size");
    for (name, value) in chosen["settings"].as_object().ok_or_else(|| damaged("no settings"))? {
        let place = match run.contains_key(name) && name != "objective" {
            true => run.get_mut(name),
            false => run.get_mut("objective").and_then(|objective| objective.get_mut(name)),
        };
        *place.ok_or_else(|| damaged(&format!("unknown option {name}")))? = value.clone();
    }
    Ok(recipe)
}
