//! Errors as answers: problem details by RFC 9457, with the library's hint and the setting at fault.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use impasto_job::{Cause, ErrorKind, JobError, spell};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The kind of the problem of a film that cannot go on from the painted frames that are there.
pub(crate) const OTHER_FRAMES: &str = "/problems/other-frames";

/// A problem: why a request or a job failed, and what can be done about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// The name of the problem's kind.
    pub(crate) slug: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The cause, in one sentence.
    pub(crate) detail: String,
    /// The way to mend it.
    pub(crate) hint: Option<String>,
    /// The setting at fault.
    pub(crate) option: Option<String>,
    /// Seconds after which the request may be sent again.
    pub(crate) retry_after: Option<u32>,
}

/// A problem: why a request or a job failed, and what can be done about it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The kind of the problem, as `/problems/` and a name.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The cause, in one sentence.
    detail: String,
    /// The way to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The setting at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<String>,
    /// Seconds after which the request may be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

impl From<Problem> for ProblemBody {
    fn from(problem: Problem) -> ProblemBody {
        let kind = problem.kind();
        let Problem { slug, status, detail, hint, option, retry_after } = problem;
        let mut title = slug.replace('-', " ");
        title[..1].make_ascii_uppercase();
        ProblemBody { kind, title, status, detail, hint, option, retry_after }
    }
}

impl Problem {
    /// A problem with this status, name and sentence.
    pub(crate) fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Problem {
        let status = status.as_u16();
        Problem { slug, status, detail: detail.into(), hint: None, option: None, retry_after: None }
    }

    /// A setting that is wrong (422).
    pub(crate) fn setting(option: &str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-setting", detail).option(option)
    }

    /// Something that does not exist (404).
    pub(crate) fn not_found(what: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {what}"))
    }

    /// A request that is malformed (400).
    pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-request", detail)
    }

    /// A request that contradicts the present state (409).
    pub(crate) fn conflict(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// A fault of the server or its environment (500).
    pub(crate) fn internal(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
    }

    /// The problem with this hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// The problem with the setting at fault.
    #[must_use]
    pub(crate) fn option(mut self, option: &str) -> Problem {
        self.option = Some(option.to_owned());
        self
    }

    /// The problem with seconds to wait before the next attempt.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u32) -> Problem {
        self.retry_after = Some(seconds);
        self
    }

    /// The kind, as bodies tell it.
    pub(crate) fn kind(&self) -> String {
        format!("/problems/{}", self.slug)
    }

    /// The problem as JSON.
    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(ProblemBody::from(self.clone())).unwrap_or_default()
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Problem {
        let (status, slug) = match error.kind() {
            _ if *error.cause() == Cause::Frames => (StatusCode::CONFLICT, "other-frames"),
            ErrorKind::BadInput => (StatusCode::UNPROCESSABLE_ENTITY, "wrong-setting"),
            ErrorKind::Environment => (StatusCode::INTERNAL_SERVER_ERROR, "environment"),
            ErrorKind::Interrupted => (StatusCode::CONFLICT, "interrupted"),
            ErrorKind::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal-error"),
        };
        let plain = |text: &str| spell(text, str::to_owned);
        let problem = Problem::new(status, slug, plain(error.message()));
        let option = first_option(error.message());
        Problem { hint: error.hint_text().map(plain), option, ..problem }
    }
}

/// The first option that a message names. Options stand in backquotes.
fn first_option(message: &str) -> Option<String> {
    let option = std::cell::OnceCell::new();
    spell(message, |name| {
        let _ = option.set(name.to_owned());
        String::new()
    });
    option.into_inner()
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Problem {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
            return Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "the disk is full");
        }
        Problem::internal(format!("the database failed: {error}"))
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Problem {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "the disk is full");
        }
        Problem::internal(format!("a file could not be read or written: {error}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (wait, slug) = (self.retry_after, self.slug);
        let mut response = (status, Json(ProblemBody::from(self))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, wait.into());
        }
        response.extensions_mut().insert(Refused(slug));
        response
    }
}

/// The kind of a problem, left in an answer for the counts of `/metrics`.
#[derive(Clone)]
pub(crate) struct Refused(pub(crate) &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_at_fault_is_named_and_spelled_plainly() {
        let error = JobError::bad_input("`stroke_size`: expected 0.1 to 4, found 9").hint("see `strength`");
        let problem = Problem::from(error);
        assert_eq!((problem.status, problem.option.as_deref()), (422, Some("stroke_size")));
        assert_eq!(problem.detail, "stroke_size: expected 0.1 to 4, found 9");
        assert_eq!(problem.hint.as_deref(), Some("see strength"));
    }
}
