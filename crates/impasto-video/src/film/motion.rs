//! The motion between two frames: flow both ways, confidence, noise, and the pixels that stand still.

use impasto_image::{Averaging, Filter, Picture, Plane, fit_long_edge, resize, resize_plane};

use super::planes::blurred;
use crate::flow::smooth::least;
use crate::flow::{self, Flow, Gray, Preset};
use crate::warp;

/// The largest long edge that flow is computed at, in pixels. Larger frames have no more motion, only more pixels.
const LONGEST: usize = 640;

/// A place that moves by less than this, in pixels, may stand still. The mean flow around a pixel is that exact on
/// noisy frames.
const STILL: f32 = 0.15;

/// Deviation, in pixels, of that mean.
const FLOWS: f32 = 12.0;

/// The share of a frame that may differ by more than noise while its camera counts as standing still. Then all the rest
/// stands still, whatever the flow says.
const MOVING: f32 = 0.03;

/// Two frames differ by their noise alone if their mean squared difference is at most so many times that of the noise.
const NOISES: f32 = 1.5;

/// Deviation, in pixels, of the blur before two frames are compared for a change.
const BLUR: f32 = 2.0;

/// The deviation of white noise after that blur: `1 / (2 sqrt(pi) BLUR)`.
const REMAINS: f32 = 0.141;

/// A difference of this many deviations of the remaining noise is a change.
const CHANGE: f32 = 6.0;

/// Noise that is assumed at least, in values of a picture: the rounding to 8 bits.
const LEAST: f32 = 0.3 / 255.0;

/// Half of the window in which nothing may change around a pixel that stands still, less the middle.
const AROUND: usize = 4;

/// The motion from the frame before to this frame, at the size of the painting.
pub(crate) struct Motion {
    /// Where each pixel was.
    pub(crate) back: Flow,
    /// How far that may be trusted, 0..1.
    pub(crate) confidence: Vec<f32>,
    /// The flow as it was found; `back` is 0 where things stand still.
    pub(crate) slipped: Flow,
    /// Which pixels stand still.
    pub(crate) still: Vec<bool>,
    /// The flows both ways at the size of the search: a start for those of the next pair.
    pub(crate) found: [Flow; 2],
    /// Deviation of the sensor's noise, in values of a picture.
    pub(crate) noise: f32,
}

impl Motion {
    /// Frees pixels from the painting before, as if it did not show them. `anew` says how far, or nothing for none.
    pub(crate) fn begin_anew(&mut self, anew: &[f32]) {
        for (at, anew) in anew.iter().enumerate().filter(|(_, anew)| **anew > 0.0) {
            self.confidence[at] *= 1.0 - anew;
            self.still[at] = false;
        }
    }
}

/// The frame that still parts were last painted for. A change that is too slow to see from frame to frame shows against
/// it.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) input: Picture,
    /// The motion since then, which the paint has not followed.
    pub(crate) owed: Flow,
}

impl Reference {
    /// A frame that has just been painted.
    pub(crate) fn new(input: Picture) -> Reference {
        let (width, height) = input.size();
        Reference { input, owed: Flow::zero(width, height) }
    }

    /// The reference after a frame: still parts keep theirs, and owe the motion that they have not followed.
    pub(crate) fn after(mut self, now: &Picture, motion: &Motion) -> Reference {
        let area = motion.still.len();
        for (at, still) in motion.still.iter().enumerate() {
            if *still {
                self.owed.u[at] += motion.slipped.u[at];
                self.owed.v[at] += motion.slipped.v[at];
            } else {
                (self.owed.u[at], self.owed.v[at]) = (0.0, 0.0);
                (0..3)
                    .for_each(|plane| self.input.rgb_mut()[plane * area + at] = now.rgb()[plane * area + at]);
            }
        }
        self
    }
}

/// Finds the motion from `before` to `now`, both at the size of the painting. `start` has the flows of the pair before.
/// With a reference, parts that stand still are found; they owe their motion to it, and pay it when they move.
pub(crate) fn between(
    (before, reference): (&Picture, Option<&Reference>),
    now: &Picture,
    preset: Preset,
    start: Option<&[Flow; 2]>,
) -> Motion {
    let (width, height) = now.size();
    let (small_width, small_height) = fit_long_edge(now.size(), now.long_edge().min(LONGEST));
    let shrunk =
        |picture: &Picture| resize(picture, small_width, small_height, Filter::Bilinear, Averaging::Values);
    let (from, to) = (shrunk(before), shrunk(now));
    let (from_gray, to_gray) = (Gray::of(&from), Gray::of(&to));
    let start = |at: usize| start.map(|flows| &flows[at]).filter(|flow| flow.size() == to.size());
    let (back, forth) = rayon::join(
        || flow::between(&from_gray, &to_gray, preset, start(0)),
        || flow::between(&to_gray, &from_gray, preset, start(1)),
    );
    let confidence = flow::confidence(&back, &forth, &from, &to);
    let full = to.size() == now.size();
    let confidence = match full {
        true => confidence,
        false => resize_plane(&confidence, to.size(), now.size(), Filter::Bilinear),
    };
    let mut wide = if full { back.clone() } else { warp::resize(&back, width, height) };
    let noise = flow::noise(now);
    let slipped = wide.clone();
    let still = match reference {
        Some(reference) => still(&wide, &reference.input, now, noise),
        None => vec![false; wide.u.len()],
    };
    for (at, still) in still.iter().enumerate() {
        match (still, reference) {
            (true, _) => (wide.u[at], wide.v[at]) = (0.0, 0.0),
            (false, Some(reference)) => {
                wide.u[at] += reference.owed.u[at];
                wide.v[at] += reference.owed.v[at];
            }
            (false, None) => {}
        }
    }
    let confidence =
        confidence.iter().zip(&still).map(|(c, still)| if *still { 1.0 } else { c.clamp(0.0, 1.0) });
    Motion { confidence: confidence.collect(), back: wide, slipped, still, found: [back, forth], noise }
}

/// The pixels around which nothing moves and nothing changes by more than the noise.
fn still(back: &Flow, before: &Picture, now: &Picture, noise: f32) -> Vec<bool> {
    let (width, area) = (back.width, back.u.len());
    let bound = CHANGE * REMAINS * noise.max(LEAST) * std::f32::consts::SQRT_2;
    let (u, v) = (blurred(&back.u, width, FLOWS), blurred(&back.v, width, FLOWS));
    let pairs = before.rgb().chunks_exact(area).zip(now.rgb().chunks_exact(area));
    let mut squares = vec![0.0; area];
    pairs.for_each(|(before, now)| {
        squares
            .iter_mut()
            .zip(now.iter().zip(before))
            .for_each(|(sum, (a, b))| *sum += (a - b).powi(2) / 3.0);
    });
    let (squares, bound_of_squares) =
        (blurred(&squares, width, BLUR), NOISES * 2.0 * noise.max(LEAST).powi(2));
    let differs = squares.iter().filter(|square| **square > bound_of_squares).count();
    let camera_stands = (differs as f32) < MOVING * area as f32;
    let stands = |at: usize| u[at].hypot(v[at]) < STILL || (camera_stands && squares[at] <= bound_of_squares);
    let mut quiet: Vec<f32> = (0..area).map(|at| if stands(at) { 1.0 } else { 0.0 }).collect();
    for (before, now) in before.rgb().chunks_exact(area).zip(now.rgb().chunks_exact(area)) {
        let difference: Vec<f32> = now.iter().zip(before).map(|(now, before)| now - before).collect();
        let difference = blurred(&difference, width, BLUR);
        quiet
            .iter_mut()
            .zip(difference)
            .filter(|(_, difference)| difference.abs() > bound)
            .for_each(|(quiet, _)| *quiet = 0.0);
    }
    least(&quiet, width, AROUND).into_iter().map(|quiet| quiet > 0.5).collect()
}

/// The opacity that both frames share, which limits the confidence: edges of transparent parts are not tied.
pub(crate) fn seen_in_both(confidence: &mut [f32], back: &Flow, before: Option<&Plane>, now: Option<&Plane>) {
    let moved = before.map(|plane| warp::planes([plane.data()], back));
    for (at, confidence) in confidence.iter_mut().enumerate() {
        let alpha =
            now.map_or(1.0, |plane| plane.data()[at]) * moved.as_ref().map_or(1.0, |[plane]| plane[at]);
        *confidence *= alpha.clamp(0.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Film, Motion as Moves};

    fn photo() -> Picture {
        let value = |i: usize| {
            let (x, y) = ((i % 120) as f32, (i / 120 % 100) as f32);
            0.5 + 0.3 * (0.31 * x + 0.11 * y).sin() * (0.23 * y - 0.07 * x).cos() + 0.1 * (0.9 * x).sin()
        };
        Picture::new(120, 100, (0..3 * 12_000).map(value).collect()).unwrap()
    }

    #[test]
    fn a_scene_with_noise_stands_still_and_a_pan_does_not() {
        let still = Film::new(&photo(), (80, 64), Moves::Pan(0.0, 0.0)).noise(2.0 / 255.0, 1);
        let motion = between(
            (&still.frame(0), Some(&Reference::new(still.frame(0)))),
            &still.frame(1),
            Preset::Medium,
            None,
        );
        let share = motion.still.iter().filter(|still| **still).count() as f32 / motion.still.len() as f32;
        assert!(share > 0.9, "{share}");
        let pan = Film::new(&photo(), (80, 64), Moves::Pan(0.37, 0.0)).noise(2.0 / 255.0, 1);
        let motion = between(
            (&pan.frame(0), Some(&Reference::new(pan.frame(0)))),
            &pan.frame(1),
            Preset::Medium,
            None,
        );
        let share = motion.still.iter().filter(|still| **still).count() as f32 / motion.still.len() as f32;
        assert!(share < 0.02, "{share}");
    }
}
