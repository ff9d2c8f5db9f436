//! A flow: two planes of offsets.

use super::rows::{each, rows};

/// A dense flow: for each pixel of one frame, where the same point lies in another, as offsets in pixels.
///
/// It gathers: `to(x, y)` shows what `from(x + u(x, y), y + v(x, y))` shows. The planes are `[height, width]`,
/// row-major. `u` points right and `v` points down.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Pixels in a row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// Offsets to the right, in pixels, `[height, width]`.
    pub u: Vec<f32>,
    /// Offsets downwards, in pixels, `[height, width]`.
    pub v: Vec<f32>,
}

impl Flow {
    /// The flow of a scene that stands still.
    pub fn zero(width: usize, height: usize) -> Self {
        Self::uniform(width, height, (0.0, 0.0))
    }

    /// The flow of a scene that moves as one, by an offset in pixels.
    pub fn uniform(width: usize, height: usize, (u, v): (f32, f32)) -> Self {
        Self { width, height, u: vec![u; width * height], v: vec![v; width * height] }
    }

    /// Makes a flow by a function of a column and a row.
    pub fn from_fn(width: usize, height: usize, offset: impl Fn(usize, usize) -> (f32, f32)) -> Self {
        let (u, v) = (0..width * height).map(|at| offset(at % width, at / width)).unzip();
        Self { width, height, u, v }
    }

    /// `(width, height)`.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The offset of a pixel.
    pub(crate) fn at(&self, x: usize, y: usize) -> (f32, f32) {
        let at = y * self.width + x;
        (self.u[at], self.v[at])
    }

    /// The offset at a place between pixels, bilinear. Places outside count as the nearest edge.
    pub(crate) fn between_pixels(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x.clamp(0.0, (self.width - 1) as f32), y.clamp(0.0, (self.height - 1) as f32));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let mix = |plane: &[f32]| {
            let row =
                |y: usize| plane[y * self.width + left] * (1.0 - fx) + plane[y * self.width + right] * fx;
            row(top) * (1.0 - fy) + row(bottom) * fy
        };
        (mix(&self.u), mix(&self.v))
    }

    /// The flow of the next finer level, whose sides are twice these, or one less: bilinear, with offsets twice as
    /// long.
    pub(crate) fn doubled(&self, (width, height): (usize, usize)) -> Self {
        let mut finer = Self::zero(width, height);
        for (coarse, fine) in [(&self.u, &mut finer.u), (&self.v, &mut finer.v)] {
            let coarse_width = self.width;
            rows(
                fine,
                width,
                #[inline(always)]
                |y, row| {
                    let near = y / 2;
                    let far =
                        if y % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(self.height - 1) };
                    let line = |y: usize| &coarse[y * coarse_width..][..coarse_width];
                    let mut between = vec![0.0; coarse_width + 2];
                    let inner = &mut between[1..=coarse_width];
                    each([inner], [line(near), line(far)], |[near, far], _| {
                        [2.0 * (0.75 * near + 0.25 * far)]
                    });
                    // The edges repeat.
                    (between[0], between[coarse_width + 1]) = (between[1], between[coarse_width]);
                    let pairs = row.chunks_exact_mut(2).zip(between.windows(3));
                    for (pair, around) in pairs {
                        pair[0] = 0.75 * around[1] + 0.25 * around[0];
                        pair[1] = 0.75 * around[1] + 0.25 * around[2];
                    }
                    if width % 2 == 1 {
                        row[width - 1] = 0.75 * between[coarse_width] + 0.25 * between[coarse_width - 1];
                    }
                },
            );
        }
        finer
    }
}
