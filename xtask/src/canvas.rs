//! A layer to draw on: shapes of tiny-skia, filled by a function of position instead of one colour.

use tiny_skia::{FillRule, LineCap, LineJoin, Mask, Path, PathBuilder, Stroke, Transform};

use crate::noise::lerp;

/// R, G, B in 0..1, sRGB-encoded.
pub(crate) type Rgb = [f32; 3];

/// A point in units of the finished picture's pixels.
pub(crate) type Point = (f32, f32);

/// Samples per side of each pixel of the finished picture.
const SAMPLES: usize = 2;

/// A layer with transparency, drawn at twice the size of the finished picture. All coordinates are in pixels of the
/// finished picture.
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    /// Premultiplied R, G, B and alpha, for each sample.
    samples: Vec<[f32; 4]>,
}

impl Canvas {
    /// A transparent layer for a finished picture of this size.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width * SAMPLES, height * SAMPLES);
        Self { width, height, samples: vec![[0.0; 4]; width * height] }
    }

    /// Fills a shape; `ink` gives colour and alpha at a position.
    pub(crate) fn fill(&mut self, shape: Option<Path>, ink: impl Fn(f32, f32) -> (Rgb, f32)) {
        let Some(shape) = shape else { return };
        let Some(mut mask) = Mask::new(self.width as u32, self.height as u32) else { return };
        let scale = SAMPLES as f32;
        mask.fill_path(&shape, FillRule::Winding, true, Transform::from_scale(scale, scale));
        let bounds = shape.bounds();
        let within = |value: f32, limit: usize| ((value * scale).max(0.0) as usize).min(limit);
        let (left, right) =
            (within(bounds.left() - 1.0, self.width), within(bounds.right() + 2.0, self.width));
        let (top, bottom) =
            (within(bounds.top() - 1.0, self.height), within(bounds.bottom() + 2.0, self.height));
        for row in top..bottom {
            for column in left..right {
                let at = row * self.width + column;
                let cover = f32::from(mask.data()[at]) / 255.0;
                if cover > 0.0 {
                    let (rgb, alpha) = ink((column as f32 + 0.5) / scale, (row as f32 + 0.5) / scale);
                    blend(&mut self.samples[at], rgb, alpha * cover);
                }
            }
        }
    }

    /// Draws a line through points with round ends.
    pub(crate) fn line(&mut self, points: &[Point], width: f32, ink: impl Fn(f32, f32) -> (Rgb, f32)) {
        self.fill(stroke(points, width), ink);
    }

    /// Puts colour and alpha over every sample.
    pub(crate) fn each(&mut self, ink: impl Fn(f32, f32) -> (Rgb, f32)) {
        for row in 0..self.height {
            for column in 0..self.width {
                let (x, y) = ((column as f32 + 0.5) / SAMPLES as f32, (row as f32 + 0.5) / SAMPLES as f32);
                let (rgb, alpha) = ink(x, y);
                blend(&mut self.samples[row * self.width + column], rgb, alpha);
            }
        }
    }

    /// Puts another layer of the same size on top.
    pub(crate) fn over(&mut self, layer: &Self) {
        for (under, over) in self.samples.iter_mut().zip(&layer.samples) {
            for (value, top) in under.iter_mut().zip(over) {
                *value = *value * (1.0 - over[3]) + top;
            }
        }
    }

    /// Colour and alpha at a position, interpolated; the border continues outside.
    pub(crate) fn at(&self, x: f32, y: f32) -> (Rgb, f32) {
        let place =
            |value: f32, limit: usize| (value * SAMPLES as f32 - 0.5).clamp(0.0, limit as f32 - 1.001);
        let (x, y) = (place(x, self.width), place(y, self.height));
        let (column, row) = (x as usize, y as usize);
        let (u, v) = (x - column as f32, y - row as f32);
        let sample = |dx: usize, dy: usize| self.samples[(row + dy) * self.width + column + dx];
        let (a, b, c, d) = (sample(0, 0), sample(1, 0), sample(0, 1), sample(1, 1));
        let mixed: [f32; 4] = std::array::from_fn(|i| lerp(lerp(a[i], b[i], u), lerp(c[i], d[i], u), v));
        let alpha = mixed[3].max(1e-6);
        ([mixed[0] / alpha, mixed[1] / alpha, mixed[2] / alpha], mixed[3])
    }

    /// The finished picture: interleaved RGB bytes of the size given to `new`.
    pub(crate) fn finish(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.samples.len() * 3 / (SAMPLES * SAMPLES));
        for row in (0..self.height).step_by(SAMPLES) {
            for column in (0..self.width).step_by(SAMPLES) {
                for channel in 0..3 {
                    let samples = (0..SAMPLES * SAMPLES).map(|at| {
                        self.samples[(row + at / SAMPLES) * self.width + column + at % SAMPLES][channel]
                    });
                    let mean = samples.sum::<f32>() / (SAMPLES * SAMPLES) as f32;
                    bytes.push((mean.clamp(0.0, 1.0) * 255.0).round() as u8);
                }
            }
        }
        bytes
    }
}

fn blend(under: &mut [f32; 4], rgb: Rgb, alpha: f32) {
    let alpha = alpha.clamp(0.0, 1.0);
    for (value, top) in under.iter_mut().zip([rgb[0], rgb[1], rgb[2], 1.0]) {
        *value += (top - *value) * alpha;
    }
}

/// `0xrrggbb` as a colour.
pub(crate) fn rgb(hex: u32) -> Rgb {
    [16, 8, 0].map(|shift| (hex >> shift & 0xff) as f32 / 255.0)
}

/// A mixture of two colours, from `a` to `b` as `t` goes from 0 to 1.
pub(crate) fn mix(a: Rgb, b: Rgb, t: f32) -> Rgb {
    std::array::from_fn(|i| lerp(a[i], b[i], t.clamp(0.0, 1.0)))
}

/// A colour made brighter or darker by a factor.
pub(crate) fn shade(colour: Rgb, factor: f32) -> Rgb {
    colour.map(|value| value * factor)
}

/// Straight lines from point to point, closed.
pub(crate) fn polygon(points: &[Point]) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(points[0].0, points[0].1);
    for point in &points[1..] {
        path.line_to(point.0, point.1);
    }
    path.close();
    path.finish()
}

/// An upright rectangle.
pub(crate) fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Option<Path> {
    polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)])
}

/// An ellipse around a centre.
pub(crate) fn ellipse(centre: Point, radii: Point) -> Option<Path> {
    let bounds = tiny_skia::Rect::from_ltrb(
        centre.0 - radii.0,
        centre.1 - radii.1,
        centre.0 + radii.0,
        centre.1 + radii.1,
    )?;
    PathBuilder::from_oval(bounds)
}

/// Points on a smooth curve through the given ones (Catmull-Rom).
pub(crate) fn curve(points: &[Point]) -> Vec<Point> {
    const STEPS: usize = 10;
    let at = |index: usize| points[index.clamp(1, points.len()) - 1];
    let mut smooth = Vec::with_capacity(points.len() * STEPS);
    for segment in 1..points.len() {
        let (a, b, c, d) = (at(segment - 1), at(segment), at(segment + 1), at(segment + 2));
        for step in 0..STEPS {
            let t = step as f32 / STEPS as f32;
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
            };
            smooth.push((blend(a.0, b.0, c.0, d.0), blend(a.1, b.1, c.1, d.1)));
        }
    }
    smooth.push(at(points.len()));
    smooth
}

/// The outline of a line through points, with round ends and corners.
fn stroke(points: &[Point], width: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(points[0].0, points[0].1);
    for point in &points[1..] {
        path.line_to(point.0, point.1);
    }
    let style = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
    path.finish()?.stroke(&style, SAMPLES as f32)
}
