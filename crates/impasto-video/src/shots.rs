//! Cuts: where one shot ends and the next begins.
//!
//! The detector is the adaptive one of PySceneDetect (Castellano, BSD-3): the difference of two frames in hue,
//! saturation and value has to stand out from those around it, so that fast motion is no cut. We differ in two things.
//! A flash, after which the film looks as before, is no cut. And a shot may be shorter.

use std::collections::VecDeque;
use std::ops::Range;

use impasto::image::Picture;
use serde::{Deserialize, Serialize};

/// Pixels across of the frames that are compared.
pub(crate) const WIDTH: usize = 256;

/// The difference of a cut, at least, in 8-bit values.
const LEAST: f32 = 15.0;

/// How far a cut stands out from the differences around it.
const STANDS_OUT: f32 = 3.0;

/// Frames before and after that a difference is compared with.
const AROUND: usize = 2;

/// The most frames of a flash.
const FLASH: usize = 3;

/// Frames before and after a flash differ by less than this, or by less than this part of what the flash differs by.
const ALIKE: f32 = 8.0;
const ALIKE_PART: f32 = 0.4;

/// The mean value below which a frame is black.
const BLACK: f32 = 5.0;

/// The shots of a film, and its flashes and black frames.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shots {
    /// The first frame of each shot.
    pub(crate) starts: Vec<usize>,
    /// Frames that no later frame is painted from.
    pub(crate) flashes: Vec<usize>,
    /// Number of all frames.
    pub(crate) frames: usize,
}

impl Shots {
    /// A film without cuts, or with those that are given.
    pub(crate) fn given(cuts: &[usize], frames: usize) -> Shots {
        let mut starts: Vec<usize> =
            cuts.iter().copied().filter(|cut| (1..frames).contains(cut)).chain([0]).collect();
        starts.sort_unstable();
        starts.dedup();
        Shots { starts, flashes: Vec::new(), frames }
    }

    /// The frames of each shot.
    pub(crate) fn ranges(&self) -> Vec<Range<usize>> {
        let ends = self.starts.iter().skip(1).copied().chain([self.frames]);
        self.starts
            .iter()
            .copied()
            .zip(ends)
            .map(|(start, end)| start..end)
            .filter(|shot| !shot.is_empty())
            .collect()
    }
}

/// Finds shots from small frames, one after the other.
#[derive(Default)]
pub(crate) struct Detector {
    /// The last frames, in hue, saturation and value.
    recent: VecDeque<Vec<u8>>,
    /// The difference of each frame from the one before.
    scores: Vec<f32>,
    /// For a frame and one this many before it: their difference.
    returns: Vec<(usize, usize, f32)>,
    black: Vec<usize>,
}

impl Detector {
    /// Takes the next frame. All frames have one size.
    pub(crate) fn add(&mut self, picture: &Picture) {
        let planes = hsv(picture);
        let frame = self.scores.len();
        let area = planes.len() / 3;
        if planes[2 * area..].iter().map(|value| f32::from(*value)).sum::<f32>() < BLACK * area as f32 {
            self.black.push(frame);
        }
        self.scores.push(self.recent.back().map_or(0.0, |before| difference(before, &planes)));
        // The frame after a flash of k frames looks like the one k + 1 before it.
        for (back, before) in self.recent.iter().rev().enumerate().skip(1) {
            self.returns.push((frame, back + 1, difference(before, &planes)));
        }
        self.recent.push_back(planes);
        if self.recent.len() > FLASH + 1 {
            self.recent.pop_front();
        }
    }

    /// Takes the last frame again, this many times.
    pub(crate) fn repeat(&mut self, times: usize) {
        self.scores.extend(std::iter::repeat_n(0.0, times));
    }

    /// The shots of all frames so far.
    pub(crate) fn shots(&self) -> Shots {
        let frames = self.scores.len();
        let mut starts = vec![0];
        let mut flashes = self.black.clone();
        let mut at = 1;
        while at < frames {
            if !self.stands_out(at) {
                at += 1;
                continue;
            }
            // A flash begins here if a later frame looks like the one before.
            let bound = ALIKE.max(ALIKE_PART * self.scores[at]);
            let ends = |(frame, back, difference): &&(usize, usize, f32)| {
                *frame > at && frame - back == at - 1 && *difference < bound
            };
            let ends = self.returns.iter().find(ends);
            match ends {
                Some((end, ..)) => {
                    flashes.extend(at..*end);
                    at = *end + 1;
                }
                None => {
                    starts.push(at);
                    at += 1;
                }
            }
        }
        flashes.sort_unstable();
        flashes.dedup();
        Shots { starts, flashes, frames }
    }

    fn stands_out(&self, at: usize) -> bool {
        let score = self.scores[at];
        // The first score has no frame before it.
        let around =
            (at.saturating_sub(AROUND).max(1)..(at + AROUND + 1).min(self.scores.len())).filter(|i| *i != at);
        let (sum, count) = around.fold((0.0, 0), |(sum, count), i| (sum + self.scores[i], count + 1));
        let mean = if count > 0 { sum / count as f32 } else { 0.0 };
        score >= LEAST && score >= STANDS_OUT * mean
    }
}

/// The mean difference of two frames.
fn difference(a: &[u8], b: &[u8]) -> f32 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f32 / a.len().max(1) as f32
}

/// Hue in 0..180, saturation and value in 0..256, as OpenCV has them.
fn hsv(picture: &Picture) -> Vec<u8> {
    let area = picture.width() * picture.height();
    let rgb = picture.rgb();
    let mut planes = vec![0; 3 * area];
    for at in 0..area {
        let [r, g, b] = [0, 1, 2].map(|plane| rgb[plane * area + at].clamp(0.0, 1.0));
        let (most, least) = (r.max(g).max(b), r.min(g).min(b));
        let range = most - least;
        let hue = match range {
            0.0 => 0.0,
            _ if most == r => 60.0 * (g - b) / range,
            _ if most == g => 120.0 + 60.0 * (b - r) / range,
            _ => 240.0 + 60.0 * (r - g) / range,
        };
        planes[at] = (hue.rem_euclid(360.0) / 2.0) as u8;
        planes[area + at] = if most > 0.0 { (255.0 * range / most) as u8 } else { 0 };
        planes[2 * area + at] = (255.0 * most) as u8;
    }
    planes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of a scene with its own colours, moved by `at` pixels.
    fn frame(scene: usize, at: usize, light: f32) -> Picture {
        let value = |i: usize| {
            let (plane, x, y) = (i / 1200, i % 40 + at, i / 40 % 30);
            let wave = ((x * (scene + 2) + y * (5 - scene % 3)) as f32 * 0.13
                + plane as f32 * (scene as f32 + 0.7))
                .sin();
            (light + 0.3 * wave).clamp(0.0, 1.0)
        };
        Picture::new(40, 30, (0..3600).map(value).collect()).unwrap()
    }

    fn found(frames: &[Picture]) -> Shots {
        let mut detector = Detector::default();
        frames.iter().for_each(|frame| detector.add(frame));
        detector.shots()
    }

    #[test]
    fn a_cut_is_found_and_motion_is_not_a_cut() {
        let mut frames: Vec<Picture> = (0..20).map(|i| frame(0, i, 0.5)).collect();
        frames.extend((0..15).map(|i| frame(1, i, 0.45)));
        frames.extend((0..5).map(|i| frame(2, i / 2, 0.6)));
        let shots = found(&frames);
        assert_eq!(shots.ranges(), [0..20, 20..35, 35..40]);
        assert!(shots.flashes.is_empty());
    }

    #[test]
    fn a_flash_is_no_cut_and_black_is_left_out() {
        let mut frames: Vec<Picture> = (0..30).map(|i| frame(0, i / 4, 0.5)).collect();
        frames[12] = Picture::filled(40, 30, [1.0; 3]);
        frames[13] = Picture::filled(40, 30, [0.95; 3]);
        frames[29] = Picture::filled(40, 30, [0.0; 3]);
        let shots = found(&frames);
        assert_eq!(shots.ranges()[0].start, 0);
        assert!(shots.flashes.contains(&12) && shots.flashes.contains(&13), "{shots:?}");
        assert!(shots.flashes.contains(&29), "{shots:?}");
        assert!(!shots.starts.contains(&12) && !shots.starts.contains(&14), "{shots:?}");
    }

    #[test]
    fn given_cuts_are_sorted_and_bounded() {
        assert_eq!(Shots::given(&[50, 3, 3, 0, 12], 20).ranges(), [0..3, 3..12, 12..20]);
        assert_eq!(Shots::given(&[], 5).ranges(), vec![std::ops::Range { start: 0, end: 5 }]);
    }
}
