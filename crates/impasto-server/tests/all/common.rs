//! A studio in a folder for one test, and requests to it.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use impasto_server::{Options, Studio};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tower::ServiceExt;

/// A studio whose folder is removed with it.
pub(crate) struct Bench {
    pub(crate) studio: Studio,
    pub(crate) folder: TempDir,
}

/// An answer: status, headers and body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Bench {
    /// A studio that works.
    pub(crate) fn new() -> Bench {
        let bench = Bench::asleep();
        bench.studio.begin_work().unwrap();
        bench
    }

    /// A studio that takes jobs but runs none.
    pub(crate) fn asleep() -> Bench {
        Bench::again(tempfile::tempdir().unwrap())
    }

    /// The next studio of a folder. It takes jobs but runs none.
    pub(crate) fn again(folder: TempDir) -> Bench {
        Bench::with(folder, |_| {})
    }

    /// The next studio of a folder, with other options. It takes jobs but runs none.
    pub(crate) fn with(folder: TempDir, change: impl FnOnce(&mut Options)) -> Bench {
        let mut options = Options::new(folder.path().join("data"));
        options.hosts = vec!["studio.example".into()];
        change(&mut options);
        Bench { studio: opened(&options), folder }
    }

    /// Ends the studio, and returns its folder.
    pub(crate) async fn end(self) -> TempDir {
        let Bench { studio, folder } = self;
        tokio::task::spawn_blocking(move || studio.end()).await.unwrap();
        folder
    }

    /// Sends a request as it is.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Response<Body> {
        self.studio.router().oneshot(request).await.unwrap()
    }

    /// Sends a request with the token.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.studio.token());
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:7340");
        request = request.header("authorization", bearer);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(self.raw(request.body(body.into()).unwrap()).await).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, &[], Body::empty()).await
    }

    /// Uploads a picture, and returns its id.
    pub(crate) async fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let id = digest(bytes);
        let path = format!("/api/v1/pictures/{id}?name={name}");
        let answer = self.send(Method::PUT, &path, &[("content-type", "image/png")], bytes.to_vec()).await;
        assert!(answer.status.is_success(), "{}", answer.json());
        id
    }

    /// The settings of a run that takes a moment: a small content, a small style.
    pub(crate) async fn settings(&self) -> Value {
        let content = self.upload("content.png", &picture(64, 48, 1)).await;
        let style = self.upload("style.png", &picture(48, 48, 2)).await;
        json!({ "content": content, "styles": [style], "size": 48, "iterations": 3, "seed": 1 })
    }

    /// Waits until the job has one of these states.
    pub(crate) async fn until(&self, id: &str, states: &[&str]) -> Value {
        loop {
            let job = self.get(&format!("/api/v1/jobs/{id}")).await.json();
            if states.contains(&job["state"].as_str().unwrap_or_default()) {
                return job;
            }
            assert!(
                !["done", "failed", "cancelled"].contains(&job["state"].as_str().unwrap_or_default()),
                "it will not become {states:?}: {job}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Sends a job.
    pub(crate) async fn accepted(&self, id: &str, settings: &Value) {
        let answer = self.json(Method::PUT, &format!("/api/v1/jobs/{id}"), settings).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
    }

    /// Sends a job, and waits for its end.
    pub(crate) async fn made(&self, id: &str, settings: &Value) -> Value {
        self.accepted(id, settings).await;
        self.until(id, &["done"]).await
    }
}

/// Opens a studio. A program that another test starts in this process holds the lock of a studio that has just ended,
/// until it is on its own.
fn opened(options: &Options) -> Studio {
    let until = Instant::now() + Duration::from_secs(300);
    loop {
        match Studio::open(options) {
            Ok(studio) => return studio,
            Err(error) if error.message().contains("another studio") && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) async fn answer(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A PNG file with soft blobs, other ones for each number.
pub(crate) fn picture(width: u32, height: u32, number: u32) -> Vec<u8> {
    let at = |x: u32, y: u32| {
        let wave = |k: u32| {
            let angle = (x * (k + number)) as f32 / 9.0 + (y * k) as f32 / 7.0;
            (angle.sin() * 100.0 + 128.0) as u8
        };
        image::Rgb([wave(1), wave(2), wave(3)])
    };
    let picture = image::RgbImage::from_fn(width, height, at);
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A UUID for the job with this number.
pub(crate) fn uuid(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}
