//! A frame between two painted ones, from both along the motion.

use impasto_image::Picture;

use super::motion;
use super::planes::{blurred, mixed, smoothstep, soft};
use crate::flow::Preset;
use crate::warp;

/// Deviation, in pixels, of the blur that parts coarse from fine.
const SPLIT: f32 = 2.0;

/// A frame at the part `part` (0..1) of the way from the painted frame `left` to `right`. Each painted frame comes with
/// its input.
pub(crate) fn blend_between(
    left: (&Picture, &Picture),
    right: (&Picture, &Picture),
    now: &Picture,
    part: f32,
) -> Picture {
    let moved = |(painting, input): (&Picture, &Picture)| {
        let motion = motion::between((input, None), now, Preset::Medium, None);
        (warp::picture(painting, &motion.back), motion.confidence)
    };
    let ((left, left_sure), (right, right_sure)) = rayon::join(|| moved(left), || moved(right));
    // Both get a little, so that a place that neither shows gets the nearer one.
    let weigh = |sure: f32, part: f32| (sure + 1e-3) * part;
    let share: Vec<f32> = left_sure
        .iter()
        .zip(&right_sure)
        .map(|(l, r)| {
            let (l, r) = (weigh(*l, 1.0 - part), weigh(*r, part));
            r / (l + r).max(1e-6)
        })
        .collect();
    let coarse = mixed(soft(&left, SPLIT), &soft(&right, SPLIT), &share);
    let fine = |picture: &Picture| {
        let mut fine = picture.clone();
        fine.rgb_mut().iter_mut().zip(soft(picture, SPLIT).rgb()).for_each(|(fine, soft)| *fine -= soft);
        fine
    };
    // A narrow cross-fade, over smooth borders.
    let chosen: Vec<f32> =
        blurred(&share, now.width(), SPLIT).iter().map(|share| smoothstep(*share, 0.35, 0.65)).collect();
    let fine = mixed(fine(&left), &fine(&right), &chosen);
    let mut result = coarse;
    result
        .rgb_mut()
        .iter_mut()
        .zip(fine.rgb())
        .for_each(|(value, fine)| *value = (*value + fine).clamp(0.0, 1.0));
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Film, Motion, band_energy};

    #[test]
    fn a_frame_between_lies_between_and_is_as_sharp() {
        let value = |i: usize| {
            let (x, y) = ((i % 160) as f32, (i / 160 % 120) as f32);
            0.5 + 0.25 * (0.7 * x + 0.3 * y).sin() + 0.2 * (0.21 * y - 0.17 * x).cos()
        };
        let photo = Picture::new(160, 120, (0..3 * 19_200).map(value).collect()).unwrap();
        let film = Film::new(&photo, (96, 72), Motion::Pan(2.0, 0.0));
        let frames = [0, 1, 2].map(|time| film.frame(time));
        let made = blend_between((&frames[0], &frames[0]), (&frames[2], &frames[2]), &frames[1], 0.5);
        let error = |a: &Picture| {
            let sum: f32 = a.rgb().iter().zip(frames[1].rgb()).map(|(a, b)| (a - b).powi(2)).sum();
            (sum / a.rgb().len() as f32).sqrt()
        };
        assert!(error(&made) < 0.25 * error(&frames[0]), "{} {}", error(&made), error(&frames[0]));
        let kept = band_energy(&made).finest / band_energy(&frames[1]).finest;
        assert!((0.8..1.2).contains(&kept), "{kept}");
    }
}
