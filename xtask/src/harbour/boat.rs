//! The parts of boats: hull, spars, sails, drawn at a scale that follows from their distance.

use super::HORIZON;
use crate::canvas::{Canvas, Point, Rgb, curve, mix, polygon, rgb, shade};
use crate::noise::{fbm, noise, smoothstep};

/// Height of the viewer's eye above the water, in metres; it relates sizes to distances.
const EYE: f32 = 4.0;

/// A boat at a position; converts metres to pixels.
pub(super) struct Boat {
    at: Point,
    /// Pixels per metre; negative sideways for a boat that heads to the left.
    scale: (f32, f32),
}

impl Boat {
    pub(super) fn new(at: Point, heading: f32) -> Self {
        let scale = (at.1 - HORIZON) / EYE;
        Self { at, scale: (scale * heading, scale) }
    }

    /// Converts metres (forwards, up) to the picture.
    pub(super) fn put(&self, forwards: f32, up: f32) -> Point {
        (self.at.0 + forwards * self.scale.0, self.at.1 - up * self.scale.1)
    }

    pub(super) fn puts(&self, points: &[Point]) -> Vec<Point> {
        points.iter().map(|point| self.put(point.0, point.1)).collect()
    }

    /// Converts a position in the picture to metres.
    pub(super) fn metres(&self, x: f32, y: f32) -> Point {
        ((x - self.at.0) / self.scale.0, (self.at.1 - y) / self.scale.1)
    }

    pub(super) fn size(&self, metres: f32) -> f32 {
        metres * self.scale.1
    }

    /// A spar or rope along points, round and lit from the left.
    pub(super) fn spar(&self, canvas: &mut Canvas, points: &[Point], width: f32, colour: Rgb) {
        let width = self.size(width).max(0.55);
        let points = self.puts(points);
        canvas.line(&points, width, |_, _| (shade(colour, 0.72), 1.0));
        let lit: Vec<Point> = points.iter().map(|point| (point.0 - width * 0.2, point.1)).collect();
        canvas.line(&lit, width * 0.45, |_, _| (shade(colour, 1.3), 1.0));
    }

    /// A hull of planks, which extends `half` metres to each side.
    pub(super) fn hull(&self, canvas: &mut Canvas, half: f32, paint: u32, stripe: u32) {
        let sheer = |forwards: f32| 0.62 + 0.16 * (forwards / half) + 0.3 * (forwards / half).powi(2);
        let stations: Vec<Point> =
            (0..=20).map(|step| half * (step as f32 / 10.0 - 1.0)).map(|x| (x, sheer(x))).collect();
        let mut outline = stations.clone();
        outline.extend([(half * 0.95, 0.55), (half * 0.84, -0.1), (-half * 0.88, -0.1), (-half * 0.97, 0.3)]);
        canvas.fill(polygon(&self.puts(&outline)), |x, y| {
            let (forwards, up) = self.metres(x, y);
            let height = up / sheer(forwards);
            let plank = (height * 6.0).rem_euclid(1.0);
            let seam = if plank < 0.13 { 0.84 } else { 1.0 };
            let round = 1.16 - 0.42 * smoothstep(0.75, 0.0, height);
            let across = (x - self.at.0) / self.scale.1 / half;
            let wear = 0.12 * fbm(160, x / 9.0, y / 2.6, 3) + 0.06 * noise(163, x / 1.4, y / 1.4);
            let colour = if height < 0.17 {
                rgb(0x7a2a22)
            } else if height > 0.8 {
                rgb(stripe)
            } else {
                rgb(paint)
            };
            let wet = smoothstep(0.1, -0.02, up);
            (shade(mix(colour, rgb(0x1c2a2a), wet * 0.8), seam * (round - 0.12 * across + wear)), 1.0)
        });
        let rail: Vec<Point> = stations.iter().map(|point| (point.0, point.1 + 0.03)).collect();
        self.spar(canvas, &rail, 0.09, rgb(0xb98b57));
    }

    /// A sail of translucent cloth; the outline is closed and in metres.
    pub(super) fn sail(&self, canvas: &mut Canvas, outline: &[Point], cloth: u32, seams: f32) {
        let mut points = Vec::new();
        for edge in 0..outline.len() {
            let (from, to) = (outline[edge], outline[(edge + 1) % outline.len()]);
            // Every edge bellies a little backwards.
            let middle = ((from.0 + to.0) / 2.0 - 0.06 * (from.1 - to.1).abs(), (from.1 + to.1) / 2.0);
            let bent = curve(&[from, middle, to]);
            points.extend_from_slice(&bent[..bent.len() - 1]);
        }
        let points = self.puts(&points);
        let (left, right) = points.iter().fold((f32::MAX, f32::MIN), |(a, b), p| (a.min(p.0), b.max(p.0)));
        let (top, bottom) = points.iter().fold((f32::MAX, f32::MIN), |(a, b), p| (a.min(p.1), b.max(p.1)));
        canvas.fill(polygon(&points), |x, y| {
            let (across, down) = ((x - left) / (right - left), (y - top) / (bottom - top));
            let (_, up) = self.metres(x, y);
            let belly = (across * 2.6 + 0.5 * down).sin();
            let folds = 0.1 * fbm(170, across * 3.0 + down, down * 2.0 - across * 2.0, 3);
            let weave = 0.03 * noise(172, x / 1.3, y / 1.3);
            let along = ((up + 0.25 * across) * seams).rem_euclid(1.0);
            let seam = if along < 0.05 { -0.12 } else { 0.05 * along };
            let light = 0.84 + 0.24 * belly + folds + weave + seam - 0.1 * down;
            let glow = mix(rgb(cloth), rgb(0xffd28a), 0.3 * smoothstep(0.9, 0.0, across + 0.4 * down));
            (shade(glow, light), 1.0)
        });
        let mut rim = points.clone();
        rim.push(points[0]);
        canvas.line(&rim, self.size(0.035).max(0.5), |_, _| (shade(rgb(cloth), 0.62), 0.8));
    }
}
