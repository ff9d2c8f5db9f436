//! Warps against SciPy's spline and against closed forms.

use impasto_image::Picture;
use impasto_video::flow::Flow;
use impasto_video::measure::Motion;
use impasto_video::warp::{self, Spline};

use crate::{SIZE, film, rms};

/// Rounding of f32 in the filter's recursion and in sixteen products, for values up to 1.
const ROUNDING: f32 = 3e-6;

#[test]
fn the_spline_is_that_of_scipy() {
    let numbers = |line: &str| line.split(' ').map(|value| value.parse().unwrap()).collect::<Vec<f32>>();
    let lines: Vec<Vec<f32>> = include_str!("../fixtures/spline.txt").lines().map(numbers).collect();
    let (plane, places) = lines.split_at(7);
    let picture = Picture::new(9, 7, plane.concat().repeat(3)).unwrap();
    let spline = Spline::of(&picture);
    assert_eq!(places.len(), 20);
    for place in places {
        for value in spline.at(place[0], place[1]) {
            assert!((value - place[2]).abs() < ROUNDING, "{place:?}: {value}");
        }
    }
}

#[test]
fn a_wave_of_four_pixels_keeps_its_amplitude() {
    // A cubic spline's answer at ω = π/2 and half a pixel is 0.972; a bilinear mean's is 0.707.
    let wave = |at: usize| 0.5 + 0.25 * (std::f32::consts::FRAC_PI_2 * (at % 400) as f32).cos();
    let picture = Picture::new(400, 8, (0..3 * 3200).map(wave).collect()).unwrap();
    let moved = warp::picture(&picture, &Flow::uniform(400, 8, (0.5, 0.0)));
    let amplitude = rms(moved.rgb()[900..1100].iter().map(|value| value - 0.5)) * 2f64.sqrt() / 0.25;
    assert!((amplitude - 0.972).abs() < 0.002, "{amplitude}");
}

#[test]
fn no_motion_changes_nothing_and_places_outside_are_the_edge() {
    let picture = film(Motion::Still).frame(0);
    let same = warp::picture(&picture, &Flow::zero(SIZE.0, SIZE.1));
    let worst = same.rgb().iter().zip(picture.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < ROUNDING, "{worst}");
    let far = warp::picture(&picture, &Flow::uniform(SIZE.0, SIZE.1, (-1e9, 1e9)));
    let corner = picture.rgb()[(SIZE.1 - 1) * SIZE.0];
    assert!(far.rgb()[..100].iter().all(|value| (value - corner).abs() < ROUNDING));
    for size in [(1, 1), (1, 5), (2, 1), (3, 3)] {
        let small = Picture::filled(size.0, size.1, [0.3; 3]);
        let moved = warp::picture(&small, &Flow::uniform(size.0, size.1, (0.4, 0.4)));
        assert!(moved.rgb().iter().all(|value| (value - 0.3).abs() < ROUNDING), "{size:?}");
    }
}

#[test]
fn turning_twice_is_turning_further() {
    let film = film(Motion::Turn(1.5));
    let both = warp::compose(&film.flow(3, 2), &film.flow(2, 0));
    let straight = film.flow(3, 0);
    let seen = film.visible(3, 2);
    let worst = (0..seen.len())
        .filter(|at| seen[*at])
        .map(|at| (both.u[at] - straight.u[at]).hypot(both.v[at] - straight.v[at]))
        .fold(0.0, f32::max);
    // Rounding of offsets of some ten pixels.
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn a_resized_flow_has_offsets_in_the_new_pixels() {
    let zoom = |width: f32| move |x: usize, _: usize| (0.1 * (x as f32 + 0.5 - width / 2.0), 1.0);
    let small = warp::resize(&Flow::from_fn(160, 90, zoom(160.0)), 320, 90);
    let expected = Flow::from_fn(320, 90, zoom(320.0));
    for at in (0..small.u.len()).filter(|at| (4..316).contains(&(at % 320))) {
        assert!((small.u[at] - expected.u[at]).abs() < 1e-3 && (small.v[at] - 1.0).abs() < 1e-5, "{at}");
    }
}
