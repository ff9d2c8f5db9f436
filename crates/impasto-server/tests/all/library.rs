//! The library: samples from the start, styles and presets of the user.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::common::{Bench, picture, uuid};

#[tokio::test]
async fn samples_are_there_from_the_start() {
    let bench = Bench::asleep();
    let styles = bench.get("/api/v1/styles").await.json();
    assert!(styles["styles"].as_array().unwrap().iter().all(|style| style["sample"] == json!(true)));
    assert!(styles["styles"].as_array().unwrap().len() >= 2);
    let samples = bench.get("/api/v1/samples").await.json();
    let id = samples["contents"][0]["id"].as_str().unwrap();
    let shown = bench.get(&format!("/api/v1/pictures/{id}?fit=256")).await;
    assert_eq!(shown.header("content-type"), "image/jpeg");
}

#[tokio::test]
async fn styles_and_presets_are_kept_replaced_and_removed() {
    let bench = Bench::asleep();
    let id = bench.upload("style.png", &picture(32, 32, 3)).await;
    let style = format!("/api/v1/styles/{}", uuid(1));
    let body = json!({ "name": "Mine", "tags": ["blue"], "picture": id, "settings": { "strength": 0.7 } });
    assert_eq!(bench.json(Method::PUT, &style, &body).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.json(Method::PUT, &style, &body).await.status, StatusCode::NO_CONTENT);
    let styles = bench.get("/api/v1/styles").await.json()["styles"].as_array().unwrap().clone();
    let mine: Vec<_> = styles.iter().filter(|style| style["name"] == "Mine").collect();
    assert_eq!((mine.len(), mine[0]["picture"]["id"].as_str()), (1, Some(&*id)));
    let missing = json!({ "name": "Mine", "picture": "0".repeat(64) });
    assert_eq!(bench.json(Method::PUT, &style, &missing).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        assert_eq!(bench.send(Method::DELETE, &style, &[], Body::empty()).await.status, status);
    }
    let preset = format!("/api/v1/presets/{}", uuid(2));
    let body = json!({ "name": "Soft", "settings": { "strength": 0.3 } });
    assert_eq!(bench.json(Method::PUT, &preset, &body).await.status, StatusCode::NO_CONTENT);
    let presets = bench.get("/api/v1/presets").await.json()["presets"].as_array().unwrap().clone();
    let soft = presets.iter().find(|preset| preset["name"] == "Soft").unwrap();
    assert_eq!((soft["builtin"].as_bool(), soft["settings"]["strength"].as_f64()), (Some(false), Some(0.3)));
    assert_eq!(bench.send(Method::DELETE, &preset, &[], Body::empty()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        bench.json(Method::PUT, &preset, &json!({ "name": "", "settings": {} })).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
