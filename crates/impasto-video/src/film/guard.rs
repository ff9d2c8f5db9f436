//! Guards of a film's look: sharpness and light. Where a frame leaves their bounds, they act.
//!
//! - **Sharpness.** Each pixel's paint has the energy of its two finest bands from when it was painted, which travels
//!   along. Where less is left, as after many resamplings, the tie is loosened for some frames, and the strokes are
//!   painted on in their place.
//! - **Light.** Where the light of the film changes, the tie is loosened too, so that the strokes follow it.

use impasto_image::Picture;

use super::planes::{blurred, smoothstep, soft};

/// Deviation, in pixels, of the blur that leaves the two finest bands, and of the window of their energy.
const FINE: (f32, f32) = (2.0, 12.0);

/// The share of the energy that may be lost: from not noticed to wholly loose.
const LOST: (f32, f32) = (0.15, 0.35);

/// The part of what loosens a pixel that is left after a frame.
pub(super) const LASTS: f32 = 0.85;

/// How loose a pixel gets.
const LOOSEST: f32 = 0.7;

/// Light that is added to paint and does not loosen it, and as much as does wholly.
const LIT: (f32, f32) = (0.012, 0.08);

/// How far a change of light loosens, as a part of what lost detail does: the target already has the new light, and the
/// style loss would take it back.
const LIGHTLY: f32 = 0.3;

/// Loose below this counts as not loose.
pub(super) const TIGHT: f32 = 0.05;

/// How a pixel's hold is weakened: 1 for not at all.
pub(super) fn hold(loose: f32) -> f32 {
    1.0 - LOOSEST * loose
}

/// How far added light loosens a pixel.
pub(super) fn lit(light: f32) -> f32 {
    LIGHTLY * smoothstep(light.abs(), LIT.0, LIT.1)
}

/// The energy of the two finest bands around each pixel.
pub(super) fn energy(picture: &Picture) -> Vec<f32> {
    let (width, area) = (picture.width(), picture.width() * picture.height());
    let mut squares = vec![0.0; area];
    let base = soft(picture, FINE.0);
    for (plane, base) in picture.rgb().chunks_exact(area).zip(base.rgb().chunks_exact(area)) {
        squares
            .iter_mut()
            .zip(plane.iter().zip(base))
            .for_each(|(sum, (value, base))| *sum += (value - base).powi(2));
    }
    blurred(&squares, width, FINE.1)
}

/// Compares energies with those from when the paint was made, which are brought up to date where paint is new
/// (`fresh`). Returns the share that is left in all, and how far each pixel is to be loosened.
pub(super) fn sharpness(made: &mut [f32], now: &[f32], fresh: &[f32]) -> (f32, Vec<f32>) {
    let least = 1e-6;
    let mut weak = vec![0.0; now.len()];
    let (mut sum, mut all) = (0.0f64, 0.0f64);
    for (at, (made, now)) in made.iter_mut().zip(now).enumerate() {
        *made = made.max(0.0) + fresh[at] * (now - made.max(0.0));
        sum += f64::from(*now);
        all += f64::from(*made);
        weak[at] = smoothstep(1.0 - (now + least) / (*made + least), LOST.0, LOST.1);
    }
    ((sum / all.max(1e-12)) as f32, weak)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texture(contrast: f32, offset: [f32; 3]) -> Picture {
        let value = |i: usize| offset[i / 4800] + contrast * (((i % 4800 * 7919) % 101) as f32 / 100.0 - 0.5);
        Picture::new(80, 60, (0..14_400).map(value).collect()).unwrap()
    }

    #[test]
    fn paint_that_was_resampled_too_often_is_loosened_and_new_paint_is_not() {
        let sharp = texture(0.4, [0.5; 3]);
        let mut made = energy(&sharp);
        let (left, weak) = sharpness(&mut made.clone(), &energy(&sharp), &[0.0; 4800]);
        assert!((left - 1.0).abs() < 1e-4 && weak.iter().all(|weak| *weak == 0.0));
        let smeared = energy(&soft(&sharp, 1.0));
        let (left, weak) = sharpness(&mut made, &smeared, &[0.0; 4800]);
        assert!(left < 0.6 && weak.iter().all(|weak| *weak == 1.0), "{left}");
        let (left, weak) = sharpness(&mut made, &smeared, &[1.0; 4800]);
        assert!((left - 1.0).abs() < 1e-4 && weak.iter().all(|weak| *weak == 0.0));
    }
}
