//! Takes the sensor's noise off a film: a recursive mean along the motion.
//!
//! It needs one frame of memory. Texler et al. 2020 average 31 frames by a bilateral filter along the flow, with the
//! same aim: noise is what makes a still scene flicker, since a network amplifies it.

use impasto_image::Picture;

use super::Flow;
use super::rows::rows_of;
use super::smooth::{convolve, even};
use crate::warp;

/// The largest share of the frame before.
const MEMORY: f32 = 0.7;

/// A difference of this many deviations of the noise is a change in the scene.
const CHANGE: f32 = 3.0;

/// Noise that is assumed at least, in values of a picture: the rounding to 8 bits.
const LEAST: f32 = 0.3 / 255.0;

/// A frame with less noise: `current`, mixed with the steadied frame `before` where both show the same.
///
/// `back` gathers `current` out of `before`, and `confidence` (0..1, see [`confidence`](super::confidence)) is its
/// confidence. `noise` is the deviation of the noise in values of a picture, for example by [`noise`](super::noise()).
/// In a still scene the variance of the noise falls to 0.18 of what it was.
///
/// # Panics
/// If the pictures, the flow and the confidence are not all of one size.
pub fn steady(current: &Picture, before: &Picture, back: &Flow, confidence: &[f32], noise: f32) -> Picture {
    let (width, height) = current.size();
    let area = width * height;
    assert!(
        before.size() == (width, height) && back.size() == (width, height),
        "frames and flow of one size"
    );
    assert_eq!(confidence.len(), area, "a confidence for each pixel");
    let mut result = warp::picture(before, back);
    let mut squares = vec![0.0; area];
    for (old, new) in result.rgb().chunks_exact(area).zip(current.rgb().chunks_exact(area)) {
        squares
            .iter_mut()
            .zip(old.iter().zip(new))
            .for_each(|(sum, (old, new))| *sum += (old - new).powi(2) / 3.0);
    }
    // Over 3x3 pixels, so that single noisy pixels are no change.
    let squares = convolve(&squares, width, &even(1));
    let deviation = CHANGE * noise.max(LEAST);
    let (red, rest) = result.rgb_mut().split_at_mut(area);
    let (green, blue) = rest.split_at_mut(area);
    rows_of([red, green, blue], width, |y, planes| {
        let row = y * width..(y + 1) * width;
        for (plane, old) in planes.into_iter().enumerate() {
            let new = &current.rgb()[plane * area..][row.clone()];
            let known = squares[row.clone()].iter().zip(&confidence[row.clone()]);
            for ((old, new), (square, confidence)) in old.iter_mut().zip(new).zip(known) {
                let share = MEMORY * confidence * (-0.5 * square / (deviation * deviation)).exp();
                *old = new + share * (*old - new);
            }
        }
    });
    result
}
