//! Counts for Prometheus: jobs, seconds, refusals, bytes. No name of a picture is among them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::problem::{Problem, Refused};
use crate::store::Filter;

/// Jobs that ended, and their seconds, by kind and state.
type Ended = BTreeMap<(String, &'static str), (u64, f64)>;

/// The counts since the server was started.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: AtomicU64,
    steps: AtomicU64,
    step_microseconds: AtomicU64,
    drafts: AtomicU64,
    draft_microseconds: AtomicU64,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    jobs: Mutex<Ended>,
}

impl Metrics {
    /// Counts a step of a run.
    pub(crate) fn step(&self, seconds: f64) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.step_microseconds.fetch_add((seconds * 1e6) as u64, Ordering::Relaxed);
    }

    /// Counts a draft that was asked for alone.
    pub(crate) fn draft(&self, took: Duration) {
        self.drafts.fetch_add(1, Ordering::Relaxed);
        self.draft_microseconds.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// Counts a job that ended.
    pub(crate) fn job(&self, kind: &str, state: &'static str, took: Duration) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, seconds) = jobs.entry((kind.to_owned(), state)).or_default();
        *count += 1;
        *seconds += took.as_secs_f64();
    }
}

/// Counts requests, and those that were refused by their reason.
pub(crate) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    app.metrics.requests.fetch_add(1, Ordering::Relaxed);
    let response = next.run(request).await;
    if let Some(Refused(reason)) = response.extensions().get() {
        let mut refused = app.metrics.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused.entry(reason).or_default() += 1;
    }
    response
}

/// The counts in the text format of Prometheus.
pub(crate) async fn serve(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let counts = app.store.call(Filter::all_counts).await?;
    let mut text = String::new();
    let mut tell = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
        let _ = writeln!(text, "# HELP impasto_{name} {help}\n# TYPE impasto_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "impasto_{name}{labels} {value}");
        }
    };
    let one = |value: f64| [(String::new(), value)];
    let total = |count: &AtomicU64| one(count.load(Ordering::Relaxed) as f64);
    let seconds = |count: &AtomicU64| one(count.load(Ordering::Relaxed) as f64 / 1e6);
    let Metrics { requests, steps, step_microseconds, drafts, draft_microseconds, .. } = &app.metrics;
    tell("jobs_waiting", "gauge", "Jobs that wait for their turn.", &one(counts.queued as f64));
    tell("jobs_running", "gauge", "Jobs that are being painted.", &one(counts.running as f64));
    tell("jobs_paused", "gauge", "Jobs that are paused.", &one(counts.paused as f64));
    let jobs = app.metrics.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let by_job = |of: fn(&(u64, f64)) -> f64| -> Vec<(String, f64)> {
        let labels = |kind: &str, state: &str| format!("{{kind=\"{kind}\",state=\"{state}\"}}");
        jobs.iter().map(|((kind, state), ended)| (labels(kind, state), of(ended))).collect()
    };
    tell("jobs_total", "counter", "Jobs that ended.", &by_job(|ended| ended.0 as f64));
    tell("job_seconds_total", "counter", "Seconds of jobs that ended.", &by_job(|ended| ended.1));
    tell("steps_total", "counter", "Iterations.", &total(steps));
    tell("step_seconds_total", "counter", "Seconds of iterations.", &seconds(step_microseconds));
    tell("drafts_total", "counter", "Drafts that were asked for alone.", &total(drafts));
    tell("draft_seconds_total", "counter", "Seconds of drafts.", &seconds(draft_microseconds));
    tell("requests_total", "counter", "Requests.", &total(requests));
    let refused = app.metrics.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let refused: Vec<_> =
        refused.iter().map(|(reason, count)| (format!("{{reason=\"{reason}\"}}"), *count as f64)).collect();
    tell("refused_total", "counter", "Requests that were refused.", &refused);
    tell("data_bytes", "gauge", "Bytes of the data folder.", &one(app.files.used() as f64));
    tell("disk_free_bytes", "gauge", "Free bytes of the disk.", &one(app.files.free() as f64));
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, text).into_response())
}
