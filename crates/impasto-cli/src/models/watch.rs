//! The progress of finding or fetching a model, on stderr: a bar for people, JSON lines for programs.

use std::time::Duration;

use impasto::encoder::sources::Event;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::ProgressKind;
use crate::output::{printable_lines, say};

/// Shows events as they come.
pub(super) struct Watch {
    kind: ProgressKind,
    bar: Option<ProgressBar>,
    /// Bytes that the last JSON line stated.
    told: u64,
}

/// Bytes between two JSON lines.
const STEP: u64 = 1_000_000;

impl Watch {
    pub(super) fn new(kind: ProgressKind) -> Watch {
        Watch { kind, bar: None, told: 0 }
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Received { bytes, total } => self.received(bytes, total),
            Event::Verifying { path } => self.note(&format!("verifying {}", path.display())),
            Event::Found { path, cache } => {
                self.note(&format!("found {} (cache: {cache})", path.display()));
            }
            Event::PassedOver { path, why } => {
                self.note(&format!("warning: {} is passed over: {why}", path.display()));
            }
            Event::Kept { path } => self.note(&format!("kept as {}", path.display())),
            Event::NotKept { why } => {
                self.note(&format!("warning: the model is not kept for the next time: {why}"))
            }
            Event::Waiting => self.note("another process is fetching it: waiting"),
            Event::Fetching { file, address } => {
                self.told = 0;
                self.note(&format!("fetching {address} ({})", file.publisher));
            }
            Event::Pausing { why, pause } => {
                self.note(&format!("{why}; trying again in {:.0} s", pause.as_secs_f64().ceil()));
            }
            Event::Failed { address, why } => self.note(&format!("warning: {address}: {why}")),
            _ => {}
        }
    }

    fn received(&mut self, bytes: u64, total: Option<u64>) {
        match self.kind {
            ProgressKind::Bar => {
                let bar = self.bar.get_or_insert_with(bar);
                if let Some(total) = total {
                    bar.set_length(total);
                }
                bar.set_position(bytes);
            }
            ProgressKind::Json => {
                let is_step = bytes < self.told || bytes >= self.told + STEP || Some(bytes) == total;
                if is_step {
                    self.told = bytes;
                    say(&json!({ "event": "received", "bytes": bytes, "total": total }).to_string());
                }
            }
            ProgressKind::None => {}
        }
    }

    fn note(&self, text: &str) {
        // JSON escapes control characters itself.
        match (self.kind, &self.bar) {
            (ProgressKind::Json, _) => say(&json!({ "event": "note", "text": text }).to_string()),
            (_, Some(bar)) => bar.suspend(|| say(&printable_lines(text))),
            _ => say(&printable_lines(text)),
        }
    }

    /// Removes the bar.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    let template = "[{bar:24}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
