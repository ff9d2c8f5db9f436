//! The stream of events: what was missed is told, and the end ends it.

use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;

use crate::common::{Bench, uuid};

/// A stream of events, read as text.
struct Stream(Body, String);

impl Stream {
    async fn open(bench: &Bench, query: &str) -> Stream {
        let bearer = format!("Bearer {}", bench.studio.token());
        let request = Request::builder().uri(format!("/api/v1/events{query}")).header("host", "localhost");
        let request = request.header("authorization", bearer).body(Body::empty()).unwrap();
        let response = bench.raw(request).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream(response.into_body(), String::new())
    }

    /// Reads until the text is there.
    async fn until(&mut self, text: &str) -> &str {
        while !self.1.contains(text) {
            let frame =
                self.0.frame().await.unwrap_or_else(|| panic!("{text} did not come: {}", self.1)).unwrap();
            self.1.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        &self.1
    }
}

#[tokio::test]
async fn what_was_missed_is_told_in_order_and_once() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    let before = bench.get("/api/v1/status").await.json()["last_event"].as_i64().unwrap();
    for number in 1..=3 {
        bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(number)), &settings).await;
    }
    let mut stream = Stream::open(&bench, &format!("?after={before}")).await;
    let text = stream.until(&uuid(3)).await;
    assert_eq!(text.matches("event: job.created").count(), 3, "{text}");
    assert!(text.contains("retry: 2000") && text.contains(&format!("id: {}", before + 1)), "{text}");
    let mut rest = Stream::open(&bench, &format!("?after={}", before + 2)).await;
    assert_eq!(rest.until(&uuid(3)).await.matches("event: job.created").count(), 1);
    // An id that was never given: the browser fetches everything anew.
    let mut unknown = Stream::open(&bench, "?after=999999").await;
    unknown.until("event: resync").await;
}

#[tokio::test]
async fn progress_and_previews_come_without_ids() {
    let bench = Bench::new();
    let mut stream = Stream::open(&bench, "").await;
    let mut settings = bench.settings().await;
    settings["iterations"] = serde_json::json!(40);
    bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(1)), &settings).await;
    let text = stream.until("\"state\":\"done\"").await;
    assert!(text.contains("event: job.progress") && text.contains("event: preview"), "{text}");
    let blocks =
        text.split("\n\n").filter(|block| block.contains("job.progress") || block.contains("event: preview"));
    assert!(blocks.clone().count() > 0 && blocks.clone().all(|block| !block.contains("id: ")));
    let numbers: Vec<i64> = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!(numbers.is_sorted() && numbers.len() >= 3, "{numbers:?}");
}

#[tokio::test]
async fn the_end_of_the_studio_ends_the_streams() {
    let bench = Bench::asleep();
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = Stream::open(&bench, "").await;
        stream.until("retry").await;
        streams.push(stream);
    }
    let Bench { studio, folder: _folder } = bench;
    tokio::task::spawn_blocking(move || studio.end()).await.unwrap();
    for Stream(mut body, _) in streams {
        while let Some(frame) = body.frame().await {
            assert!(frame.is_ok());
        }
    }
}
