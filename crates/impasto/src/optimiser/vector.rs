//! Operations on pixel vectors for the optimisers. They work in fixed chunks, so they give the same bytes with any
//! number of threads.

use std::io;

use impasto_engine::painting::{CHUNK, Numbers, bands};
use rayon::prelude::*;

/// Number of partial sums, so that an addition need not wait for the previous one.
const LANES: usize = 16;

/// The sum of a b, in f64.
pub(crate) fn dot(a: &(impl Numbers + ?Sized), b: &(impl Numbers + ?Sized)) -> io::Result<f64> {
    let (mut space, mut other_space) = (Vec::new(), Vec::new());
    bands(a.len()).try_fold(0.0, |sum, band| {
        let (a, b) = (a.view(band.clone(), &mut space)?, b.view(band, &mut other_space)?);
        let parts: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(dot_of_chunk).collect();
        Ok(parts.iter().fold(sum, |sum, part| sum + part))
    })
}

fn dot_of_chunk((a, b): (&[f32], &[f32])) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a.remainder().iter().zip(b.remainder()).map(|(&a, &b)| a as f64 * b as f64).sum::<f64>();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] as f64 * b[lane] as f64;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The sum of |a|, in f64.
pub(crate) fn absolute_sum(a: &[f32]) -> f64 {
    let parts: Vec<f64> = a.par_chunks(CHUNK).map(|a| a.iter().map(|&a| a.abs() as f64).sum()).collect();
    parts.iter().sum()
}

/// y += factor x.
pub(crate) fn axpy(factor: f64, x: &(impl Numbers + ?Sized), y: &mut [f32]) -> io::Result<()> {
    let (factor, mut space) = (factor as f32, Vec::new());
    for band in bands(x.len()) {
        let (x, y) = (x.view(band.clone(), &mut space)?, &mut y[band]);
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
        });
    }
    Ok(())
}

/// x *= factor.
pub(crate) fn scale(factor: f64, x: &mut [f32]) {
    x.par_chunks_mut(CHUNK).for_each(|x| x.iter_mut().for_each(|x| *x *= factor as f32));
}

/// Whether every value is finite.
pub(crate) fn all_finite(x: &[f32]) -> bool {
    x.par_chunks(CHUNK).all(|x| x.iter().all(|x| x.is_finite()))
}
