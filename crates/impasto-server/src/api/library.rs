//! The library: styles with names, presets of settings, and sample pictures that are always there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::{self, Uuid};
use crate::ids::is_digest;
use crate::problem::{Problem, ProblemBody};
use crate::samples;
use crate::store::{Picture, Preset, Style};

/// A style of the library.
#[derive(Serialize, ToSchema)]
pub(crate) struct StyleView {
    id: String,
    name: String,
    tags: Vec<String>,
    picture: Picture,
    /// Whether it came with the program.
    sample: bool,
    /// Settings that suit the style.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

/// All styles.
#[derive(Serialize, ToSchema)]
pub(crate) struct Styles {
    styles: Vec<StyleView>,
}

/// The styles of the library.
#[utoipa::path(get, path = "/styles", tag = "library", responses((status = 200, body = Styles)))]
pub(crate) async fn styles(State(app): State<Arc<App>>) -> Result<Json<Styles>, Problem> {
    let all = app.store.call(|connection| {
        let view = |style: Style| -> Result<Option<StyleView>, Problem> {
            let Style { id, name, tags, picture, settings, sample } = style;
            let picture = Picture::find(connection, &picture)?;
            Ok(picture.map(|picture| StyleView { id, name, tags, picture, sample, settings }))
        };
        Style::all(connection)?.into_iter().filter_map(|style| view(style).transpose()).collect()
    });
    Ok(Json(Styles { styles: all.await? }))
}

/// A style as it is kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStyle {
    name: String,
    #[serde(default)]
    tags: Vec<String>,
    /// The id of the picture.
    picture: String,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

/// Keeps a style, in place of one with the same id.
#[utoipa::path(put, path = "/styles/{id}", tag = "library", params(("id" = String, Path)), request_body = NewStyle,
    responses((status = 204), (status = 422, body = ProblemBody)))]
pub(crate) async fn put_style(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    extract::Json(new): extract::Json<NewStyle>,
) -> Result<StatusCode, Problem> {
    check_name(&new.name)?;
    let NewStyle { name, tags, picture, settings } = new;
    let none = || Problem::setting("picture", format!("there is no picture {picture:?}"));
    if !is_digest(&picture) {
        return Err(none());
    }
    app.store
        .call(move |connection| {
            if Picture::find(connection, &picture)?.is_none() {
                return Err(Problem::setting("picture", format!("there is no picture {picture}")));
            }
            Style { id, name, tags, picture, settings, sample: false }.put(connection)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a style. Its picture stays as long as jobs use it.
#[utoipa::path(delete, path = "/styles/{id}", tag = "library", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(crate) async fn delete_style(State(app): State<Arc<App>>, Uuid(id): Uuid) -> Result<StatusCode, Problem> {
    match app.store.call(move |connection| Style::remove(connection, &id)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("style")),
    }
}

/// Settings with a name.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresetView {
    id: String,
    name: String,
    #[schema(value_type = Object)]
    settings: Value,
    /// Whether it came with the program.
    builtin: bool,
}

/// All presets.
#[derive(Serialize, ToSchema)]
pub(crate) struct Presets {
    presets: Vec<PresetView>,
}

/// The presets: those of the program, then those of the user.
#[utoipa::path(get, path = "/presets", tag = "library", responses((status = 200, body = Presets)))]
pub(crate) async fn presets(State(app): State<Arc<App>>) -> Result<Json<Presets>, Problem> {
    let view = |builtin: bool| {
        move |preset: Preset| {
            let Preset { id, name, settings } = preset;
            PresetView { id, name, settings, builtin }
        }
    };
    let own = app.store.call(Preset::all).await?;
    let presets = samples::presets().into_iter().map(view(true)).chain(own.into_iter().map(view(false)));
    Ok(Json(Presets { presets: presets.collect() }))
}

/// A preset as it is kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPreset {
    name: String,
    #[schema(value_type = Object)]
    settings: Value,
}

/// Keeps a preset, in place of one with the same id.
#[utoipa::path(put, path = "/presets/{id}", tag = "library", params(("id" = String, Path)), request_body = NewPreset,
    responses((status = 204), (status = 422, body = ProblemBody)))]
pub(crate) async fn put_preset(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    extract::Json(NewPreset { name, settings }): extract::Json<NewPreset>,
) -> Result<StatusCode, Problem> {
    check_name(&name)?;
    if !settings.is_object() {
        return Err(Problem::setting("settings", "expected an object"));
    }
    app.store.call(move |connection| Preset { id, name, settings }.put(connection)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a preset of the user.
#[utoipa::path(delete, path = "/presets/{id}", tag = "library", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(crate) async fn delete_preset(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
) -> Result<StatusCode, Problem> {
    match app.store.call(move |connection| Preset::remove(connection, &id)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("preset")),
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    match (1..=100).contains(&name.trim().chars().count()) {
        true => Ok(()),
        false => Err(Problem::setting("name", "expected a name of 1 to 100 characters")),
    }
}

/// Sample photographs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Samples {
    contents: Vec<Picture>,
}

/// Sample photographs to try the studio with.
#[utoipa::path(get, path = "/samples", tag = "library", responses((status = 200, body = Samples)))]
pub(crate) async fn samples(State(app): State<Arc<App>>) -> Result<Json<Samples>, Problem> {
    let ids = app.samples.clone();
    let found = app.store.call(move |connection| {
        ids.iter().filter_map(|id| Picture::find(connection, id).transpose()).collect::<Result<_, _>>()
    });
    Ok(Json(Samples { contents: found.await? }))
}
