//! Who may ask: hosts, origins, tokens, and what every answer says.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use crate::common::{Bench, answer};

/// A request without a token.
fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn other_hosts_are_refused_on_every_path_and_method() {
    let bench = Bench::asleep();
    let bearer = format!("Bearer {}", bench.studio.token());
    let hosts = [
        "evil.test:7340",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "127.0.0.1.:7340",
        "0.0.0.0:7340",
        "[::2]:7340",
        "localhost.",
        "",
    ];
    for host in hosts {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/healthz"),
            (Method::GET, "/api/v1/jobs"),
            (Method::POST, "/api/v1/queue/pause"),
            (Method::OPTIONS, "/api/v1/jobs"),
            (Method::GET, "/metrics"),
        ] {
            let headers = [("host", host), ("authorization", bearer.as_str())];
            let response = bench.raw(request(method.clone(), path, &headers)).await;
            assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{host} {method} {path}");
        }
    }
    // No host at all, and two of them.
    assert_eq!(bench.raw(request(Method::GET, "/", &[])).await.status(), StatusCode::MISDIRECTED_REQUEST);
    let twice = [("host", "127.0.0.1"), ("host", "evil.test")];
    assert_eq!(bench.raw(request(Method::GET, "/", &twice)).await.status(), StatusCode::MISDIRECTED_REQUEST);
    for host in ["127.0.0.1:7340", "localhost:1", "[::1]:7340", "studio.example", "STUDIO.example:443"] {
        let response = bench.raw(request(Method::GET, "/healthz", &[("host", host)])).await;
        assert_eq!(response.status(), StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn other_origins_are_refused_even_with_the_token() {
    let bench = Bench::asleep();
    let bearer = format!("Bearer {}", bench.studio.token());
    let host = ("host", "127.0.0.1:7340");
    let token = ("authorization", bearer.as_str());
    for origin in [
        "null",
        "",
        "http://evil.test",
        "http://127.0.0.1:9999",
        "file://",
        "http://127.0.0.1:7340.evil.test",
    ] {
        for method in [Method::GET, Method::POST] {
            let path = if method == Method::GET { "/api/v1/jobs" } else { "/api/v1/queue/pause" };
            let headers = [host, token, ("origin", origin)];
            let response = bench.raw(request(method.clone(), path, &headers)).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin} {method}");
        }
    }
    for site in ["cross-site", "same-site"] {
        let headers = [host, token, ("sec-fetch-site", site)];
        let response = bench.raw(request(Method::POST, "/api/v1/queue/pause", &headers)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{site}");
    }
    let headers = [host, token, ("origin", "http://127.0.0.1:7340"), ("sec-fetch-site", "same-origin")];
    let response = bench.raw(request(Method::POST, "/api/v1/queue/pause", &headers)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn the_token_opens_as_bearer_and_as_cookie_and_nothing_else_does() {
    let bench = Bench::asleep();
    let host = ("host", "127.0.0.1:7340");
    let token = bench.studio.token().to_owned();
    for headers in [
        vec![host],
        vec![host, ("authorization", "Bearer 00")],
        vec![host, ("authorization", token.as_str())],
        vec![host, ("cookie", "impasto_7340=00")],
    ] {
        for path in ["/api/v1/jobs", "/api/v1/events", "/api/v1/openapi.json", "/metrics", "/api/v1/status"] {
            let response = bench.raw(request(Method::GET, path, &headers)).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path} {headers:?}");
        }
    }
    let bearer = format!("Bearer {token}");
    let entered =
        bench.raw(request(Method::POST, "/api/v1/session", &[host, ("authorization", &bearer)])).await;
    assert_eq!(entered.status(), StatusCode::NO_CONTENT);
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(["HttpOnly", "SameSite=Strict", "Path=/"].iter().all(|part| cookie.contains(part)), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let response = bench.raw(request(Method::GET, "/api/v1/jobs", &[host, ("cookie", pair)])).await;
    assert_eq!(response.status(), StatusCode::OK);
    let wrong =
        bench.raw(request(Method::POST, "/api/v1/session", &[host, ("authorization", "Bearer x")])).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_strict() {
    let bench = Bench::asleep();
    for path in ["/", "/healthz", "/api/v1/jobs", "/nothing.js", "/api/v1/nothing"] {
        let answer = answer(bench.raw(request(Method::GET, path, &[("host", "localhost")])).await).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn paths_cannot_leave_their_folders() {
    let bench = Bench::asleep();
    for path in [
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../Cargo.toml",
        "/api/v1/pictures/..%2f..%2fstudio.sqlite",
        "/api/v1/pictures/..%2f..%2ftoken/original",
        "/api/v1/jobs/..%2f..%2ftoken/result",
        "/api/v1/jobs/00000000-0000-4000-8000-00000000000g/result",
        "/problems/..%2f..%2ftoken",
    ] {
        let answer = bench.get(path).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{path} {}", answer.status);
        let token = bench.studio.token();
        assert!(!answer.body.windows(token.len()).any(|part| part == token.as_bytes()), "{path}");
    }
}
