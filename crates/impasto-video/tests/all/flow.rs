//! Flows against exact ones and against OpenCV's.

use impasto_image::Picture;
use impasto_video::flow::{self, Flow, Gray, Preset, between, noise};
use impasto_video::measure::{Film, FlowError, Motion, flow_error};

use crate::{film, photo};

/// An error may exceed OpenCV's by a tenth.
const AS_GOOD: f64 = 1.1;

/// The films of `examples/films.rs`, whose names stand in the fixture.
fn films() -> Vec<(&'static str, Film)> {
    let disc = Motion::Disc { radius: 50.0, disc: (5.3, -3.1), scene: (-1.6, 0.4) };
    vec![
        ("pan-slow", film(Motion::Pan(0.37, 0.21))),
        ("zoom", film(Motion::Zoom(1.02))),
        ("turn", film(Motion::Turn(2.0))),
        ("disc", film(disc)),
        ("disc-noise", film(disc).noise(4.0 / 255.0, 1)),
        ("still-noise", film(Motion::Still).noise(4.0 / 255.0, 2)),
    ]
}

fn error(film: &Film, preset: Preset) -> FlowError {
    let (from, to) = (Gray::of(&film.frame(2)), Gray::of(&film.frame(3)));
    flow_error(&between(&from, &to, preset, None), &film.flow(3, 2), Some(&film.visible(3, 2)))
}

/// The mean error of a preset of OpenCV on a film.
fn opencv(name: &str, preset: &str) -> f64 {
    let lines = include_str!("../fixtures/opencv.txt").lines();
    let line = lines.map(|line| line.split(' ').collect::<Vec<_>>()).find(|line| line[..2] == [name, preset]);
    line.unwrap()[2].parse().unwrap()
}

#[test]
fn the_default_is_at_least_as_exact_as_opencv_medium_over_all_films() {
    let (mut ours, mut theirs) = (0.0, 0.0);
    for (name, film) in films() {
        let error = error(&film, Preset::Medium);
        ours += error.mean;
        theirs += opencv(name, "medium");
    }
    assert!(ours <= AS_GOOD * theirs, "{ours} px in all, OpenCV {theirs} px");
}

#[test]
fn smooth_motions_are_found_to_a_small_part_of_a_pixel() {
    // The sample has skies and walls, which show little.
    for (motion, bound) in
        [(Motion::Pan(0.37, 0.21), 0.06), (Motion::Zoom(1.02), 0.15), (Motion::Turn(2.0), 0.15)]
    {
        let error = error(&film(motion), Preset::Fine);
        assert!(error.mean < bound, "{motion:?}: {error:?}");
    }
}

#[test]
fn a_finer_preset_has_a_smaller_error() {
    let film = film(Motion::Zoom(1.02));
    let [fast, medium, fine] =
        [Preset::Fast, Preset::Medium, Preset::Fine].map(|preset| error(&film, preset).mean);
    assert!(fine < medium && medium < fast, "{fast} {medium} {fine}");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let film = film(Motion::Turn(2.0));
    let (from, to) = (Gray::of(&film.frame(2)), Gray::of(&film.frame(3)));
    let by = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| between(&from, &to, Preset::Medium, None))
    };
    let alone = by(1);
    for threads in [2, 3, 7] {
        assert!(by(threads) == alone, "{threads}");
    }
}

#[test]
fn a_wall_without_texture_moves_with_what_is_around_it() {
    // The left third of the photograph becomes a wall with a little noise of its own in each frame.
    let mut walled = photo();
    walled.put(&Picture::filled(240, 480, [0.6; 3]), (60, 0));
    let film = Film::new(&walled, crate::SIZE, Motion::Pan(1.6, -0.7)).noise(2.0 / 255.0, 5);
    let (from, to) = (Gray::of(&film.frame(0)), Gray::of(&film.frame(1)));
    let found = between(&from, &to, Preset::Medium, None);
    let wall = |at: usize| (20..90).contains(&(at % crate::SIZE.0));
    let counts: Vec<bool> = (0..found.u.len()).map(wall).collect();
    let error = flow_error(&found, &film.flow(1, 0), Some(&counts));
    assert!(error.mean < 0.25, "{error:?}");
}

#[test]
fn a_guess_finds_what_is_out_of_reach() {
    // 110 of 320 pixels is further than the coarsest patches reach.
    let film = film(Motion::Pan(110.0, 0.0));
    let (from, to) = (Gray::of(&film.frame(0)), Gray::of(&film.frame(1)));
    let (truth, seen) = (film.flow(1, 0), film.visible(1, 0));
    let near = Flow::uniform(from.width(), from.height(), (-105.0, 3.0));
    let [without, with] = [None, Some(&near)]
        .map(|guess| flow_error(&between(&from, &to, Preset::Medium, guess), &truth, Some(&seen)).mean);
    assert!(with < 1.0 && with < without, "{with} with the guess, {without} without");
    let gaps = Flow::uniform(from.width(), from.height(), (f32::NAN, f32::NAN));
    let found = between(&from, &to, Preset::Fast, Some(&gaps));
    assert!(found.u.iter().all(|u| u.is_finite()), "a guess may have gaps");
}

#[test]
fn frames_of_any_size_have_a_flow() {
    for (width, height) in [(1, 1), (3, 2), (1, 40), (9, 7), (17, 33), (64, 5)] {
        let gray =
            Gray::new(width, height, (0..width * height).map(|at| (at * 37 % 256) as f32).collect()).unwrap();
        for preset in [Preset::Fast, Preset::Medium, Preset::Fine] {
            let found = between(&gray, &gray, preset, None);
            assert_eq!(found.size(), (width, height));
            assert!(
                found.u.iter().chain(&found.v).all(|value| value.abs() < 0.05),
                "{width}x{height} {preset:?}"
            );
        }
    }
}

#[test]
fn noise_is_measured_and_taken_off() {
    let deviation = 4.0 / 255.0;
    let film = film(Motion::Still).noise(deviation, 9);
    let found = noise(&film.frame(0));
    // Quiet tiles decide, so the estimate is a little low; texture makes it a little high.
    assert!((0.8..1.3).contains(&(found / deviation)), "{found}, not {deviation}");
    let (width, height) = crate::SIZE;
    let (still, sure) = (Flow::zero(width, height), vec![1.0; width * height]);
    let mut steady = film.frame(0);
    for time in 1..12 {
        steady = flow::steady(&film.frame(time), &steady, &still, &sure, found);
    }
    let clean = crate::film(Motion::Still).frame(0);
    let left = crate::rms(steady.rgb().iter().zip(clean.rgb()).map(|(a, b)| a - b)) / f64::from(deviation);
    // The recursion leaves √0.176 = 0.42 of the noise if it takes every difference as noise.
    assert!((0.38..0.55).contains(&left), "{left} of the noise is left");
}
