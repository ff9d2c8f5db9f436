//! Commands to jobs. Each names one job, and may be sent again: on a job that is over it changes nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::shown;
use super::views::JobView;
use crate::accept::accept;
use crate::app::App;
use crate::ids::{is_uuid, uuid};
use crate::problem::{Problem, ProblemBody};
use crate::store::{Filter, Job, State as Of};

/// The answer to a command.
#[derive(Serialize, ToSchema)]
pub(crate) struct Acted {
    job: JobView,
    /// Whether the command had an effect.
    changed: bool,
}

/// Commands a job: `stop` (end now and keep the picture), `finish-soon` (full size with few more iterations), `cancel`
/// (keep nothing), `pause`, `resume`, or `retry` (a new job with the same settings). A film is not stopped: it is
/// paused. Its painted frames stay when it fails or is cancelled, until it is deleted for ever, and a retry goes on
/// after them.
#[utoipa::path(post, path = "/jobs/{id}/{action}", tag = "jobs",
    params(("id" = String, Path), ("action" = String, Path)),
    responses((status = 200, body = Acted), (status = 201, body = Acted, description = "The new job of a retry"),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(crate) async fn act(
    State(app): State<Arc<App>>,
    Path((id, action)): Path<(String, String)>,
) -> Result<Response, Problem> {
    if !is_uuid(&id) {
        return Err(Problem::malformed("expected a UUID in lower case with hyphens"));
    }
    let job = find(&app, &id).await?;
    if action == "retry" {
        let (job, _) = accept(&app, uuid()?, job.body, None, Some(id)).await?;
        let acted = Acted { job: shown(&app, job).await?, changed: true };
        return Ok((StatusCode::CREATED, Json(acted)).into_response());
    }
    if job.kind == "video" && ["stop", "finish-soon"].contains(&&action[..]) {
        return Err(Problem::conflict("a film has no result before its end")
            .hint("pause it, to go on with the next frame later, or cancel it"));
    }
    let changed = match job.kind.as_str() {
        "batch" => on_batch(&app, &id, &action).await?,
        _ => on_one(&app, &id, &action).await?,
    };
    let job = find(&app, &id).await?;
    Ok(Json(Acted { job: shown(&app, job).await?, changed }).into_response())
}

/// Cancels a job that is not over, and the pictures of a batch.
pub(super) async fn cancel(app: &Arc<App>, id: &str) -> Result<(), Problem> {
    let job = find(app, id).await?;
    match job.kind.as_str() {
        "batch" => on_batch(app, id, "cancel").await?,
        _ => on_one(app, id, "cancel").await?,
    };
    Ok(())
}

async fn find(app: &App, id: &str) -> Result<Job, Problem> {
    let id = id.to_owned();
    app.store.call(move |connection| Job::get(connection, &id)).await
}

/// Commands each picture of a batch that is not over. Waiting ones have nothing to keep.
async fn on_batch(app: &Arc<App>, id: &str, action: &str) -> Result<bool, Problem> {
    let parent = Some(id.to_owned());
    let filter = Filter {
        states: vec![Of::Queued, Of::Running, Of::Paused],
        parent,
        queue: true,
        limit: 100_000,
        ..Filter::default()
    };
    let (children, _) = app.store.call(move |connection| filter.page(connection)).await?;
    let mut changed = false;
    for child in children {
        let action = match (action, child.state) {
            ("stop" | "finish-soon", Of::Queued | Of::Paused) => "cancel",
            _ => action,
        };
        changed |= on_one(app, &child.id, action).await?;
    }
    Ok(changed)
}

/// Commands one job. Returns whether that had an effect.
async fn on_one(app: &Arc<App>, id: &str, action: &str) -> Result<bool, Problem> {
    let moved = |from: &'static [Of], to: Of| {
        let id = id.to_owned();
        app.store.call(move |connection| Job::move_to(connection, &id, from, to))
    };
    let running = app.live.of(id);
    match action {
        "cancel" | "stop" => {
            if let Some(running) = running {
                if action == "cancel" {
                    running.control.cancel()
                } else {
                    running.control.stop()
                }
                return Ok(true);
            }
            let cancelled = moved(&[Of::Queued, Of::Paused], Of::Cancelled).await?;
            // The frames of a film stay: they may be the work of hours, and a retry goes on after them.
            if cancelled && find(app, id).await?.kind != "video" {
                let (app, id) = (Arc::clone(app), id.to_owned());
                let clear = move || {
                    app.files.remove_job(&id);
                    Ok(())
                };
                crate::blocking(clear).await?;
            }
            Ok(cancelled)
        }
        "pause" => {
            if let Some(running) = running {
                running.user_paused.store(true, Ordering::SeqCst);
                running.control.pause();
                return Ok(true);
            }
            moved(&[Of::Queued], Of::Paused).await
        }
        "resume" => moved(&[Of::Paused], Of::Queued).await,
        "finish-soon" => {
            let Some(running) = running else { return Ok(false) };
            running.control.finish_soon();
            Ok(true)
        }
        _ => Err(Problem::not_found("command")),
    }
}
