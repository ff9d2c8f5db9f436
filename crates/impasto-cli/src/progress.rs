//! Progress on stderr: a bar for people, JSON lines for programs.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use impasto::Step;
use impasto_job::{Event, ItemOutcome};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::ProgressKind;
use crate::failure::with_options;
use crate::output::say;

/// Shows events as they come.
pub(crate) struct Progress {
    kind: ProgressKind,
    bar: ProgressBar,
    started: Instant,
    /// Pictures of a batch that were made, and those that are over in any way.
    counts: Mutex<(usize, usize)>,
}

/// The unit of the bar: a thousand pixels times iterations.
const UNIT: f64 = 1e3;

/// The share of the work after which its pace says how long the rest will take.
const MEASURED: f64 = 0.02;

impl Progress {
    pub(crate) fn new(kind: ProgressKind) -> Progress {
        let bar = match kind {
            ProgressKind::Bar => ProgressBar::new(0),
            _ => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:24}] {percent:>3}% {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Progress { kind, bar, started: Instant::now(), counts: Mutex::default() }
    }

    /// Starts the bar for the work of a run: pixels times iterations, done and left.
    pub(crate) fn begin(&self, (done, left): (f64, f64)) {
        self.bar.set_length(((done + left) / UNIT).ceil() as u64);
        self.bar.enable_steady_tick(Duration::from_millis(500));
    }

    /// Shows an event of a run of one picture.
    pub(crate) fn run(&self, event: &Event) {
        match (self.kind, event) {
            (_, Event::Planned { work, .. }) => self.begin(*work),
            (_, Event::Warned { text }) => self.note(text),
            (_, Event::Wrote { path, width, height, count, seconds }) => {
                let path = path.display();
                self.finish();
                self.note(&format!("wrote {path}: {width}x{height}, {count} iterations in {seconds:.1} s"));
            }
            (ProgressKind::Bar, Event::Writing { path }) => {
                self.note(&format!("writing the film {}", path.display()));
            }
            (_, Event::WroteBeside { path }) => self.note(&format!("wrote {}", path.display())),
            (ProgressKind::Bar, Event::Draft { width, height, elapsed }) => {
                self.bar.set_prefix(format!("draft {width}x{height} after {elapsed:.1} s"));
            }
            (ProgressKind::Bar, Event::Step { step, work, seconds_left, .. }) => {
                self.step(step, *work, *seconds_left);
            }
            (ProgressKind::Json, Event::Draft { .. } | Event::Step { .. }) => say(&json!(event).to_string()),
            _ => {}
        }
    }

    /// Shows an event of a batch: a line for each picture.
    pub(crate) fn batch(&self, event: &Event) {
        match (self.kind, event) {
            (ProgressKind::None, _) => {}
            (_, Event::Warned { text }) => say(&with_options(text)),
            (ProgressKind::Bar, Event::Item { number, of, name, outcome }) => {
                let left = self.batch_left(*of, outcome).map_or(String::new(), |left| format!("; {left}"));
                say(&format!("[{number}/{of}] {name}: {}{left}", told(outcome)));
            }
            (ProgressKind::Json, Event::Item { number, of, name, outcome }) => {
                let event = match outcome {
                    ItemOutcome::Made { .. } => "made",
                    ItemOutcome::Skipped => "skipped",
                    _ => "failed",
                };
                let text = told(outcome);
                let mut line =
                    json!({ "event": event, "output": name, "number": number, "of": of, "text": text });
                if let ItemOutcome::Made { device, .. } = outcome {
                    line["device"] = json!(device);
                }
                say(&line.to_string());
            }
            _ => {}
        }
    }

    /// Says how long the rest of a batch will take, from the pictures that were made so far.
    fn batch_left(&self, of: usize, outcome: &ItemOutcome) -> Option<String> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.0 += usize::from(matches!(outcome, ItemOutcome::Made { .. }));
        counts.1 += 1;
        let (made, over) = *counts;
        let each = self.started.elapsed().as_secs_f64() / made.max(1) as f64;
        (made > 0 && over < of).then(|| time_left(each * (of - over) as f64))
    }

    /// Shows an event of a sheet: a line for each picture.
    pub(crate) fn sheet(&self, event: &Event) {
        match (self.kind, event) {
            (_, Event::Warned { text }) => say(&with_options(text)),
            (ProgressKind::Bar | ProgressKind::None, Event::Wrote { path, width, height, count, .. }) => {
                say(&format!("wrote {}: {count} pictures, {width}x{height}", path.display()));
            }
            (
                ProgressKind::Bar,
                Event::Item { number, of, name, outcome: ItemOutcome::Made { seconds, .. } },
            ) => {
                say(&format!("[{number}/{of}] {name}: {seconds:.1} s"));
            }
            (
                ProgressKind::Json,
                Event::Item { number, of, name, outcome: ItemOutcome::Made { seconds, .. } },
            ) => {
                let line =
                    json!({ "event": "made", "number": number, "of": of, "label": name, "seconds": seconds });
                say(&line.to_string());
            }
            _ => {}
        }
    }

    /// Shows a text above the bar; programs get it as a JSON object.
    pub(crate) fn note(&self, text: &str) {
        let text = with_options(text);
        match self.kind {
            ProgressKind::Json => say(&json!({ "event": "note", "text": text }).to_string()),
            _ => self.bar.suspend(|| say(&text)),
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn step(&self, step: &Step, (done, left): (f64, f64), seconds_left: f64) {
        let sum = |terms: &[(String, f64)]| terms.iter().map(|(_, value)| value).sum::<f64>();
        self.bar.set_length(((done + left) / UNIT).ceil() as u64);
        self.bar.set_position((done / UNIT) as u64);
        self.bar.set_prefix(format!(
            "scale {}/{} {}x{} {:>4}/{}",
            step.scale, step.scales, step.width, step.height, step.iteration, step.iterations
        ));
        // A texture has no content.
        let content = match &step.losses.content[..] {
            [] => String::new(),
            terms => format!("content {:.4}, ", sum(terms)),
        };
        self.bar.set_message(format!(
            "loss {:.4} ({content}style {:.4}) {:.1} it/s {}",
            step.losses.total,
            sum(&step.losses.style),
            1.0 / step.seconds.max(1e-9),
            if done < MEASURED * (done + left) { "measuring".into() } else { time_left(seconds_left) }
        ));
    }
}

/// Says how long the rest will take.
fn time_left(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..60 => format!("{seconds}s left"),
        60..3600 => format!("{}m {:02}s left", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m left", seconds / 3600, seconds / 60 % 60),
    }
}

/// Describes the outcome of a picture.
fn told(outcome: &ItemOutcome) -> String {
    match outcome {
        ItemOutcome::Made { seconds, .. } => format!("in {seconds:.1} s"),
        ItemOutcome::Skipped => "is there already".into(),
        ItemOutcome::Failed { message } => format!("failed: {}", with_options(message)),
        other => format!("{other:?}"),
    }
}
