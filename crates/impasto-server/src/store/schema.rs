//! The tables, and how an older file becomes a newer one.

use rusqlite::Connection;

/// Each step makes the tables of one version from those of the version before. `user_version` counts the steps.
const STEPS: &[&str] = &[
    "
CREATE TABLE pictures (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    alpha INTEGER NOT NULL,
    profile TEXT NOT NULL,
    notes TEXT NOT NULL,
    has_recipe INTEGER NOT NULL,
    created INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT;
CREATE INDEX pictures_by_age ON pictures (created);

CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    state_seq INTEGER NOT NULL DEFAULT 1,
    title TEXT NOT NULL DEFAULT '',
    starred INTEGER NOT NULL DEFAULT 0,
    position REAL NOT NULL,
    created INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    body TEXT NOT NULL,
    words TEXT NOT NULL DEFAULT '',
    stopped_early INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    place TEXT NOT NULL DEFAULT '',
    error TEXT,
    result TEXT,
    notes TEXT NOT NULL DEFAULT '[]',
    parent TEXT,
    retry_of TEXT,
    idempotency_key TEXT UNIQUE,
    binned INTEGER
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, position, number);
CREATE INDEX jobs_by_parent ON jobs (parent, number);

CREATE TABLE uses (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    picture TEXT NOT NULL REFERENCES pictures (id),
    PRIMARY KEY (job, picture)
) STRICT, WITHOUT ROWID;
CREATE INDEX uses_by_picture ON uses (picture);

CREATE TABLE styles (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    tags TEXT NOT NULL,
    picture TEXT NOT NULL REFERENCES pictures (id),
    settings TEXT,
    sample INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE presets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;

CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
    "
ALTER TABLE pictures ADD COLUMN frames INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pictures ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
",
];

/// Sets the connection up, and brings the tables to this version.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    // The time-out comes first: the switch to a write-ahead log needs a lock itself.
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Writes are rare, and an accepted job must survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -2000)?;
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > STEPS.len() {
        let text = format!("it was written by a newer program (version {version})");
        return Err(rusqlite::Error::ToSqlConversionFailure(text.into()));
    }
    for (at, step) in STEPS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", at + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
