//! The inputs of a job: whether they are there, whether they are pictures or films, and whether there is room for the
//! frames of a film.

use impasto_job::{JobSpec, Task};
use rusqlite::Connection;
use serde_json::Value;

use crate::app::App;
use crate::problem::Problem;
use crate::settings::{Kind, Length, Settings, Slot};
use crate::store::{Job, Picture, State};
use crate::work::{about_film, kept_bytes};

/// Refuses a job for which there is no room: a film needs it for its frames, less those that a retry takes over.
pub(super) fn check_room(
    app: &App,
    settings: &Settings,
    job: Option<&JobSpec>,
    retry_of: Option<String>,
) -> Result<(), Problem> {
    let (Some(Task::Video(spec)), Some(slot)) = (job.map(|job| &job.task), settings.content.clone()) else {
        return app.files.check_room(0);
    };
    let facts = app.store.run(move |connection| facts(connection, &slot))?;
    let Some(Facts { size, frames, seconds, .. }) = facts else { return app.files.check_room(0) };
    let needed = impasto_video::disk_bytes(spec, size, frames, seconds);
    let more = needed.saturating_sub(kept_bytes(app, retry_of)?);
    app.files.check_room(more).map_err(|problem| about_film(problem, more))
}

/// The length of the film that settings repaint.
pub(crate) fn length(app: &App, settings: &Settings) -> Result<Length, Problem> {
    let Some(slot) = settings.content.clone() else { return Ok(Length::default()) };
    let facts = app.store.run(move |connection| facts(connection, &slot))?;
    let (frames, seconds) = facts.map_or((0, 0.0), |facts| (facts.frames, facts.seconds));
    let fps = settings.options.get("fps").and_then(Value::as_str).map(str::to_owned);
    Ok(Length { frames, seconds, fps })
}

/// Facts about a file, as they were kept when it came or was made.
struct Facts {
    name: String,
    format: String,
    size: (usize, usize),
    /// Frames of a film; 0 for a picture.
    frames: usize,
    seconds: f64,
}

/// The facts about the file of a slot; `None` if there is no such picture or result.
fn facts(connection: &Connection, slot: &Slot) -> Result<Option<Facts>, Problem> {
    match slot {
        Slot::Picture(id) => Ok(Picture::find(connection, id)?.map(|picture| Facts {
            size: (picture.width, picture.height),
            name: picture.name,
            format: picture.format,
            frames: picture.frames,
            seconds: picture.seconds,
        })),
        Slot::Job(id) => {
            let job = Job::find(connection, id)?;
            let has_picture =
                |job: &Job| job.state == State::Done && !["compare", "batch"].contains(&job.kind.as_str());
            let Some(result) = job.filter(has_picture).and_then(|job| job.result) else { return Ok(None) };
            let number =
                |name: &str| result[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            let file = result["file"].as_str().unwrap_or_default();
            Ok(Some(Facts {
                name: format!("the result of {id}"),
                format: file.rsplit_once('.').map(|(_, format)| format.to_owned()).unwrap_or_default(),
                size: (number("width"), number("height")),
                frames: number("frames"),
                seconds: result["length"].as_f64().unwrap_or(0.0),
            }))
        }
    }
}

/// Finds pictures that are not there, and results that are not made.
pub(super) fn check_inputs(connection: &Connection, settings: &Settings) -> Result<(), Problem> {
    for slot in settings.slots() {
        let facts = facts(connection, slot)?;
        match (slot, facts) {
            (Slot::Picture(id), None) => {
                let detail = format!("there is no picture {id}");
                return Err(Problem::setting(option_of(settings, slot), detail)
                    .hint("upload it first: PUT /api/v1/pictures/{sha256}"));
            }
            (Slot::Job(id), None) => {
                let detail = format!("there is no result of a job {id}");
                return Err(Problem::setting(option_of(settings, slot), detail));
            }
            (_, Some(facts)) => check_film(settings, slot, &facts)?,
        }
        if let Slot::Picture(id) = slot {
            Picture::touch(connection, id)?;
        }
    }
    Ok(())
}

/// Refuses a film where a picture is expected, and a picture where a film is.
fn check_film(settings: &Settings, slot: &Slot, facts: &Facts) -> Result<(), Problem> {
    let name = &facts.name;
    let is_film = facts.frames > 0;
    // These are pictures, too: the first frame counts. A picture that came a second time, as a film, is `png`.
    let is_both = is_film && ["gif", "apng", "png"].contains(&facts.format.as_str());
    match (settings.kind == Kind::Video && is_content(settings, slot), is_film) {
        (true, false) => {
            Err(Problem::setting("content", format!("content: {name} is a picture: expected a film"))
                .hint("upload it with Content-Type: video/..."))
        }
        (false, true) if !is_both => {
            let option = option_of(settings, slot);
            Err(Problem::setting(option, format!("{option}: {name} is a film: expected a picture"))
                .hint("a film is repainted by a job of the kind video"))
        }
        _ => Ok(()),
    }
}

/// Whether a slot is that of the content. One file may stand in two places, so places are compared and not files.
pub(crate) fn is_content(settings: &Settings, slot: &Slot) -> bool {
    settings.content.as_ref().is_some_and(|content| std::ptr::eq(content, slot))
}

fn option_of(settings: &Settings, slot: &Slot) -> &'static str {
    let is = |found: Option<&Slot>| found.is_some_and(|found| std::ptr::eq(found, slot));
    let among = |slots: &[Slot]| slots.iter().any(|found| is(Some(found)));
    match () {
        () if is(settings.content.as_ref()) => "content",
        () if among(&settings.contents) => "contents",
        () if among(&settings.pictures) => "pictures",
        () if among(&settings.mask) => "mask",
        () if is(settings.protect.as_ref()) => "protect",
        () if is(settings.init.as_ref()) => "init",
        () => "styles",
    }
}
