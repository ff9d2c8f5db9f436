//! The queue: order, commands at every moment, and what happens when the studio ends in the middle.

use axum::http::{Method, StatusCode};
use impasto_server::{Options, Studio};
use serde_json::{Value, json};

use crate::common::{Bench, uuid};

/// Settings of a run that would take minutes.
async fn long(bench: &Bench) -> Value {
    let mut settings = bench.settings().await;
    settings["iterations"] = json!(100_000);
    settings["plateau"] = json!(0);
    settings
}

#[tokio::test]
async fn jobs_run_in_the_order_of_the_queue() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    for number in 1..=4 {
        bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(number)), &settings).await;
    }
    let patch = |number: u32, position: Value| {
        let bench = &bench;
        async move {
            let path = format!("/api/v1/jobs/{}", uuid(number));
            bench.json(Method::PATCH, &path, &json!({ "position": position })).await.status
        }
    };
    assert_eq!(patch(4, json!("first")).await, StatusCode::OK);
    assert_eq!(patch(1, json!("last")).await, StatusCode::OK);
    assert_eq!(patch(3, json!({ "before": uuid(2) })).await, StatusCode::OK);
    let order = bench.get("/api/v1/jobs?order=queue").await.json();
    let order: Vec<&str> =
        order["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(order, [uuid(4), uuid(3), uuid(2), uuid(1)]);
    bench.studio.begin_work().unwrap();
    for number in 1..=4 {
        bench.until(&uuid(number), &["done"]).await;
    }
    let mut jobs = bench.get("/api/v1/jobs").await.json()["jobs"].as_array().unwrap().clone();
    jobs.sort_by_key(|job| job["finished"].as_str().unwrap().to_owned());
    let finished: Vec<&str> = jobs.iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(finished, [uuid(4), uuid(3), uuid(2), uuid(1)]);
    assert_eq!(patch(1, json!("first")).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn commands_reach_the_job_that_they_name_and_no_other() {
    let bench = Bench::new();
    let (quick, long) = (bench.settings().await, long(&bench).await);
    let path = |number: u32, command: &str| format!("/api/v1/jobs/{}/{command}", uuid(number));
    for number in 1..=2 {
        bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(number)), &long).await;
    }
    bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(3)), &quick).await;
    bench.until(&uuid(1), &["running"]).await;
    // A waiting job is cancelled; the running one goes on.
    let cancelled = bench.post(&path(2, "cancel")).await.json();
    assert_eq!(
        (cancelled["changed"].as_bool(), cancelled["job"]["state"].as_str()),
        (Some(true), Some("cancelled"))
    );
    assert_eq!(bench.post(&path(2, "cancel")).await.json()["changed"].as_bool(), Some(false));
    assert_eq!(
        bench.get(&format!("/api/v1/jobs/{}", uuid(1))).await.json()["state"].as_str(),
        Some("running")
    );
    // A picture to look at comes while someone asks.
    while bench.get(&path(1, "preview")).await.status != StatusCode::OK {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Paused, it lets the next one run, and goes on later.
    bench.post(&path(1, "pause")).await;
    bench.until(&uuid(1), &["paused"]).await;
    bench.until(&uuid(3), &["done"]).await;
    bench.post(&path(1, "resume")).await;
    bench.until(&uuid(1), &["running"]).await;
    while bench.get(&format!("/api/v1/jobs/{}", uuid(1))).await.json()["progress"]["iteration"].as_u64()
        < Some(2)
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Stopped, it keeps what is there.
    bench.post(&path(1, "stop")).await;
    let stopped = bench.until(&uuid(1), &["done"]).await;
    assert_eq!(stopped["stopped_early"].as_bool(), Some(true));
    assert_eq!(bench.get(&path(1, "result")).await.status, StatusCode::OK);
    for command in ["stop", "pause", "resume", "finish-soon", "cancel"] {
        let acted = bench.post(&path(1, command)).await;
        assert_eq!(
            (acted.status, acted.json()["changed"].as_bool()),
            (StatusCode::OK, Some(false)),
            "{command}"
        );
    }
    assert_eq!(bench.post(&path(1, "explode")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.post(&path(9, "cancel")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_that_is_asked_to_finish_soon_has_its_full_size() {
    let bench = Bench::new();
    let mut settings = long(&bench).await;
    settings["min_size"] = json!(24);
    bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(1)), &settings).await;
    bench.until(&uuid(1), &["running"]).await;
    while !bench.post(&format!("/api/v1/jobs/{}/finish-soon", uuid(1))).await.json()["changed"]
        .as_bool()
        .unwrap()
    {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let job = bench.until(&uuid(1), &["done"]).await;
    assert_eq!((job["result"]["width"].as_u64(), job["stopped_early"].as_bool()), (Some(48), Some(false)));
}

#[tokio::test]
async fn a_paused_queue_begins_no_job() {
    let bench = Bench::new();
    assert_eq!(bench.post("/api/v1/queue/pause").await.json()["paused"].as_bool(), Some(true));
    let settings = bench.settings().await;
    bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(1)), &settings).await;
    let queue = bench.get("/api/v1/queue").await.json();
    assert_eq!(queue, json!({ "paused": true, "waiting": 1, "running": 0 }));
    bench.post("/api/v1/queue/resume").await;
    bench.until(&uuid(1), &["done"]).await;
    let metrics = String::from_utf8(bench.get("/metrics").await.body).unwrap();
    assert!(metrics.contains("impasto_jobs_total{kind=\"stylize\",state=\"done\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_studio_that_ends_goes_on_where_it_was() {
    let bench = Bench::new();
    let mut settings = bench.settings().await;
    settings["iterations"] = json!(60);
    bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(1)), &settings).await;
    bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(2)), &settings).await;
    bench.until(&uuid(1), &["running"]).await;
    while bench.get(&format!("/api/v1/jobs/{}", uuid(1))).await.json()["progress"]["iteration"].as_u64()
        < Some(3)
    {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let Bench { studio, folder } = bench;
    tokio::task::spawn_blocking(move || studio.end()).await.unwrap();
    let studio = Studio::open(&Options::new(folder.path().join("data"))).unwrap();
    let bench = Bench { studio, folder };
    let waiting = bench.get(&format!("/api/v1/jobs/{}", uuid(1))).await.json();
    assert_eq!(waiting["state"].as_str(), Some("queued"));
    bench.studio.begin_work().unwrap();
    let job = bench.until(&uuid(1), &["done"]).await;
    assert_eq!(job["attempts"].as_u64(), Some(2));
    bench.until(&uuid(2), &["done"]).await;
    let result = |number: u32| format!("/api/v1/jobs/{}/result", uuid(number));
    assert!(
        bench.get(&result(1)).await.body == bench.get(&result(2)).await.body,
        "the bytes of an undisturbed run"
    );
}

#[test]
fn two_studios_cannot_use_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path().join("data"));
    let first = Studio::open(&options).unwrap();
    let error = Studio::open(&options).err().unwrap();
    assert!(error.message().contains("another studio") && error.hint_text().is_some());
    drop(first);
}
