//! Receiving a picture or a film: bytes go to a file while they are hashed, and become a picture if they are one.
//!
//! A file gets its final name only when all of it is there, its digest is right, and it was decoded. A film has its
//! first frame decoded, by ffmpeg, and kept beside it.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use http_body_util::BodyExt;
use impasto::image::{Decoded, Depth, Encoding, Space, read_recipe, save};
use impasto_job::JobError;
use impasto_job::inputs::Input;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::extract::{too_large, too_slow};
use crate::problem::Problem;
use crate::store::{Picture, now, rfc3339};

/// The time that a whole upload may take, of a picture and of a film.
const UPLOAD: Duration = Duration::from_secs(600);
const UPLOAD_FILM: Duration = Duration::from_secs(4 * 3600);

/// The largest file of a film, in bytes.
pub(crate) const FILM: u64 = 4 << 30;

/// Long edge of the frame that stands for a film, in pixels.
const POSTER: usize = 1024;

/// The kind of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Picture,
    Film,
}

impl Sent {
    /// The largest file, and the time that its upload may take.
    fn bounds(self, app: &App) -> (u64, Duration) {
        match self {
            Sent::Picture => (app.limits.file, UPLOAD),
            Sent::Film => (FILM, UPLOAD_FILM),
        }
    }

    fn too_large(self, most: u64) -> Problem {
        too_large(most).hint(match self {
            Sent::Picture => "make the picture smaller",
            Sent::Film => "cut the film, or make it smaller",
        })
    }
}

/// Time between two pieces of an upload.
const PIECE: Duration = Duration::from_secs(20);

/// Receives a picture or a film. Returns it, and whether it is new.
pub(crate) async fn receive(
    app: &Arc<App>,
    id: String,
    name: &str,
    sent: Sent,
    request: Request,
) -> Result<(Picture, bool), Problem> {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse().ok());
    let known = {
        let id = id.clone();
        app.store.call(move |connection| {
            Picture::touch(connection, &id)?;
            Picture::find(connection, &id)
        })
    };
    let is_film = |picture: &Picture| picture.frames > 0 && app.files.poster(&id).exists();
    let is_whole =
        |picture: &Picture| app.files.picture(&id).exists() && (sent == Sent::Picture || is_film(picture));
    if let Some(picture) = known.await?.filter(is_whole) {
        return Ok((picture, false));
    }
    let (most, within) = sent.bounds(app);
    if length.is_some_and(|length: u64| length > most) {
        return Err(sent.too_large(most));
    }
    if sent == Sent::Film {
        // Before gigabytes are sent for nothing.
        crate::blocking(|| Ok(impasto_video::check_ffmpeg()?)).await.map_err(no_ffmpeg)?;
    }
    app.files.check_room(length.unwrap_or(0))?;
    let (file, digest, bytes) = spool(app, request.into_body(), (sent, most, within)).await?;
    if digest != id {
        return Err(Problem::malformed(format!("the SHA-256 of the bytes is {digest}, not {id}"))
            .hint("the file may have changed while it was sent: send it again"));
    }
    let (app, name) = (Arc::clone(app), name.to_owned());
    crate::blocking(move || {
        let kept = match sent {
            Sent::Picture => keep(&app, &id, &name, &file, bytes),
            Sent::Film => keep_film(&app, &id, &name, &file, bytes),
        };
        kept.map(|picture| (picture, true))
    })
    .await
}

/// Writes a body to a file. Returns the file, the SHA-256 and the length.
async fn spool(
    app: &Arc<App>,
    mut body: Body,
    (sent, most, within): (Sent, u64, Duration),
) -> Result<(NamedTempFile, String, u64), Problem> {
    let mut file = NamedTempFile::new_in(app.files.incoming())?;
    let (mut digest, mut length) = (Sha256::new(), 0u64);
    let end = Instant::now() + within;
    loop {
        let piece =
            timeout_at(end.min(Instant::now() + PIECE), body.frame()).await.map_err(|_| too_slow())?;
        let Some(frame) = piece else { break };
        let frame = frame.map_err(|_| Problem::malformed("the body ended early"))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len() as u64;
        if length > most {
            return Err(sent.too_large(most));
        }
        if length % (1 << 24) < data.len() as u64 {
            app.files.check_room(length)?;
        }
        (file, digest) = crate::blocking(move || {
            file.write_all(&data)?;
            digest.update(&data);
            Ok((file, digest))
        })
        .await?;
    }
    let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((file, digest, length))
}

/// Decodes the picture, and keeps its file and the facts about it.
fn keep(app: &App, id: &str, name: &str, file: &NamedTempFile, bytes: u64) -> Result<Picture, Problem> {
    let name = named(id, name);
    let data = std::fs::read(file.path())?;
    let decoded = catch_unwind(AssertUnwindSafe(|| Input::from_bytes(&name, &data, &app.limits)));
    let unread = |error: JobError| {
        let problem = Problem::from(error);
        Problem { slug: "not-a-picture", option: None, ..problem }
    };
    let input = decoded
        .map_err(|_| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not-a-picture",
                format!("{name} cannot be decoded"),
            )
        })?
        .map_err(unread)?;
    let recipe = read_recipe(file.path(), &app.limits).ok().flatten();
    let mut picture = picture(id, &name, bytes, &input);
    picture.has_recipe = recipe.is_some_and(|text| text.contains("\"impasto\""));
    picture.format = format_of(&data).to_owned();
    place(app, id, file, bytes)?;
    app.drafts.keep(id, input);
    insert(app, picture)
}

/// The name of an upload, of a sensible length.
fn named(id: &str, name: &str) -> String {
    if name.trim().is_empty() { id[..12].to_owned() } else { name.chars().take(200).collect() }
}

/// Gives the file its final name.
fn place(app: &App, id: &str, file: &NamedTempFile, bytes: u64) -> Result<(), Problem> {
    let path = app.files.picture(id);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    file.as_file().sync_all()?;
    std::fs::rename(file.path(), &path)?;
    app.files.add(bytes);
    Ok(())
}

fn insert(app: &App, picture: Picture) -> Result<Picture, Problem> {
    app.store.run(move |connection| {
        picture.insert(connection)?;
        Picture::find(connection, &picture.id)?.ok_or_else(|| Problem::not_found("picture"))
    })
}

/// Looks at the film, and keeps its first frame, its file and the facts about it. The facts come last: whatever they
/// tell of is there, also after a kill in between.
fn keep_film(app: &App, id: &str, name: &str, file: &NamedTempFile, bytes: u64) -> Result<Picture, Problem> {
    let name = named(id, name);
    let unread = |error: JobError| {
        // Users know the film by its own name.
        let detail = error.message().replace(&file.path().display().to_string(), &name);
        let problem = Problem::from(error);
        Problem { slug: "not-a-film", option: None, detail, ..problem }
    };
    let (facts, poster) = impasto_video::inspect(file.path(), &app.limits, POSTER).map_err(unread)?;
    let path = app.files.poster(id);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    save(&path, &poster, None, &Encoding::default()).map_err(JobError::from)?;
    app.files.add(std::fs::metadata(&path)?.len());
    place(app, id, file, bytes)?;
    let hdr = facts
        .hdr
        .map(|curve| format!("note: {name} has a high dynamic range ({curve}): tone_map brings it down"));
    insert(
        app,
        Picture {
            id: id.to_owned(),
            name,
            format: container(&facts.format).to_owned(),
            width: facts.width,
            height: facts.height,
            bytes,
            depth: facts.depth,
            alpha: facts.alpha,
            profile: "srgb".into(),
            notes: hdr.into_iter().collect(),
            has_recipe: false,
            frames: facts.frames,
            seconds: facts.seconds,
            created: rfc3339(now()),
        },
    )
}

/// The format of a container, as an extension. ffmpeg tells several names of one demuxer.
fn container(names: &str) -> &str {
    match names.split(',').next().unwrap_or_default() {
        "mov" => "mp4",
        "matroska" => "mkv",
        "yuv4mpegpipe" => "y4m",
        "mpegts" => "ts",
        name => name,
    }
}

/// The problem with a film where there is no ffmpeg. What to install is in its hint.
fn no_ffmpeg(problem: Problem) -> Problem {
    Problem { slug: "no-ffmpeg", status: StatusCode::NOT_IMPLEMENTED.as_u16(), option: None, ..problem }
}

/// The format of a file by its first bytes, as an extension; empty if it is a rare one.
fn format_of(data: &[u8]) -> &'static str {
    let guessed = image::guess_format(data).ok().and_then(|format| format.extensions_str().first());
    match data {
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', ..] => "jxl",
        [0x76, 0x2f, 0x31, 0x01, ..] => "exr",
        _ => guessed.copied().unwrap_or_default(),
    }
}

fn picture(id: &str, name: &str, bytes: u64, input: &Input) -> Picture {
    let Decoded { picture, space, alpha, depth, icc_profile, .. } = &input.decoded;
    let profile = match (icc_profile, space) {
        (Some(_), _) => "icc",
        (None, Space::DisplayP3) => "display-p3",
        _ => "srgb",
    };
    Picture {
        id: id.to_owned(),
        name: name.to_owned(),
        format: String::new(),
        width: picture.width(),
        height: picture.height(),
        bytes,
        depth: match depth {
            Depth::Eight => 8,
            Depth::Sixteen => 16,
            Depth::Float => 32,
        },
        alpha: alpha.is_some(),
        profile: profile.to_owned(),
        notes: input.notes(),
        has_recipe: false,
        frames: 0,
        seconds: 0.0,
        created: rfc3339(now()),
    }
}
