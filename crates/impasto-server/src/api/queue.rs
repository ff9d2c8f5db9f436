//! The queue as a whole: whether jobs begin.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::status::Queue;
use crate::app::App;
use crate::problem::Problem;
use crate::store::{note_change, set_fact};

/// The queue.
#[utoipa::path(get, path = "/queue", tag = "queue", responses((status = 200, body = Queue)))]
pub(crate) async fn queue(State(app): State<Arc<App>>) -> Result<Json<Queue>, Problem> {
    Queue::of(&app).await.map(Json)
}

/// Lets no further job begin. The running one goes on.
#[utoipa::path(post, path = "/queue/pause", tag = "queue", responses((status = 200, body = Queue)))]
pub(crate) async fn pause(State(app): State<Arc<App>>) -> Result<Json<Queue>, Problem> {
    set(&app, true).await
}

/// Lets jobs begin.
#[utoipa::path(post, path = "/queue/resume", tag = "queue", responses((status = 200, body = Queue)))]
pub(crate) async fn resume(State(app): State<Arc<App>>) -> Result<Json<Queue>, Problem> {
    set(&app, false).await
}

async fn set(app: &App, paused: bool) -> Result<Json<Queue>, Problem> {
    app.store
        .call(move |connection| {
            set_fact(connection, "queue.paused", if paused { "yes" } else { "no" })?;
            note_change(connection, "queue.changed", "queue")
        })
        .await?;
    app.queue.set_paused(paused);
    Queue::of(app).await.map(Json)
}
