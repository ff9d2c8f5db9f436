//! The server: its version, its models, its queue, its room.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use impasto::encoder;
use impasto::encoder::sources::Store;
use serde::Serialize;
use utoipa::ToSchema;

use crate::WAITING;
use crate::app::App;
use crate::problem::Problem;
use crate::store::Filter;

#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    version: &'static str,
    models: Vec<Model>,
    default_model: &'static str,
    limits: Limits,
    queue: Queue,
    disk: Disk,
    /// The id of the newest durable event.
    last_event: i64,
    /// Names of the options that a job of the kind `stylize` may set.
    options: Vec<String>,
    films: Films,
}

/// Whether films can be repainted here.
#[derive(Serialize, ToSchema)]
struct Films {
    /// Whether an ffmpeg is installed that is new enough.
    available: bool,
    /// The program that is missing, and the way to get it.
    problem: Option<String>,
    /// Largest file of a film, in bytes.
    file_bytes: u64,
    /// Names of the options that a job of the kind `video` may set.
    options: Vec<String>,
}

/// A model (an encoder) that a job may use.
#[derive(Serialize, ToSchema)]
struct Model {
    name: &'static str,
    /// Whether it is inside of the program or on this machine.
    available: bool,
}

#[derive(Serialize, ToSchema)]
struct Limits {
    /// Largest file of a picture, in bytes.
    file_bytes: u64,
    /// Largest picture.
    megapixels: f64,
    /// The most jobs that may wait.
    waiting_jobs: usize,
}

/// The queue.
#[derive(Serialize, ToSchema)]
pub(crate) struct Queue {
    /// Whether no further job begins.
    pub(crate) paused: bool,
    pub(crate) waiting: usize,
    pub(crate) running: usize,
}

impl Queue {
    pub(crate) async fn of(app: &App) -> Result<Queue, Problem> {
        let counts = app.store.call(Filter::all_counts).await?;
        Ok(Queue { paused: app.queue.is_paused(), waiting: counts.queued, running: counts.running })
    }
}

/// The room of the data folder, in bytes.
#[derive(Serialize, ToSchema)]
struct Disk {
    used: u64,
    quota: u64,
    free: u64,
}

/// The server: its version, its models, its queue, its room.
#[utoipa::path(get, path = "/status", tag = "server", responses((status = 200, body = Status)))]
pub(crate) async fn status(State(app): State<Arc<App>>) -> Result<Json<Status>, Problem> {
    let last_event = app.store.last_event().await?;
    let limits = app.limits;
    let films = crate::blocking(|| Ok(films())).await?;
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        models: models(),
        default_model: "lite",
        limits: Limits {
            file_bytes: limits.file,
            megapixels: limits.pixels as f64 / 1e6,
            waiting_jobs: WAITING,
        },
        queue: Queue::of(&app).await?,
        disk: Disk { used: app.files.used(), quota: app.files.quota, free: app.files.free() },
        last_event,
        options: crate::settings::flat_names(),
        films,
    }))
}

fn films() -> Films {
    let problem = impasto_video::check_ffmpeg().err().map(|error| match error.hint_text() {
        Some(hint) => format!("{}: {hint}", error.message()),
        None => error.message().to_owned(),
    });
    let options = crate::settings::film_names();
    Films { available: problem.is_none(), problem, file_bytes: crate::upload::FILM, options }
}

fn models() -> Vec<Model> {
    let store = Store::of_process();
    let is_here = |name: &str| store.model(name).is_none_or(|model| !store.look(model).is_empty());
    encoder::known().iter().map(|known| Model { name: known.name, available: is_here(known.name) }).collect()
}

/// Whether the server answers. It needs no token.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}
