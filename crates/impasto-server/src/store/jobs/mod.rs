//! Jobs: what was asked for, how far it is, how it ended.
//!
//! Every change that a browser shows raises `state_seq` and writes an event in the same transaction, so a late event
//! can be told from a new one.

mod change;
mod list;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{events, now};
use crate::problem::Problem;

pub(crate) use list::Filter;

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It waits for its turn.
    Queued,
    /// It is being painted.
    Running,
    /// It waits until it is resumed. What was painted is kept in a checkpoint.
    Paused,
    /// It has a result.
    Done,
    /// It ended with an error.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl State {
    pub(crate) const ALL: [State; 6] =
        [State::Queued, State::Running, State::Paused, State::Done, State::Failed, State::Cancelled];

    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Paused => "paused",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    pub(crate) fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the job is over.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// A job, as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The order in which jobs were accepted.
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) state: State,
    pub(crate) state_seq: i64,
    pub(crate) title: String,
    pub(crate) starred: bool,
    pub(crate) position: f64,
    pub(crate) created: i64,
    pub(crate) started: Option<i64>,
    pub(crate) finished: Option<i64>,
    /// The settings as they were sent.
    pub(crate) body: Value,
    pub(crate) stopped_early: bool,
    pub(crate) attempts: u32,
    /// Where the job was when it ended the program; empty if it never did.
    pub(crate) place: String,
    pub(crate) error: Option<Value>,
    pub(crate) result: Option<Value>,
    pub(crate) notes: Vec<String>,
    pub(crate) parent: Option<String>,
    pub(crate) retry_of: Option<String>,
    pub(crate) binned: Option<i64>,
}

const COLUMNS: &str = "number, id, kind, state, state_seq, title, starred, position, created, started, finished, \
                       body, stopped_early, attempts, place, error, result, notes, parent, retry_of, binned";

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let state: String = row.get(3)?;
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let notes: String = row.get(17)?;
    Ok(Job {
        number: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        state: State::named(&state).unwrap_or(State::Failed),
        state_seq: row.get(4)?,
        title: row.get(5)?,
        starred: row.get(6)?,
        position: row.get(7)?,
        created: row.get(8)?,
        started: row.get(9)?,
        finished: row.get(10)?,
        body: json(row.get(11)?).unwrap_or_default(),
        stopped_early: row.get(12)?,
        attempts: row.get(13)?,
        place: row.get(14)?,
        error: json(row.get(15)?),
        result: json(row.get(16)?),
        notes: serde_json::from_str(&notes).unwrap_or_default(),
        parent: row.get(18)?,
        retry_of: row.get(19)?,
        binned: row.get(20)?,
    })
}

/// A job that is to be kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewJob {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) body: Value,
    /// Words that a search finds it by, besides its title.
    pub(crate) words: String,
    /// The pictures that it is made from.
    pub(crate) pictures: Vec<String>,
    pub(crate) parent: Option<String>,
    pub(crate) retry_of: Option<String>,
    pub(crate) key: Option<String>,
}

impl NewJob {
    /// Keeps the job at the end of the queue.
    pub(crate) fn insert(&self, connection: &Connection) -> Result<Job, Problem> {
        let last: Option<f64> =
            connection.query_row("SELECT max(position) FROM jobs", [], |row| row.get(0))?;
        // A batch has no turn of its own: it runs as long as its pictures do.
        let state = if self.kind == "batch" { State::Running } else { State::Queued };
        connection.execute(
            "INSERT INTO jobs (id, kind, state, title, position, created, body, words, parent, retry_of,
                 idempotency_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.id,
                self.kind,
                state.name(),
                self.title,
                last.unwrap_or(0.0).floor() + 1.0,
                now(),
                self.body.to_string(),
                self.words,
                self.parent,
                self.retry_of,
                self.key,
            ],
        )?;
        for picture in &self.pictures {
            connection
                .prepare_cached("INSERT OR IGNORE INTO uses (job, picture) VALUES (?, ?)")?
                .execute([&self.id, picture])?;
        }
        let job = Job::get(connection, &self.id)?;
        events::of_job(connection, "job.created", &job)?;
        Ok(job)
    }
}

impl Job {
    /// The job with this id, if there is one.
    pub(crate) fn find(connection: &Connection, id: &str) -> Result<Option<Job>, Problem> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?");
        Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
    }

    /// The job with this id.
    pub(crate) fn get(connection: &Connection, id: &str) -> Result<Job, Problem> {
        Job::find(connection, id)?.ok_or_else(|| Problem::not_found("job"))
    }

    /// The job that was sent with this idempotency key, if there is one.
    pub(crate) fn with_key(connection: &Connection, key: &str) -> Result<Option<Job>, Problem> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE idempotency_key = ?");
        Ok(connection.prepare_cached(&sql)?.query_row([key], read).optional()?)
    }

    /// Takes the next job of the queue, and counts the attempt before any work is done.
    pub(crate) fn claim(connection: &Connection) -> Result<Option<Job>, Problem> {
        let sql = "SELECT id FROM jobs WHERE state = 'queued' ORDER BY position, number LIMIT 1";
        let next: Option<String> =
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        let Some(id) = next else { return Ok(None) };
        connection.execute(
            "UPDATE jobs SET state = 'running', state_seq = state_seq + 1, attempts = attempts + 1,
                 started = coalesce(started, ?) WHERE id = ?",
            params![now(), id],
        )?;
        let job = Job::get(connection, &id)?;
        events::of_job(connection, "job.state", &job)?;
        Ok(Some(job))
    }
}
