//! Noise: fine detail that neither source has. Optimisers leave salt and pepper and checkerboards; strokes and edges are not meant.
//!
//! The mask (1 -2 1; -2 4 -2; 1 -2 1) hardly sees edges, and gives the deviation of noise (Immerkær, "Fast noise variance
//! estimation", 1996); but it sees the ends of strokes, of which there are many in a painting. Where we differ: beside that energy N
//! we take that of edges, E, by the second difference along one axis that is averaged along the other. Both are 1 for white noise of
//! variance 1. Of structure S a part n reaches N, noise is in both: E = S + v, N = n S + v, so that N = n E + (1 - n) v is a straight
//! line over the blocks of a picture, which tells noise that is everywhere, v, from what goes with structure, n. A rough style is no
//! excuse for noise, nor is a smooth picture free of it. What counts is v beyond all of the sources', and n beyond all of theirs.

use impasto_image::Picture;
use rayon::prelude::*;

/// Side of a block.
const BLOCK: usize = 8;

/// Blocks below which a line says nothing.
const FEWEST: usize = 16;

/// The roots of the masks' sums of squares.
const GAIN: [f32; 2] = [6.0, 1.5];

/// A step of 8 bits squared: structure that is no more is taken as so much, lest the flattest blocks decide alone.
const LEAST: f64 = 1.0;

/// Of what would be a line along which everything is noise, the noise is not to be told from the rest.
const STEEPEST: f64 = 0.5;

/// The noise of a picture, in steps of 8 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Variance of what is everywhere, v.
    even: f64,
    /// The part of structure that is as fine as noise, n.
    part: f64,
    /// The mean of structure, S.
    structure: f64,
}

impl Noise {
    /// `None` for a picture of less than 16 blocks of 8x8.
    pub fn of(picture: &Picture) -> Option<Noise> {
        let (across, down) =
            (picture.width().saturating_sub(2) / BLOCK, picture.height().saturating_sub(2) / BLOCK);
        if across * down < FEWEST {
            return None;
        }
        let blocks: Vec<[f64; 2]> =
            (0..across * down).into_par_iter().map(|i| block(picture, i % across, i / across)).collect();
        // Least squares by E, of errors that grow with E.
        let mut sums = [0.0; 5];
        for [n, e] in &blocks {
            let weight = e.max(LEAST).powi(-2);
            sums.iter_mut().zip([1.0, *e, e * e, *n, n * e]).for_each(|(sum, value)| *sum += weight * value);
        }
        let [one, e, e_e, n, n_e] = sums;
        let spread = one * e_e - e * e;
        // Without any spread there is no line, only a mean.
        let part = if spread > 1e-9 * one * e_e { ((one * n_e - e * n) / spread).max(0.0) } else { 0.0 };
        let even = ((n - part * e) / one).max(0.0) / (1.0 - part.min(STEEPEST));
        let mean = blocks.iter().map(|[_, e]| e).sum::<f64>() / blocks.len() as f64;
        Some(Noise { even, part, structure: (mean - even).max(0.0) })
    }

    /// Deviation of what is everywhere, in steps of 8 bits.
    pub fn even(&self) -> f64 {
        self.even.sqrt()
    }

    /// Deviation of what is beyond all of the sources, in steps of 8 bits.
    pub fn beyond(&self, sources: &[Noise]) -> f64 {
        let most = |of: fn(&Noise) -> f64| sources.iter().map(of).fold(0.0, f64::max);
        let even = (self.even - most(|source| source.even)).max(0.0);
        let part = (self.part - most(|source| source.part)).max(0.0);
        (even + part * self.structure).sqrt()
    }
}

/// Both energies in a block, whose masks reach a pixel beyond it.
fn block(picture: &Picture, x: usize, y: usize) -> [f64; 2] {
    let (width, height) = picture.size();
    let mut energies = [0.0; 2];
    for plane in 0..3 {
        for row in 0..BLOCK {
            let start = (plane * height + y * BLOCK + row) * width + x * BLOCK;
            let line = |dy: usize| &picture.rgb()[start + dy * width..][..BLOCK + 2];
            let [above, at, below] = [line(0), line(1), line(2)];
            // Down each column: its second difference, and its mean.
            let difference = |x: usize| above[x] - 2.0 * at[x] + below[x];
            let mean = |x: usize| 0.25 * (above[x] + 2.0 * at[x] + below[x]);
            for x in 0..BLOCK {
                let both = (difference(x) - 2.0 * difference(x + 1) + difference(x + 2)) / GAIN[0];
                let across = (mean(x) - 2.0 * mean(x + 1) + mean(x + 2)) / GAIN[1];
                let down = 0.25 * (difference(x) + 2.0 * difference(x + 1) + difference(x + 2)) / GAIN[1];
                energies[0] += f64::from(both * both);
                energies[1] += f64::from(0.5 * (across * across + down * down));
            }
        }
    }
    energies.map(|energy| 255.0 * 255.0 * energy / (3 * BLOCK * BLOCK) as f64)
}
