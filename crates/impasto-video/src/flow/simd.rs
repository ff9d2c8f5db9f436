//! Runs loops over rows on all threads, compiled for the vector units of the processor.
//!
//! The loops are plain Rust. A loop is compiled several times, and the best instruction set is chosen at run time. No
//! instruction set fuses or reorders sums, so all give the same bytes.

use pulp::Arch;
use rayon::prelude::*;

/// Rows that a thread takes at a time.
const ROWS: usize = 8;

/// Calls `work` with the number and the values of each row of a plane, on all threads.
pub(crate) fn rows(plane: &mut [f32], width: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    let arch = Arch::new();
    plane.par_chunks_mut(width.max(1) * ROWS).enumerate().for_each(|(piece, chunk)| {
        arch.dispatch(
            #[inline(always)]
            || {
                for (row, values) in chunk.chunks_exact_mut(width.max(1)).enumerate() {
                    work(piece * ROWS + row, values);
                }
            },
        );
    });
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
    let arch = Arch::new();
    pieces.into_par_iter().enumerate().for_each(|(piece, mut chunk)| {
        arch.dispatch(
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
