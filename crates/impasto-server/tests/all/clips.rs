//! Small films for the tests, and the same jobs without a server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use impasto_job::spec::{StyleSpec, VideoSpec};
use impasto_video::{VideoEvent, VideoRunner};
use serde_json::{Value, json};

use crate::common::{Bench, digest, picture};

/// Whether ffmpeg is here; reports the test as skipped if it is not. Fails if `IMPASTO_NO_SKIPS` is 1.
#[track_caller]
pub(crate) fn has_ffmpeg(test: &str) -> bool {
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
pub(crate) fn film(folder: &Path, name: &str, source: &str, coded: &[&str]) -> Vec<u8> {
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

pub(crate) fn short(bench: &Bench) -> Vec<u8> {
    film(
        bench.folder.path(),
        "in.mp4",
        "testsrc2=size=64x48:rate=25:duration=0.2",
        &["-c:v", "mpeg4", "-q:v", "2"],
    )
}

pub(crate) async fn sent(bench: &Bench, name: &str, bytes: &[u8]) -> crate::common::Answer {
    let path = format!("/api/v1/pictures/{}?name={name}", digest(bytes));
    bench.send(Method::PUT, &path, &[("content-type", "video/mp4")], bytes.to_vec()).await
}

/// The settings of a film's job that takes a moment.
pub(crate) async fn settings(bench: &Bench, bytes: &[u8]) -> Value {
    let answer = sent(bench, "in.mp4", bytes).await;
    assert!(answer.status.is_success(), "{}", answer.json());
    let style = bench.upload("style.png", &picture(48, 48, 2)).await;
    json!({ "kind": "video", "content": digest(bytes), "styles": [style], "size": 48, "iterations": 2, "min_size": 32,
        "no_cuts": true, "model": "random:vgg19?width=1/16" })
}

/// The job that the same settings are.
fn spec(input: PathBuf, style: PathBuf, output: PathBuf) -> VideoSpec {
    let mut spec = VideoSpec::new(input, vec![StyleSpec::plain(style)], output);
    (spec.run.size, spec.run.min_size, spec.run.iterations) = (Some(48), Some(32), Some(vec![2]));
    spec.run.objective.model = "random:vgg19?width=1/16".into();
    spec.film.no_cuts = true;
    spec
}

/// The bytes that the same settings give without a server.
pub(crate) fn alone(bench: &Bench) -> Vec<u8> {
    let folder = bench.folder.path();
    std::fs::write(folder.join("style.png"), picture(48, 48, 2)).unwrap();
    let output = folder.join("alone.mp4");
    VideoRunner::new(spec(folder.join("in.mp4"), folder.join("style.png"), output.clone())).run().unwrap();
    std::fs::read(output).unwrap()
}

/// The folder of a job.
pub(crate) fn job_folder(bench: &Bench, id: &str) -> PathBuf {
    bench.folder.path().join("data/jobs").join(id)
}

/// Paints the first frames of a job, as a server does that is killed then.
pub(crate) fn paint_some(bench: &Bench, id: &str, settings: &Value, frames: usize) {
    let file = |id: &Value| {
        let id = id.as_str().unwrap();
        bench.folder.path().join("data/pictures").join(&id[..2]).join(id)
    };
    let folder = job_folder(bench, id);
    std::fs::create_dir_all(&folder).unwrap();
    let job = spec(file(&settings["content"]), file(&settings["styles"][0]), folder.join("result.mp4"));
    let runner = VideoRunner::new(job);
    let (control, painted) = (runner.control(), AtomicUsize::new(0));
    let runner = runner.on_event(move |event| {
        let is_frame = matches!(event, VideoEvent::Frame { .. });
        if is_frame && painted.fetch_add(1, Ordering::SeqCst) + 1 == frames {
            control.stop();
        }
    });
    assert_eq!(runner.run().unwrap().left, 5 - frames);
}
