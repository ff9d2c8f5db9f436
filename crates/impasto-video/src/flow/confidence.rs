//! How far a flow may be trusted, from the flow the other way and from the pictures.
//!
//! [`visible`] has the inequalities of Sundaram, Brox, Keutzer 2010, with the constants of Ruder, Dosovitskiy, Brox
//! 2016. A yes or no flickers where a value is near its bound, so [`confidence`] makes ramps of them, and looks at the
//! colours too.

use impasto_image::Picture;
use rayon::prelude::*;

use super::Flow;
use super::rows::rows;
use super::smooth::{convolve, even, gaussian, least};
use crate::warp;

/// The share of the squared lengths that going there and back may miss by.
const MISS: f32 = 0.01;
/// The squared distance, in pixels, that it may miss by in any case.
const MISS_LEAST: f32 = 0.5;
/// The share of the squared length that the squared slope of a flow may have.
const SLOPE: f32 = 0.01;
/// The squared slope that it may have in any case.
const SLOPE_LEAST: f32 = 0.002;

/// Deviation, in values of a picture, at which colours count as different.
const COLOUR: f32 = 0.05;
/// Half of the window over which a difference of colours is taken as a change of light, less the middle.
const LIGHT: usize = 7;

/// The confidence of a pixel whose flows disagree, but whose colours do not.
const GUESS: f32 = 0.25;

/// How far beyond the outermost pixels, in pixels, the confidence begins to fall, and where it is 0.
const OUTSIDE: (f32, f32) = (0.1, 0.3);

/// Half of the window of the least confidence, less the middle. The flow is wrong near an edge of motion, too.
const NEAR: usize = 3;
/// Deviation of the final blur, in pixels.
const SOFT: f32 = 1.5;

/// The confidence in `back`, 0..1, for each pixel of `to`.
///
/// `back` gathers `to` out of `from`, and `forth` gathers `from` out of `to`. A pixel loses confidence if there and
/// back is not the same place, at edges of motion, and if its colours differ. An even change of brightness is no
/// difference. A pixel whose colours are the same keeps a little of it in any case: in a flat part the flows disagree,
/// although nothing was hidden. Pixels whose origin is outside have 0.
///
/// # Panics
/// If the flows and the pictures are not all of one size.
pub fn confidence(back: &Flow, forth: &Flow, from: &Picture, to: &Picture) -> Vec<f32> {
    let sizes = [forth.size(), from.size(), to.size()];
    assert!(sizes.iter().all(|size| *size == back.size()), "flows and pictures of one size");
    let width = back.width;
    let [mut confidence, alike] = colours(back, from, to);
    rows(&mut confidence, width, |y, row| {
        for (x, value) in row.iter_mut().enumerate() {
            match there_and_back(back, forth, x, y) {
                Some(miss) => {
                    let found = *value * ramp(miss) * ramp(edge(back, x, y));
                    *value = found.max(GUESS * alike[y * width + x]);
                }
                // What came from outside says nothing of its neighbours. It loses its confidence below.
                None => *value = 1.0,
            }
        }
    });
    let near = least(&confidence, width, NEAR);
    let mut confidence = convolve(&near, width, &gaussian(SOFT, 4));
    rows(&mut confidence, width, |y, row| {
        for (x, value) in row.iter_mut().enumerate() {
            let (u, v) = back.at(x, y);
            *value *= inside(x as f32 + u, width) * inside(y as f32 + v, back.height);
        }
    });
    confidence
}

/// 1 for a coordinate between the centres of the first and the last pixel, and 0 outside. The ramp between lets a frame
/// that stands still keep its outermost pixels, although its flow is not exactly zero.
fn inside(x: f32, length: usize) -> f32 {
    let beyond = (-x).max(x - (length - 1) as f32);
    ((OUTSIDE.1 - beyond) / (OUTSIDE.1 - OUTSIDE.0)).clamp(0.0, 1.0)
}

/// Which pixels of `to` are seen in `from`, by the exact inequalities: there and back is the same place, and the pixel
/// is not at an edge of motion.
///
/// # Panics
/// If the flows differ in size.
pub fn visible(back: &Flow, forth: &Flow) -> Vec<bool> {
    assert_eq!(back.size(), forth.size(), "both flows have one size");
    let seen = |at: usize| {
        let (x, y) = (at % back.width, at / back.width);
        there_and_back(back, forth, x, y).is_some_and(|miss| miss < 1.0) && edge(back, x, y) <= 1.0
    };
    (0..back.u.len()).into_par_iter().with_min_len(4096).map(seen).collect()
}

/// 1 up to half of the bound, 0 from the bound on.
fn ramp(of_bound: f32) -> f32 {
    (2.0 - 2.0 * of_bound).clamp(0.0, 1.0)
}

/// The squared miss of going there and back, as a share of its bound; `None` if it leads out of the picture.
fn there_and_back(back: &Flow, forth: &Flow, x: usize, y: usize) -> Option<f32> {
    let (u, v) = back.at(x, y);
    let (px, py) = (x as f32 + u, y as f32 + v);
    let inside = |at: f32, length: usize| (0.0..=(length - 1) as f32).contains(&at);
    if !inside(px, back.width) || !inside(py, back.height) {
        return None;
    }
    let (fu, fv) = forth.between_pixels(px, py);
    let miss = (u + fu).powi(2) + (v + fv).powi(2);
    Some(miss / (MISS * (u * u + v * v + fu * fu + fv * fv) + MISS_LEAST))
}

/// The squared slope of a flow, as a share of its bound.
fn edge(flow: &Flow, x: usize, y: usize) -> f32 {
    let (right, left) = (flow.at((x + 1).min(flow.width - 1), y), flow.at(x.saturating_sub(1), y));
    let (below, above) = (flow.at(x, (y + 1).min(flow.height - 1)), flow.at(x, y.saturating_sub(1)));
    let square = |a: (f32, f32), b: (f32, f32)| 0.25 * ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2));
    let (u, v) = flow.at(x, y);
    (square(right, left) + square(below, above)) / (SLOPE * (u * u + v * v) + SLOPE_LEAST)
}

/// How alike the colours are, 0..1, after noise and light are taken off, and after noise alone is.
fn colours(back: &Flow, from: &Picture, to: &Picture) -> [Vec<f32>; 2] {
    let (width, area) = (back.width, back.u.len());
    let moved = warp::picture(from, back);
    let mut squares = [vec![0.0; area], vec![0.0; area]];
    for (moved, to) in moved.rgb().chunks_exact(area).zip(to.rgb().chunks_exact(area)) {
        let difference: Vec<f32> = moved.iter().zip(to).map(|(a, b)| a - b).collect();
        let fine = convolve(&difference, width, &gaussian(1.0, 2));
        let light = convolve(&difference, width, &even(LIGHT));
        for (at, (fine, light)) in fine.iter().zip(light).enumerate() {
            squares[0][at] += (fine - light).powi(2) / 3.0;
            squares[1][at] += fine.powi(2) / 3.0;
        }
    }
    squares.map(|squares| squares.iter().map(|square| (-0.5 * square / (COLOUR * COLOUR)).exp()).collect())
}
