//! The offsets of patches become a flow for each pixel (Kroeger et al. 2016, equation 3).
//!
//! A pixel takes the mean of the patches that cover it. A patch counts the less, the worse it fits at this pixel. We
//! compare after the patch's mean difference is removed, so a change of brightness does not decide.

use super::Flow;
use super::padded::{MARGIN, Padded};
use super::patch::{Found, SIDE};
use super::rows::{each, rows_of};
use super::search::Offsets;

/// Differences below one grey level count as equally good.
const LEAST: f32 = 1.0;

/// Makes a flow of offsets.
pub(crate) fn densify(offsets: &Offsets, there: &Padded, here: &Padded) -> Flow {
    let mut flow = Flow::zero(here.width, here.height);
    let (width, count) = (flow.width, offsets.columns.len());
    rows_of(
        [&mut flow.u, &mut flow.v],
        width,
        #[inline(always)]
        |y, [u, v]| {
            // A picture that is narrower than a patch needs room for a whole one.
            let mut sums = [(); 3].map(|()| vec![0.0f32; width.max(SIDE)]);
            for (row, &top) in offsets.rows.iter().enumerate() {
                if y < top || y >= top + SIDE {
                    continue;
                }
                let found = &offsets.found[row * count..(row + 1) * count];
                for (&left, found) in offsets.columns.iter().zip(found) {
                    add(&mut sums, left, found, y - top, (there, here.run(left + MARGIN, y + MARGIN)), top);
                }
            }
            let [weight, right, down] = &sums;
            each([u, v], [weight, right, down], |[weight, right, down], _| [right / weight, down / weight]);
        },
    );
    flow
}

/// Adds a row of a patch to the sums of weights and of weighted offsets.
#[inline(always)]
fn add(
    sums: &mut [Vec<f32>; 3],
    left: usize,
    found: &Found,
    line: usize,
    (there, here): (&Padded, &[f32; SIDE]),
    top: usize,
) {
    let (x, y) = there.clamp(left as f32 + found.u, top as f32 + found.v);
    let (x, y) = (x + MARGIN as f32, y + (line + MARGIN) as f32);
    let (column, row) = (x as usize, y as usize);
    let (fx, fy) = (x - column as f32, y - row as f32);
    let above: &[f32; SIDE + 1] = there.run(column, row);
    let below: &[f32; SIDE + 1] = there.run(column, row + 1);
    let mut weights = [0.0; SIDE];
    for at in 0..SIDE {
        let value = (1.0 - fy) * ((1.0 - fx) * above[at] + fx * above[at + 1])
            + fy * ((1.0 - fx) * below[at] + fx * below[at + 1]);
        weights[at] = 1.0 / (value - here[at] - found.fit.mean).abs().max(LEAST);
    }
    for (sums, factor) in sums.iter_mut().zip([1.0, found.u, found.v]) {
        if let Some(sums) = sums[left..].first_chunk_mut::<SIDE>() {
            for at in 0..SIDE {
                sums[at] += weights[at] * factor;
            }
        }
    }
}
