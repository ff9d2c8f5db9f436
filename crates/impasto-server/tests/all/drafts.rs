//! Drafts and plans: shown while settings are chosen, and refused for the same reasons as jobs.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::common::Bench;

#[tokio::test]
async fn a_draft_follows_the_settings() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    let plain = bench.json(Method::POST, "/api/v1/drafts", &settings).await;
    assert_eq!((plain.status, plain.header("content-type")), (StatusCode::OK, "image/jpeg"));
    let shown = image::load_from_memory(&plain.body).unwrap();
    assert_eq!((shown.width(), shown.height()), (48, 36));
    let again = bench.json(Method::POST, "/api/v1/drafts", &settings).await;
    assert!(again.body == plain.body);
    for (name, value) in [("strength", json!(0.2)), ("stroke_size", json!(3)), ("colour", json!("keep"))] {
        let mut other = settings.clone();
        other[name] = value;
        let drafted = bench.json(Method::POST, "/api/v1/drafts", &other).await;
        assert!(drafted.status == StatusCode::OK && drafted.body != plain.body, "{name}");
    }
    let mut wrong = settings.clone();
    wrong["strength"] = json!(7);
    let refused = bench.json(Method::POST, "/api/v1/drafts", &wrong).await;
    assert_eq!(
        (refused.status, refused.json()["option"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("strength"))
    );
    wrong = json!({ "content": "0".repeat(64), "styles": settings["styles"] });
    assert_eq!(
        bench.json(Method::POST, "/api/v1/drafts", &wrong).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_plan_tells_what_a_run_will_take() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    let plan = bench.json(Method::POST, "/api/v1/plans", &settings).await.json();
    assert_eq!((plan["width"].as_u64(), plan["height"].as_u64()), (Some(48), Some(36)));
    assert!(plan["peak_bytes"].as_u64() > Some(1 << 20) && plan["seconds"].as_f64() > Some(0.0), "{plan}");
    let mut wrong = settings.clone();
    wrong["stroke_size"] = json!(40);
    let refused = bench.json(Method::POST, "/api/v1/plans", &wrong).await;
    assert_eq!(refused.json()["option"].as_str(), Some("stroke_size"));
    let left = std::fs::read_dir(bench.folder.path().join("data/incoming")).unwrap().count();
    assert_eq!(left, 0);
}
