//! Pictures: uploaded under their SHA-256, shown small, given back as they came.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::send;
use crate::app::App;
use crate::extract::{Asked, Digest};
use crate::problem::{Problem, ProblemBody};
use crate::store::Picture;
use crate::upload::Sent;
use crate::{pictures, upload};

/// Facts that come with an upload.
#[derive(Deserialize, IntoParams)]
pub(crate) struct UploadQuery {
    /// The name of the file on the user's machine.
    name: Option<String>,
}

/// Uploads a picture, or with a type `video/...` a film: the bytes of a file under their SHA-256. A file that is here
/// already is not read again. Films need an ffmpeg on the server's machine.
#[utoipa::path(put, path = "/pictures/{id}", tag = "pictures", params(("id" = String, Path), UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Picture), (status = 200, body = Picture, description = "It was here already"),
        (status = 400, body = ProblemBody), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 501, body = ProblemBody),
        (status = 507, body = ProblemBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Digest(id): Digest,
    Asked(query): Asked<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let sent = if kind.starts_with("video/") { Sent::Film } else { Sent::Picture };
    let is_picture =
        kind == "application/octet-stream" || (kind.starts_with("image/") && kind != "image/svg+xml");
    if sent == Sent::Picture && !is_picture {
        let detail = format!("expected a picture or a film, found {kind:?}");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-type", detail)
            .hint("send Content-Type: image/..., video/... or application/octet-stream; SVG is not read"));
    }
    let name = query.name.unwrap_or_default();
    let (picture, is_new) = upload::receive(&app, id, &name, sent, request).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(picture)).into_response())
}

/// The size at which a picture is shown.
#[derive(Deserialize, IntoParams)]
pub(crate) struct FitQuery {
    /// Long edge in pixels, at most 4096.
    pub(crate) fit: Option<usize>,
}

/// A picture as browsers show it: small, upright, in sRGB. A film is shown by its first frame.
#[utoipa::path(get, path = "/pictures/{id}", tag = "pictures", params(("id" = String, Path), FitQuery),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Digest(id): Digest,
    Asked(query): Asked<FitQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let fit = query.fit.unwrap_or(512);
    let is_film = find(&app, &id).await?.frames > 0;
    let tag = format!("\"{}-{fit}\"", &id[..16]);
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let shown = crate::blocking(move || {
        let path = app.files.picture(&id);
        let source = if is_film { app.files.poster(&id) } else { path.clone() };
        pictures::small(&source, &path, fit, &app.limits)
    });
    let (bytes, kind) = shown.await?;
    let cache = "private, max-age=31536000, immutable";
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache), (header::ETAG, &tag)];
    Ok((headers, Body::from(axum::body::Bytes::from_owner(bytes))).into_response())
}

/// Whether the browser has the version with this tag.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes())
}

/// Facts about a picture.
#[utoipa::path(get, path = "/pictures/{id}/info", tag = "pictures", params(("id" = String, Path)),
    responses((status = 200, body = Picture), (status = 404, body = ProblemBody)))]
pub(crate) async fn info(State(app): State<Arc<App>>, Digest(id): Digest) -> Result<Json<Picture>, Problem> {
    find(&app, &id).await.map(Json)
}

/// The file as it was uploaded, to be saved and not shown.
#[utoipa::path(get, path = "/pictures/{id}/original", tag = "pictures", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = ProblemBody)))]
pub(crate) async fn original(
    State(app): State<Arc<App>>,
    Digest(id): Digest,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let picture = find(&app, &id).await?;
    let file = send::file(app.files.picture(&id), &headers, "application/octet-stream").await?;
    Ok((attachment(&picture.name, "application/octet-stream"), file).into_response())
}

/// Headers of a file that is saved under this name.
pub(super) fn attachment(name: &str, kind: &'static str) -> [(header::HeaderName, String); 2] {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_. ".contains(letter);
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect();
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)]
}

pub(super) async fn find(app: &App, id: &str) -> Result<Picture, Problem> {
    let id = id.to_owned();
    let found = app.store.call(move |connection| Picture::find(connection, &id)).await?;
    found.ok_or_else(|| Problem::not_found("picture"))
}

/// A page of a list.
#[derive(Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    before: Option<String>,
    /// Number of entries, at most 200.
    limit: Option<usize>,
}

/// A page of pictures.
#[derive(Serialize, ToSchema)]
pub(crate) struct PicturePage {
    pictures: Vec<Picture>,
    /// The `before` of the next page.
    next: Option<String>,
}

/// Lists pictures, the newest first.
#[utoipa::path(get, path = "/pictures", tag = "pictures", params(PageQuery),
    responses((status = 200, body = PicturePage)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<PicturePage>, Problem> {
    let place = |text: String| {
        let (time, id) = text.split_once('-')?;
        Some((time.parse().ok()?, id.to_owned()))
    };
    let wrong = || Problem::malformed("before: expected the `next` of the page before");
    let before = query.before.map(|text| place(text).ok_or_else(wrong)).transpose()?;
    let limit = query.limit.unwrap_or(60).clamp(1, 200);
    let (pictures, next) = app.store.call(move |connection| Picture::page(connection, before, limit)).await?;
    Ok(Json(PicturePage { pictures, next }))
}
