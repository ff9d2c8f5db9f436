//! The page: files that were built from `studio/` and are part of the program.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;

use crate::problem::Problem;

#[derive(Embed)]
#[folder = "page"]
struct Page;

/// A file of the page. Its views are fragments of one address.
pub(crate) async fn asset(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    let Some(file) = Page::get(name) else { return Problem::not_found("page").into_response() };
    let hash: String =
        file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let kind = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "webmanifest") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    // A new program has a new page, so browsers ask each time; the answer is short if nothing changed.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache"), (header::ETAG, &tag)];
    match known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, file.data).into_response(),
    }
}

/// The meaning of a kind of problem.
pub(crate) async fn problem(Path(name): Path<String>) -> Result<String, Problem> {
    let known = [
        ("wrong-setting", "A setting of a job has a value that is not allowed. `option` names it."),
        ("not-found", "There is nothing under this address, or it was deleted."),
        ("malformed-request", "The request is not what the address takes."),
        ("conflict", "The request contradicts what is there: for example, another job has this id."),
        (
            "not-signed-in",
            "The token is missing. Open the address that `impasto serve` printed when it started.",
        ),
        ("host-not-allowed", "The request names a host that the server was not told of (--allow-host)."),
        ("origin-not-allowed", "A page of another origin sent the request."),
        ("wrong-type", "The body has another type than the address takes."),
        ("too-large", "The body is larger than the address takes."),
        ("too-slow", "The body took too long to arrive."),
        ("queue-full", "Too many jobs wait. Send the request again later."),
        ("busy", "Too many drafts are asked for at once. Send the request again later."),
        ("no-room", "The data folder has reached its quota, or the disk is nearly full."),
        ("other-frames", "The painted frames of a film are damaged, or were painted with other settings."),
        ("no-ffmpeg", "Films are read and written by ffmpeg, which is missing or too old."),
        ("not-a-film", "The file is not a film that ffmpeg reads."),
        ("disk-full", "The disk is full."),
        ("not-a-picture", "The file is not a picture that impasto reads."),
        ("ending", "The server is about to end."),
        ("environment", "The machine prevents the work: a file that cannot be written, for example."),
        ("failed", "The work failed."),
        ("interrupted", "The work was interrupted."),
        ("internal-error", "A mistake in the program. Please report it."),
        ("method-not-allowed", "The address does not take this method."),
    ];
    let found = known.into_iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| format!("{text}\n")).ok_or_else(|| Problem::not_found("kind of problem"))
}
