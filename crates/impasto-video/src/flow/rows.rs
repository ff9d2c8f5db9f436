//! Runs loops over the rows of planes on all threads, and loops over pixels by vector instructions.

use rayon::prelude::*;

use super::wide::wide;

/// Rows that a thread takes at a time.
const ROWS: usize = 8;

/// Calls `work` with the number and the values of each row of a plane, on all threads. A closure that is to use all
/// vector instructions has the attribute `inline(always)`.
pub(crate) fn rows(plane: &mut [f32], width: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    plane.par_chunks_mut(width.max(1) * ROWS).enumerate().for_each(|(piece, chunk)| {
        wide(
            #[inline(always)]
            || {
                for (row, values) in chunk.chunks_exact_mut(width.max(1)).enumerate() {
                    work(piece * ROWS + row, values);
                }
            },
        );
    });
}

/// Pixels that [`each`] takes at a time.
pub(crate) const LANES: usize = 8;

/// Computes `f` of several planes' values, pixel by pixel: from the inputs and the old outputs the new outputs.
///
/// Blocks of pixels are copied to arrays first. So the compiler sees that outputs and inputs do not overlap, which it
/// does not prove for many slices, and uses vector instructions. With more than some six planes it keeps the copies in
/// memory; loops over more are written out.
///
/// # Panics
/// If a slice is shorter than the first output.
#[inline(always)]
pub(crate) fn each<const I: usize, const O: usize>(
    outputs: [&mut [f32]; O],
    inputs: [&[f32]; I],
    f: impl Fn([f32; I], [f32; O]) -> [f32; O],
) {
    let length = outputs[0].len();
    let inputs = inputs.map(|input| &input[..length]);
    let outputs = outputs.map(|output| &mut output[..length]);
    let whole = length - length % LANES;
    let mut at = 0;
    while at < whole {
        let mut given = [[0.0; LANES]; I];
        let mut result = [[0.0; LANES]; O];
        for i in 0..I {
            given[i] = block(inputs[i], at);
        }
        for o in 0..O {
            result[o] = block(outputs[o], at);
        }
        for lane in 0..LANES {
            let (mut now, mut old) = ([0.0; I], [0.0; O]);
            for i in 0..I {
                now[i] = given[i][lane];
            }
            for o in 0..O {
                old[o] = result[o][lane];
            }
            let new = f(now, old);
            for o in 0..O {
                result[o][lane] = new[o];
            }
        }
        for o in 0..O {
            for lane in 0..LANES {
                outputs[o][at + lane] = result[o][lane];
            }
        }
        at += LANES;
    }
    for at in whole..length {
        let (mut now, mut old) = ([0.0; I], [0.0; O]);
        for i in 0..I {
            now[i] = inputs[i][at];
        }
        for o in 0..O {
            old[o] = outputs[o][at];
        }
        let new = f(now, old);
        for o in 0..O {
            outputs[o][at] = new[o];
        }
    }
}

/// A block of a plane. Beyond the plane's end it is 0.
#[inline(always)]
pub(crate) fn block(plane: &[f32], at: usize) -> [f32; LANES] {
    let plane = &plane[at..];
    match plane.first_chunk::<LANES>() {
        Some(block) => *block,
        None => {
            let mut block = [0.0; LANES];
            block[..plane.len()].copy_from_slice(plane);
            block
        }
    }
}

/// Calls `work` with the number and the values of each row of several planes of one width, on all threads.
pub(crate) fn rows_of<const N: usize>(
    planes: [&mut [f32]; N],
    width: usize,
    work: impl Fn(usize, [&mut [f32]; N]) + Sync,
) {
    let width = width.max(1);
    let mut rest = planes;
    let mut pieces: Vec<[&mut [f32]; N]> = Vec::new();
    while !rest[0].is_empty() {
        let length = (width * ROWS).min(rest[0].len());
        let mut tail: [&mut [f32]; N] = std::array::from_fn(|_| Default::default());
        let mut head: [&mut [f32]; N] = std::array::from_fn(|_| Default::default());
        for ((plane, tail), head) in rest.into_iter().zip(&mut tail).zip(&mut head) {
            (*head, *tail) = plane.split_at_mut(length);
        }
        pieces.push(head);
        rest = tail;
    }
    pieces.into_par_iter().enumerate().for_each(|(piece, mut chunk)| {
        wide(
            #[inline(always)]
            || {
                for row in 0..chunk[0].len() / width {
                    let mut values: [&mut [f32]; N] = std::array::from_fn(|_| Default::default());
                    for (values, plane) in values.iter_mut().zip(&mut chunk) {
                        *values = &mut plane[row * width..(row + 1) * width];
                    }
                    work(piece * ROWS + row, values);
                }
            },
        );
    });
}
