//! The results of jobs: previews while they run, then files in any format, and the files beside them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use impasto::image::{Depth, Encoding, Format, Metadata, save};
use impasto_job::JobError;
use impasto_job::recipe::OF_RESULTS;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::pictures::{attachment, is_known};
use super::send;
use crate::app::App;
use crate::extract::{Asked, Numbered, Uuid};
use crate::problem::{Problem, ProblemBody};
use crate::store::{Job, State as Of};
use crate::{frames, pictures};

/// Long edge of what is shown of a job that has just ended.
const SHOWN: usize = 1024;

/// The newest picture of a running job. If the job has just ended, it is the result, so that a page which still asks
/// gets a picture.
#[utoipa::path(get, path = "/jobs/{id}/preview", tag = "results", params(("id" = String, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 304), (status = 404, body = ProblemBody)))]
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(preview) = app.live.of(&id).and_then(|running| running.preview()) else {
        let none = |_| Problem::not_found("preview");
        let job = done(&app, &id).await.map_err(none)?;
        let file = app.picture_of(&job).ok_or_else(|| Problem::not_found("preview"))?;
        return shown(&app, &job, file, SHOWN, &headers).await;
    };
    let tag = format!("\"{}\"", preview.tag);
    let headers_of = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers_of).into_response());
    }
    let kind = [(header::CONTENT_TYPE, "image/jpeg")];
    Ok((headers_of, kind, Body::from(Bytes::from_owner(preview.jpeg))).into_response())
}

/// A result as browsers show it, with a long edge of at most `fit`.
async fn shown(
    app: &Arc<App>,
    job: &Job,
    file: PathBuf,
    fit: usize,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!("\"{}-{}-{fit}\"", &job.id[..8], job.finished.unwrap_or(0));
    let cache = [(header::CACHE_CONTROL, "private, no-cache".to_owned()), (header::ETAG, tag.clone())];
    if is_known(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, cache).into_response());
    }
    let stem = app.files.job(&job.id).join("shown");
    let (bytes, kind) = crate::blocking(move || pictures::small(&file, &stem, fit, &OF_RESULTS)).await?;
    Ok((cache, [(header::CONTENT_TYPE, kind)], Body::from(Bytes::from_owner(bytes))).into_response())
}

/// How a result is given.
#[derive(Deserialize, IntoParams)]
pub(crate) struct ResultQuery {
    /// Another format: png, jpg, tif, webp, exr, qoi or bmp.
    format: Option<String>,
    /// Whether the file carries the settings of its run, and the content's EXIF. They are there unless this is false.
    metadata: Option<bool>,
    /// Show it, with a long edge of at most this, in place of the file.
    fit: Option<usize>,
    /// Whether a film is to be played, and not saved. Pictures are shown by `fit`.
    #[serde(default)]
    show: bool,
}

/// The result of a job: the file as it was made, in another format, or a small version to show.
#[utoipa::path(get, path = "/jobs/{id}/result", tag = "results", params(("id" = String, Path), ResultQuery),
    responses((status = 200, content_type = "application/octet-stream"), (status = 304),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn result(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
    Asked(query): Asked<ResultQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = done(&app, &id).await?;
    let file = app.result_of(&job).ok_or_else(|| Problem::not_found("picture of this job"))?;
    if query.show && (job.kind != "video" || query.fit.is_some()) {
        return Err(Problem::setting("show", "show: a film is played, and a picture is not")
            .hint("fit=N shows a picture, or the first frame of a film, with a long edge of N pixels"));
    }
    if let Some(fit) = query.fit {
        let file = app.picture_of(&job).ok_or_else(|| Problem::not_found("picture of this job"))?;
        return shown(&app, &job, file, fit, &headers).await;
    }
    if job.kind == "video" {
        return film(&job, file, &query, &headers).await;
    }
    let made = file.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
    let format = query.format.clone().unwrap_or_else(|| made.clone());
    let format: Format =
        format.parse().map_err(|reason| Problem::setting("format", format!("format: {reason}")))?;
    let name = name_of(&job, format.extension());
    let as_made = format.extension() == made && query.metadata != Some(false);
    let metadata = query.metadata.unwrap_or(true);
    let folder = app.files.incoming();
    let bytes = crate::blocking(move || match as_made {
        true => Ok(fs::read(&file)?),
        false => converted(&file, format, metadata, &folder),
    });
    Ok((attachment(&name, "application/octet-stream"), bytes.await?).into_response())
}

/// The film of a job, whole or a range of it. A page may show it (`show`), which it must not do with a stranger's file.
async fn film(
    job: &Job,
    file: PathBuf,
    query: &ResultQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if query.format.is_some() || query.metadata.is_some() {
        return Err(Problem::setting("format", "format: a film is given as it was made"));
    }
    let extension =
        file.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = match &extension[..] {
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mkv" => "video/x-matroska",
        "gif" => "image/gif",
        "apng" => "image/apng",
        _ => "application/octet-stream",
    };
    let sent = send::file(file, headers, kind).await?;
    if query.show {
        return Ok(sent);
    }
    let [_, disposition] = attachment(&name_of(job, &extension), kind);
    Ok(([disposition], sent).into_response())
}

/// Returns the result in another format, or without metadata. Pixels stay as they are if the format holds their depth.
fn converted(file: &Path, format: Format, metadata: bool, folder: &Path) -> Result<Vec<u8>, Problem> {
    let failed = |error| Problem::from(JobError::from(error));
    let decoded = pictures::open(file, &OF_RESULTS).map_err(failed)?;
    let recipe = impasto::image::read_recipe(file, &OF_RESULTS).ok().flatten();
    let recipe = recipe.filter(|recipe| format.holds_recipe() && format.fits_recipe(recipe));
    let encoding = Encoding {
        format: Some(format),
        depth: match format.depth(decoded.depth) {
            depth if depth <= decoded.depth => depth,
            _ => Depth::Eight,
        },
        space: decoded.space,
        icc_profile: decoded.icc_profile.clone(),
        metadata: match metadata {
            true => Metadata { recipe, ..decoded.metadata.clone() },
            false => Metadata::default(),
        },
        ..Encoding::default()
    };
    let made = tempfile::Builder::new().suffix(&format!(".{}", format.extension())).tempfile_in(folder)?;
    save(made.path(), &decoded.picture, decoded.alpha.as_ref(), &encoding).map_err(failed)?;
    Ok(fs::read(made.path())?)
}

/// The name under which a result is saved.
pub(super) fn name_of(job: &Job, extension: &str) -> String {
    let is_safe = |letter: char| letter.is_alphanumeric() || "-_.() ".contains(letter);
    let title: String =
        job.title.chars().map(|letter| if is_safe(letter) { letter } else { '_' }).take(120).collect();
    let title = title.trim().trim_start_matches('.');
    format!("{}.{extension}", if title.is_empty() { "result" } else { title })
}

async fn done(app: &App, id: &str) -> Result<Job, Problem> {
    let id = id.to_owned();
    let job = app.store.call(move |connection| Job::get(connection, &id)).await?;
    match job.state {
        Of::Done => Ok(job),
        state => Err(Problem::not_found("result").hint(format!("the job is {}", state.name()))),
    }
}

/// A painted frame of a film: the one with this number, counted from 0, or the last one before it that is painted.
#[utoipa::path(get, path = "/jobs/{id}/frames/{number}", tag = "results",
    params(("id" = String, Path), ("number" = usize, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = ProblemBody)))]
pub(crate) async fn frame(
    State(app): State<Arc<App>>,
    Numbered(id, number): Numbered,
) -> Result<Response, Problem> {
    let folder = app.files.job(&id);
    let bytes = crate::blocking(move || {
        let file = frames::at(&folder, number).ok_or_else(|| Problem::not_found("painted frame"))?;
        Ok(fs::read(file)?)
    });
    let kind = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, no-cache")];
    Ok((kind, bytes.await?).into_response())
}

/// The losses of a job, iteration by iteration.
#[utoipa::path(get, path = "/jobs/{id}/losses", tag = "results", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ProblemBody)))]
pub(crate) async fn losses(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
) -> Result<axum::Json<Value>, Problem> {
    let report = read_json(&app, &id, "report.json", "report").await?;
    let steps = report["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| {
            let losses = &step["losses"];
            json!({
                "scale": step["scale"], "iteration": step["iteration"], "width": step["width"],
                "height": step["height"], "total": losses["total"], "content": losses["content"],
                "style": losses["style"], "tv": losses["tv"],
            })
        })
        .collect();
    Ok(axum::Json(json!({ "steps": steps })))
}

/// The report of a job: everything needed to repeat and to assess it.
#[utoipa::path(get, path = "/jobs/{id}/report", tag = "results", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ProblemBody)))]
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
) -> Result<axum::Json<Value>, Problem> {
    let mut report = read_json(&app, &id, "report.json", "report").await?;
    // Where the server keeps its files is nobody's business.
    let output =
        report["output"].as_str().and_then(|path| path.rsplit(['/', '\\']).next()).map(str::to_owned);
    report["output"] = json!(output);
    Ok(axum::Json(report))
}

/// The scores of a comparison.
#[utoipa::path(get, path = "/jobs/{id}/scores", tag = "results", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ProblemBody)))]
pub(crate) async fn scores(
    State(app): State<Arc<App>>,
    Uuid(id): Uuid,
) -> Result<axum::Json<Value>, Problem> {
    read_json(&app, &id, "scores.json", "comparison").await.map(axum::Json)
}

/// The pictures of a sheet: where they are, and the settings of each.
#[utoipa::path(get, path = "/jobs/{id}/cells", tag = "results", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ProblemBody)))]
pub(crate) async fn cells(State(app): State<Arc<App>>, Uuid(id): Uuid) -> Result<axum::Json<Value>, Problem> {
    read_json(&app, &id, "cells.json", "sheet").await.map(axum::Json)
}

async fn read_json(app: &App, id: &str, name: &str, what: &'static str) -> Result<Value, Problem> {
    let path = app.files.job(id).join(name);
    crate::blocking(move || {
        let text = fs::read_to_string(path).map_err(|_| Problem::not_found(what))?;
        serde_json::from_str(&text).map_err(|error| Problem::internal(error.to_string()))
    })
    .await
}

/// The film of a job that was asked for one.
#[utoipa::path(get, path = "/jobs/{id}/timelapse", tag = "results", params(("id" = String, Path)),
    responses((status = 200, content_type = "image/gif"), (status = 404, body = ProblemBody)))]
pub(crate) async fn timelapse(State(app): State<Arc<App>>, Uuid(id): Uuid) -> Result<Response, Problem> {
    let path = app.files.job(&id).join("timelapse.gif");
    let bytes = crate::blocking(move || fs::read(path).map_err(|_| Problem::not_found("film"))).await?;
    Ok(([(header::CONTENT_TYPE, "image/gif")], bytes).into_response())
}
