//! Confidence against exact occlusion.

use impasto_video::flow::{confidence, visible};
use impasto_video::measure::Motion;

use crate::{SIZE, film};

const DISC: Motion = Motion::Disc { radius: 50.0, disc: (7.0, 0.0), scene: (-5.0, 0.0) };

fn mean(values: &[f32], counts: impl Fn(usize) -> bool) -> f32 {
    let (sum, count) = values
        .iter()
        .enumerate()
        .filter(|(at, _)| counts(*at))
        .fold((0.0, 0.0f32), |(sum, count), (_, value)| (sum + value, count + 1.0));
    assert!(count > 100.0, "the test looks at some pixels");
    sum / count
}

/// Whether a pixel is at least this far from the edges of the frame and of the disc in both frames.
fn clear(at: usize) -> bool {
    let (x, y) = ((at % SIZE.0) as f64 - 159.5, (at / SIZE.0) as f64 - 119.5);
    let from_disc = |time: f64| ((x - 7.0 * time).hypot(y) - 50.0).abs();
    x.abs() < 140.0 && y.abs() < 100.0 && from_disc(2.0) > 18.0 && from_disc(3.0) > 18.0
}

#[test]
fn what_was_hidden_has_no_confidence_and_what_is_seen_has_it() {
    let film = film(DISC);
    let (back, forth) = (film.flow(3, 2), film.flow(2, 3));
    let found = confidence(&back, &forth, &film.frame(2), &film.frame(3));
    let seen = film.visible(3, 2);
    assert!(found.iter().all(|value| (0.0..=1.0 + 1e-6).contains(value)));
    let (hidden, clear) = (mean(&found, |at| !seen[at]), mean(&found, |at| seen[at] && clear(at)));
    assert!(hidden < 0.05 && clear > 0.95, "hidden {hidden}, clear {clear}");
}

#[test]
fn the_exact_inequalities_find_the_hidden_pixels() {
    let film = film(DISC);
    let found = visible(&film.flow(3, 2), &film.flow(2, 3));
    let seen = film.visible(3, 2);
    let missed = (0..found.len()).filter(|at| found[*at] && !seen[*at]).count();
    let refused = (0..found.len()).filter(|at| clear(*at) && seen[*at] && !found[*at]).count();
    let hidden = seen.iter().filter(|seen| !**seen).count();
    assert!(missed * 100 <= hidden, "{missed} of {hidden} hidden pixels were taken as seen");
    assert_eq!(refused, 0);
}

#[test]
fn a_change_of_light_breaks_nothing_and_a_change_of_scene_does() {
    let film = film(Motion::Pan(1.5, 0.5)).light(0.1);
    let (back, forth) = (film.flow(1, 0), film.flow(0, 1));
    let light = confidence(&back, &forth, &film.frame(0), &film.frame(1));
    assert!(mean(&light, clear) > 0.9, "light: {}", mean(&light, clear));
    let other = crate::film(Motion::Pan(60.0, 40.0)).frame(3);
    let cut = confidence(&back, &forth, &other, &film.frame(1));
    assert!(mean(&cut, clear) < 0.7 * mean(&light, clear), "cut: {}", mean(&cut, clear));
}
