//! One patch, and its descent to the place in another frame that looks most alike.
//!
//! This is the inverse search of Kroeger et al. 2016, section 2.1 (after Baker and Matthews 2001). The gradients and
//! the Hessian belong to the patch that stays, so they are computed once, and a step costs one comparison. Comparisons
//! remove the mean, so a change of brightness does not move a patch.

use super::padded::{MARGIN, Padded};

/// Pixels of a patch's side.
pub(crate) const SIDE: usize = 8;

/// Pixels of a patch.
const AREA: f32 = (SIDE * SIDE) as f32;

/// Added to the Hessian, per pixel, in squared grey levels. It holds a patch with little structure where it began. On
/// clear skies in photographs, 30 instead of 0.25 halves the root mean squared error; elsewhere it changes little.
const DAMPING: f32 = 30.0;

/// A patch that a descent moves by more pixels has lost its place.
const FARTHEST: f32 = 4.0;

/// A step of fewer pixels ends a descent.
const SMALL_STEP: f32 = 0.01;

type Block = [[f32; SIDE]; SIDE];

/// A patch of the frame whose flow is sought.
pub(crate) struct Patch {
    x: f32,
    y: f32,
    pixels: Block,
    gx: Block,
    gy: Block,
    sums: [f32; 2],
    inverse: [f32; 3],
}

/// How well a patch fits at a place.
#[derive(Clone, Copy)]
pub(crate) struct Fit {
    /// The sum of squared differences, after the mean difference is removed.
    pub(crate) error: f32,
    /// The mean difference, in grey levels.
    pub(crate) mean: f32,
    slope: [f32; 2],
}

/// The offset of a patch and how well it fits there.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) u: f32,
    pub(crate) v: f32,
    pub(crate) fit: Fit,
}

impl Patch {
    /// Cuts out the patch whose upper left pixel is at a column and a row.
    #[inline(always)]
    pub(crate) fn new(here: &Padded, x: usize, y: usize) -> Self {
        let (mut pixels, mut gx, mut gy) = (Block::default(), Block::default(), Block::default());
        let mut moments = [[0.0; SIDE]; 5];
        for row in 0..SIDE {
            let middle: &[f32; SIDE + 2] = here.run(x + MARGIN - 1, y + MARGIN + row);
            let above: &[f32; SIDE] = here.run(x + MARGIN, y + MARGIN + row - 1);
            let below: &[f32; SIDE] = here.run(x + MARGIN, y + MARGIN + row + 1);
            for column in 0..SIDE {
                let right = 0.5 * (middle[column + 2] - middle[column]);
                let down = 0.5 * (below[column] - above[column]);
                pixels[row][column] = middle[column + 1];
                gx[row][column] = right;
                gy[row][column] = down;
                let products = [right, down, right * right, right * down, down * down];
                for (moment, product) in moments.iter_mut().zip(products) {
                    moment[column] += product;
                }
            }
        }
        let [sx, sy, xx, xy, yy] = moments.map(total);
        let (xx, yy) = (xx - sx * sx / AREA + DAMPING * AREA, yy - sy * sy / AREA + DAMPING * AREA);
        let xy = xy - sx * sy / AREA;
        // Not near zero, thanks to the damping.
        let scale = 1.0 / (xx * yy - xy * xy);
        let inverse = [yy * scale, -xy * scale, xx * scale];
        Self { x: x as f32, y: y as f32, pixels, gx, gy, sums: [sx, sy], inverse }
    }

    /// Compares the patch with the other frame at an offset.
    #[inline(always)]
    pub(crate) fn fit(&self, there: &Padded, u: f32, v: f32) -> Fit {
        let (x, y) = there.clamp(self.x + u, self.y + v);
        let (x, y) = (x + MARGIN as f32, y + MARGIN as f32);
        let (left, top) = (x as usize, y as usize);
        let (fx, fy) = (x - left as f32, y - top as f32);
        let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
        let mut moments = [[0.0; SIDE]; 4];
        let mut above: &[f32; SIDE + 1] = there.run(left, top);
        for row in 0..SIDE {
            let below: &[f32; SIDE + 1] = there.run(left, top + row + 1);
            for column in 0..SIDE {
                let value = weights[0] * above[column]
                    + weights[1] * above[column + 1]
                    + weights[2] * below[column]
                    + weights[3] * below[column + 1];
                let difference = value - self.pixels[row][column];
                moments[0][column] += difference;
                moments[1][column] += difference * difference;
                moments[2][column] += difference * self.gx[row][column];
                moments[3][column] += difference * self.gy[row][column];
            }
            above = below;
        }
        let [sum, squares, right, down] = moments.map(total);
        let mean = sum / AREA;
        let slope = [right - mean * self.sums[0], down - mean * self.sums[1]];
        Fit { error: squares - mean * sum, mean, slope }
    }

    /// Goes downhill from an offset, for at most `steps` steps. A patch that goes too far stays where it was.
    #[inline(always)]
    pub(crate) fn descend(&self, there: &Padded, start: Found, steps: usize) -> Found {
        let mut best = start;
        for _ in 0..steps {
            let [right, down] = best.fit.slope;
            let du = self.inverse[0] * right + self.inverse[1] * down;
            let dv = self.inverse[1] * right + self.inverse[2] * down;
            let (u, v) = (best.u - du, best.v - dv);
            let fit = self.fit(there, u, v);
            if fit.error >= best.fit.error {
                break;
            }
            best = Found { u, v, fit };
            if du * du + dv * dv < SMALL_STEP * SMALL_STEP {
                break;
            }
        }
        let moved = (best.u - start.u).powi(2) + (best.v - start.v).powi(2);
        if moved > FARTHEST * FARTHEST { start } else { best }
    }
}

/// The sum of a row, in a fixed order of pairs.
#[inline(always)]
fn total(row: [f32; SIDE]) -> f32 {
    let [a, b, c, d, e, f, g, h] = row;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
