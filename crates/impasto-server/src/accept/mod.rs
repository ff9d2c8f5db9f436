//! Accepting a job: its settings are checked before it is kept, so that what is wrong is told at once.

mod inputs;

use std::sync::Arc;

use axum::http::StatusCode;
use impasto_job::JobSpec;
use rusqlite::Connection;
use serde_json::Value;

use crate::WAITING;
use crate::app::App;
use crate::ids::uuid;
use crate::problem::Problem;
use crate::settings::{Kind, Settings, Slot};
use crate::store::{Filter, Job, NewJob, Picture};

use inputs::{check_inputs, check_room};

pub(crate) use inputs::{is_content, length};

/// The most pictures of one batch.
const BATCH: usize = 2000;

/// Keeps a job, and its pictures if it is a batch. Returns it, and whether it is new. The same job may be sent again.
pub(crate) async fn accept(
    app: &Arc<App>,
    id: String,
    body: Value,
    key: Option<String>,
    retry_of: Option<String>,
) -> Result<(Job, bool), Problem> {
    if app.queue.is_ending() {
        let detail = "the server is about to end";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "ending", detail).retry_after(5));
    }
    let known = {
        let (id, key, body) = (id.clone(), key.clone(), body.clone());
        app.store.call(move |connection| sent_before(connection, &id, key.as_deref(), &body))
    };
    if let Some(job) = known.await? {
        return Ok((job, false));
    }
    let settings = Settings::parse(&body)?;
    let settings = {
        let (app, retry_of) = (Arc::clone(app), retry_of.clone());
        let checked = move || {
            let job = check(&app, &settings)?;
            check_room(&app, &settings, job.as_ref(), retry_of).map(|()| settings)
        };
        crate::blocking(checked).await?
    };
    let kept = move |connection: &Connection| {
        // The same request may have come twice at once.
        if let Some(job) = sent_before(connection, &id, key.as_deref(), &body)? {
            return Ok((job, false));
        }
        check_inputs(connection, &settings)?;
        let room = Filter::all_counts(connection)?.queued;
        // A batch is one job to its user.
        if room >= WAITING && settings.kind != Kind::Batch || room >= WAITING + BATCH {
            let detail = format!("{room} jobs wait already");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "queue-full", detail).retry_after(30));
        }
        let mut new = new_job(connection, id, &settings, body)?;
        (new.key, new.retry_of) = (key, retry_of);
        let job = new.insert(connection)?;
        for child in settings.children() {
            if settings.kind == Kind::Batch {
                let of_child = Settings::parse(&child)?;
                let mut new = new_job(connection, uuid()?, &of_child, child)?;
                new.parent = Some(job.id.clone());
                new.insert(connection)?;
            }
        }
        Ok((job, true))
    };
    app.store.call(kept).await
}

/// Finds settings that do not fit together, and returns the job; `None` for a batch. Files are named again when the job
/// runs.
fn check(app: &App, settings: &Settings) -> Result<Option<JobSpec>, Problem> {
    match settings.kind {
        Kind::Batch => {
            let pairs = settings.contents.len() * settings.styles.len();
            if pairs > BATCH {
                let detail = format!("contents: expected at most {BATCH} pictures in all, found {pairs}");
                return Err(Problem::setting("contents", detail));
            }
            for child in settings.children().into_iter().take(1) {
                Settings::parse(&child)?.job(&|slot| app.file_of(slot), "".as_ref())?;
            }
            Ok(None)
        }
        _ => settings.job(&|slot| app.file_of(slot), "".as_ref()).map(Some),
    }
}

/// The job that was sent before under this id or key. Another job under the same is an error.
fn sent_before(
    connection: &Connection,
    id: &str,
    key: Option<&str>,
    body: &Value,
) -> Result<Option<Job>, Problem> {
    if let Some(job) = key.map(|key| Job::with_key(connection, key)).transpose()?.flatten() {
        let detail = "another job was sent with this Idempotency-Key";
        let other = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-setting", detail);
        return if job.body == *body { Ok(Some(job)) } else { Err(other()) };
    }
    Job::find(connection, id)?.map(|job| same_job(job, body)).transpose()
}

fn same_job(job: Job, body: &Value) -> Result<Job, Problem> {
    match job.body == *body {
        true => Ok(job),
        false => Err(Problem::conflict("another job has this id").hint("send it under a new UUID")),
    }
}

/// The job as it is kept, with a title that says what it is.
fn new_job(connection: &Connection, id: String, settings: &Settings, body: Value) -> Result<NewJob, Problem> {
    let name = |slot: &Slot| -> Result<String, Problem> {
        match slot {
            Slot::Picture(id) => {
                Ok(Picture::find(connection, id)?.map_or_else(|| id.clone(), |found| found.name))
            }
            Slot::Job(id) => Ok(Job::find(connection, id)?.map_or_else(|| id.clone(), |job| job.title)),
        }
    };
    let names = |slots: Vec<&Slot>| slots.into_iter().map(name).collect::<Result<Vec<_>, _>>();
    let styles = names(settings.styles.iter().map(|style| &style.picture).collect())?.join(" and ");
    let content = settings.content.as_ref().map(name).transpose()?.unwrap_or_default();
    let title = match settings.kind {
        Kind::Stylize => format!("{content} in the style of {styles}"),
        Kind::Texture => format!("Texture of {styles}"),
        Kind::Sheet => format!("Sheet of {content} in the style of {styles}"),
        Kind::Compare => format!("Scores of {} pictures", settings.pictures.len()),
        Kind::Batch => format!("{} pictures in the style of {styles}", settings.contents.len()),
        Kind::Video => format!("{content} in the style of {styles}"),
    };
    let words = names(settings.slots().collect())?.join(" ").to_lowercase();
    let pictures = settings.slots().filter_map(|slot| match slot {
        Slot::Picture(id) => Some(id.clone()),
        Slot::Job(_) => None,
    });
    Ok(NewJob {
        id,
        kind: settings.kind.name().to_owned(),
        title: settings.title.clone().unwrap_or(title),
        pictures: pictures.collect(),
        body,
        words,
        ..NewJob::default()
    })
}
