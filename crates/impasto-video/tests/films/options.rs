//! Options that change how a film goes on: its end at its beginning, paint that is renewed, shots of one scene.

use impasto::Picture;

use crate::clips::{Place, run};

/// The mean difference of two painted frames.
fn differ(place: &Place, one: usize, other: usize) -> f32 {
    let of = |number: usize| Picture::open(place.path(&format!("out/{}.png", number + 1))).unwrap();
    let (one, other) = (of(one), of(other));
    let sum: f32 = one.rgb().iter().zip(other.rgb()).map(|(a, b)| (a - b).abs()).sum();
    sum / one.rgb().len() as f32
}

/// A scene goes away by twelve pixels and comes back, so that its last frame is its first. Paint follows it and arrives
/// changed; with `loop` it arrives as it began.
#[test]
fn a_loop_ends_as_it_began() {
    let back_and_forth: Vec<(usize, usize)> =
        (0..13).chain((0..13).rev()).map(|at| (0, at)).chain([(0, 0); 2]).collect();
    let end = back_and_forth.len() - 1;
    let [open, closed] = [false, true].map(|looped| {
        let place = Place::new(&back_and_forth);
        let mut job = place.job("out/%d.png");
        (job.film.looped, job.film.cuts) = (looped, Some(Vec::new()));
        run(job).unwrap();
        differ(&place, 0, end)
    });
    assert!(
        closed < 0.5 * open,
        "the last frame differs from the first by {closed}, without `loop` by {open}"
    );
}

/// Without `boil` a scene that stands still has the same bytes in each frame.
#[test]
fn paint_that_boils_is_renewed_where_nothing_moves() {
    let place = Place::new(&[(0, 0); 6]);
    let mut job = place.job("out/%d.png");
    // Six frames at 25 frames a second.
    job.film.boil = Some(0.2);
    run(job).unwrap();
    for frame in 1..6 {
        assert!(differ(&place, frame - 1, frame) > 0.0, "frame {frame} is a copy");
    }
}

/// A, B, A: the third shot shows the scene of the first one, and takes its paint.
#[test]
fn a_shot_of_a_scene_that_was_painted_begins_from_its_paint() {
    let shots: Vec<(usize, usize)> = [0, 1, 0].into_iter().flat_map(|scene| [(scene, 0); 3]).collect();
    let [anew, matched] = [false, true].map(|match_shots| {
        let place = Place::new(&shots);
        let mut job = place.job("out/%d.png");
        (job.film.match_shots, job.film.cuts) = (match_shots, Some(vec![3, 6]));
        // Another start of each shot, so that the same paint cannot come from the same noise.
        job.film.boil = Some(0.2);
        run(job).unwrap();
        differ(&place, 2, 6)
    });
    assert!(matched < anew, "the shots differ by {matched}, without `match_shots` by {anew}");
}
