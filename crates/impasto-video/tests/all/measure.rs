//! Measures on films that hold still, move, blur and stick.

use impasto_video::flow::Flow;
use impasto_video::measure::{Film, Motion, band_energy, frame_difference, shower_door, warping_error};
use impasto_video::warp;

use crate::{SIZE, film, photo};

#[test]
fn the_exact_flow_explains_a_pan_and_no_flow_does_not() {
    let film = film(Motion::Pan(2.3, -1.7));
    let (frame, before, seen) = (film.frame(3), film.frame(2), film.visible(3, 2));
    let exact = warping_error(&frame, &before, &film.flow(3, 2), &seen);
    let none = warping_error(&frame, &before, &Flow::zero(SIZE.0, SIZE.1), &seen);
    assert!(exact < 0.02 * none, "{exact} with the flow, {none} without");
}

#[test]
fn noise_shows_in_the_frame_difference_by_its_deviation() {
    let film = film(Motion::Still).noise(3.0 / 255.0, 4);
    let difference = frame_difference(&film.frame(1), &film.frame(0));
    // Two frames have √2 of the noise of one. Values at 0 and 1 are clipped, so it is a little less.
    assert!((0.85..1.02).contains(&(difference / (3.0 * 2f64.sqrt()))), "{difference}");
    assert_eq!(frame_difference(&film.frame(1), &film.frame(1)), 0.0);
}

#[test]
fn ten_bilinear_half_pixels_smear_and_a_spline_does_not() {
    let frame = film(Motion::Still).frame(0);
    let (there, back) =
        (Flow::uniform(SIZE.0, SIZE.1, (0.5, 0.5)), Flow::uniform(SIZE.0, SIZE.1, (-0.5, -0.5)));
    let mut moved = frame.clone();
    for _ in 0..5 {
        moved = warp::picture(&warp::picture(&moved, &there), &back);
    }
    let (first, last) = (band_energy(&frame), band_energy(&moved));
    assert!(last.second / first.second > 0.9, "{first:?} {last:?}");
    assert!(last.finest / first.finest < 1.0, "ten warps take something: {first:?} {last:?}");
}

#[test]
fn paint_on_the_glass_and_paint_on_things_have_opposite_ratios() {
    // The camera moves by two pixels. One painting follows it, and the other stays.
    let film = film(Motion::Pan(2.0, 3.0));
    let back = film.flow(1, 0);
    let (follows, stays) = (shower_door(&film.frame(1), &film.frame(0), &back), {
        let glass = Film::new(&photo(), SIZE, Motion::Still).frame(0);
        shower_door(&glass, &glass, &back)
    });
    assert!(follows > 0.5 && stays < -0.5, "follows {follows}, stays {stays}");
}
