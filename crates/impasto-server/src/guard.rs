//! The checks that every request must pass: a host that is allowed, an origin that is ours, and the token.
//!
//! A server on the loopback address can be reached by every web page that the user opens. A name that an attacker owns
//! may point to 127.0.0.1 (DNS rebinding), so a host is compared with a list and never resolved. A page of another
//! origin may send requests without reading the answers, so a foreign or opaque origin is refused on every method.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::problem::Problem;

/// Headers of every answer. Scripts, styles and connections are only ours; nobody may embed the page or its pictures.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; \
         connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// Refuses requests for other hosts and from other origins, and adds the headers of every answer.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let refused = check_host(&app, request.headers(), request.uri())
        .and_then(|host| check_origin(request.headers(), host))
        .err();
    let mut response = match refused {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Refuses requests without the token, as a cookie or as a bearer.
pub(crate) async fn signed_in(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if has_token(&app, request.headers()) {
        return next.run(request).await;
    }
    let mut response =
        Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "the token is missing or wrong")
            .hint("open the address that `impasto serve` printed when it started")
            .into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn has_token(app: &App, headers: &HeaderMap) -> bool {
    if let Some(token) = bearer(headers) {
        return app.token.is(token);
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == app.cookie).any(|(_, value)| app.token.is(value))
}

/// The token after `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the host of a request, if it is allowed.
fn check_host<'a>(app: &App, headers: &'a HeaderMap, uri: &Uri) -> Result<&'a str, Problem> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().unwrap_or_default(),
        _ => "",
    };
    let same = uri.authority().is_none_or(|authority| authority.as_str() == host);
    if same && is_allowed(host, &app.hosts) {
        return Ok(host);
    }
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "host-not-allowed",
        format!("the host {host:?} is not allowed"),
    )
    .hint("start `impasto serve` with --allow-host and the name that browsers use"))
}

/// Whether a `Host` header names this machine's loopback address or a name of the list. Nothing is resolved.
fn is_allowed(host: &str, names: &[String]) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((name, after)) = rest.split_once(']') else { return false };
            let Ok(address) = name.parse::<Ipv6Addr>() else { return false };
            if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
                return false;
            }
            return address.is_loopback() || names.iter().any(|allowed| allowed.parse() == Ok(address));
        }
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    if !port.is_none_or(is_port) {
        return false;
    }
    let is_loopback = name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_loopback
        || name.eq_ignore_ascii_case("localhost")
        || (!name.is_empty() && names.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Refuses a request with an origin that is not the host's: `null`, empty and malformed ones too.
fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    for origin in headers.get_all(header::ORIGIN) {
        let authority = origin.to_str().ok().and_then(|text| {
            let (scheme, authority) = text.split_once("://")?;
            ["http", "https"].contains(&scheme).then_some(authority)
        });
        if authority != Some(host) {
            let detail = "the request comes from a page of another origin";
            return Err(Problem::new(StatusCode::FORBIDDEN, "origin-not-allowed", detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_and_given_names_are_hosts() {
        let names = ["studio.lan".to_owned(), "fd00::1".to_owned()];
        for good in [
            "127.0.0.1:7340",
            "127.0.0.1",
            "127.1.2.3:1",
            "localhost:7340",
            "LOCALHOST",
            "[::1]:7340",
            "[::1]",
            "studio.lan:443",
            "Studio.LAN",
            "[fd00::1]:80",
        ] {
            assert!(is_allowed(good, &names), "{good}");
        }
        for bad in [
            "",
            ":7340",
            "evil.test:7340",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "localhost.",
            "127.0.0.1.",
            "[::1",
            "[::1]x",
            "[::1]:",
            "::1",
            "0.0.0.0:7340",
            "192.168.0.1",
            "127.1",
            "2130706433",
            "localhost:+80",
            "localhost:99999",
            "studio.lan.evil.test",
            "[fd00::2]",
            "127.0.0.1:7340:1",
            "user@localhost",
        ] {
            assert!(!is_allowed(bad, &names), "{bad}");
        }
    }
}
