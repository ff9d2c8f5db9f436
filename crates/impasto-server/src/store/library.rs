//! The library: styles with a picture and a name, presets of settings, and facts about the studio.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::{events, now};
use crate::problem::Problem;

/// A style of the library.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tags: Vec<String>,
    pub(crate) picture: String,
    pub(crate) settings: Option<Value>,
    pub(crate) sample: bool,
}

/// Settings with a name.
#[derive(Clone, Debug)]
pub(crate) struct Preset {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) settings: Value,
}

fn style(row: &Row<'_>) -> rusqlite::Result<Style> {
    let (tags, settings): (String, Option<String>) = (row.get(2)?, row.get(4)?);
    Ok(Style {
        id: row.get(0)?,
        name: row.get(1)?,
        tags: serde_json::from_str(&tags).unwrap_or_default(),
        picture: row.get(3)?,
        settings: settings.and_then(|text| serde_json::from_str(&text).ok()),
        sample: row.get(5)?,
    })
}

impl Style {
    /// All styles, in the order in which they were added.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Style>, Problem> {
        let sql = "SELECT id, name, tags, picture, settings, sample FROM styles ORDER BY created, id";
        let mut query = connection.prepare_cached(sql)?;
        let rows = query.query_map([], style)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps the style, in place of one with the same id.
    pub(crate) fn put(&self, connection: &Connection) -> Result<(), Problem> {
        let tags = serde_json::to_string(&self.tags).unwrap_or_default();
        let settings = self.settings.as_ref().map(Value::to_string);
        connection.execute(
            "INSERT INTO styles (id, name, tags, picture, settings, sample, created) VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, tags = excluded.tags,
                 picture = excluded.picture, settings = excluded.settings",
            params![self.id, self.name, tags, self.picture, settings, self.sample, now()],
        )?;
        events::note_change(connection, "style.changed", &self.id)
    }

    /// Removes the style. Returns whether there was one.
    pub(crate) fn remove(connection: &Connection, id: &str) -> Result<bool, Problem> {
        let found = connection.execute("DELETE FROM styles WHERE id = ?", [id])? > 0;
        if found {
            events::note_change(connection, "style.changed", id)?;
        }
        Ok(found)
    }
}

impl Preset {
    /// All presets, in the order in which they were added.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Preset>, Problem> {
        let mut query =
            connection.prepare_cached("SELECT id, name, settings FROM presets ORDER BY created, id")?;
        let rows = query.query_map([], |row| {
            let settings: String = row.get(2)?;
            let settings = serde_json::from_str(&settings).unwrap_or_default();
            Ok(Preset { id: row.get(0)?, name: row.get(1)?, settings })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps the preset, in place of one with the same id.
    pub(crate) fn put(&self, connection: &Connection) -> Result<(), Problem> {
        connection.execute(
            "INSERT INTO presets (id, name, settings, created) VALUES (?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings",
            params![self.id, self.name, self.settings.to_string(), now()],
        )?;
        events::note_change(connection, "preset.changed", &self.id)
    }

    /// Removes the preset. Returns whether there was one.
    pub(crate) fn remove(connection: &Connection, id: &str) -> Result<bool, Problem> {
        let found = connection.execute("DELETE FROM presets WHERE id = ?", [id])? > 0;
        if found {
            events::note_change(connection, "preset.changed", id)?;
        }
        Ok(found)
    }
}

/// A fact about the studio, such as whether its queue is paused.
pub(crate) fn fact(connection: &Connection, name: &str) -> Result<Option<String>, Problem> {
    let sql = "SELECT value FROM facts WHERE name = ?";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

/// Keeps a fact.
pub(crate) fn set_fact(connection: &Connection, name: &str, value: &str) -> Result<(), Problem> {
    connection.execute(
        "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}
