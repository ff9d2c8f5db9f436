//! Pictures and films: facts about uploaded files. The files themselves lie in the folder `pictures`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{now, rfc3339};
use crate::problem::Problem;

/// An uploaded picture or film.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Picture {
    /// SHA-256 of the file, in hexadecimal.
    pub(crate) id: String,
    /// The name of the file on the user's machine.
    pub(crate) name: String,
    /// The format of the file, such as `jpeg`.
    pub(crate) format: String,
    /// Pixels across, upright.
    pub(crate) width: usize,
    /// Pixels down, upright.
    pub(crate) height: usize,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// Bits per channel: 8, 16 or 32 (floating point).
    pub(crate) depth: u8,
    /// Whether some of it is transparent.
    pub(crate) alpha: bool,
    /// The colour space: `srgb`, `display-p3`, or `icc` for another profile.
    pub(crate) profile: String,
    /// How the file was read, where that is not obvious.
    pub(crate) notes: Vec<String>,
    /// Whether it carries the settings of a run of impasto.
    pub(crate) has_recipe: bool,
    /// Frames of a film; 0 for a picture.
    pub(crate) frames: usize,
    /// Seconds of a film; 0 for a picture.
    pub(crate) seconds: f64,
    /// When it was uploaded.
    pub(crate) created: String,
}

const COLUMNS: &str = "id, name, format, width, height, bytes, depth, alpha, profile, notes, has_recipe, created, \
                       frames, seconds";

fn read(row: &Row<'_>) -> rusqlite::Result<Picture> {
    let notes: String = row.get(9)?;
    Ok(Picture {
        id: row.get(0)?,
        name: row.get(1)?,
        format: row.get(2)?,
        width: row.get(3)?,
        height: row.get(4)?,
        bytes: row.get(5)?,
        depth: row.get(6)?,
        alpha: row.get(7)?,
        profile: row.get(8)?,
        notes: serde_json::from_str(&notes).unwrap_or_default(),
        has_recipe: row.get(10)?,
        created: rfc3339(row.get(11)?),
        frames: row.get(12)?,
        seconds: row.get(13)?,
    })
}

impl Picture {
    /// The picture with this id.
    pub(crate) fn find(connection: &Connection, id: &str) -> Result<Option<Picture>, Problem> {
        let sql = format!("SELECT {COLUMNS} FROM pictures WHERE id = ?");
        Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
    }

    /// Keeps the picture. One that is known already only counts as used again; it may become a film, too.
    pub(crate) fn insert(&self, connection: &Connection) -> Result<(), Problem> {
        let notes = serde_json::to_string(&self.notes).unwrap_or_default();
        connection.execute(
            "INSERT INTO pictures (id, name, format, width, height, bytes, depth, alpha, profile, notes, has_recipe,
                 created, used, frames, seconds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13, ?14)
             ON CONFLICT (id) DO UPDATE SET used = excluded.used, frames = max(frames, excluded.frames),
                 seconds = max(seconds, excluded.seconds)",
            params![
                self.id,
                self.name,
                self.format,
                self.width,
                self.height,
                self.bytes,
                self.depth,
                self.alpha,
                self.profile,
                notes,
                self.has_recipe,
                now(),
                self.frames,
                self.seconds
            ],
        )?;
        Ok(())
    }

    /// Notes that the picture is in use, so that it is not cleaned away for a day.
    pub(crate) fn touch(connection: &Connection, id: &str) -> Result<bool, Problem> {
        let found = connection
            .prepare_cached("UPDATE pictures SET used = ? WHERE id = ?")?
            .execute(params![now(), id])?;
        Ok(found > 0)
    }

    /// A page of pictures, the newest first. `before` is the place in the list where the page before ended.
    pub(crate) fn page(
        connection: &Connection,
        before: Option<(i64, String)>,
        limit: usize,
    ) -> Result<(Vec<Picture>, Option<String>), Problem> {
        let (time, id) = before.unwrap_or((i64::MAX, String::new()));
        let sql = format!(
            "SELECT {COLUMNS}, created FROM pictures WHERE (created, id) < (?, ?)
             ORDER BY created DESC, id DESC LIMIT ?"
        );
        let mut query = connection.prepare_cached(&sql)?;
        let rows =
            query.query_map(params![time, id, limit], |row| Ok((read(row)?, row.get::<_, i64>(14)?)))?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let next = match rows.len() == limit {
            true => rows.last().map(|(picture, created)| format!("{created}-{}", picture.id)),
            false => None,
        };
        Ok((rows.into_iter().map(|(picture, _)| picture).collect(), next))
    }

    /// Removes pictures that no job and no style uses, and that nobody has used since `before`. Returns their ids.
    pub(crate) fn remove_unused(connection: &Connection, before: i64) -> Result<Vec<String>, Problem> {
        let mut query = connection.prepare_cached(
            "DELETE FROM pictures WHERE used < ?
                 AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.picture = pictures.id)
                 AND NOT EXISTS (SELECT 1 FROM styles WHERE styles.picture = pictures.id)
             RETURNING id",
        )?;
        let ids = query.query_map([before], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(ids)
    }
}
