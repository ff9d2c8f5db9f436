//! Signing in: the token of the address becomes a cookie, which no script can read.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::guard::bearer;
use crate::problem::{Problem, ProblemBody};

/// Signs a browser in: `Authorization: Bearer` and the token. The answer sets the cookie.
#[utoipa::path(post, path = "/session", tag = "session",
    responses((status = 204, description = "The cookie is set"), (status = 401, body = ProblemBody)))]
pub(crate) async fn enter(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    if !bearer(&headers).is_some_and(|token| app.token.is(token)) {
        let problem =
            Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "the token is missing or wrong");
        return Err(problem.hint("open the address that `impasto serve` printed when it started"));
    }
    Ok(with_cookie(&format!("{}={}; Max-Age=31536000", app.cookie, app.token.text())))
}

/// Signs the browser out.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204, description = "The cookie is removed")))]
pub(crate) async fn leave(State(app): State<Arc<App>>) -> Response {
    with_cookie(&format!("{}=; Max-Age=0", app.cookie))
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = format!("{cookie}; Path=/; HttpOnly; SameSite=Strict");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}
