//! Jobs as the API shows them.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::frames;
use crate::problem::{Problem, ProblemBody};
use crate::settings::{Settings, Slot, StyleSlot};
use crate::store::{Filter, Job, Picture, State, rfc3339};
use crate::work::Progress;

/// A job.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobView {
    pub(crate) id: String,
    /// `stylize`, `texture`, `sheet`, `compare`, `batch` or `video`.
    kind: String,
    state: State,
    /// Raised by every change, so that a late event can be told from a new one.
    state_seq: i64,
    title: String,
    starred: bool,
    /// Place in the queue: lower runs first.
    position: f64,
    created: String,
    started: Option<String>,
    finished: Option<String>,
    /// The settings as they were sent; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    inputs: Inputs,
    progress: Option<Progress>,
    /// The frames of a film that can be looked at: those up to the last painted one. 0 for other jobs.
    painted: usize,
    /// Facts about the result: `width`, `height`, `format`, `bytes`, `seconds`, `iterations`, `timelapse`. A film has
    /// `frames`, `shots` and `length` in seconds.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Whether the job was stopped and what was painted kept.
    stopped_early: bool,
    /// How often the job was begun.
    attempts: u32,
    #[schema(value_type = Option<ProblemBody>)]
    error: Option<Value>,
    parent: Option<String>,
    children: Option<Children>,
    retry_of: Option<String>,
    notes: Vec<String>,
    /// When the job was moved to the bin.
    binned: Option<String>,
}

/// The pictures that a job is made from, as far as they are uploads.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct Inputs {
    content: Option<Picture>,
    styles: Vec<Picture>,
    masks: Vec<Picture>,
}

/// The pictures of a batch, by their states.
#[derive(Serialize, ToSchema)]
pub(crate) struct Children {
    total: usize,
    done: usize,
    failed: usize,
    running: usize,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobPage {
    pub(crate) jobs: Vec<JobView>,
    /// The `before` of the next page.
    pub(crate) next: Option<String>,
}

impl JobView {
    /// The job with all its settings.
    pub(crate) fn whole(connection: &Connection, job: Job) -> Result<JobView, Problem> {
        let settings = job.body.clone();
        let view = JobView::row(connection, job)?;
        Ok(JobView { settings: Some(settings), ..view })
    }

    /// The job as a row of a list.
    pub(crate) fn row(connection: &Connection, job: Job) -> Result<JobView, Problem> {
        let children = match job.kind == "batch" {
            true => {
                let counts = Filter::counts(connection, &job.id)?;
                let (total, done, failed) = (counts.total(), counts.done, counts.failed);
                Some(Children { total, done, failed, running: counts.running })
            }
            false => None,
        };
        Ok(JobView {
            inputs: inputs(connection, &job)?,
            id: job.id,
            kind: job.kind,
            state: job.state,
            state_seq: job.state_seq,
            title: job.title,
            starred: job.starred,
            position: job.position,
            created: rfc3339(job.created),
            started: job.started.map(rfc3339),
            finished: job.finished.map(rfc3339),
            settings: None,
            progress: None,
            painted: 0,
            result: job.result.map(without_file),
            stopped_early: job.stopped_early,
            attempts: job.attempts,
            error: job.error,
            parent: job.parent,
            children,
            retry_of: job.retry_of,
            notes: job.notes,
            binned: job.binned.map(rfc3339),
        })
    }

    /// The job with its progress, if it runs, and the frames of a film that is not over. Files are looked at, so this
    /// is no work for a thread of requests.
    pub(crate) fn with_progress(mut self, app: &App) -> JobView {
        if self.kind == "video" {
            let frames = self.result.as_ref().and_then(|result| result["frames"].as_u64()?.try_into().ok());
            self.painted = frames.unwrap_or_else(|| frames::painted(&app.files.job(&self.id)));
        }
        self.progress = app.live.of(&self.id).map(|running| running.progress());
        self
    }
}

/// The facts about a result, with its format in place of the name of its file.
fn without_file(mut result: Value) -> Value {
    if let Some(object) = result.as_object_mut()
        && let Some(file) = object.remove("file")
    {
        let extension = file.as_str().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
        object.insert("format".into(), extension.unwrap_or_default().into());
    }
    result
}

fn inputs(connection: &Connection, job: &Job) -> Result<Inputs, Problem> {
    let Ok(settings) = Settings::parse(&job.body) else { return Ok(Inputs::default()) };
    let find = |slot: &Slot| match slot {
        Slot::Picture(id) => Picture::find(connection, id),
        Slot::Job(_) => Ok(None),
    };
    let all = |slots: Vec<&Slot>| -> Result<Vec<Picture>, Problem> {
        slots.into_iter().filter_map(|slot| find(slot).transpose()).collect()
    };
    let content = settings.content.as_ref().or(settings.contents.first());
    let masks = settings.mask.iter().chain(&settings.protect);
    let masks = masks.chain(settings.styles.iter().filter_map(|style: &StyleSlot| style.mask.as_ref()));
    Ok(Inputs {
        content: content.map(find).transpose()?.flatten(),
        styles: all(settings.styles.iter().map(|style| &style.picture).collect())?,
        masks: all(masks.collect())?,
    })
}
