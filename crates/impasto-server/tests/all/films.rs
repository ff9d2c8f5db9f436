//! Films: uploaded within limits, painted with the bytes of a run without a server, looked at frame by frame, taken up
//! again by the next server.

use std::path::Path;
use std::process::{Command, Stdio};

use axum::http::{Method, StatusCode};
use impasto_job::spec::{StyleSpec, VideoSpec};
use impasto_video::VideoRunner;
use serde_json::{Value, json};

use crate::common::{Bench, digest, picture, uuid};

/// Whether ffmpeg is here; reports the test as skipped if it is not. Fails if `IMPASTO_NO_SKIPS` is 1.
#[track_caller]
fn has_ffmpeg(test: &str) -> bool {
    match impasto_video::check_ffmpeg() {
        Ok(()) => true,
        Err(error) => {
            let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "1");
            assert!(!forbidden, "{test} cannot do its work here: {error}");
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("skipped: {test}: {error}\n").as_bytes(),
            );
            false
        }
    }
}

/// A film of a few frames as ffmpeg makes it from its test picture.
fn film(folder: &Path, name: &str, source: &str, coded: &[&str]) -> Vec<u8> {
    let path = folder.join(name);
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", source])
        .args(coded)
        .arg(&path)
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    std::fs::read(path).unwrap()
}

fn short(bench: &Bench) -> Vec<u8> {
    film(
        bench.folder.path(),
        "in.mp4",
        "testsrc2=size=64x48:rate=25:duration=0.2",
        &["-c:v", "mpeg4", "-q:v", "2"],
    )
}

async fn sent(bench: &Bench, name: &str, bytes: &[u8]) -> crate::common::Answer {
    let path = format!("/api/v1/pictures/{}?name={name}", digest(bytes));
    bench.send(Method::PUT, &path, &[("content-type", "video/mp4")], bytes.to_vec()).await
}

/// The settings of a film's job that takes a moment.
async fn settings(bench: &Bench, bytes: &[u8]) -> Value {
    let answer = sent(bench, "in.mp4", bytes).await;
    assert!(answer.status.is_success(), "{}", answer.json());
    let style = bench.upload("style.png", &picture(48, 48, 2)).await;
    json!({ "kind": "video", "content": digest(bytes), "styles": [style], "size": 48, "iterations": 2, "min_size": 32,
        "no_cuts": true, "model": "random:vgg19?width=1/16" })
}

/// The bytes that the same settings give without a server.
fn alone(bench: &Bench) -> Vec<u8> {
    let folder = bench.folder.path();
    std::fs::write(folder.join("style.png"), picture(48, 48, 2)).unwrap();
    let style = StyleSpec::plain(folder.join("style.png"));
    let mut spec = VideoSpec::new(folder.join("in.mp4"), vec![style], folder.join("alone.mp4"));
    (spec.run.size, spec.run.min_size, spec.run.iterations) = (Some(48), Some(32), Some(vec![2]));
    spec.run.objective.model = "random:vgg19?width=1/16".into();
    spec.film.no_cuts = true;
    VideoRunner::new(spec).run().unwrap();
    std::fs::read(folder.join("alone.mp4")).unwrap()
}

#[tokio::test]
async fn a_film_gives_the_bytes_of_a_run_without_a_server_and_every_frame() {
    if !has_ffmpeg("a_film_gives_the_bytes_of_a_run_without_a_server_and_every_frame") {
        return;
    }
    let bench = Bench::new();
    let bytes = short(&bench);
    let settings = settings(&bench, &bytes).await;
    let info = bench.get(&format!("/api/v1/pictures/{}/info", digest(&bytes))).await.json();
    assert_eq!(
        (info["frames"].as_u64(), info["width"].as_u64(), info["format"].as_str()),
        (Some(5), Some(64), Some("mp4"))
    );
    assert!((info["seconds"].as_f64().unwrap() - 0.2).abs() < 1e-3);
    let poster = bench.get(&format!("/api/v1/pictures/{}?fit=256", digest(&bytes))).await;
    assert_eq!(poster.header("content-type"), "image/jpeg");

    let id = uuid(1);
    let job = bench.made(&id, &settings).await;
    let result = &job["result"];
    assert_eq!((result["frames"].as_u64(), result["format"].as_str()), (Some(5), Some("mp4")));
    let path = format!("/api/v1/jobs/{id}/result");
    let whole = bench.get(&path).await;
    assert!(whole.body == alone(&bench));
    assert!(whole.header("content-disposition").contains("in.mp4 in the style of style.png.mp4"));
    let part = bench.send(Method::GET, &format!("{path}?show=true"), &[("range", "bytes=4-7")], "").await;
    assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &b"ftyp"[..]));
    assert_eq!(part.header("content-type"), "video/mp4");

    let frame = |number: usize| format!("/api/v1/jobs/{id}/frames/{number}");
    let (first, last) = (bench.get(&frame(0)).await, bench.get(&frame(4)).await);
    assert!(first.status.is_success() && first.body.starts_with(b"\xff\xd8") && first.body != last.body);
    assert!(bench.get(&frame(99)).await.body == last.body);
    assert_eq!(bench.get(&format!("{path}?fit=256")).await.header("content-type"), "image/jpeg");
    // The frames of 16 bits are gone.
    let folder = bench.folder.path().join("data/jobs").join(&id);
    let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".film")), "{names:?}");
}

#[tokio::test]
async fn what_is_no_film_is_refused() {
    if !has_ffmpeg("what_is_no_film_is_refused") {
        return;
    }
    let bench = Bench::asleep();
    let secret = bench.folder.path().join("secret.ts");
    std::fs::write(&secret, "secret").unwrap();
    let list =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", secret.display());
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", secret.display());
    for (name, bytes) in [("list.mp4", list), ("concat.mp4", concat)] {
        let answer = sent(&bench, name, bytes.as_bytes()).await;
        let problem = answer.json();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["detail"].as_str().unwrap(), format!("{name}: expected a film in one file"));
        assert!(problem["hint"].as_str().unwrap().contains("playlist"));
    }
    let answer = sent(&bench, "noise.mp4", &[7; 5000]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("noise.mp4: ffmpeg cannot read it"));
    let sound = film(bench.folder.path(), "a.mp4", "sine=duration=0.2", &["-c:a", "aac"]);
    assert!(
        sent(&bench, "a.mp4", &sound).await.json()["detail"].as_str().unwrap().contains("holds no video")
    );
    let left = std::fs::read_dir(bench.folder.path().join("data/incoming")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn films_and_pictures_are_not_taken_for_each_other() {
    if !has_ffmpeg("films_and_pictures_are_not_taken_for_each_other") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let good = settings(&bench, &bytes).await;
    let refused = async |change: &[(&str, Value)]| {
        let mut body = good.clone();
        change.iter().for_each(|(name, value)| body[*name] = value.clone());
        let answer = bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(9)), &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.json());
        let problem = answer.json();
        (
            problem["option"].as_str().unwrap_or_default().to_owned(),
            problem["detail"].as_str().unwrap().to_owned(),
        )
    };
    let picture = good["styles"][0].clone();
    let film = good["content"].clone();
    let (option, detail) = refused(&[("content", picture)]).await;
    assert_eq!((&option[..], &detail[..]), ("content", "content: style.png is a picture: expected a film"));
    assert!(refused(&[("kind", json!("stylize")), ("no_cuts", Value::Null)]).await.1.contains("is a film"));
    let (option, detail) = refused(&[("styles", json!([film]))]).await;
    assert_eq!((&option[..], &detail[..]), ("styles", "styles: in.mp4 is a film: expected a picture"));
    assert_eq!(refused(&[("format", json!("png"))]).await.0, "format");
    assert_eq!(refused(&[("hold", json!(99))]).await.0, "hold");
    for closed in ["folder", "from", "shard", "keep_frames", "input", "output"] {
        assert!(refused(&[(closed, json!("/etc"))]).await.1.contains(closed));
    }
    // The draft of a film is that of its first frame.
    let draft = bench
        .json(
            Method::POST,
            "/api/v1/drafts",
            &json!({ "kind": "video", "content": good["content"],
        "styles": good["styles"], "size": 48, "hold": 2, "format": "webm" }),
        )
        .await;
    assert_eq!((draft.status, draft.header("content-type")), (StatusCode::OK, "image/jpeg"));
}

#[tokio::test]
async fn the_next_server_goes_on_with_a_film() {
    if !has_ffmpeg("the_next_server_goes_on_with_a_film") {
        return;
    }
    let bench = Bench::new();
    let source = "testsrc2=size=64x48:rate=25:duration=1.2";
    let bytes = film(bench.folder.path(), "in.mp4", source, &["-c:v", "mpeg4", "-q:v", "2"]);
    let settings = settings(&bench, &bytes).await;
    let id = uuid(1);
    let answer = bench.json(Method::PUT, &format!("/api/v1/jobs/{id}"), &settings).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let painted = async |bench: &Bench| {
        bench.get(&format!("/api/v1/jobs/{id}")).await.json()["progress"]["frame"].as_u64()
    };
    while painted(&bench).await.is_none_or(|frame| frame < 3) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let Bench { studio, folder } = bench;
    tokio::task::spawn_blocking(move || studio.end()).await.unwrap();
    let bench = Bench::again(folder);
    let waiting = bench.get(&format!("/api/v1/jobs/{id}")).await.json();
    assert_eq!(waiting["state"], "queued");
    // The frames so far can be looked at before it goes on.
    assert!(bench.get(&format!("/api/v1/jobs/{id}/frames/2")).await.status.is_success());
    bench.studio.begin_work().unwrap();
    let job = bench.until(&id, &["done"]).await;
    assert_eq!(job["result"]["frames"].as_u64(), Some(30));
    assert!(bench.get(&format!("/api/v1/jobs/{id}/result")).await.body == alone(&bench));
}

#[tokio::test]
async fn a_film_is_paused_and_not_stopped() {
    if !has_ffmpeg("a_film_is_paused_and_not_stopped") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let settings = settings(&bench, &bytes).await;
    let id = uuid(1);
    let answer = bench.json(Method::PUT, &format!("/api/v1/jobs/{id}"), &settings).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    for action in ["stop", "finish-soon"] {
        let refused = bench.post(&format!("/api/v1/jobs/{id}/{action}")).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.json()["hint"].as_str().unwrap().contains("pause"));
    }
    assert!(bench.post(&format!("/api/v1/jobs/{id}/pause")).await.status.is_success());
    bench.until(&id, &["paused"]).await;
}
