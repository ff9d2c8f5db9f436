//! `impasto video`: turns arguments into the job of a film, and its events into lines of output.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use impasto_job::spec::VideoSpec;
use impasto_job::{End, VideoEvent, VideoPlan};
use impasto_video::VideoRunner;
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::ProgressKind;
use crate::failure::{Failure, with_options};
use crate::interrupt::stop_on_signal;
use crate::output::{line, say};

#[derive(Args)]
pub(crate) struct VideoArgs {
    #[command(flatten)]
    pub(crate) spec: VideoSpec,
    /// Show what the film will take, and paint nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// Progress display on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

pub(crate) fn run(args: VideoArgs) -> Result<(), Failure> {
    let progress = Arc::new(Progress::new(args.progress));
    let shown = Arc::clone(&progress);
    let runner =
        VideoRunner::new(args.spec).models(crate::models::open).on_event(move |event| shown.show(&event));
    stop_on_signal(&runner.control());
    if args.plan {
        return told(&runner.plan()?);
    }
    let output = runner.spec().output.display().to_string();
    let again = if runner.spec().work.from.is_some() {
        "the same command without --from"
    } else {
        "the same command"
    };
    let done = runner.run();
    progress.bar.finish_and_clear();
    let done = done?;
    match done.end {
        End::Complete if done.output.is_none() => {
            line(&format!("{} frames painted; --join makes the film when all parts are done", done.painted))
        }
        End::Complete => Ok(()),
        _ => Err(Failure::interrupted(format!("interrupted; {} frames are left of {output}", done.left))
            .hint(format!("{again} goes on after the last painted frame"))),
    }
}

/// Prints a plan.
fn told(plan: &VideoPlan) -> Result<(), Failure> {
    let VideoPlan { width, height, frames, painted, done, shots, seconds, disk_bytes, folder } = plan;
    line(&format!("{frames} frames in {seconds:.2} s, {shots} shots"))?;
    line(&format!("{painted} of them painted, {width}x{height}; {done} exist already"))?;
    line(&format!("about {} in {} until the film is made", HumanBytes(*disk_bytes), folder.display()))
}

/// Shows the events of a film.
pub(crate) struct Progress {
    kind: ProgressKind,
    pub(crate) bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(kind: ProgressKind) -> Progress {
        let bar = if kind == ProgressKind::Bar { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:24}] {pos}/{len} frames {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Progress { kind, bar }
    }

    pub(crate) fn show(&self, event: &VideoEvent) {
        if let VideoEvent::Warned { text } = event {
            return self.note(text);
        }
        match (self.kind, event) {
            (ProgressKind::None, VideoEvent::Wrote { .. }) => self.wrote(event),
            (ProgressKind::None, _) | (_, VideoEvent::Picture { .. } | VideoEvent::Done { .. }) => {}
            (ProgressKind::Json, _) => say(&json!(event).to_string()),
            (ProgressKind::Bar, VideoEvent::Planned(plan)) => {
                self.bar.set_length(plan.painted as u64);
                self.bar.set_position(plan.done as u64);
            }
            (ProgressKind::Bar, VideoEvent::Shot { number, of, .. }) => {
                self.bar.set_prefix(format!("shot {number}/{of}"));
                self.bar.enable_steady_tick(Duration::from_millis(500));
            }
            (ProgressKind::Bar, VideoEvent::Frame { done, of, iterations, seconds, seconds_left, .. }) => {
                self.bar.set_length(*of as u64);
                self.bar.set_position(*done as u64);
                let left = HumanDuration(Duration::from_secs_f64(seconds_left.max(0.0)));
                let work =
                    if *iterations > 0 { format!("{iterations} iterations in ") } else { String::new() };
                self.bar.set_message(format!("{work}{seconds:.1} s, {left} left"));
            }
            (ProgressKind::Bar, _) => self.wrote(event),
        }
    }

    fn wrote(&self, event: &VideoEvent) {
        if let VideoEvent::Wrote { path, width, height, frames } = event {
            self.bar.finish_and_clear();
            self.note(&format!("wrote {}: {width}x{height}, {frames} frames", path.display()));
        }
    }

    fn note(&self, text: &str) {
        let text = with_options(text);
        match self.kind {
            ProgressKind::Json => say(&json!({ "event": "note", "text": text }).to_string()),
            _ => self.bar.suspend(|| say(&text)),
        }
    }
}
