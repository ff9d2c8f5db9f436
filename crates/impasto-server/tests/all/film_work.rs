//! Films that do not come to their end at once: ended with the server, killed, failed, cancelled, without room. Their
//! painted frames are kept, and the film goes on after them.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::clips::{alone, has_ffmpeg, job_folder, paint_some, settings, short};
use crate::common::{Bench, uuid};

/// A studio with a film of five frames that waits, and its settings.
async fn waiting(id: &str) -> (Bench, Value) {
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let settings = settings(&bench, &bytes).await;
    bench.accepted(id, &settings).await;
    (bench, settings)
}

/// The same, with painted frames.
async fn begun(id: &str, frames: usize) -> Bench {
    let (bench, settings) = waiting(id).await;
    paint_some(&bench, id, &settings, frames);
    bench
}

/// The names of the painted frames of 16 bits in the folder of a job.
fn frames(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("result.mp4.film")).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut frames: Vec<String> = names.filter(|name| name.ends_with(".png")).collect();
    frames.sort();
    frames
}

/// Waits for the end of a film that went on after this many frames of another process, and checks its bytes.
async fn goes_on(bench: &Bench, id: &str, frames_before: usize) {
    bench.until(id, &["done"]).await;
    assert!(bench.get(&format!("/api/v1/jobs/{id}/result")).await.body == alone(bench));
    // This server has painted the others alone.
    let shown = async |number: usize| bench.get(&format!("/api/v1/jobs/{id}/frames/{number}")).await.status;
    assert_eq!(shown(frames_before - 1).await, StatusCode::NOT_FOUND);
    assert!(shown(frames_before).await.is_success());
    assert!(frames(&job_folder(bench, id)).is_empty());
}

/// Tries a job again, and returns the id of the new one.
async fn retried(bench: &Bench, id: &str) -> String {
    let answer = bench.post(&format!("/api/v1/jobs/{id}/retry")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
    answer.json()["job"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_film_of_a_server_that_was_killed_goes_on() {
    if !has_ffmpeg("a_film_of_a_server_that_was_killed_goes_on") {
        return;
    }
    let bench = begun(&uuid(1), 2).await;
    bench.studio.begin_work().unwrap();
    goes_on(&bench, &uuid(1), 2).await;
}

/// The model is opened when a film begins: there it waits for the test.
#[tokio::test]
async fn the_next_server_goes_on_with_a_film() {
    if !has_ffmpeg("the_next_server_goes_on_with_a_film") {
        return;
    }
    for paused in [true, false] {
        let (bench, _) = waiting(&uuid(1)).await;
        let (entered, has_begun) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let (entered, gate) = (Mutex::new(entered), Mutex::new(gate));
        let bench = Bench::with(bench.end().await, |options| {
            let models = Arc::clone(&options.models);
            options.models = Arc::new(move |name| {
                let _ = entered.lock().unwrap().send(());
                let _ = gate.lock().unwrap().recv();
                models(name)
            });
        });
        bench.studio.begin_work().unwrap();
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        let path = format!("/api/v1/jobs/{}", uuid(1));
        if paused {
            assert!(bench.post(&format!("{path}/pause")).await.status.is_success());
        }
        // However far it comes before the end is told, the next server brings it to the same end.
        let ending = tokio::spawn(bench.end());
        drop(open);
        let bench = Bench::again(ending.await.unwrap());
        let state = bench.get(&path).await.json()["state"].as_str().unwrap().to_owned();
        bench.studio.begin_work().unwrap();
        if paused {
            assert_eq!(state, "paused");
            assert!(bench.post(&format!("{path}/resume")).await.status.is_success());
        } else {
            assert!(["queued", "done"].contains(&&*state), "{state}");
        }
        bench.until(&uuid(1), &["done"]).await;
        assert!(bench.get(&format!("{path}/result")).await.body == alone(&bench));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_film_that_fails_keeps_its_frames_and_a_retry_goes_on_after_them() {
    if !has_ffmpeg("a_film_that_fails_keeps_its_frames_and_a_retry_goes_on_after_them") {
        return;
    }
    let bench = begun(&uuid(1), 2).await;
    let folder = job_folder(&bench, &uuid(1));
    // The record of the third frame goes to a disk that is full. The frame itself is there.
    let record = folder.join("result.mp4.film/shot-0001.jsonl");
    std::fs::remove_file(&record).unwrap();
    std::os::unix::fs::symlink("/dev/full", &record).unwrap();
    bench.studio.begin_work().unwrap();
    let failed = bench.until(&uuid(1), &["failed"]).await;
    assert_eq!(failed["error"]["type"], "/problems/environment", "{failed}");
    assert!(failed["error"]["hint"].as_str().unwrap().contains("painted frames are kept"), "{failed}");
    assert!(
        !failed.to_string().contains(bench.folder.path().to_str().unwrap()),
        "no path of the server is told"
    );
    std::fs::remove_file(&record).unwrap();
    assert_eq!(frames(&folder), ["000000.png", "000001.png", "000002.png"]);
    let id = retried(&bench, &uuid(1)).await;
    goes_on(&bench, &id, 3).await;
    assert!(frames(&folder).is_empty());
}

#[tokio::test]
async fn a_film_that_is_cancelled_keeps_its_frames_until_it_is_deleted_for_ever() {
    if !has_ffmpeg("a_film_that_is_cancelled_keeps_its_frames_until_it_is_deleted_for_ever") {
        return;
    }
    let bench = begun(&uuid(1), 2).await;
    let used =
        async |bench: &Bench| bench.get("/api/v1/status").await.json()["disk"]["used"].as_u64().unwrap();
    // A server counts its files when it starts.
    let bench = Bench::again(bench.end().await);
    let (path, folder) = (format!("/api/v1/jobs/{}", uuid(1)), job_folder(&bench, &uuid(1)));
    assert!(bench.post(&format!("{path}/cancel")).await.status.is_success());
    assert_eq!(bench.send(Method::DELETE, &path, &[], Body::empty()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(frames(&folder).len(), 2);
    // A retry that is cancelled before it begins is tried again, too.
    let second = retried(&bench, &uuid(1)).await;
    assert!(bench.post(&format!("/api/v1/jobs/{second}/cancel")).await.status.is_success());
    let third = retried(&bench, &second).await;
    bench.studio.begin_work().unwrap();
    goes_on(&bench, &third, 2).await;

    let bench = Bench::again(begun(&uuid(2), 2).await.end().await);
    let (path, folder) = (format!("/api/v1/jobs/{}", uuid(2)), job_folder(&bench, &uuid(2)));
    let before = used(&bench).await;
    let forever = format!("{path}?forever=true");
    assert_eq!(bench.send(Method::DELETE, &forever, &[], Body::empty()).await.status, StatusCode::NO_CONTENT);
    assert!(!folder.exists());
    assert!(used(&bench).await < before, "its room is free at once");
}

#[tokio::test]
async fn frames_of_another_model_are_kept_and_a_retry_begins_anew() {
    if !has_ffmpeg("frames_of_another_model_are_kept_and_a_retry_begins_anew") {
        return;
    }
    let bench = begun(&uuid(1), 2).await;
    let folder = job_folder(&bench, &uuid(1));
    let path = folder.join("result.mp4.film/film.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["weights"] = json!("other");
    std::fs::write(&path, manifest.to_string()).unwrap();
    bench.studio.begin_work().unwrap();
    let failed = bench.until(&uuid(1), &["failed"]).await;
    assert_eq!(failed["error"]["type"], "/problems/other-frames", "{failed}");
    assert!(failed["error"]["hint"].as_str().unwrap().contains("painted anew"), "{failed}");
    let id = retried(&bench, &uuid(1)).await;
    bench.until(&id, &["done"]).await;
    assert!(bench.get(&format!("/api/v1/jobs/{id}/result")).await.body == alone(&bench));
    assert!(bench.get(&format!("/api/v1/jobs/{id}/frames/0")).await.status.is_success());
    assert_eq!(frames(&folder).len(), 2);
}

#[tokio::test]
async fn a_film_needs_room_for_its_frames() {
    if !has_ffmpeg("a_film_needs_room_for_its_frames") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let mut large = settings(&bench, &bytes).await;
    large["size"] = json!(4000);
    let used = bench.get("/api/v1/status").await.json()["disk"]["used"].as_u64().unwrap();
    // 4000 x 3000 pixels, 212 bytes for each, and 8 MB: five frames and one state.
    let bench = Bench::with(bench.end().await, |options| options.quota = used + 2_000_000_000);
    let refused = bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(1)), &large).await;
    let problem = refused.json();
    assert_eq!(
        (refused.status, &problem["type"]),
        (StatusCode::INSUFFICIENT_STORAGE, &json!("/problems/no-room"))
    );
    assert!(
        problem["detail"].as_str().unwrap().starts_with("the frames of the film need about 2552 MB more")
    );
    assert!(problem["hint"].as_str().unwrap().contains("smaller size"), "{problem}");
    large["size"] = json!(400);
    bench.accepted(&uuid(1), &large).await;
}

#[tokio::test]
async fn a_film_that_finds_no_room_ends_and_goes_on_when_there_is() {
    if !has_ffmpeg("a_film_that_finds_no_room_ends_and_goes_on_when_there_is") {
        return;
    }
    let bench = begun(&uuid(1), 2).await;
    let bench = Bench::with(bench.end().await, |options| options.quota = 1);
    bench.studio.begin_work().unwrap();
    let failed = bench.until(&uuid(1), &["failed"]).await;
    let error = &failed["error"];
    assert_eq!((error["status"].as_u64(), &error["type"]), (Some(507), &json!("/problems/no-room")));
    assert!(error["hint"].as_str().unwrap().contains("painted frames are kept"), "{error}");
    let bench = Bench::again(bench.end().await);
    assert_eq!(frames(&job_folder(&bench, &uuid(1))).len(), 2);
    bench.studio.begin_work().unwrap();
    let id = retried(&bench, &uuid(1)).await;
    goes_on(&bench, &id, 2).await;
}
