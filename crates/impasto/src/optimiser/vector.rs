//! The few operations on pixel vectors that optimisers are made of, in fixed chunks: the same bytes at any number of
//! threads.

use rayon::prelude::*;

const CHUNK: usize = 1 << 14;

/// Sum of a b, in f64.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let chunks = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK));
    let parts: Vec<f64> =
        chunks.map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| a as f64 * b as f64).sum()).collect();
    parts.iter().sum()
}

/// Sum of |a|, in f64.
pub(crate) fn absolute_sum(a: &[f32]) -> f64 {
    let parts: Vec<f64> = a.par_chunks(CHUNK).map(|a| a.iter().map(|&a| a.abs() as f64).sum()).collect();
    parts.iter().sum()
}

/// y += factor x.
pub(crate) fn axpy(factor: f64, x: &[f32], y: &mut [f32]) {
    let factor = factor as f32;
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
    });
}

/// x *= factor.
pub(crate) fn scale(factor: f64, x: &mut [f32]) {
    x.par_chunks_mut(CHUNK).for_each(|x| x.iter_mut().for_each(|x| *x *= factor as f32));
}

/// True when every value is a finite number.
pub(crate) fn all_finite(x: &[f32]) -> bool {
    x.par_chunks(CHUNK).all(|x| x.iter().all(|x| x.is_finite()))
}
