//! Red-black successive over-relaxation.
//!
//! A sweep reads the whole system and computes little with it, so it takes the time that memory takes. Therefore all
//! half-sweeps go over the rows together, as a wave: each follows one row behind the one before it, and a row of the
//! system is in the cache when they use it. The values are those of one half-sweep after the other.
//!
//! Bands of rows are solved by different threads. A half-sweep reaches one row further, so a band begins with as many
//! rows more on both sides as there are half-sweeps, and the values there are computed twice.

use rayon::prelude::*;

use super::halves::{Halves, stride};
use super::weights::{PLANES, System};
use crate::flow::rows::{LANES, block};
use crate::flow::wide::wide;

/// Over-relaxation: a step goes this many times as far as to the solution of its own equation.
const OVER: f32 = 1.6;

/// Rows of a band.
const ROWS: usize = 64;

/// Sweeps over the red squares and the black ones, in turns.
pub(super) fn solve(halves: &mut Halves, system: &System, sweeps: usize) {
    let line = 2 * stride(halves.width);
    let height = halves.colours[0].len() / line;
    let mut solved = [(); 2].map(|()| vec![0.0; line * height]);
    let [red, black] = &mut solved;
    let bands = red.par_chunks_mut(line * ROWS).zip(black.par_chunks_mut(line * ROWS));
    bands.enumerate().for_each(|(band, (red, black))| {
        let (first, rows) = (band * ROWS, red.len() / line);
        let top = first.saturating_sub(2 * sweeps);
        let bottom = (first + rows + 2 * sweeps).min(height);
        let mut own = halves.colours.each_ref().map(|colour| colour[top * line..bottom * line].to_vec());
        wide(
            #[inline(always)]
            || wave(&mut own, system, (top, height), line / 2, 2 * sweeps),
        );
        for (own, solved) in own.iter().zip([red, black]) {
            solved.copy_from_slice(&own[(first - top) * line..][..rows * line]);
        }
    });
    halves.colours = solved;
}

/// Half-sweeps over a band, whose first row is the row `top` of the picture.
#[inline(always)]
fn wave(
    band: &mut [Vec<f32>; 2],
    system: &System,
    (top, height): (usize, usize),
    stride: usize,
    count: usize,
) {
    let line = 2 * stride;
    let rows = band[0].len() / line;
    let [red, black] = band;
    for step in 0..rows + count - 1 {
        for half in 0..count.min(step + 1) {
            let row = step - half;
            // At a cut, each half-sweep knows one row less.
            let known_above = top == 0 || row > half;
            let known_below = top + rows == height || row + half + 1 < rows;
            if row >= rows || !known_above || !known_below {
                continue;
            }
            let colour = half % 2;
            let (own, other) = if colour == 0 { (&mut *red, &*black) } else { (&mut *black, &*red) };
            let other = |row: usize| &other[row * line..][..line];
            let (above, below) = (other(row.saturating_sub(1)), other((row + 1).min(rows - 1)));
            let equations = &system.colours[colour][(top + row) * PLANES * stride..][..PLANES * stride];
            let shift = (top + row + colour) % 2;
            update(&mut own[row * line..][..line], equations, [above, other(row), below], stride, shift);
        }
    }
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
    for at in (0..count).step_by(LANES) {
        // Copies of all blocks: see `each`.
        let take = |run: &[f32]| block(run, at);
        let [a12, b1, b2, d1, d2] = [take(a12), take(b1), take(b2), take(d1), take(d2)];
        let [left, right, up, down] = [take(left), take(right), take(up), take(down)];
        let [ul, ur, uu, ud] = [take(ul), take(ur), take(uu), take(ud)];
        let [vl, vr, vu, vd] = [take(vl), take(vr), take(vu), take(vd)];
        let (mut new_u, mut new_v) = (take(u), take(v));
        for i in 0..LANES {
            let around_u = left[i] * ul[i] + right[i] * ur[i] + up[i] * uu[i] + down[i] * ud[i];
            let around_v = left[i] * vl[i] + right[i] * vr[i] + up[i] * vu[i] + down[i] * vd[i];
            let (u, v) = (new_u[i], new_v[i]);
            new_u[i] = u + OVER * ((b1[i] + around_u - a12[i] * v) * d1[i] - u);
            new_v[i] = v + OVER * ((b2[i] + around_v - a12[i] * new_u[i]) * d2[i] - v);
        }
        u[at..at + LANES].copy_from_slice(&new_u);
        v[at..at + LANES].copy_from_slice(&new_v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;

    /// Any system will do: the wave must give what half-sweeps one after the other give.
    #[test]
    fn a_wave_in_bands_is_sweep_after_sweep() {
        let (width, height, sweeps) = (13, 3 * ROWS + 5, 3);
        let stride = stride(width);
        let value = |i: usize| 0.2 * ((i * 7919 % 101) as f32 / 101.0);
        let colour = |seed: usize| (0..PLANES * stride * height).map(|i| value(i + seed)).collect();
        let system = System { colours: [colour(0), colour(31)] };
        let flow = Flow::from_fn(width, height, |x, y| (value(3 * x + y), value(5 * x + 2 * y)));
        let mut waved = Halves::of(&flow);
        solve(&mut waved, &system, sweeps);
        let mut plain = Halves::of(&flow);
        for half in 0..2 * sweeps {
            let [red, black] = &mut plain.colours;
            let (own, other) = if half % 2 == 0 { (red, &*black) } else { (black, &*red) };
            for (y, own) in own.chunks_exact_mut(2 * stride).enumerate() {
                let line = |y: usize| &other[y * 2 * stride..(y + 1) * 2 * stride];
                let around = [line(y.saturating_sub(1)), line(y), line((y + 1).min(height - 1))];
                let equations = &system.colours[half % 2][y * PLANES * stride..][..PLANES * stride];
                update(own, equations, around, stride, (y + half) % 2);
            }
        }
        assert!(waved.colours == plain.colours);
    }
}
