//! Renewal: paint that has grown too large, or has lived long enough, is painted anew, cell by cell.
//!
//! A zoom would magnify the strokes. Each pixel's growth since it was painted is carried along, and it is freed
//! smoothly as the growth nears its bound. With a life given, a pixel is also freed at the end of it. Cells begin at
//! different ages, so that the picture never changes everywhere at once.
//!
//! What comes into view at an edge of the frame was painted there with nothing beyond it, so its strokes run along the
//! edge. As it moves inwards its strokes may change, until they have their surroundings. A scene that comes in by less
//! than a pixel a frame is at first drawn out of the edge, and painted anew as soon as that could be seen.

use super::planes::smoothstep;
use crate::flow::Flow;
use crate::warp;

/// The growth at which a pixel is wholly free: strokes a quarter larger or smaller.
const GROWN: f32 = 0.223;

/// Pixels of the side of a cell: about a stroke.
const CELL: usize = 24;

/// Seconds over which a cell is renewed at the end of its life.
const FADE: f32 = 0.15;

/// Seconds after which paint is dry: until then it still moves, so that a part that has just come into view is finished
/// over some frames.
const DRY: f32 = 0.5;

/// How far wet paint is held, as a part of what dry paint is.
const WET: f32 = 0.3;

/// Pixels from the edge of the frame within which paint lacks its surroundings.
pub(crate) const EDGE: f32 = 16.0;

/// A way inwards in a frame, in pixels, that makes paint as loose as wet paint.
const LOOSE: f32 = 0.25;

/// Pixels by which the outermost paint may be drawn out, over several frames, until it is painted anew. A scene that
/// comes in more slowly than the flow's confidence notices would be a picture of stripes.
const DRAWN_OUT: f32 = 0.3;

/// How far outside of the outermost pixels a pixel was in the frame before, in pixels.
fn beyond(back: &Flow, x: usize, y: usize) -> f32 {
    let (u, v) = back.at(x, y);
    let (x, y) = (x as f32 + u, y as f32 + v);
    let (right, below) = ((back.width - 1) as f32, (back.height - 1) as f32);
    (-x).max(x - right).max(-y).max(y - below).max(0.0)
}

/// The distance of a pixel to the edge of the frame, at most that at which paint has its surroundings.
fn to_edge(x: usize, y: usize, (width, height): (usize, usize)) -> f32 {
    ((x.min(width - 1 - x).min(y).min(height - 1 - y)) as f32 + 0.5).min(EDGE)
}

/// The ages of a new shot, whose paint is dry. With a life, each cell begins somewhere in it.
pub(crate) fn first_ages(width: usize, height: usize, life: Option<f64>) -> Vec<f32> {
    match life {
        Some(life) => {
            (0..width * height).map(|at| life as f32 * phase(at % width / CELL, at / width / CELL)).collect()
        }
        None => vec![DRY; width * height],
    }
}

/// How new paint is, 0..1: until it is dry, and while it is renewed.
pub(crate) fn freshness(age: f32, free: f32) -> f32 {
    (1.0 - smoothstep(age, 0.6 * DRY, DRY)).max(free)
}

/// How far paint of an age is held, 0..1. With a life, ages say when paint is renewed, and all paint counts as dry.
pub(crate) fn dryness(age: f32, life: Option<f64>) -> f32 {
    if life.is_some() { 1.0 } else { WET + (1.0 - WET) * smoothstep(age, 0.0, DRY) }
}

/// How far paint is held that comes inwards, 0..1: its strokes may change.
pub(crate) fn firmness(inwards: f32) -> f32 {
    1.0 - (1.0 - WET) * (inwards / LOOSE).min(1.0)
}

/// The phase of a cell, 0..1: the golden ratio along rows and its square down, which spreads neighbours far apart.
fn phase(x: usize, y: usize) -> f32 {
    ((x as f64 * 0.618_034 + y as f64 * 0.754_878) % 1.0) as f32
}

/// Ages and growths after a step of time, and how far each pixel is renewed, 0..1.
pub(crate) struct Renewal {
    pub(crate) age: Vec<f32>,
    pub(crate) growth: Vec<f32>,
    /// The distance to the edge at which each pixel was painted, less what it is drawn out beyond the edge.
    pub(crate) depth: Vec<f32>,
    /// How far each pixel has come inwards, in pixels, if its paint lacks surroundings.
    pub(crate) inwards: Vec<f32>,
    /// 1 where a pixel is painted anew.
    pub(crate) free: Vec<f32>,
}

/// Carries ages, growths and depths along the flow. `free` has the pixels that the frame before does not show, 0..1.
pub(crate) fn step(
    (age, growth, depth): (&[f32], &[f32], &[f32]),
    back: &Flow,
    free: &[f32],
    seconds: f64,
    life: Option<f64>,
) -> Renewal {
    let (width, height) = back.size();
    let [mut age, mut growth, before] = warp::planes([age, growth, depth], back);
    let born = first_ages(width, height, life);
    let [mut depth, mut renewed, mut inwards] = [(); 3].map(|()| vec![0.0; age.len()]);
    for at in 0..age.len() {
        let (x, y) = (at % width, at / width);
        age[at] = age[at].max(0.0) + seconds as f32;
        growth[at] += grown(back, x, y);
        let large = smoothstep(growth[at].abs(), 0.6 * GROWN, GROWN);
        let old = life.map_or(0.0, |life| smoothstep(age[at], life as f32, life as f32 + FADE));
        renewed[at] = large.max(old);
        let (here, beyond) = (to_edge(x, y, (width, height)), beyond(back, x, y));
        // Paint that is drawn out of the frame's edge has no more depth than the edge.
        let most = if beyond > 0.0 { here } else { EDGE };
        let before = before[at].clamp(0.0, most) - beyond;
        // A step below a hundredth of a pixel is the rounding of the flow.
        inwards[at] = (here - before - 0.01).max(0.0);
        let is_drawn_out = beyond > 0.0 && here - before > DRAWN_OUT;
        renewed[at] = if is_drawn_out { 1.0 } else { renewed[at] };
        let is_new = free[at] > 0.5 || is_drawn_out;
        depth[at] = if is_new || (inwards[at] > 0.0 && beyond == 0.0) { here } else { before };
        growth[at] *= 1.0 - renewed[at].max(free[at]);
        if is_new {
            age[at] = if life.is_some() { born[at] } else { 0.0 };
        } else if life.is_some_and(|life| age[at] > life as f32 + FADE) {
            age[at] = 0.0;
        }
    }
    Renewal { age, growth, depth, inwards, free: renewed }
}

/// The logarithm of the growth of the scene's lengths at a pixel, from the frame before to this one.
fn grown(back: &Flow, x: usize, y: usize) -> f32 {
    let (right, left) = ((x + 1).min(back.width - 1), x.saturating_sub(1));
    let (below, above) = ((y + 1).min(back.height - 1), y.saturating_sub(1));
    let slope = |plane: &[f32]| {
        let at = |x: usize, y: usize| plane[y * back.width + x];
        let across = (at(right, y) - at(left, y)) / (right - left).max(1) as f32;
        let down = (at(x, below) - at(x, above)) / (below - above).max(1) as f32;
        (across, down)
    };
    let ((ux, uy), (vx, vy)) = (slope(&back.u), slope(&back.v));
    let area = (1.0 + ux) * (1.0 + vy) - uy * vx;
    -0.5 * area.clamp(0.25, 4.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_zoom_and_frees_the_paint() {
        // A zoom by 1.01 a frame, around the corner: the place before is at 1 / 1.01.
        let zoom = Flow::from_fn(40, 30, |x, y| {
            let part = 1.0 / 1.01 - 1.0;
            (x as f32 * part, y as f32 * part)
        });
        let mut state = (vec![0.0; 1200], vec![0.0; 1200]);
        let deep = vec![EDGE; 1200];
        let none = vec![0.0; 1200];
        let mut most: f32 = 0.0;
        for frame in 1..=40 {
            let renewal = step((&state.0, &state.1, &deep), &zoom, &none, 0.04, None);
            if frame == 5 {
                assert!((renewal.growth[600] - 5.0 * 1.01f32.ln()).abs() < 1e-3, "{}", renewal.growth[600]);
                assert_eq!(renewal.free[600], 0.0);
            }
            most = most.max(renewal.free[600]);
            state = (renewal.age, renewal.growth);
        }
        assert!(most > 0.02, "{most}");
        assert!(state.1.iter().all(|growth| *growth < GROWN));
    }

    #[test]
    fn every_cell_is_renewed_once_in_a_life_and_never_all_at_once() {
        let (width, height, life) = (240, 192, 2.0);
        let still = Flow::zero(width, height);
        let (none, deep) = (vec![0.0; width * height], vec![EDGE; width * height]);
        let mut ages = first_ages(width, height, Some(life));
        let mut growth = none.clone();
        let mut seen = vec![false; width * height];
        for _ in 0..55 {
            let renewal = step((&ages, &growth, &deep), &still, &none, 0.04, Some(life));
            let share = renewal.free.iter().filter(|free| **free > 0.5).count() as f64 / none.len() as f64;
            assert!(share < 0.2, "{share}");
            renewal.free.iter().zip(&mut seen).for_each(|(free, seen)| *seen |= *free > 0.5);
            (ages, growth) = (renewal.age, renewal.growth);
        }
        assert!(seen.iter().all(|seen| *seen));
    }

    #[test]
    fn a_slow_pan_paints_its_edge_anew_and_no_other_part() {
        let (width, height) = (80, 60);
        let none = vec![0.0; width * height];
        let renewals = |speed: f32| -> Vec<usize> {
            let pan = Flow::uniform(width, height, (-speed, 0.0));
            let (mut depth, mut times) = (vec![EDGE; width * height], vec![0; width]);
            for _ in 0..20 {
                let renewal = step((&none, &none, &depth), &pan, &none, 0.04, None);
                let row = &renewal.free[30 * width..][..width];
                times.iter_mut().zip(row).for_each(|(times, free)| *times += usize::from(*free > 0.5));
                depth = renewal.depth;
            }
            times
        };
        // Drawn out by 0.36 after two frames of 0.18, and by 0.32 after eight of 0.04.
        for (speed, times) in [(0.18, 10), (0.04, 2), (0.0, 0)] {
            let found = renewals(speed);
            assert_eq!(found[0], times, "{speed}");
            assert!(found[1..].iter().all(|times| *times == 0), "{found:?}");
        }
    }

    #[test]
    fn what_comes_in_at_the_right_is_loose_until_it_is_a_stroke_away_from_the_edge() {
        let (width, height) = (160, 90);
        let pan = Flow::uniform(width, height, (2.0, 0.0));
        let none = vec![0.0; width * height];
        let entering: Vec<f32> =
            (0..width * height).map(|at| if at % width >= width - 2 { 1.0 } else { 0.0 }).collect();
        let mut depth = vec![EDGE; width * height];
        for _ in 0..20 {
            depth = step((&none, &none, &depth), &pan, &entering, 0.04, None).depth;
        }
        let renewal = step((&none, &none, &depth), &pan, &entering, 0.04, None);
        let firm: Vec<f32> =
            renewal.inwards[45 * width..][..width].iter().map(|inwards| firmness(*inwards)).collect();
        assert!(firm[..140].iter().all(|firm| *firm == 1.0), "{firm:?}");
        assert!(firm[148..156].iter().all(|firm| *firm < 0.5), "{firm:?}");
    }
}
