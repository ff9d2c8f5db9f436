//! A film that is stopped, changed or divided.

use std::fs;

use impasto_video::VideoEvent;

use crate::clips::{Place, frame, run, stopped_after};

fn frames() -> Vec<(usize, usize)> {
    (0..6).map(|at| (0, at)).collect()
}

#[test]
fn a_film_that_was_stopped_anywhere_ends_with_the_same_bytes() {
    let whole = Place::new(&frames());
    run(whole.job("out/%d.png")).unwrap();
    for stop in [1, 2, 5] {
        let place = Place::new(&frames());
        stopped_after(place.job("out/%d.png"), stop);
        assert!(place.bytes("out").is_empty());
        let events = run(place.job("out/%d.png")).unwrap();
        let painted = events.iter().filter(|event| matches!(event, VideoEvent::Frame { .. })).count();
        assert_eq!(painted, 6 - stop);
        assert!(place.bytes("out") == whole.bytes("out"), "stopped after {stop}");
    }
}

/// A kill may come between the writing of a frame and that of its state: the frame is then painted again.
#[test]
fn a_frame_without_a_state_is_painted_again() {
    let whole = Place::new(&frames());
    run(whole.job("out/%d.png")).unwrap();
    let place = Place::new(&frames());
    stopped_after(place.job("out/%d.png"), 3);
    fs::write(place.path("out/.impasto.film/000003.png"), b"half of a frame").unwrap();
    run(place.job("out/%d.png")).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let bytes = |threads: usize| {
        let place = Place::new(&frames()[..3]);
        let mut job = place.job("out/%d.png");
        job.run.threads = Some(threads);
        run(job).unwrap();
        place.bytes("out")
    };
    assert!(bytes(1) == bytes(3));
}

#[test]
fn changed_settings_are_refused_until_a_frame_is_named() {
    let place = Place::new(&frames());
    stopped_after(place.job("out/%d.png"), 4);
    let mut job = place.job("out/%d.png");
    job.run.objective.strength = Some(0.5);
    let refused = run(job.clone()).unwrap_err();
    assert!(refused.to_string().contains("`strength`"), "{refused}");
    assert!(refused.hint_text().unwrap().contains("`from`"));
    let before = fs::read(place.path("out/.impasto.film/000001.png")).unwrap();
    job.work.from = Some(2);
    job.work.keep_frames = true;
    let events = run(job).unwrap();
    let painted: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            VideoEvent::Frame { frame, .. } => Some(*frame),
            _ => None,
        })
        .collect();
    assert_eq!(painted, [2, 3, 4, 5]);
    assert!(before == fs::read(place.path("out/.impasto.film/000001.png")).unwrap());
}

#[test]
fn a_frame_that_was_changed_by_hand_is_painted_from() {
    let place = Place::new(&[(0, 0); 4]);
    stopped_after(place.job("out/%d.png"), 2);
    // Nothing moves, so the next frame is a copy of the one that was put there.
    frame(4, 0).save(place.path("out/.impasto.film/000001.png")).unwrap();
    let events = run(place.job("out/%d.png")).unwrap();
    assert!(
        events.iter().any(|event| matches!(event, VideoEvent::Warned { text } if text.contains("changed")))
    );
    let files = place.bytes("out");
    assert!(files[1].1 == files[2].1 && files[0].1 != files[1].1);
}

#[test]
fn parts_that_are_joined_are_the_whole() {
    let clip: Vec<(usize, usize)> = (0..3).map(|at| (0, at)).chain((0..4).map(|at| (1, at))).collect();
    let cut = |place: &Place| {
        let mut job = place.job("out/%d.png");
        job.film.cuts = Some(vec![3]);
        job
    };
    let whole = Place::new(&clip);
    run(cut(&whole)).unwrap();
    let place = Place::new(&clip);
    let part = |text: &str| {
        let mut job = cut(&place);
        job.work.shard = Some(text.into());
        run(job)
    };
    let join = || {
        let mut job = cut(&place);
        job.work.join = true;
        run(job)
    };
    part("2/2").unwrap();
    assert!(join().unwrap_err().to_string().contains("shot 2"), "half of the film was joined");
    part("1/2").unwrap();
    join().unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}

#[test]
fn a_frame_number_that_does_not_exist_leaves_everything_as_it_was() {
    let whole = Place::new(&frames());
    run(whole.job("out/%d.png")).unwrap();
    let place = Place::new(&frames());
    stopped_after(place.job("out/%d.png"), 3);
    let mut job = place.job("out/%d.png");
    (job.work.from, job.run.objective.strength) = (Some(99), Some(0.5));
    assert!(run(job).unwrap_err().to_string().contains("`from`: expected a frame up to 5, found 99"));
    run(place.job("out/%d.png")).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}

#[test]
fn a_painted_frame_of_another_size_is_an_error() {
    let place = Place::new(&frames());
    stopped_after(place.job("out/%d.png"), 3);
    let small = impasto::Picture::filled(8, 8, [0.5; 3]);
    small.save(place.path("out/.impasto.film/000000.png")).unwrap();
    let error = run(place.job("out/%d.png")).unwrap_err();
    assert!(error.to_string().contains("expected 64x48 pixels, found 8x8"), "{error}");
    let mut job = place.job("out/%d.png");
    (job.work.from, job.run.size) = (Some(2), Some(32));
    let error = run(job).unwrap_err().to_string();
    assert!(error.contains("64x48 pixels, and would have 32x24"), "{error}");
}
