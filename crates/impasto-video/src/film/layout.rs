//! The region that each pixel's paint belongs to, where a film has masks.
//!
//! Masks and motion need not agree: a mask may wipe over a scene that stands still, or stand still while the camera
//! pans. Paint that the flow carries into another region would keep the style of the old one. So the regions that
//! paint was made for travel along with it. Where they differ from those of the frame, paint begins anew.
//!
//! Along the edges of regions the two always differ a little. A difference counts where it is wider than that.

use impasto_image::Plane;

use super::planes::smoothstep;
use crate::flow::Flow;
use crate::warp;

/// The part of a pixel that has to have come into other regions, from not at all anew to wholly.
const ANEW: (f32, f32) = (0.3, 0.7);

/// Paint belongs to the region of its frame if the two differ by less than this, away from the edges of the region.
const SAME: f32 = 0.3;

/// Weights this close to 0 or 1 are away from edges.
const INSIDE: f32 = 0.02;

/// Confidence below which a pixel is painted anew in any case.
const UNKNOWN: f32 = 0.12;

/// Pixels of a long edge for each pixel by which edges may be off.
const EXACT: usize = 256;

/// The change of regions from the paint to a frame.
pub(super) struct Change {
    /// How far each pixel begins anew, 0..1.
    pub(super) anew: Vec<f32>,
    /// The regions that the paint belongs to after the frame.
    pub(super) layout: Vec<Plane>,
}

/// Compares the regions that paint was made for with those of a frame. `None` if there are none.
pub(super) fn change(before: &[Plane], now: Vec<Plane>, back: &Flow, confidence: &[f32]) -> Option<Change> {
    let (width, height) = back.size();
    if now.is_empty() {
        return None;
    }
    if before.len() != now.len() {
        return Some(Change { anew: vec![0.0; width * height], layout: now });
    }
    let along: Vec<Vec<f32>> = before
        .iter()
        .map(|plane| {
            let [along] = warp::planes([plane.data()], back);
            along.into_iter().map(|weight| weight.clamp(0.0, 1.0)).collect()
        })
        .collect();
    let mut differs = vec![0.0; width * height];
    for (along, now) in along.iter().zip(&now) {
        differs
            .iter_mut()
            .zip(along.iter().zip(now.data()))
            .for_each(|(sum, (a, b))| *sum += 0.5 * (a - b).abs());
    }
    let reach = (width.max(height) / EXACT).max(1);
    let wide = extreme(&extreme(&differs, width, reach, f32::min), width, reach, f32::max);
    let anew: Vec<f32> = wide.iter().map(|wide| smoothstep(*wide, ANEW.0, ANEW.1)).collect();
    let layout = along.into_iter().zip(now).map(|(along, mut now)| {
        for (at, now) in now.data_mut().iter_mut().enumerate() {
            let inside = *now < INSIDE || *now > 1.0 - INSIDE;
            let follows = anew[at] > 0.5 || confidence[at] < UNKNOWN;
            let agrees = inside && (along[at] - *now).abs() < SAME;
            if !(follows || agrees) {
                *now = along[at];
            }
        }
        now
    });
    let layout = layout.collect();
    Some(Change { anew, layout })
}

/// The least or the largest value of the square around each pixel.
fn extreme(plane: &[f32], width: usize, reach: usize, pick: fn(f32, f32) -> f32) -> Vec<f32> {
    let height = plane.len() / width;
    let along = |from: &[f32], step: usize, line: &dyn Fn(usize) -> usize, length: usize| -> Vec<f32> {
        let value = |at: usize| {
            let place = line(at);
            let (first, last) = (at - place.min(reach) * step, at + (length - 1 - place).min(reach) * step);
            (first..=last).step_by(step).map(|at| from[at]).reduce(pick).unwrap_or(from[at])
        };
        (0..from.len()).map(value).collect()
    };
    let rows = along(plane, 1, &|at| at % width, width);
    along(&rows, width, &|at| at / width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (120, 20);

    /// A region to the left of an edge, and its counterpart.
    fn halves(edge: f32) -> Vec<Plane> {
        let weight = |at: usize| (edge - (at % SIZE.0) as f32).clamp(0.0, 1.0);
        let left: Vec<f32> = (0..SIZE.0 * SIZE.1).map(weight).collect();
        let right = left.iter().map(|left| 1.0 - left).collect();
        [left, right].into_iter().map(|data| Plane::new(SIZE.0, SIZE.1, data).unwrap()).collect()
    }

    /// Lets the edge and the scene move. Returns the share of each frame that begins anew, and the most pixels of a row
    /// whose paint was made for another region.
    fn moving(edge: f32, scene: f32) -> (Vec<f32>, usize) {
        let sure = vec![1.0; SIZE.0 * SIZE.1];
        let (mut layout, mut shares, mut wrong) = (halves(60.0), Vec::new(), 0);
        for time in 1..=30 {
            let back = Flow::uniform(SIZE.0, SIZE.1, (-scene, 0.0));
            let now = halves(60.0 + time as f32 * edge);
            let change = change(&layout, now.clone(), &back, &sure).unwrap();
            layout = change.layout;
            shares.push(change.anew.iter().sum::<f32>() / sure.len() as f32);
            let row = layout[0].data().iter().zip(now[0].data()).take(SIZE.0);
            wrong = wrong.max(row.filter(|(made, now)| (*made - *now).abs() > 0.5).count());
        }
        (shares, wrong)
    }

    #[test]
    fn an_edge_that_moves_with_the_scene_changes_nothing() {
        let (shares, _) = moving(0.37, 0.37);
        assert!(shares.iter().all(|share| *share == 0.0), "{shares:?}");
    }

    #[test]
    fn all_that_an_edge_wipes_over_begins_anew_however_slow_it_is() {
        for speed in [0.1, 0.4, 1.3] {
            for (edge, scene) in [(speed, 0.0), (0.0, -speed), (0.0, speed)] {
                let (shares, wrong) = moving(edge, scene);
                assert!(wrong <= 4, "{edge} {scene}: {wrong}");
                let (total, wiped) = (shares.iter().sum::<f32>(), 30.0 * speed / SIZE.0 as f32);
                assert!(total < 1.5 * wiped + 0.03, "{edge} {scene}: {total} {wiped}");
                assert!(speed < 0.2 || total > 0.5 * wiped, "{edge} {scene}: {total} {wiped}");
            }
        }
    }

    #[test]
    fn the_largest_and_the_least_are_of_the_square_around_a_pixel() {
        let mut plane = vec![0.0; 35];
        plane[2 * 7 + 3] = 1.0;
        let large = extreme(&plane, 7, 1, f32::max);
        assert_eq!(large.iter().filter(|value| **value == 1.0).count(), 9);
        assert_eq!(large[7 + 2], 1.0);
        assert_eq!(extreme(&large, 7, 1, f32::min), plane);
    }
}
