//! Uploads: under their digest, checked, shown small, given back as they came.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use futures_util::stream;

use crate::common::{Bench, digest, picture};

#[tokio::test]
async fn a_picture_is_kept_under_its_digest_and_sent_back_as_it_came() {
    let bench = Bench::asleep();
    let bytes = picture(300, 200, 1);
    let id = digest(&bytes);
    let path = format!("/api/v1/pictures/{id}");
    let named = format!("{path}?name=na%C3%AFve%20%22photo%22.png");
    let kind = [("content-type", "image/png")];
    let first = bench.send(Method::PUT, &named, &kind, bytes.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let facts = first.json();
    assert_eq!((facts["width"].as_u64(), facts["height"].as_u64()), (Some(300), Some(200)));
    assert_eq!(
        (facts["name"].as_str(), facts["format"].as_str()),
        (Some("naïve \"photo\".png"), Some("png"))
    );
    let again = bench.send(Method::PUT, &path, &kind, bytes.clone()).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, facts.clone()));
    assert_eq!(bench.get(&format!("{path}/info")).await.json(), facts);

    let original = bench.get(&format!("{path}/original")).await;
    assert_eq!(original.body, bytes);
    assert!(original.header("content-disposition").starts_with("attachment; filename=\"na_ve _photo_.png\""));
    assert_eq!(original.header("content-type"), "application/octet-stream");

    let small = bench.get(&format!("{path}?fit=256")).await;
    let shown = image::load_from_memory(&small.body).unwrap();
    assert_eq!((shown.width(), small.header("content-type")), (256, "image/jpeg"));
    assert!(small.header("cache-control").contains("immutable"));
    let tag = small.header("etag").to_owned();
    let known =
        bench.send(Method::GET, &format!("{path}?fit=256"), &[("if-none-match", &tag)], Body::empty()).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);

    let listed = bench.get("/api/v1/pictures?limit=1").await.json();
    assert_eq!(listed["pictures"][0]["id"].as_str(), Some(&*id));
    let next = listed["next"].as_str().unwrap();
    let rest = bench.get(&format!("/api/v1/pictures?before={next}")).await.json();
    assert!(rest["pictures"].as_array().unwrap().iter().all(|other| other["id"].as_str() != Some(&*id)));
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_a_reason() {
    let bench = Bench::asleep();
    let bytes = picture(40, 30, 1);
    let right = format!("/api/v1/pictures/{}", digest(&bytes));
    let png = [("content-type", "image/png")];
    let wrong = format!("/api/v1/pictures/{}", digest(b"another"));
    let answer = bench.send(Method::PUT, &wrong, &png, bytes.clone()).await;
    assert_eq!(
        (answer.status, answer.json()["type"].as_str()),
        (StatusCode::BAD_REQUEST, Some("/problems/malformed-request"))
    );
    for kind in ["text/html", "image/svg+xml", "application/json", ""] {
        let answer = bench.send(Method::PUT, &right, &[("content-type", kind)], bytes.clone()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let upper = format!("/api/v1/pictures/{}", digest(&bytes).to_uppercase());
    assert_eq!(bench.send(Method::PUT, &upper, &png, bytes.clone()).await.status, StatusCode::BAD_REQUEST);

    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for bytes in [&svg[..], b"", b"hello", &picture(40, 30, 2)[..60]] {
        let path = format!("/api/v1/pictures/{}?name=odd.png", digest(bytes));
        let answer = bench.send(Method::PUT, &path, &png, bytes.to_vec()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let problem = answer.json();
        assert_eq!(problem["type"].as_str(), Some("/problems/not-a-picture"), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("odd.png"), "{problem}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(bench.get(&right).await.status, StatusCode::NOT_FOUND);
    let left = std::fs::read_dir(bench.folder.path().join("data/incoming")).unwrap().count();
    assert_eq!(left, 0, "nothing is left of uploads that failed");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let bench = Bench::asleep();
    let path = format!("/api/v1/pictures/{}", digest(b"much"));
    let headers = [("content-type", "image/png"), ("content-length", "99999999999")];
    let answer = bench.send(Method::PUT, &path, &headers, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Without a length, the body is counted. A JSON body has a limit of its own.
    let blocks = stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024])));
    let headers = [("content-type", "application/json")];
    let answer = bench.send(Method::POST, "/api/v1/jobs", &headers, Body::from_stream(blocks)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
