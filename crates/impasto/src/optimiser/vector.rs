//! The few operations on pixel vectors that optimisers are made of, in fixed chunks: the same bytes at any number of
//! threads.

use rayon::prelude::*;

const CHUNK: usize = 1 << 14;

/// Sums that run beside each other, so that an addition need not wait for the last.
const LANES: usize = 16;

/// Sum of a b, in f64.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let chunks = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK));
    let parts: Vec<f64> = chunks
        .map(|(a, b)| {
            let mut sums = [0.0; LANES];
            let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
            let rest =
                a.remainder().iter().zip(b.remainder()).map(|(&a, &b)| a as f64 * b as f64).sum::<f64>();
            for (a, b) in a.zip(b) {
                for lane in 0..LANES {
                    sums[lane] += a[lane] as f64 * b[lane] as f64;
                }
            }
            sums.iter().sum::<f64>() + rest
        })
        .collect();
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
