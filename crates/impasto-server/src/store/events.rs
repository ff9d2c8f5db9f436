//! Durable events: written in the transaction of the change that they tell, so that a browser that was away learns all.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::{Job, Store};
use crate::problem::Problem;

/// The newest events that are kept. A browser that was away for longer fetches everything anew.
const KEPT: i64 = 5000;

/// A durable event.
#[derive(Clone, Debug)]
pub(crate) struct Durable {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Writes an event.
pub(crate) fn write(connection: &Connection, name: &str, data: &Value) -> Result<(), Problem> {
    connection
        .prepare_cached("INSERT INTO events (name, data) VALUES (?, ?)")?
        .execute(params![name, data.to_string()])?;
    let id = connection.last_insert_rowid();
    if id % 100 == 0 {
        connection.execute("DELETE FROM events WHERE id <= ?", [id - KEPT])?;
    }
    Ok(())
}

/// Writes an event that tells that something other than a job has changed.
pub(crate) fn note_change(connection: &Connection, name: &str, id: &str) -> Result<(), Problem> {
    write(connection, name, &json!({ "id": id }))
}

/// Writes an event about a job.
pub(super) fn of_job(connection: &Connection, name: &str, job: &Job) -> Result<(), Problem> {
    let data = json!({
        "id": job.id, "kind": job.kind, "state": job.state, "state_seq": job.state_seq, "parent": job.parent,
    });
    write(connection, name, &data)
}

impl Store {
    /// The events after `id`; `None` if some of them are no longer kept.
    pub(crate) async fn events_after(&self, id: i64) -> Result<Option<Vec<Durable>>, Problem> {
        self.call(move |connection| {
            let first: Option<i64> = connection
                .query_row("SELECT min(id) FROM events", [], |row| row.get(0))
                .optional()?
                .flatten();
            let last = last_event(connection)?;
            if id > last || first.is_some_and(|first| id + 1 < first) {
                return Ok(None);
            }
            let mut query =
                connection.prepare_cached("SELECT id, name, data FROM events WHERE id > ? ORDER BY id")?;
            let rows = query.query_map([id], |row| {
                Ok(Durable { id: row.get(0)?, name: row.get(1)?, data: row.get(2)? })
            })?;
            Ok(Some(rows.collect::<Result<Vec<_>, _>>()?))
        })
        .await
    }

    /// The id of the newest event; 0 if there is none.
    pub(crate) async fn last_event(&self) -> Result<i64, Problem> {
        self.call(|connection| last_event(connection).map_err(Problem::from)).await
    }
}

/// The id of the newest event; 0 if there is none.
pub(crate) fn last_event(connection: &Connection) -> rusqlite::Result<i64> {
    let mut query = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?;
    Ok(query.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}
