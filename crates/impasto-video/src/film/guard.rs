//! Guards of a film's look: sharpness, colour, and light. Where a frame leaves their bounds, they act.
//!
//! - **Sharpness.** Each pixel's paint has the energy of its two finest bands from when it was painted, which travels
//!   along. Where less is left, as after many resamplings, the tie is loosened for some frames, and the strokes are
//!   painted on in their place.
//! - **Colour.** Mean and spread of the painting's colours, in OKLab (Ottosson 2020), keep their distance from those of
//!   the frame's draft, which is mapped to the styles from moments pooled over time. What exceeds a bound is pulled
//!   back, a part of it in each frame.
//! - **Light.** Where the light of the film changes, the tie is loosened too, so that the strokes follow it.

use impasto_image::{Picture, curve};

use super::planes::{blurred, smoothstep, soft};

/// Deviation, in pixels, of the blur that leaves the two finest bands, and of the window of their energy.
const FINE: (f32, f32) = (2.0, 12.0);

/// The share of the energy that may be lost: from not noticed to wholly loose.
const LOST: (f32, f32) = (0.15, 0.35);

/// The part of what loosens a pixel that is left after a frame.
pub(super) const LASTS: f32 = 0.85;

/// How loose a pixel gets.
const LOOSEST: f32 = 0.7;

/// A change of light that does not loosen, and one that does wholly.
const LIT: (f32, f32) = (0.02, 0.12);

/// How far a change of light loosens, as a part of what lost detail does: the target already has the new light, and the
/// style loss would take it back.
const LIGHTLY: f32 = 0.3;

/// Loose below this counts as not loose.
pub(super) const TIGHT: f32 = 0.05;

/// The distance of mean colours in OKLab that is allowed to change, and the factor of their spread. A draft is mapped to
/// the styles whatever it shows, while paint keeps its colours, so a pan to another scene changes both without a fault:
/// bounds of 0.015 and 1.12 made the drift of such a pan larger, from 2.1 to 3.2 dE in 100 frames.
const DRIFT: f32 = 0.06;
const SPREAD: f32 = 1.4;

/// The share of a frame that has to be painted: the colours of less say nothing about the painting.
pub(super) const PAINTED: f32 = 0.01;

/// The part of what exceeds a bound that is pulled back in a frame.
const PULL: f32 = 0.25;

/// How a pixel's hold is weakened: 1 for not at all.
pub(super) fn hold(loose: f32) -> f32 {
    1.0 - LOOSEST * loose
}

/// How far a change of light loosens a pixel.
pub(super) fn lit(change: f32) -> f32 {
    LIGHTLY * smoothstep(change.abs(), LIT.0, LIT.1)
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
pub(super) fn sharpness(made: &mut [f32], now: &[f32], fresh: impl Fn(usize) -> f32) -> (f32, Vec<f32>) {
    let least = 1e-6;
    let mut weak = vec![0.0; now.len()];
    let (mut sum, mut all) = (0.0f64, 0.0f64);
    for (at, (made, now)) in made.iter_mut().zip(now).enumerate() {
        *made = made.max(0.0) + fresh(at) * (now - made.max(0.0));
        sum += f64::from(*now);
        all += f64::from(*made);
        weak[at] = smoothstep(1.0 - (now + least) / (*made + least), LOST.0, LOST.1);
    }
    ((sum / all.max(1e-12)) as f32, weak)
}

/// Mean and spread of colours in OKLab.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Colours {
    mean: [f32; 3],
    spread: [f32; 3],
}

impl Colours {
    /// Those of a picture, where `painted` says so (0..1).
    pub(super) fn of(picture: &Picture, painted: Option<&[f32]>) -> Colours {
        let area = picture.width() * picture.height();
        let (mut weight, mut first, mut second) = (0.0f64, [0.0f64; 3], [0.0f64; 3]);
        for at in 0..area {
            let share = f64::from(painted.map_or(1.0, |painted| painted[at]));
            let lab = oklab([0, 1, 2].map(|plane| picture.rgb()[plane * area + at]));
            weight += share;
            for axis in 0..3 {
                first[axis] += share * f64::from(lab[axis]);
                second[axis] += share * f64::from(lab[axis]).powi(2);
            }
        }
        let weight = weight.max(1e-9);
        let mean = first.map(|sum| sum / weight);
        let spread =
            [0, 1, 2].map(|axis| (second[axis] / weight - mean[axis].powi(2)).max(0.0).sqrt() as f32);
        Colours { mean: mean.map(|mean| mean as f32), spread }
    }

    /// The place of these colours beside those of a draft: the difference of the means, and the factors of the spreads.
    pub(super) fn beside(&self, draft: &Colours) -> Colours {
        Colours {
            mean: [0, 1, 2].map(|axis| self.mean[axis] - draft.mean[axis]),
            spread: [0, 1, 2].map(|axis| (self.spread[axis] + 1e-3) / (draft.spread[axis] + 1e-3)),
        }
    }

    /// All values, for a file.
    pub(crate) fn values(&self) -> [f32; 6] {
        let ([a, b, c], [d, e, f]) = (self.mean, self.spread);
        [a, b, c, d, e, f]
    }

    /// From the values of a file.
    pub(crate) fn from_values(values: &[f32]) -> Option<Colours> {
        let [a, b, c, d, e, f] = *values else { return None };
        Some(Colours { mean: [a, b, c], spread: [d, e, f] })
    }
}

/// Pulls the colours of a painting back whose place beside the draft has changed. Returns the distance of the means.
pub(super) fn pull(
    painting: &mut Picture,
    (now, place): (&Colours, &Colours),
    usual: &Colours,
    painted: Option<&[f32]>,
) -> (f32, bool) {
    let gap = [0, 1, 2].map(|axis| place.mean[axis] - usual.mean[axis]);
    let distance = gap.iter().map(|gap| gap * gap).sum::<f32>().sqrt();
    let excess = (1.0 - DRIFT / distance.max(1e-9)).max(0.0);
    let shift = gap.map(|gap| -PULL * excess * gap);
    let gain = [0, 1, 2].map(|axis| {
        let factor = place.spread[axis] / usual.spread[axis];
        (factor.clamp(1.0 / SPREAD, SPREAD) / factor).powf(PULL)
    });
    if excess == 0.0 && gain == [1.0; 3] {
        return (distance, false);
    }
    let area = painting.width() * painting.height();
    let rgb = painting.rgb_mut();
    for at in 0..area {
        let before = [0, 1, 2].map(|plane| rgb[plane * area + at]);
        let lab = oklab(before);
        let lab =
            [0, 1, 2].map(|axis| now.mean[axis] + gain[axis] * (lab[axis] - now.mean[axis]) + shift[axis]);
        let share = painted.map_or(1.0, |painted| painted[at]);
        for (plane, after) in from_oklab(lab).into_iter().enumerate() {
            rgb[plane * area + at] = before[plane] + share * (after - before[plane]);
        }
    }
    (distance, true)
}

/// OKLab of encoded sRGB.
fn oklab(rgb: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|value| curve::decode(value.clamp(0.0, 1.0)));
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// Encoded sRGB of OKLab, within 0..1.
fn from_oklab([light, a, b]: [f32; 3]) -> [f32; 3] {
    let l = (light + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (light - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (light - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
    .map(|value| curve::encode(value.clamp(0.0, 1.0)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texture(contrast: f32, offset: [f32; 3]) -> Picture {
        let value = |i: usize| offset[i / 4800] + contrast * (((i % 4800 * 7919) % 101) as f32 / 100.0 - 0.5);
        Picture::new(80, 60, (0..14_400).map(value).collect()).unwrap()
    }

    #[test]
    fn oklab_is_that_of_its_definition_and_goes_back() {
        // Ottosson's page: sRGB red is (0.628, 0.225, 0.126), white is (1, 0, 0).
        let near = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(near(oklab([1.0, 0.0, 0.0]), [0.628, 0.225, 0.126]));
        assert!(near(oklab([1.0; 3]), [1.0, 0.0, 0.0]));
        assert!(near(from_oklab(oklab([0.2, 0.5, 0.9])), [0.2, 0.5, 0.9]));
    }

    #[test]
    fn colours_that_have_drifted_come_back_and_small_changes_stay() {
        let draft = Colours::of(&texture(0.3, [0.5; 3]), None);
        let usual = Colours::of(&texture(0.4, [0.45, 0.5, 0.5]), None).beside(&draft);
        let guarded = |mut painting: Picture, times: usize| {
            let mut found = (0.0, false);
            for _ in 0..times {
                let now = Colours::of(&painting, None);
                found = pull(&mut painting, (&now, &now.beside(&draft)), &usual, None);
            }
            found
        };
        let (near, pulled) = guarded(texture(0.4, [0.455, 0.505, 0.5]), 1);
        assert!(near < DRIFT && !pulled);
        let (far, pulled) = guarded(texture(0.6, [0.69, 0.31, 0.5]), 1);
        assert!(far > 2.0 * DRIFT && pulled, "{far}");
        let (far, _) = guarded(texture(0.6, [0.69, 0.31, 0.5]), 20);
        assert!(far < 1.3 * DRIFT, "{far}");
    }

    #[test]
    fn paint_that_was_resampled_too_often_is_loosened_and_new_paint_is_not() {
        let sharp = texture(0.4, [0.5; 3]);
        let mut made = energy(&sharp);
        let (left, weak) = sharpness(&mut made.clone(), &energy(&sharp), |_| 0.0);
        assert!((left - 1.0).abs() < 1e-4 && weak.iter().all(|weak| *weak == 0.0));
        let smeared = energy(&soft(&sharp, 1.0));
        let (left, weak) = sharpness(&mut made, &smeared, |_| 0.0);
        assert!(left < 0.6 && weak.iter().all(|weak| *weak == 1.0), "{left}");
        let (left, weak) = sharpness(&mut made, &smeared, |_| 1.0);
        assert!((left - 1.0).abs() < 1e-4 && weak.iter().all(|weak| *weak == 0.0));
    }
}
