//! The offsets of patches become a flow for each pixel (Kroeger et al. 2016, equation 3).
//!
//! A pixel takes the mean of the patches that cover it. A patch counts the less, the worse it fits at this pixel. We
//! compare after the patch's mean difference is removed, so a change of brightness does not decide.

use super::Flow;
use super::padded::{MARGIN, Padded};
use super::patch::SIDE;
use super::rows::rows_of;
use super::search::Offsets;

/// Differences below one grey level count as equally good.
const LEAST: f32 = 1.0;

/// Makes a flow of offsets.
pub(crate) fn densify(offsets: &Offsets, there: &Padded, here: &Padded) -> Flow {
    let mut flow = Flow::zero(here.width, here.height);
    let (width, count) = (flow.width, offsets.columns.len());
    rows_of([&mut flow.u, &mut flow.v], width, |y, [u, v]| {
        // A picture that is narrower than a patch needs room for a whole one.
        let mut sums = vec![[0.0f32; 3]; width.max(SIDE)];
        for (row, &top) in offsets.rows.iter().enumerate() {
            if y < top || y >= top + SIDE {
                continue;
            }
            let found = &offsets.found[row * count..(row + 1) * count];
            for (&left, found) in offsets.columns.iter().zip(found) {
                let here: &[f32; SIDE] = here.run(left + MARGIN, y + MARGIN);
                let (x, up) = there.clamp(left as f32 + found.u, top as f32 + found.v);
                let (x, down) = (x + MARGIN as f32, up + (y - top + MARGIN) as f32);
                let (column, line) = (x as usize, down as usize);
                let (fx, fy) = (x - column as f32, down - line as f32);
                let above: &[f32; SIDE + 1] = there.run(column, line);
                let below: &[f32; SIDE + 1] = there.run(column, line + 1);
                let sums = &mut sums[left..left + SIDE];
                for at in 0..SIDE {
                    let value = (1.0 - fy) * ((1.0 - fx) * above[at] + fx * above[at + 1])
                        + fy * ((1.0 - fx) * below[at] + fx * below[at + 1]);
                    let weight = 1.0 / (value - here[at] - found.fit.mean).abs().max(LEAST);
                    sums[at][0] += weight;
                    sums[at][1] += weight * found.u;
                    sums[at][2] += weight * found.v;
                }
            }
        }
        for ((u, v), [weight, right, down]) in u.iter_mut().zip(v).zip(sums) {
            *u = right / weight;
            *v = down / weight;
        }
    });
    flow
}
