//! A picture as a cubic B-spline through its pixels (Unser, Aldroubi, Eden 1993, "B-Spline Signal Processing").
//!
//! A recursive filter finds the coefficients whose spline passes through the pixels. The picture continues as in a
//! mirror beyond its edges. Without this filter a B-spline would blur.

use impasto_image::Picture;
use rayon::prelude::*;

use crate::flow::rows::{rows, rows_of};

/// The pole of the filter, √3 − 2.
const POLE: f32 = -0.267_949_2;

/// The gain that makes the filter keep a constant: (1 − z)(1 − 1/z).
const GAIN: f32 = (1.0 - POLE) * (1.0 - 1.0 / POLE);

/// The factor of the last value, where the way back begins: z / (z² − 1).
const END: f32 = POLE / (POLE * POLE - 1.0);

/// Terms of the sum that starts the filter. The pole to this power is below the rounding of f32.
const START: usize = 16;

/// The coefficients of the splines through planes of one size: those of a picture, or others that travel together.
pub struct Spline<const PLANES: usize = 3> {
    width: usize,
    height: usize,
    /// `[PLANES, height, width]`.
    coefficients: Vec<f32>,
}

impl Spline {
    /// Finds the coefficients of a picture.
    pub fn of(picture: &Picture) -> Self {
        Self::through(picture.rgb().to_vec(), picture.size())
    }

    /// A picture of a size whose pixel at a column and a row shows the spline at the place that `place` gives, in
    /// pixels. Places outside count as the nearest edge.
    pub fn gather(
        &self,
        (width, height): (usize, usize),
        place: impl Fn(usize, usize) -> (f32, f32) + Sync,
    ) -> Picture {
        let mut result = Picture::filled(width, height, [0.0; 3]);
        let (width, area) = (result.width(), result.width() * result.height());
        let (red, rest) = result.rgb_mut().split_at_mut(area);
        let (green, blue) = rest.split_at_mut(area);
        self.gather_into([red, green, blue], width, place);
        result
    }
}

impl<const PLANES: usize> Spline<PLANES> {
    /// Finds the coefficients of planes that lie one after the other.
    pub(super) fn through(planes: Vec<f32>, (width, height): (usize, usize)) -> Self {
        let mut coefficients = planes;
        rows(&mut coefficients, width, |_, row| across(row));
        coefficients.par_chunks_exact_mut(width * height).for_each(|plane| down(plane, width));
        Self { width, height, coefficients }
    }

    /// Fills planes as [`gather`](Spline::gather) does.
    pub(super) fn gather_into(
        &self,
        planes: [&mut [f32]; PLANES],
        width: usize,
        place: impl Fn(usize, usize) -> (f32, f32) + Sync,
    ) {
        rows_of(
            planes,
            width,
            #[inline(always)]
            |y, mut planes| {
                for x in 0..width {
                    let (at_x, at_y) = place(x, y);
                    planes.iter_mut().zip(self.at(at_x, at_y)).for_each(|(plane, value)| plane[x] = value);
                }
            },
        );
    }

    /// The values at a place, in pixels. Places outside count as the nearest edge.
    #[inline(always)]
    pub fn at(&self, x: f32, y: f32) -> [f32; PLANES] {
        let (x, y) = (x.clamp(0.0, (self.width - 1) as f32), y.clamp(0.0, (self.height - 1) as f32));
        let (left, top) = (x as usize, y as usize);
        let (wx, wy) = (weights(x - left as f32), weights(y - top as f32));
        let inner = left >= 1 && left + 2 < self.width && top >= 1 && top + 2 < self.height;
        let area = self.width * self.height;
        let mut values = [0.0; PLANES];
        for (plane, value) in values.iter_mut().enumerate() {
            let plane = &self.coefficients[plane * area..(plane + 1) * area];
            let mut across = [0.0; 4];
            for (line, wy) in wy.iter().enumerate() {
                let run = if inner {
                    let at = (top + line - 1) * self.width + left - 1;
                    [plane[at], plane[at + 1], plane[at + 2], plane[at + 3]]
                } else {
                    let row = mirror(top + line, self.height) * self.width;
                    let at = |column: usize| plane[row + mirror(left + column, self.width)];
                    [at(0), at(1), at(2), at(3)]
                };
                for at in 0..4 {
                    across[at] += wy * run[at];
                }
            }
            *value = (wx[0] * across[0] + wx[1] * across[1]) + (wx[2] * across[2] + wx[3] * across[3]);
        }
        values
    }
}

/// The pixel of a place that counts from one before the first; mirrored at the centres of the edge's pixels.
#[inline(always)]
fn mirror(at: usize, length: usize) -> usize {
    let at = if at == 0 { 1 } else { at - 1 };
    let at = if at >= length { (2 * (length - 1)).saturating_sub(at) } else { at };
    at.min(length - 1)
}

/// The weights of four coefficients, for a place at a fraction between the middle two.
#[inline(always)]
fn weights(t: f32) -> [f32; 4] {
    let s = 1.0 - t;
    let sixth = 1.0 / 6.0;
    [
        sixth * s * s * s,
        sixth * (4.0 - 3.0 * t * t * (2.0 - t)),
        sixth * (4.0 - 3.0 * s * s * (2.0 - s)),
        sixth * t * t * t,
    ]
}

/// Filters a row: forwards, then backwards.
fn across(row: &mut [f32]) {
    let length = row.len();
    if length < 2 {
        return;
    }
    let mut power = 1.0;
    let mut first = 0.0;
    for at in 0..START {
        first += power * row[mirrored(at, length)];
        power *= POLE;
    }
    row[0] = GAIN * first;
    for at in 1..length {
        row[at] = GAIN * row[at] + POLE * row[at - 1];
    }
    row[length - 1] = END * (row[length - 1] + POLE * row[length - 2]);
    for at in (0..length - 1).rev() {
        row[at] = POLE * (row[at + 1] - row[at]);
    }
}

/// Filters the columns of a plane, all at once, row by row.
fn down(plane: &mut [f32], width: usize) {
    let height = plane.len() / width;
    if height < 2 {
        return;
    }
    let mut first = vec![0.0; width];
    let mut power = 1.0;
    for at in 0..START {
        let line = &plane[mirrored(at, height) * width..][..width];
        first.iter_mut().zip(line).for_each(|(sum, value)| *sum += GAIN * power * value);
        power *= POLE;
    }
    plane[..width].copy_from_slice(&first);
    for y in 1..height {
        let (above, row) = plane[(y - 1) * width..(y + 1) * width].split_at_mut(width);
        row.iter_mut().zip(above).for_each(|(value, above)| *value = GAIN * *value + POLE * *above);
    }
    let (above, last) = plane[(height - 2) * width..].split_at_mut(width);
    last.iter_mut().zip(above).for_each(|(value, above)| *value = END * (*value + POLE * *above));
    for y in (0..height - 1).rev() {
        let (row, below) = plane[y * width..(y + 2) * width].split_at_mut(width);
        row.iter_mut().zip(below).for_each(|(value, below)| *value = POLE * (*below - *value));
    }
}

/// A place in a row that goes on as in mirrors at both ends.
fn mirrored(at: usize, length: usize) -> usize {
    let period = 2 * (length - 1);
    let at = at % period;
    if at < length { at } else { period - at }
}
