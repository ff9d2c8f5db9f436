//! The anchor: an earlier painting from which the fine detail of a frame is taken, over one composed map.
//!
//! A chain of warps, frame by frame, resamples the same strokes again and again. Even a good filter then loses detail
//! in seconds. With an anchor, detail is resampled once. What the optimiser adds in between lives in the coarse part,
//! which a chain does not harm, and becomes detail when the anchor is renewed.

use impasto_image::Picture;

use super::planes::{blurred, mean, mixed, soft};
use crate::flow::Flow;
use crate::warp;

/// Deviation, in pixels, of the blur that parts coarse from fine.
const SPLIT: f32 = 2.0;

/// Frames after which an anchor is renewed: a composed map drifts by the errors of its flows.
const LIFE: usize = 24;

/// The mean confidence below which an anchor is renewed before that.
const LEAST: f32 = 0.6;

/// An earlier painting, and where its pixels are now.
#[derive(Clone)]
pub(crate) struct Anchor {
    pub(crate) picture: Picture,
    /// From this frame to the anchor.
    pub(crate) map: Flow,
    /// How far the map may be trusted, 0..1.
    pub(crate) confidence: Vec<f32>,
    /// Frames since it was painted.
    pub(crate) age: usize,
}

/// Deviation, in pixels, of the blur that parts the finest detail.
const FINEST: f32 = 1.0;

/// Deviation, in pixels, of the window in which the energy of detail is compared.
const WINDOW: f32 = 12.0;

/// The most by which detail is strengthened.
const GAIN: f32 = 1.2;

impl Anchor {
    /// An anchor at the frame where it was painted.
    pub(crate) fn new(picture: Picture) -> Anchor {
        let (width, height) = picture.size();
        Anchor { picture, map: Flow::zero(width, height), confidence: vec![1.0; width * height], age: 0 }
    }

    /// The anchor, seen from the next frame.
    pub(crate) fn moved(mut self, back: &Flow, confidence: &[f32]) -> Anchor {
        self.map = warp::compose(back, &self.map);
        let [before] = warp::planes([&self.confidence], back);
        self.confidence =
            before.iter().zip(confidence).map(|(before, now)| before.clamp(0.0, 1.0).min(*now)).collect();
        self.age += 1;
        self
    }

    /// Whether it is time for a new one.
    pub(crate) fn is_spent(&self) -> bool {
        self.age >= LIFE || mean(&self.confidence) < LEAST
    }

    /// The painting before, moved along, with its fine part from the anchor where that is trusted.
    pub(crate) fn sharpened(&self, before: &Picture, back: &Flow) -> Picture {
        let chained = warp::picture(before, back);
        let anchored = warp::picture(&self.picture, &self.map);
        let coarse = soft(&chained, SPLIT);
        let mut fine = anchored.clone();
        let base = soft(&anchored, SPLIT);
        fine.rgb_mut().iter_mut().zip(base.rgb()).zip(coarse.rgb()).for_each(|((fine, base), coarse)| {
            *fine += coarse - base;
        });
        self.keep_detail(mixed(chained, &fine, &self.confidence), before, back)
    }

    /// Strengthens the finest detail where resampling has weakened it: up to the anchor's energy, and up to that of the
    /// painting before where the anchor does not show a part, as one that came into view after it.
    fn keep_detail(&self, picture: Picture, before: &Picture, back: &Flow) -> Picture {
        let (base, energy) = detail(&picture);
        let wanted = detail(&self.picture).1;
        let [wanted] = warp::planes([&wanted], &self.map);
        let last = detail(before).1;
        let [last] = warp::planes([&last], back);
        let gain: Vec<f32> = (0..energy.len())
            .map(|at| {
                let wanted = last[at] + self.confidence[at] * (wanted[at] - last[at]);
                (wanted.max(0.0) / energy[at].max(1e-7)).sqrt().clamp(1.0, GAIN)
            })
            .collect();
        amplified(picture, &base, &gain)
    }
}

/// A picture whose finest detail is strengthened where it has less energy than that of another picture.
pub(super) fn strengthened(picture: Picture, like: &Picture, most: f32) -> Picture {
    let ((base, energy), (_, wanted)) = (detail(&picture), detail(like));
    let gain =
        energy.iter().zip(wanted).map(|(energy, wanted)| (wanted / energy.max(1e-7)).sqrt().clamp(1.0, most));
    amplified(picture, &base, &gain.collect::<Vec<f32>>())
}

/// A picture with all that is beyond its base amplified.
fn amplified(mut picture: Picture, base: &Picture, gain: &[f32]) -> Picture {
    let area = gain.len();
    for (plane, base) in picture.rgb_mut().chunks_exact_mut(area).zip(base.rgb().chunks_exact(area)) {
        plane
            .iter_mut()
            .zip(base)
            .zip(gain)
            .for_each(|((value, base), gain)| *value = base + gain * (*value - base));
    }
    picture
}

/// A picture without its finest detail, and the energy of that detail around each pixel.
fn detail(picture: &Picture) -> (Picture, Vec<f32>) {
    let (width, area) = (picture.width(), picture.width() * picture.height());
    let base = soft(picture, FINEST);
    let mut squares = vec![0.0; area];
    for (plane, base) in picture.rgb().chunks_exact(area).zip(base.rgb().chunks_exact(area)) {
        squares
            .iter_mut()
            .zip(plane.iter().zip(base))
            .for_each(|(sum, (value, base))| *sum += (value - base).powi(2));
    }
    (base, blurred(&squares, width, WINDOW))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Film, Motion, band_energy};

    /// A hundred steps of a third of a pixel: a chain loses detail, an anchor does not.
    #[test]
    fn detail_survives_a_long_pan() {
        let value = |i: usize| ((i * 7919) % 101) as f32 / 100.0;
        let photo = Picture::new(160, 120, (0..3 * 160 * 120).map(value).collect()).unwrap();
        let film = Film::new(&photo, (96, 72), Motion::Pan(0.37, 0.21));
        let first = film.frame(0);
        let (mut anchor, mut painting, mut chain) =
            (Anchor::new(first.clone()), first.clone(), first.clone());
        for time in 1..=40 {
            let back = film.flow(time, time - 1);
            chain = warp::picture(&chain, &back);
            anchor = anchor.moved(&back, &vec![1.0; 96 * 72]);
            painting = anchor.sharpened(&painting, &back);
            if anchor.is_spent() {
                anchor = Anchor::new(painting.clone());
            }
        }
        let kept = |picture: &Picture| band_energy(picture).finest / band_energy(&first).finest;
        assert!(kept(&painting) > 2.0 * kept(&chain), "{} {}", kept(&painting), kept(&chain));
    }
}
