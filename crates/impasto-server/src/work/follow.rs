//! Following a run: its events become progress, previews, notes and the place that survives the program's end.

use std::sync::{Arc, Mutex, PoisonError};

use impasto_job::Event;

use super::live::Running;
use super::place::{ITERATION, Place};
use crate::app::App;
use crate::pictures::jpeg;
use crate::store::Job;

/// Follows the events of a run.
pub(super) fn listener(
    app: &Arc<App>,
    job: &Job,
    running: &Arc<Running>,
    place: Place,
    notes: Arc<Mutex<Vec<String>>>,
) -> impl Fn(Event) + Send + Sync + 'static {
    let (app, running, id) = (Arc::clone(app), Arc::clone(running), job.id.clone());
    let place = Mutex::new(place);
    move |event| {
        let at = |text: &str| place.lock().unwrap_or_else(PoisonError::into_inner).set(text);
        match event {
            Event::Planned { scales, work: (done, left), .. } => {
                at("preparing");
                app.live.progress(&id, &running, |progress| {
                    progress.stage = if done > 0.0 { "painting" } else { "draft" };
                    progress.scales = scales.len();
                    progress.fraction = fraction(done, left);
                });
            }
            Event::Draft { width, height, elapsed } => {
                at("drafted");
                app.live.progress(&id, &running, |progress| {
                    (progress.stage, progress.width, progress.height) = ("painting", width, height);
                    progress.elapsed = elapsed;
                });
            }
            Event::Step { step, elapsed, seconds_left, work: (done, left) } => {
                at(&format!("{ITERATION} {} of scale {}", step.iteration, step.scale));
                app.metrics.step(step.seconds);
                app.live.progress(&id, &running, |progress| {
                    (progress.scale, progress.scales) = (step.scale, step.scales);
                    (progress.iteration, progress.iterations) = (step.iteration, step.iterations);
                    (progress.width, progress.height) = (step.width, step.height);
                    progress.fraction = fraction(done, left);
                    (progress.elapsed, progress.seconds_left) = (elapsed, Some(seconds_left));
                    progress.stage = if left > 0.0 { "painting" } else { "writing" };
                });
            }
            Event::Preview { picture, space, .. } => {
                if let Ok(jpeg) = jpeg(&picture, space) {
                    app.live.picture(&id, &running, jpeg);
                }
            }
            Event::Item { number, of, .. } => {
                at(&format!("picture {number}"));
                app.live.progress(&id, &running, |progress| {
                    (progress.item, progress.items) = (number, of);
                    progress.fraction = number as f64 / of.max(1) as f64;
                    progress.stage = if number < of { "painting" } else { "writing" };
                });
            }
            Event::Warned { text } => {
                let text = impasto_job::spell(&text, str::to_owned);
                notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
            _ => {}
        }
    }
}

fn fraction(done: f64, left: f64) -> f64 {
    if done + left > 0.0 { done / (done + left) } else { 0.0 }
}
