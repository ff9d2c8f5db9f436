//! Jobs: accepted, listed, shown, edited, deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::views::{JobPage, JobView};
use crate::accept::accept;
use crate::app::App;
use crate::extract::{self, Asked, Uuid};
use crate::ids::{is_uuid, uuid};
use crate::problem::{Problem, ProblemBody};
use crate::store::{self, Filter, Job};

/// Sends a job under an id that the client has chosen. The same job may be sent again.
#[utoipa::path(put, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)), request_body = Object,
    responses((status = 201, body = JobView), (status = 200, body = JobView, description = "It was sent before"),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    extract::Json(body): extract::Json<Value>,
) -> Result<Response, Problem> {
    let (job, is_new) = accept(&app, id, body, None, None).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(shown(&app, job).await?)).into_response())
}

/// Sends a job. With `Idempotency-Key`, the same request may be sent again.
#[utoipa::path(post, path = "/jobs", tag = "jobs", request_body = Object,
    params(("idempotency-key" = Option<String>, Header)),
    responses((status = 201, body = JobView), (status = 200, body = JobView, description = "It was sent before"),
        (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    extract::Json(body): extract::Json<Value>,
) -> Result<Response, Problem> {
    let key = match headers.get("idempotency-key").map(HeaderValue::to_str) {
        None => None,
        Some(Ok(key)) if (1..=200).contains(&key.len()) => Some(key.to_owned()),
        Some(_) => return Err(Problem::malformed("Idempotency-Key: expected 1 to 200 printable characters")),
    };
    let (job, is_new) = accept(&app, uuid()?, body, key, None).await?;
    let location = [(header::LOCATION, format!("/api/v1/jobs/{}", job.id))];
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, location, Json(shown(&app, job).await?)).into_response())
}

/// Which jobs a list has.
#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// States, separated by commas.
    state: Option<String>,
    kind: Option<String>,
    /// Words that are in the title or in the names of the pictures.
    q: Option<String>,
    starred: Option<bool>,
    /// The batch whose pictures are listed.
    parent: Option<String>,
    /// Whether the bin is listed.
    #[serde(default)]
    bin: bool,
    /// `queue` for the order in which jobs will run.
    order: Option<String>,
    /// The `next` of the page before.
    before: Option<i64>,
    /// Number of jobs, at most 200.
    limit: Option<usize>,
}

impl ListQuery {
    fn filter(self) -> Result<Filter, Problem> {
        let states = self.state.as_deref().map(|names| names.split(',').map(state).collect::<Result<_, _>>());
        if self.parent.as_deref().is_some_and(|parent| !is_uuid(parent)) {
            return Err(Problem::malformed("parent: expected a UUID"));
        }
        Ok(Filter {
            states: states.transpose()?.unwrap_or_default(),
            kind: self.kind,
            words: self.q,
            starred: self.starred,
            parent: self.parent,
            bin: self.bin,
            queue: self.order.as_deref() == Some("queue"),
            before: self.before,
            limit: self.limit.unwrap_or(60).clamp(1, 200),
        })
    }
}

fn state(name: &str) -> Result<store::State, Problem> {
    store::State::named(name.trim()).ok_or_else(|| {
        Problem::malformed(format!("there is no state {name:?}"))
            .hint("queued, running, paused, done, failed or cancelled")
    })
}

/// Lists jobs, the newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(ListQuery), responses((status = 200, body = JobPage)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Asked(query): Asked<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = query.filter()?;
    let (page, last) = app
        .store
        .call(move |connection| {
            let (jobs, next) = filter.page(connection)?;
            let rows =
                jobs.into_iter().map(|job| JobView::row(connection, job)).collect::<Result<Vec<_>, _>>()?;
            Ok((
                JobPage { jobs: rows, next: next.map(|next| next.to_string()) },
                store::last_event(connection)?,
            ))
        })
        .await?;
    // Running jobs change without a durable event.
    let tag = format!("\"{last}\"");
    let is_still = app.live.all().is_empty();
    if is_still && headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let rows = move || Ok(page.jobs.into_iter().map(|job| job.with_progress(&app)).collect());
    let jobs: Vec<JobView> = crate::blocking(rows).await?;
    let headers = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache".to_owned())];
    Ok((headers, Json(JobPage { jobs, next: page.next })).into_response())
}

/// A job with its settings.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody)))]
pub(crate) async fn get(State(app): State<Arc<App>>, Uuid(id): Uuid) -> Result<Json<JobView>, Problem> {
    let job = app.store.call(move |connection| Job::get(connection, &id)).await?;
    shown(&app, job).await.map(Json)
}

/// The parts of a job that a user may change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    title: Option<String>,
    starred: Option<bool>,
    position: Option<Position>,
}

/// A place in the queue.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Position {
    First,
    Last,
    /// Before the job with this id.
    Before(String),
}

/// Changes the title, the star or the place in the queue.
#[utoipa::path(patch, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)), request_body = Edit,
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(crate) async fn patch(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    extract::Json(edit): extract::Json<Edit>,
) -> Result<Json<JobView>, Problem> {
    if edit.title.as_ref().is_some_and(|title| title.chars().count() > 200) {
        return Err(Problem::setting("title", "expected a text of at most 200 characters"));
    }
    let job = app
        .store
        .call(move |connection| {
            let job = Job::get(connection, &id)?;
            if edit.title.is_some() || edit.starred.is_some() {
                Job::edit(connection, &id, edit.title.as_deref(), edit.starred)?;
            }
            if let Some(position) = edit.position {
                move_to(connection, &job, position)?;
            }
            Job::get(connection, &id)
        })
        .await?;
    shown(&app, job).await.map(Json)
}

fn move_to(connection: &Connection, job: &Job, position: Position) -> Result<(), Problem> {
    let waits = |job: &Job| matches!(job.state, store::State::Queued | store::State::Paused);
    if !waits(job) {
        return Err(Problem::conflict("the job does not wait, so it has no place in the queue"));
    }
    match position {
        Position::First => Job::place_before(connection, &job.id, None, true),
        Position::Last => Job::place_before(connection, &job.id, None, false),
        Position::Before(other) if other == job.id => Ok(()),
        Position::Before(other) => {
            if !waits(&Job::get(connection, &other)?) {
                return Err(Problem::conflict("the other job does not wait any more"));
            }
            Job::place_before(connection, &job.id, Some(&other), false)
        }
    }
}

/// How a job is deleted.
#[derive(Deserialize, IntoParams)]
pub(crate) struct DeleteQuery {
    /// Whether it is deleted for ever, and not moved to the bin.
    #[serde(default)]
    forever: bool,
}

/// Moves a job to the bin, from which it can be restored for 7 days; or deletes it for ever. A job that is not over is
/// cancelled.
#[utoipa::path(delete, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path), DeleteQuery),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    Asked(query): Asked<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    super::actions::cancel(&app, &id).await?;
    if query.forever && app.live.of(&id).is_some() {
        return Err(
            Problem::conflict("the job is just being ended: delete it again in a moment").retry_after(1)
        );
    }
    let removed = app
        .store
        .call(move |connection| match query.forever {
            true => Job::remove(connection, &id),
            false => Job::bin(connection, &id, true).map(|()| Vec::new()),
        })
        .await?;
    let files = Arc::clone(&app);
    crate::blocking(move || {
        removed.iter().for_each(|id| files.files.remove_job(id));
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a job out of the bin.
#[utoipa::path(post, path = "/jobs/{id}/restore", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody)))]
pub(crate) async fn restore(State(app): State<Arc<App>>, Uuid(id): Uuid) -> Result<Json<JobView>, Problem> {
    let restore = move |connection: &Connection| {
        Job::get(connection, &id)?;
        Job::bin(connection, &id, false)?;
        Job::get(connection, &id)
    };
    let job = app.store.call(restore).await?;
    shown(&app, job).await.map(Json)
}

/// The job as answers show it.
pub(super) async fn shown(app: &Arc<App>, job: Job) -> Result<JobView, Problem> {
    let view = app.store.call(move |connection| JobView::whole(connection, job)).await?;
    let app = Arc::clone(app);
    crate::blocking(move || Ok(view.with_progress(&app))).await
}
