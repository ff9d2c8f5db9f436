//! The settings that a picture carries, if impasto made it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::pictures::find;
use crate::app::App;
use crate::extract::Digest;
use crate::problem::{Problem, ProblemBody};
use crate::store::Picture;

/// Settings from a picture.
#[derive(Serialize, ToSchema)]
pub(crate) struct Carried {
    /// The settings, by their flat names, without pictures.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    inputs: CarriedInputs,
    notes: Vec<String>,
}

/// The pictures that a result was made from.
#[derive(Serialize, ToSchema)]
struct CarriedInputs {
    content: Option<Named>,
    styles: Vec<Named>,
}

/// A picture by its name and digest.
#[derive(Serialize, ToSchema)]
struct Named {
    name: String,
    sha256: String,
    /// Whether it is here.
    known: bool,
    /// Weight, scale and the like of a style.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
}

/// The settings that a picture carries: those of the run that made it.
#[utoipa::path(get, path = "/pictures/{id}/settings", tag = "pictures", params(("id" = String, Path)),
    responses((status = 200, body = Carried), (status = 404, body = ProblemBody)))]
pub(crate) async fn settings(
    State(app): State<Arc<App>>,
    Digest(id): Digest,
) -> Result<Json<Carried>, Problem> {
    find(&app, &id).await?;
    let path = app.files.picture(&id);
    let limits = app.limits;
    let recipe = crate::blocking(move || {
        let read = impasto_job::recipe::read(&path, &limits);
        read.map_err(|_| Problem::not_found("recipe in this picture"))
    });
    let recipe = recipe.await?;
    let carried = |value: &Value| -> Option<(String, String, Map<String, Value>)> {
        let mut rest = value.as_object()?.clone();
        let mut text = |name: &str| rest.remove(name).and_then(|value| value.as_str().map(str::to_owned));
        let (name, sha256) = (text("name")?, text("sha256")?);
        rest.retain(|_, value| !value.is_object());
        Some((name, sha256, rest))
    };
    let content = recipe.get("content").and_then(carried);
    let styles: Vec<_> = recipe.get("styles").and_then(Value::as_array).into_iter().flatten().collect();
    let styles: Vec<_> = styles.into_iter().filter_map(carried).collect();
    let named = move |connection: &rusqlite::Connection| {
        let named = |(name, sha256, settings): (String, String, Map<String, Value>)| {
            let known = Picture::find(connection, &sha256)?.is_some();
            Ok(Named { name, sha256, known, settings })
        };
        let content = content.map(named).transpose()?;
        Ok(CarriedInputs { content, styles: styles.into_iter().map(named).collect::<Result<_, Problem>>()? })
    };
    let inputs = app.store.call(named).await?;
    let mut notes = Vec::new();
    let version = recipe.get("impasto").and_then(Value::as_str).unwrap_or_default();
    if version != env!("CARGO_PKG_VERSION") {
        notes.push(format!("it was made by impasto {version}; this version may paint differently"));
    }
    let kind = if recipe.get("texture").is_some_and(Value::is_object) { "texture" } else { "stylize" };
    let mut settings = flat(recipe.get("options").unwrap_or(&Value::Null));
    if let Some(texture) = recipe.get("texture").filter(|texture| texture.is_object()) {
        settings.insert("size".into(), json!([texture["width"], texture["height"]]));
        settings.insert("seamless".into(), texture["seamless"].clone());
    }
    settings.insert("kind".into(), kind.into());
    Ok(Json(Carried { settings, inputs, notes }))
}

/// The options of a recipe by their flat names. Those that have their default, and those that name files, are left out.
fn flat(options: &Value) -> Map<String, Value> {
    let defaults = json!({
        "run": impasto_job::spec::RunSpec::default(),
        "regions": impasto_job::spec::RegionSpec::default(),
        "result": impasto_job::spec::OutputSpec::default(),
    });
    let names = crate::settings::flat_names();
    let mut found = Map::new();
    let mut groups = vec![(options.clone(), defaults)];
    while let Some((group, defaults)) = groups.pop() {
        for (name, value) in group.as_object().into_iter().flatten() {
            match value {
                Value::Object(_) => groups.push((value.clone(), defaults[name].clone())),
                Value::Null => {}
                value if *value == defaults[name] || !names.contains(name) => {}
                value => drop(found.insert(name.clone(), value.clone())),
            }
        }
    }
    // The name of a picture is not the picture.
    let is_name = |value: &Value| value.as_str().is_some_and(|text| text.parse::<impasto::Init>().is_ok());
    if found.get("init").is_some_and(|value| !is_name(value)) {
        found.remove("init");
    }
    found
}
