//! Changes of jobs: each compares and sets in one transaction, and tells what it did by an event.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::super::{events, now};
use super::{Filter, Job, State};
use crate::problem::Problem;

impl Job {
    /// Moves the job to another state, if it is in one of these states. Returns whether it was.
    pub(crate) fn move_to(
        connection: &Connection,
        id: &str,
        from: &[State],
        to: State,
    ) -> Result<bool, Problem> {
        let job = Job::get(connection, id)?;
        if !from.contains(&job.state) {
            return Ok(false);
        }
        let finished = to.is_final().then(now);
        connection.execute(
            "UPDATE jobs SET state = ?, state_seq = state_seq + 1, finished = coalesce(?, finished) WHERE id = ?",
            params![to.name(), finished, id],
        )?;
        Job::tell(connection, "job.state", id)?;
        Ok(true)
    }

    /// Ends the running job with what it brought: a result, an error, or neither.
    pub(crate) fn finish(
        connection: &Connection,
        id: &str,
        to: State,
        result: Option<&Value>,
        error: Option<&Value>,
        stopped_early: bool,
    ) -> Result<(), Problem> {
        connection.execute(
            "UPDATE jobs SET result = coalesce(?, result), error = ?, stopped_early = ?, place = '' WHERE id = ?",
            params![result.map(Value::to_string), error.map(Value::to_string), stopped_early, id],
        )?;
        Job::move_to(connection, id, &[State::Running], to)?;
        Ok(())
    }

    /// Replaces the notes of the job.
    pub(crate) fn set_notes(connection: &Connection, id: &str, notes: &[String]) -> Result<(), Problem> {
        let text = serde_json::to_string(notes).unwrap_or_default();
        connection.execute("UPDATE jobs SET notes = ? WHERE id = ?", params![text, id])?;
        Ok(())
    }

    /// Keeps the place where the job was when the program ended.
    pub(crate) fn set_place(connection: &Connection, id: &str, place: &str) -> Result<(), Problem> {
        connection.execute("UPDATE jobs SET place = ? WHERE id = ?", params![place, id])?;
        Ok(())
    }

    /// Changes what a user may change of a job.
    pub(crate) fn edit(
        connection: &Connection,
        id: &str,
        title: Option<&str>,
        starred: Option<bool>,
    ) -> Result<(), Problem> {
        connection.execute(
            "UPDATE jobs SET title = coalesce(?, title), starred = coalesce(?, starred), state_seq = state_seq + 1
             WHERE id = ?",
            params![title, starred, id],
        )?;
        Job::tell(connection, "job.changed", id)
    }

    /// Moves a waiting job: before another one, or to an end of the queue.
    pub(crate) fn place_before(
        connection: &Connection,
        id: &str,
        before: Option<&str>,
        first: bool,
    ) -> Result<(), Problem> {
        let bound = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<f64>>(0));
        let position = match before {
            Some(other) => {
                let next = Job::get(connection, other)?.position;
                let previous: Option<f64> = connection.query_row(
                    "SELECT max(position) FROM jobs WHERE position < ? AND id != ? AND state IN ('queued', 'paused')",
                    params![next, id],
                    |row| row.get(0),
                )?;
                (previous.unwrap_or(next - 2.0) + next) / 2.0
            }
            None if first => {
                bound("SELECT min(position) FROM jobs WHERE state IN ('queued', 'paused')")?.unwrap_or(0.0)
                    - 1.0
            }
            None => bound("SELECT max(position) FROM jobs")?.unwrap_or(0.0).floor() + 1.0,
        };
        connection.execute(
            "UPDATE jobs SET position = ?, state_seq = state_seq + 1 WHERE id = ?",
            params![position, id],
        )?;
        Job::tell(connection, "job.changed", id)
    }

    /// Moves a job and its children to the bin, or back.
    pub(crate) fn bin(connection: &Connection, id: &str, binned: bool) -> Result<(), Problem> {
        connection.execute(
            "UPDATE jobs SET binned = ?, state_seq = state_seq + 1 WHERE id = ? OR parent = ?",
            params![binned.then(now), id, id],
        )?;
        Job::tell(connection, if binned { "job.deleted" } else { "job.changed" }, id)
    }

    /// Forgets a job and its children. Returns their ids, whose files can be removed.
    pub(crate) fn remove(connection: &Connection, id: &str) -> Result<Vec<String>, Problem> {
        let job = Job::get(connection, id)?;
        let mut query =
            connection.prepare_cached("DELETE FROM jobs WHERE id = ? OR parent = ? RETURNING id")?;
        let ids = query.query_map([id, id], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        events::of_job(connection, "job.deleted", &job)?;
        Ok(ids)
    }

    /// The jobs in the bin since before this time.
    pub(crate) fn binned_before(connection: &Connection, time: i64) -> Result<Vec<String>, Problem> {
        let mut query =
            connection.prepare_cached("SELECT id FROM jobs WHERE binned < ? AND parent IS NULL")?;
        Ok(query.query_map([time], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Brings the state of a batch up to date with its pictures.
    pub(crate) fn refresh_parent(connection: &Connection, id: &str) -> Result<(), Problem> {
        let parent = Job::get(connection, id)?;
        let counts = Filter::counts(connection, id)?;
        let to = match counts {
            counts if counts.open() > 0 && counts.running == 0 && counts.queued == 0 => State::Paused,
            counts if counts.open() > 0 => State::Running,
            counts if counts.done > 0 => State::Done,
            counts if counts.failed > 0 => State::Failed,
            _ => State::Cancelled,
        };
        if parent.state != to {
            Job::move_to(connection, id, &State::ALL, to)?;
        } else {
            Job::tell(connection, "job.changed", id)?;
        }
        Ok(())
    }

    fn tell(connection: &Connection, event: &str, id: &str) -> Result<(), Problem> {
        let job = Job::get(connection, id)?;
        events::of_job(connection, event, &job)?;
        match job.parent.as_deref().filter(|_| event == "job.state") {
            Some(parent) => Job::refresh_parent(connection, parent),
            None => Ok(()),
        }
    }
}
