//! Drafts and plans: what the page shows while settings are being chosen. Nothing of them is kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::pictures::FitQuery;
use crate::app::App;
use crate::drafts::Prepared;
use crate::extract::{self, Asked};
use crate::problem::{Problem, ProblemBody};
use crate::settings::Settings;

/// Paints the draft of a run: at its size, but at most 512 pixels. The request may be broken off.
#[utoipa::path(post, path = "/drafts", tag = "drafts", request_body = Object, params(FitQuery),
    responses((status = 200, content_type = "image/jpeg"), (status = 422, body = ProblemBody),
        (status = 429, body = ProblemBody)))]
pub(crate) async fn draft(
    State(app): State<Arc<App>>,
    Asked(query): Asked<FitQuery>,
    extract::Json(body): extract::Json<Value>,
) -> Result<Response, Problem> {
    let settings = Settings::parse(&body)?;
    let edge = query.fit.unwrap_or(512).clamp(16, 512);
    let jpeg = crate::drafts::paint(&app, settings, edge).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

/// The time and the memory that a run will take.
#[derive(Serialize, ToSchema)]
pub(crate) struct Plan {
    /// Pixels across.
    width: usize,
    /// Pixels down.
    height: usize,
    scales: Vec<ScalePlan>,
    /// Seconds of the whole run, estimated; `null` if nothing is iterated.
    seconds: Option<f64>,
    /// Memory at the peak.
    peak_bytes: usize,
    /// Memory at the peak with the setting `half`.
    peak_bytes_in_half: usize,
    threads: usize,
    notes: Vec<String>,
}

/// The time that one scale of a run will take.
#[derive(Serialize, ToSchema)]
struct ScalePlan {
    width: usize,
    height: usize,
    iterations: usize,
    seconds: Option<f64>,
    /// Number of tiles that the picture is cut into; 1 if it is not.
    tiles: usize,
}

/// Tells what a run will take, before it begins.
#[utoipa::path(post, path = "/plans", tag = "drafts", request_body = Object,
    responses((status = 200, body = Plan), (status = 422, body = ProblemBody)))]
pub(crate) async fn plan(
    State(app): State<Arc<App>>,
    extract::Json(body): extract::Json<Value>,
) -> Result<Json<Plan>, Problem> {
    let settings = Settings::parse(&body)?;
    let work = move || {
        let Prepared { runner, notes } = crate::drafts::prepare(&app, &settings, None)?;
        let key = crate::drafts::speed_key(runner.spec());
        let planned = runner.speed(app.drafts.speed(&key)).plan()?;
        app.drafts.keep_speed(key, planned.speed);
        let last = planned.plan.scales.last();
        let notes = notes.lock().map(|notes| notes.clone()).unwrap_or_default();
        Ok(Plan {
            width: last.map_or(0, |scale| scale.width),
            height: last.map_or(0, |scale| scale.height),
            seconds: planned.plan.seconds(),
            scales: planned.plan.scales.iter().map(scale).collect(),
            peak_bytes: planned.plan.peak_bytes,
            peak_bytes_in_half: planned.peak_bytes_in_half,
            threads: planned.threads,
            notes,
        })
    };
    crate::blocking(work).await.map(Json)
}

fn scale(scale: &impasto::ScalePlan) -> ScalePlan {
    ScalePlan {
        width: scale.width,
        height: scale.height,
        iterations: scale.iterations,
        seconds: scale.seconds,
        tiles: scale.tiles.0 * scale.tiles.1,
    }
}
