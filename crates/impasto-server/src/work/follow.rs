//! Following a run: its events become progress, previews, notes and the place that survives the program's end.

use std::sync::{Arc, Mutex, PoisonError};

use impasto_job::{Event, VideoEvent};

use super::live::Running;
use super::place::{ITERATION, Place};
use super::room::Room;
use crate::app::App;
use crate::frames;
use crate::pictures::jpeg;
use crate::store::Job;

/// Follows the events of a run.
pub(super) fn listener(
    app: &Arc<App>,
    job: &Job,
    running: &Arc<Running>,
    place: Place,
    (notes, room): (Arc<Mutex<Vec<String>>>, Arc<Room>),
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
            Event::Film(event) => {
                match &event {
                    VideoEvent::Planned(plan) => room.planned(plan),
                    VideoEvent::Frame { shot, .. } => room.frame(*shot),
                    _ => {}
                }
                film(&app, (&id, &running), &event, &at);
            }
            Event::Warned { text } => {
                let text = impasto_job::spell(&text, str::to_owned);
                notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
            _ => {}
        }
    }
}

/// Follows the events of a film.
fn film(app: &App, (id, running): (&str, &Running), event: &VideoEvent, at: &dyn Fn(&str)) {
    match event {
        VideoEvent::Planned(plan) => {
            at("preparing");
            app.live.progress(id, running, |progress| {
                progress.stage = "painting";
                (progress.width, progress.height) = (plan.width, plan.height);
                (progress.item, progress.items) = (plan.done, plan.painted);
                (progress.shots, progress.frames) = (plan.shots, plan.frames);
                // The frames of earlier runs can be looked at.
                progress.frame = frames::painted(&app.files.job(id));
                progress.fraction = fraction(plan.done as f64, (plan.painted - plan.done) as f64);
            });
        }
        VideoEvent::Shot { number, first, .. } => {
            at(&format!("{ITERATION} 1 of frame {first}"));
            app.live.progress(id, running, |progress| progress.shot = *number);
        }
        VideoEvent::Frame { frame, done, of, seconds, seconds_left, .. } => {
            at(&format!("{ITERATION} 1 after frame {frame}"));
            app.live.progress(id, running, |progress| {
                (progress.item, progress.items, progress.frame) = (*done, *of, *frame + 1);
                progress.fraction = fraction(*done as f64, (*of - *done) as f64);
                progress.elapsed += seconds;
                progress.seconds_left = Some(*seconds_left);
                progress.stage = if done < of { "painting" } else { "writing" };
            });
        }
        VideoEvent::Picture { picture, space, frame } => {
            // A disk that is full ends the film when its own frame cannot be written.
            if let Ok(jpeg) = frames::keep(&app.files.job(id), *frame, picture, *space) {
                app.files.add(jpeg.len() as u64);
                app.live.picture(id, running, jpeg);
            }
        }
        _ => {}
    }
}

fn fraction(done: f64, left: f64) -> f64 {
    if done + left > 0.0 { done / (done + left) } else { 0.0 }
}
