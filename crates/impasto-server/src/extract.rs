//! The parts of requests that handlers take, with problems in place of plain texts when it is wrong.

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use crate::ids::{is_digest, is_uuid};
use crate::problem::Problem;

/// Largest JSON body: settings are small.
const JSON: usize = 1 << 20;

/// Time for a whole JSON body, so that a client that sends it byte by byte holds nothing.
const TIME: Duration = Duration::from_secs(10);

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Json<T>, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = format!("expected application/json, found {kind:?}");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-type", detail)
                .hint("send Content-Type: application/json"));
        }
        let body = Limited::new(request.into_body(), JSON).collect();
        let body = tokio::time::timeout(TIME, body).await.map_err(|_| too_slow())?;
        let bytes = body.map_err(|error| match error.is::<http_body_util::LengthLimitError>() {
            true => too_large(JSON as u64),
            false => Problem::malformed("the body ended early"),
        })?;
        serde_json::from_slice(&bytes.to_bytes())
            .map(Json)
            .map_err(|error| Problem::malformed(format!("the body is not what is expected: {error}")))
    }
}

/// A body that took too long.
pub(crate) fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "the body took too long to arrive")
}

/// A body that is too large.
pub(crate) fn too_large(limit: u64) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

/// The UUID in a path, in its canonical form.
pub(crate) struct Uuid(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Uuid {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Uuid, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::malformed(error.body_text()))?;
        match is_uuid(&id) {
            true => Ok(Uuid(id)),
            false => Err(Problem::malformed("expected a UUID in lower case with hyphens")),
        }
    }
}

/// The UUID and the number in a path.
pub(crate) struct Numbered(pub(crate) String, pub(crate) usize);

impl<S: Send + Sync> FromRequestParts<S> for Numbered {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Numbered, Problem> {
        let Path((id, number)) = Path::<(String, usize)>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::malformed(error.body_text()))?;
        match is_uuid(&id) {
            true => Ok(Numbered(id, number)),
            false => Err(Problem::malformed("expected a UUID in lower case with hyphens")),
        }
    }
}

/// The SHA-256 in a path.
pub(crate) struct Digest(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Digest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Digest, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::malformed(error.body_text()))?;
        match is_digest(&id) {
            true => Ok(Digest(id)),
            false => Err(Problem::malformed("expected a SHA-256 in 64 lower-case hexadecimal digits")),
        }
    }
}

/// The query of a request.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asked<T>, Problem> {
        let Query(asked) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::malformed(error.body_text()))?;
        Ok(Asked(asked))
    }
}
