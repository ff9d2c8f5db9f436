//! Red-black successive over-relaxation.

use rayon::prelude::*;

use super::halves::{Halves, stride};
use super::weights::{PLANES, System};
use crate::flow::rows::each;

/// Over-relaxation: a step goes this many times as far as to the solution of its own equation.
const OVER: f32 = 1.6;

/// Rows that a thread takes at a time.
const ROWS: usize = 16;

/// One sweep over the red squares and one over the black.
pub(super) fn sweep(halves: &mut Halves, system: &System) {
    let [red, black] = &mut halves.colours;
    half_sweep(red, black, &system.colours[0], halves.width, 0);
    half_sweep(black, red, &system.colours[1], halves.width, 1);
}

/// Updates the squares of one colour. All their neighbours are of the other one.
fn half_sweep(own: &mut [f32], other: &[f32], system: &[f32], width: usize, colour: usize) {
    let stride = stride(width);
    let height = own.len() / (2 * stride);
    let bands = own.par_chunks_mut(2 * stride * ROWS).zip(system.par_chunks(PLANES * stride * ROWS));
    bands.enumerate().for_each(|(band, (own, system))| {
        let rows = own.chunks_exact_mut(2 * stride).zip(system.chunks_exact(PLANES * stride));
        for (row, (own, system)) in rows.enumerate() {
            let y = band * ROWS + row;
            let line = |y: usize| &other[y * 2 * stride..(y + 1) * 2 * stride];
            let (above, below) = (line(y.saturating_sub(1)), line((y + 1).min(height - 1)));
            update(own, system, [above, line(y), below], stride, (y + colour) % 2);
        }
    });
}

/// Updates a row. `shift` is 1 if the first square of this colour is the second pixel of the row.
#[inline(always)]
fn update(own: &mut [f32], system: &[f32], [above, beside, below]: [&[f32]; 3], stride: usize, shift: usize) {
    let count = stride - 2;
    let mut runs = system.chunks_exact(stride);
    let mut run = || &runs.next().unwrap_or_default()[1..1 + count];
    let (a12, b1, b2, d1, d2) = (run(), run(), run(), run(), run());
    let (left, right, up, down) = (run(), run(), run(), run());
    let (u, v) = own.split_at_mut(stride);
    let (u, v) = (&mut u[1..1 + count], &mut v[1..1 + count]);
    let (ul, ur) = (&beside[shift..][..count], &beside[shift + 1..][..count]);
    let (vl, vr) = (&beside[stride + shift..][..count], &beside[stride + shift + 1..][..count]);
    let (uu, ud) = (&above[1..][..count], &below[1..][..count]);
    let (vu, vd) = (&above[stride + 1..][..count], &below[stride + 1..][..count]);
    each(
        [u, v],
        [a12, b1, b2, d1, d2, left, right, up, down, ul, ur, uu, ud, vl, vr, vu, vd],
        #[inline(always)]
        |[a12, b1, b2, d1, d2, left, right, up, down, ul, ur, uu, ud, vl, vr, vu, vd], [u, v]| {
            let around_u = left * ul + right * ur + up * uu + down * ud;
            let around_v = left * vl + right * vr + up * vu + down * vd;
            let u = u + OVER * ((b1 + around_u - a12 * v) * d1 - u);
            let v = v + OVER * ((b2 + around_v - a12 * u) * d2 - v);
            [u, v]
        },
    );
}
