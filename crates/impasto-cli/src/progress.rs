//! Progress on stderr: a bar for people, JSON lines for programs.

use std::time::{Duration, Instant};

use impasto::{Picture, Session, Step};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::ProgressKind;
use crate::output::say;

/// Shows steps as they come.
pub(crate) struct Progress {
    kind: ProgressKind,
    bar: ProgressBar,
    started: Instant,
    /// Pixels times iterations, done so far and still to do: what time is proportional to.
    done: f64,
    to_do: f64,
    /// What was done before this process began.
    before: f64,
}

/// Pixels of a step.
fn work(step: &Step) -> f64 {
    (step.width * step.height) as f64
}

/// Thousand pixel-iterations: the unit of the bar.
const UNIT: f64 = 1e3;

impl Progress {
    /// For a run of which some steps may be done already.
    pub(crate) fn new(kind: ProgressKind, session: &Session, steps: &[Step]) -> Progress {
        let to_do = session.work_left();
        let before: f64 = steps.iter().map(work).sum();
        let bar = match kind {
            ProgressKind::Bar => ProgressBar::new(((before + to_do) / UNIT).ceil() as u64),
            _ => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:24}] {percent:>3}% {msg} {eta} left")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Progress { kind, bar, started: Instant::now(), done: before, to_do, before }
    }

    /// Since this process began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the rest of the run will take, by what was done so far.
    pub(crate) fn left(&self) -> Duration {
        let done = self.done - self.before;
        if done > 0.0 { self.elapsed().mul_f64((self.to_do / done).max(0.0)) } else { Duration::ZERO }
    }

    /// The draft is painted.
    pub(crate) fn draft(&self, picture: &Picture) {
        let ((width, height), elapsed) = (picture.size(), self.elapsed().as_secs_f64());
        match self.kind {
            ProgressKind::Bar => self.bar.set_prefix(format!("draft {width}x{height} after {elapsed:.1} s")),
            ProgressKind::Json => {
                let draft = json!({ "event": "draft", "width": width, "height": height, "elapsed": elapsed });
                say(&draft.to_string());
            }
            ProgressKind::None => {}
        }
    }

    /// A step is done; scales may turn out to be shorter than they were planned.
    pub(crate) fn step(&mut self, step: &Step, session: &Session) {
        (self.done, self.to_do) = (self.done + work(step), session.work_left());
        let (elapsed, left) = (self.elapsed().as_secs_f64(), self.left().as_secs_f64());
        match self.kind {
            ProgressKind::Bar => {
                let sum = |terms: &[(String, f64)]| terms.iter().map(|(_, value)| value).sum::<f64>();
                self.bar.set_length(((self.done + self.to_do) / UNIT).ceil() as u64);
                self.bar.set_position((self.done / UNIT) as u64);
                self.bar.set_prefix(format!(
                    "scale {}/{} {}x{} {:>4}/{}",
                    step.scale, step.scales, step.width, step.height, step.iteration, step.iterations
                ));
                self.bar.set_message(format!(
                    "loss {:.4} (content {:.4}, style {:.4}) {:.1} it/s",
                    step.losses.total,
                    sum(&step.losses.content),
                    sum(&step.losses.style),
                    1.0 / step.seconds.max(1e-9)
                ));
            }
            ProgressKind::Json => {
                let mut object = json!({ "event": "step", "seconds_left": left, "elapsed": elapsed });
                if let (Some(object), Ok(serde_json::Value::Object(step))) =
                    (object.as_object_mut(), serde_json::to_value(step))
                {
                    object.extend(step);
                }
                say(&object.to_string());
            }
            ProgressKind::None => {}
        }
    }

    /// Says something above the bar; programs get it as an object.
    pub(crate) fn note(&self, text: &str) {
        match self.kind {
            ProgressKind::Json => say(&json!({ "event": "note", "text": text }).to_string()),
            _ => self.bar.suspend(|| say(text)),
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
