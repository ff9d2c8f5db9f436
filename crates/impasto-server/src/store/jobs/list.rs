//! Lists of jobs, in pages, and counts.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use super::{COLUMNS, Job, State, read};
use crate::problem::Problem;

/// Which jobs a list has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) states: Vec<State>,
    pub(crate) kind: Option<String>,
    /// Words that are all in the title or in the names of the pictures.
    pub(crate) words: Option<String>,
    pub(crate) starred: Option<bool>,
    pub(crate) parent: Option<String>,
    pub(crate) bin: bool,
    /// The order of the queue in place of the newest first.
    pub(crate) queue: bool,
    /// The number of the last job of the page before.
    pub(crate) before: Option<i64>,
    pub(crate) limit: usize,
}

/// How many jobs of a group are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) queued: usize,
    pub(crate) running: usize,
    pub(crate) paused: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) cancelled: usize,
}

impl Counts {
    /// The jobs that are not over.
    pub(crate) fn open(&self) -> usize {
        self.queued + self.running + self.paused
    }

    pub(crate) fn total(&self) -> usize {
        self.open() + self.done + self.failed + self.cancelled
    }

    fn add(&mut self, state: Option<State>, count: usize) {
        match state {
            Some(State::Queued) => self.queued += count,
            Some(State::Running) => self.running += count,
            Some(State::Paused) => self.paused += count,
            Some(State::Done) => self.done += count,
            Some(State::Failed) => self.failed += count,
            Some(State::Cancelled) | None => self.cancelled += count,
        }
    }
}

impl Filter {
    /// The jobs, and the number to give as `before` for the next page if there may be one.
    pub(crate) fn page(&self, connection: &Connection) -> Result<(Vec<Job>, Option<i64>), Problem> {
        let mut conditions = vec![format!("binned IS {}", if self.bin { "NOT NULL" } else { "NULL" })];
        let mut values: Vec<Sql> = Vec::new();
        if !self.states.is_empty() {
            let places = vec!["?"; self.states.len()].join(", ");
            conditions.push(format!("state IN ({places})"));
            values.extend(self.states.iter().map(|state| Sql::from(state.name().to_owned())));
        }
        for (column, value) in [("kind", &self.kind), ("parent", &self.parent)] {
            if let Some(value) = value {
                conditions.push(format!("{column} = ?"));
                values.push(value.clone().into());
            }
        }
        if self.parent.is_none() && !self.queue {
            conditions.push("parent IS NULL".into());
        }
        if let Some(starred) = self.starred {
            conditions.push("starred = ?".into());
            values.push(i64::from(starred).into());
        }
        for word in self.words.iter().flat_map(|words| words.split_whitespace()) {
            conditions.push("(instr(lower(title), ?) > 0 OR instr(words, ?) > 0)".into());
            let word = word.to_lowercase();
            values.extend([Sql::from(word.clone()), Sql::from(word)]);
        }
        if let Some(before) = self.before {
            conditions.push(format!("number {} ?", if self.parent.is_some() { ">" } else { "<" }));
            values.push(before.into());
        }
        let order = match (self.queue, &self.parent) {
            (true, _) => "position, number",
            (false, Some(_)) => "number",
            (false, None) => "number DESC",
        };
        values.push(i64::try_from(self.limit).unwrap_or(60).into());
        let sql =
            format!("SELECT {COLUMNS} FROM jobs WHERE {} ORDER BY {order} LIMIT ?", conditions.join(" AND "));
        let mut query = connection.prepare_cached(&sql)?;
        let jobs = query.query_map(params_from_iter(values), read)?.collect::<Result<Vec<_>, _>>()?;
        let next =
            (jobs.len() == self.limit && !self.queue).then(|| jobs.last().map(|job| job.number)).flatten();
        Ok((jobs, next))
    }

    /// The numbers of jobs in each state: of one batch.
    pub(crate) fn counts(connection: &Connection, parent: &str) -> Result<Counts, Problem> {
        let sql = "SELECT state, count(*) FROM jobs WHERE parent = ? GROUP BY state";
        Filter::counted(connection, sql, &[parent])
    }

    /// The numbers of all jobs in each state, batches aside.
    pub(crate) fn all_counts(connection: &Connection) -> Result<Counts, Problem> {
        let sql = "SELECT state, count(*) FROM jobs WHERE kind != 'batch' GROUP BY state";
        Filter::counted(connection, sql, &[])
    }

    fn counted(connection: &Connection, sql: &str, values: &[&str]) -> Result<Counts, Problem> {
        let mut counts = Counts::default();
        let mut query = connection.prepare_cached(sql)?;
        let rows = query.query_map(params_from_iter(values), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, usize>(1)?))
        })?;
        for row in rows {
            let (state, count) = row?;
            counts.add(State::named(&state), count);
        }
        Ok(counts)
    }
}
