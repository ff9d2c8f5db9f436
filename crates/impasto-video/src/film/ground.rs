//! The ground: the coarse colours of dry paint, which travel with it.
//!
//! A few iterations a frame pull every frame a little towards the style's colours, whatever it shows, and a film would
//! drift by what they add up to. So the paint remembers the coarse colours that it had when it dried. What leaves them
//! by more than a bound is pulled back, a part of it in each frame. The strokes in the paint stay as they are.

use impasto_image::Picture;

use super::planes::soft;
use crate::flow::Flow;
use crate::warp;

/// Deviation, in pixels, of the blur that leaves the coarse colours.
const COARSE: f32 = 6.0;

/// How far coarse colours may leave the ground, in values of a picture: about half of 1 dE.
const MAY: f32 = 0.004;

/// The part of what exceeds this that is pulled back in a frame.
const PULL: f32 = 0.5;

/// The coarse colours of a painting.
pub(super) fn of(painting: &Picture) -> Picture {
    soft(painting, COARSE)
}

/// The ground, seen from the next frame. `light` has the change of light that the paint follows.
pub(super) fn moved(ground: &Picture, back: &Flow, light: &[f32]) -> Picture {
    let mut ground = warp::picture(ground, back);
    for plane in ground.rgb_mut().chunks_exact_mut(light.len()) {
        plane.iter_mut().zip(light).for_each(|(value, light)| *value = (*value + light).clamp(0.0, 1.0));
    }
    ground
}

/// Pulls a painting back to its ground, and lets the ground follow where the paint is `fresh`, 0..1. Returns the mean
/// distance from the ground before that.
pub(super) fn hold(painting: &mut Picture, ground: &mut Picture, fresh: &[f32]) -> f32 {
    let (coarse, area) = (of(painting), painting.width() * painting.height());
    let mut sum = 0.0;
    for at in 0..area {
        let planes = [at, area + at, 2 * area + at];
        let fresh = fresh[at];
        let gap = planes.map(|at| {
            let gap = coarse.rgb()[at] - ground.rgb()[at];
            ground.rgb_mut()[at] += fresh * gap;
            gap * (1.0 - fresh)
        });
        let distance = gap.iter().map(|gap| gap * gap).sum::<f32>().sqrt();
        let back = PULL * (1.0 - MAY / distance.max(MAY));
        planes.iter().zip(gap).for_each(|(at, gap)| painting.rgb_mut()[*at] -= back * gap);
        sum += f64::from(distance);
    }
    (sum / area as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripes of two pixels around a grey.
    fn striped(grey: f32) -> Picture {
        let stroke = |at: usize| if (at / 2).is_multiple_of(2) { 0.1 } else { -0.1 };
        Picture::new(64, 48, (0..3 * 64 * 48).map(|at| grey + stroke(at)).collect()).unwrap()
    }

    fn mean(picture: &Picture) -> f32 {
        picture.rgb().iter().sum::<f32>() / picture.rgb().len() as f32
    }

    #[test]
    fn dry_paint_keeps_its_colours_and_its_strokes_and_wet_paint_gives_the_ground() {
        let still = Flow::zero(64, 48);
        let (dry, wet, dark) = (vec![0.0; 64 * 48], vec![1.0; 64 * 48], vec![0.0; 64 * 48]);
        let mut ground = of(&striped(0.5));
        let (mut kept, mut drifting) = (striped(0.5), striped(0.5));
        for _ in 0..50 {
            for picture in [&mut kept, &mut drifting] {
                picture.rgb_mut().iter_mut().for_each(|value| *value += 0.002);
            }
            ground = moved(&ground, &still, &dark);
            hold(&mut kept, &mut ground, &dry);
        }
        assert!((mean(&drifting) - 0.6).abs() < 1e-3);
        assert!((mean(&kept) - 0.5).abs() < 0.006, "{}", mean(&kept));
        let stroke = kept.rgb()[64 * 20 + 32] - kept.rgb()[64 * 20 + 34];
        assert!((stroke - 0.2).abs() < 1e-3, "{stroke}");

        let left = hold(&mut drifting, &mut ground, &wet);
        assert_eq!(left, 0.0);
        assert!((mean(&drifting) - 0.6).abs() < 1e-3);
        assert!((mean(&ground) - 0.6).abs() < 1e-3);
    }

    #[test]
    fn light_that_the_paint_follows_is_no_drift() {
        let (dry, light) = (vec![0.0; 64 * 48], vec![0.05; 64 * 48]);
        let mut ground = moved(&of(&striped(0.5)), &Flow::zero(64, 48), &light);
        let mut lit = striped(0.55);
        assert!(hold(&mut lit, &mut ground, &dry) < 1e-3);
        assert!((mean(&lit) - 0.55).abs() < 1e-3);
    }
}
