//! Measures of two frames that follow each other.

use impasto_image::Picture;

use super::bands::finest;
use crate::flow::Flow;
use crate::warp;

/// The warping error of Lai et al. 2018: the mean squared difference, over channels and the pixels that `counts`
/// marks, of a frame and the frame before, moved along the flow of the film. Values are 0..1.
///
/// `back` gathers the frame out of the one before. It has to come from the original film, never from the painted one.
/// We move by a B-spline; a bilinear mean would favour blurred films.
///
/// # Panics
/// If the frames, the flow and `counts` are not all of one size.
pub fn warping_error(frame: &Picture, before: &Picture, back: &Flow, counts: &[bool]) -> f64 {
    let area = frame.width() * frame.height();
    assert!(frame.size() == before.size() && frame.size() == back.size(), "frames and flow of one size");
    assert_eq!(counts.len(), area, "a mark for each pixel");
    let moved = warp::picture(before, back);
    let squares = frame.rgb().iter().zip(moved.rgb()).zip(counts.iter().cycle());
    let sum: f64 = squares.filter(|(_, counts)| **counts).map(|((a, b), _)| square(*a, *b)).sum();
    sum / (3 * counts.iter().filter(|counts| **counts).count()).max(1) as f64
}

/// The root of the mean squared difference of two frames, in levels of 8 bits (0..255).
///
/// # Panics
/// If the frames differ in size.
pub fn frame_difference(frame: &Picture, before: &Picture) -> f64 {
    assert_eq!(frame.size(), before.size(), "both frames have one size");
    let sum: f64 = frame.rgb().iter().zip(before.rgb()).map(|(a, b)| square(*a, *b)).sum();
    255.0 * (sum / frame.rgb().len() as f64).sqrt()
}

/// The shower-door ratio of two painted frames: 1 if the fine texture moves with the scene, −1 if it stays on the
/// glass, 0 if it does neither.
///
/// It is (m − s) / (m + s). m is the correlation of the frame's finest band with that of the frame before, moved along
/// `back`, and s the correlation with that of the frame before as it is. Negative correlations count as 0. Where
/// nothing moves, both are the same and the ratio is 0: use it on pans of more than a pixel.
///
/// # Panics
/// If the frames and the flow are not all of one size.
pub fn shower_door(frame: &Picture, before: &Picture, back: &Flow) -> f64 {
    assert!(frame.size() == before.size() && frame.size() == back.size(), "frames and flow of one size");
    let (now, still) = (finest(frame), finest(before));
    let moved = finest(&warp::picture(before, back));
    let (m, s) = (correlation(&now, &moved).max(0.0), correlation(&now, &still).max(0.0));
    if m + s > 0.0 { (m - s) / (m + s) } else { 0.0 }
}

fn square(a: f32, b: f32) -> f64 {
    f64::from(a - b).powi(2)
}

/// The correlation of two bands, whose means are near zero.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum() };
    let scale = (product(a, a) * product(b, b)).sqrt();
    if scale > 0.0 { product(a, b) / scale } else { 0.0 }
}
