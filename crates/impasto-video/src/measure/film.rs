//! Films that are rendered from one photograph, with exact flow and exact occlusion.
//!
//! A pixel is the mean of 4x4 samples of the photograph's B-spline, so that nothing aliases, with sensor noise if asked
//! for, rounded to 8 bits. Beyond its edges the photograph goes on as in a mirror.

use impasto_image::Picture;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

use super::motion::{Layer, Motion, Place};
use crate::flow::Flow;
use crate::flow::rows::rows_of;
use crate::warp::Spline;

/// Samples of a pixel in each direction.
const SAMPLES: usize = 4;

/// Where the disc's texture is taken from, as a share of the photograph's sides from the middle.
const ELSEWHERE: [f64; 2] = [0.31, -0.27];

/// A film of a photograph that moves.
pub struct Film {
    photo: Spline,
    photo_size: [f64; 2],
    width: usize,
    height: usize,
    motion: Motion,
    scale: f64,
    noise: f32,
    light: f32,
    lamp: Option<usize>,
    seed: u64,
}

impl Film {
    /// A film of a size in pixels. The frame covers two thirds of the photograph at time 0.
    pub fn new(photo: &Picture, (width, height): (usize, usize), motion: Motion) -> Self {
        let photo_size = [photo.width() as f64, photo.height() as f64];
        let scale = (photo_size[0] / width as f64).min(photo_size[1] / height as f64) / 1.5;
        Self {
            photo: Spline::of(photo),
            photo_size,
            width,
            height,
            motion,
            scale,
            noise: 0.0,
            light: 0.0,
            lamp: None,
            seed: 0,
        }
    }

    /// Adds normal noise of a deviation (values 0..1), drawn anew for each frame and channel.
    pub fn noise(self, deviation: f32, seed: u64) -> Self {
        Self { noise: deviation, seed, ..self }
    }

    /// Multiplies frame t by 1 + t `change`.
    pub fn light(self, change: f32) -> Self {
        Self { light: change, ..self }
    }

    /// Switches a lamp on at a frame: a spot to the left of the middle, twice as light there, which does not move.
    pub fn lamp(self, on: usize) -> Self {
        Self { lamp: Some(on), ..self }
    }

    /// The factor of the light at a pixel.
    fn gain(&self, time: usize, x: usize, y: usize) -> f32 {
        let [x, y] = self.offset(x as f64, y as f64);
        let reach = self.width as f64 / 5.0;
        let far = ((x + self.width as f64 / 6.0).powi(2) + y * y) / (reach * reach);
        let lamp = if self.lamp.is_some_and(|on| time >= on) { (-far).exp() as f32 } else { 0.0 };
        (1.0 + time as f32 * self.light) * (1.0 + lamp)
    }

    /// A frame.
    pub fn frame(&self, time: usize) -> Picture {
        let mut frame = Picture::filled(self.width, self.height, [0.0; 3]);
        let (width, area) = (frame.width(), frame.width() * frame.height());
        let (red, rest) = frame.rgb_mut().split_at_mut(area);
        let (green, blue) = rest.split_at_mut(area);
        rows_of([red, green, blue], width, |y, mut planes| {
            for x in 0..width {
                let colour = self.pixel(time as f64, x, y);
                let gain = self.gain(time, x, y);
                planes.iter_mut().zip(colour).for_each(|(plane, value)| plane[x] = gain * value);
            }
        });
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(time as u64));
        for value in frame.rgb_mut() {
            if self.noise > 0.0 {
                let normal: f32 = StandardNormal.sample(&mut rng);
                *value += self.noise * normal;
            }
            *value = (value.clamp(0.0, 1.0) * 255.0).round() / 255.0;
        }
        frame
    }

    /// The flow that gathers frame `time` out of frame `other`.
    pub fn flow(&self, time: usize, other: usize) -> Flow {
        Flow::from_fn(self.width, self.height, |x, y| {
            let place = self.offset(x as f64, y as f64);
            let (_, there) = self.follow(time, other, place);
            ((there[0] - place[0]) as f32, (there[1] - place[1]) as f32)
        })
    }

    /// Which pixels of frame `time` are seen in frame `other`: not outside, and not behind the disc.
    pub fn visible(&self, time: usize, other: usize) -> Vec<bool> {
        let edge = self.offset((self.width - 1) as f64, (self.height - 1) as f64);
        let seen = |at: usize| {
            let place = self.offset((at % self.width) as f64, (at / self.width) as f64);
            let (layer, there) = self.follow(time, other, place);
            let inside = there[0].abs() <= edge[0] && there[1].abs() <= edge[1];
            inside && self.motion.layer(other as f64, there) == layer
        };
        (0..self.width * self.height).map(seen).collect()
    }

    /// The layer at a place of one frame, and where it is in another.
    fn follow(&self, time: usize, other: usize, place: Place) -> (Layer, Place) {
        let layer = self.motion.layer(time as f64, place);
        let origin = self.motion.origin(layer, time as f64, place);
        (layer, self.motion.place(layer, other as f64, origin))
    }

    fn offset(&self, x: f64, y: f64) -> Place {
        [x - (self.width - 1) as f64 / 2.0, y - (self.height - 1) as f64 / 2.0]
    }

    fn pixel(&self, time: f64, x: usize, y: usize) -> [f32; 3] {
        let mut sum = [0.0; 3];
        let part = |sample: usize| (sample as f64 + 0.5) / SAMPLES as f64 - 0.5;
        for sample in 0..SAMPLES * SAMPLES {
            let (px, py) = (x as f64 + part(sample % SAMPLES), y as f64 + part(sample / SAMPLES));
            let place = self.offset(px, py);
            let layer = self.motion.layer(time, place);
            let [x, y] = self.on_photo(layer, self.motion.origin(layer, time, place));
            sum.iter_mut().zip(self.photo.at(x, y)).for_each(|(sum, value)| *sum += value);
        }
        sum.map(|sum| sum / (SAMPLES * SAMPLES) as f32)
    }

    /// The photograph's pixel that a layer shows at a place at time 0.
    fn on_photo(&self, layer: Layer, origin: Place) -> [f32; 2] {
        [0, 1].map(|axis| {
            let length = self.photo_size[axis];
            let shift = if layer == Layer::Disc { ELSEWHERE[axis] * length } else { 0.0 };
            let at = origin[axis] * self.scale + shift + (length - 1.0) / 2.0;
            let period = 2.0 * (length - 1.0).max(1.0);
            let at = at.rem_euclid(period);
            at.min(period - at) as f32
        })
    }
}
