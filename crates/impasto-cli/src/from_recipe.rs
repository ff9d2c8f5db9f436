//! `--like`: the options of a run from the recipe of a picture that it made.
//!
//! The picture may be a stranger's: only what makes a picture what it is comes from there, no name of a file that is written, no
//! limit, and no path.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use impasto::image::Format;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::args::StylizeArgs;
use crate::failure::Failure;
use crate::options::ColourKind;
use crate::output::printable;
use crate::recipe::{OF_RESULTS, PROGRAM, read};
use crate::results::{ProfileKind, depth_of, same_file};
use crate::style_arg::{NAMES, text_of};

/// A run as another one was.
pub(crate) struct FromRecipe {
    pub(crate) args: StylizeArgs,
    /// What is to be said about it.
    pub(crate) notes: Vec<String>,
    /// SHA-256 of the weights that the other run had, unless others were asked for.
    pub(crate) weights: Option<String>,
}

/// The options of the picture that `--like` names, where those given do not say otherwise.
pub(crate) fn like(mut args: StylizeArgs, matches: &ArgMatches) -> Result<FromRecipe, Failure> {
    let Some(path) = args.like.take() else {
        return Ok(FromRecipe { args, notes: Vec::new(), weights: None });
    };
    let recipe =
        read(&path, &args.input.limits_from(OF_RESULTS)?).map_err(|failure| failure.about("--like"))?;
    let name = path.display();
    let mut notes = Vec::new();
    let version = recipe[PROGRAM].as_str().unwrap_or("another version");
    if version != env!("CARGO_PKG_VERSION") {
        let version = printable(version);
        notes.push(format!("note: {name} was made by impasto {version}; what is not an option may differ"));
    }
    let report = args.report.as_deref().map(|report| ("--report", report));
    if let Some((option, _)) = args.extras.files().chain(report).find(|(_, file)| same_file(file, &path)) {
        return Err(Failure::bad_input(format!("{option} and --like name the same file, {name}")));
    }
    let broken = |reason: &str| {
        Failure::bad_input(format!("--like: {name}: its recipe is damaged: {}", printable(reason)))
    };
    let given = |name: &str| {
        let known = matches.ids().any(|id| id.as_str() == name);
        known && matches.value_source(name) == Some(ValueSource::CommandLine)
    };
    let options = recipe.get("options").and_then(Value::as_object).ok_or_else(|| broken("no options"))?;
    for (kind, inside) in options {
        let inside = inside.as_object().ok_or_else(|| broken("its options are none"))?;
        match kind.as_str() {
            "run" => args.run = overlaid(&args.run, inside, &given).map_err(|error| broken(&error))?,
            "regions" => {
                args.regions = overlaid(&args.regions, inside, &given).map_err(|error| broken(&error))?
            }
            "result" => {
                args.result = overlaid(&args.result, inside, &given).map_err(|error| broken(&error))?
            }
            other => return Err(broken(&format!("there are no options {other}"))),
        }
    }
    if !given("style_weights") && args.style.iter().any(|style| style.weight.is_some()) {
        args.run.objective.style_weights = None;
    }
    if !given("colour_map") && args.run.colour != ColourKind::Match {
        args.run.colour_map = None;
    }
    let is_path = |text: &str| text.contains(['/', '\\']) && !text.starts_with("random:");
    let of_styles = recipe.get("styles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if of_styles.len() == args.style.len() {
        let has_weights = args.run.objective.style_weights.is_some();
        for (style, of) in
            args.style.iter_mut().zip(of_styles).filter(|(style, _)| style.settings().next().is_none())
        {
            for setting in NAMES.into_iter().filter(|setting| !(has_weights && *setting == "weight")) {
                let value = text_of(&of[setting]);
                if value.as_deref().is_some_and(|value| setting == "mask" && is_path(value)) {
                    return Err(broken("it names files in other folders"));
                }
                value.map_or(Ok(()), |value| style.set(setting, &value)).map_err(|error| broken(&error))?;
            }
        }
    } else if of_styles.iter().any(|of| NAMES.iter().any(|setting| !of[*setting].is_null())) {
        notes.push(format!("note: {name} has another number of styles: their settings are left out"));
    }
    let init = args.run.init.as_deref().unwrap_or(Path::new("")).to_string_lossy();
    let masks = args.regions.mask.iter().filter(|_| !given("mask"));
    let masks = masks.chain(args.regions.protect.iter().filter(|_| !given("protect")));
    let others = masks.map(|path| path.to_string_lossy()).any(|path| is_path(&path));
    if others || (!given("init") && is_path(&init)) || (!given("model") && is_path(&args.run.objective.model))
    {
        return Err(broken("it names files in other folders"));
    }
    fit_to_format(&mut args, &given, &mut notes)?;
    let sha256 = recipe.get("encoder").and_then(|encoder| encoder["sha256"].as_str());
    let weights = sha256.filter(|_| !given("model")).map(str::to_owned);
    Ok(FromRecipe { args, notes, weights })
}

/// Never taken from a recipe: they make no picture another one, or are about the file that is written.
const OF_ONE_RUN: [&str; 3] = ["threads", "keep_gps", "format"];

/// Options with those of a recipe, but for what was given.
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
            return Err(format!("there is no option {name}"));
        };
        match value {
            Value::Object(inside) if place.is_object() => overlay(place, inside, given)?,
            _ if given(name) || OF_ONE_RUN.contains(&name.as_str()) => {}
            _ => *place = value.clone(),
        }
    }
    Ok(())
}

/// What the recipe says of a file of another format is not for this one.
fn fit_to_format(
    args: &mut StylizeArgs,
    given: &dyn Fn(&str) -> bool,
    notes: &mut Vec<String>,
) -> Result<(), Failure> {
    let format = args.result.format(&args.output)?;
    let result = &mut args.result;
    let mut drop = |name: &str| {
        notes.push(format!("note: --{name} of the recipe is not for {}: it is left out", format.name()));
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
