//! Noise: fine detail that neither source has. Optimisers leave salt-and-pepper noise and checkerboards. Strokes
//! and edges should not count.
//!
//! The mask (1 -2 1; -2 4 -2; 1 -2 1) hardly responds to edges, and measures the standard deviation of noise
//! (Immerkær, "Fast noise variance estimation", 1996). But it responds to the ends of strokes, of which a painting
//! has many. Difference: next to its energy N we use the energy of edges E, from the second difference along one
//! axis averaged along the other. Both energies are 1 for white noise of variance 1.
//!
//! Let S be the energy of the structure, n the fraction of it that reaches N, and v the variance of the noise. Then
//! E = S + v and N = n S + v, so N = n E + (1 - n) v. This is a straight line over the blocks of a picture; it
//! separates noise that is everywhere, v, from fine detail that goes with structure, n. So a rough style does not
//! excuse noise, and a smooth picture is not free of it. The score counts v beyond the largest v of the sources,
//! and n beyond their largest n.

use impasto_image::Picture;
use rayon::prelude::*;

/// Side of a block in pixels.
const BLOCK: usize = 8;

/// The fewest blocks for a line fit.
const FEWEST: usize = 16;

/// The roots of the masks' sums of squares.
const GAIN: [f32; 2] = [6.0, 1.5];

/// The square of one 8-bit step. Blocks with less structure count as if they had this much; otherwise the flattest
/// blocks would determine the line alone.
const LEAST: f64 = 1.0;

/// Upper limit for n in the division by 1 - n. At n = 1, noise and structure could not be told apart.
const STEEPEST: f64 = 0.5;

/// The noise of a picture, in 8-bit steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Variance v of the noise that is everywhere.
    even: f64,
    /// The fraction n of the structure that is as fine as noise.
    part: f64,
    /// The mean energy S of the structure.
    structure: f64,
}

impl Noise {
    /// Measures a picture of encoded sRGB in 0..1. `None` if it has less than 16 blocks of 8x8 pixels.
    pub fn of(picture: &Picture) -> Option<Noise> {
        let (across, down) =
            (picture.width().saturating_sub(2) / BLOCK, picture.height().saturating_sub(2) / BLOCK);
        if across * down < FEWEST {
            return None;
        }
        let blocks: Vec<[f64; 2]> =
            (0..across * down).into_par_iter().map(|i| block(picture, i % across, i / across)).collect();
        // Least squares over E, for errors that grow with E.
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

    /// Standard deviation of the noise that is everywhere, in 8-bit steps.
    pub fn even(&self) -> f64 {
        self.even.sqrt()
    }

    /// Standard deviation of the noise beyond that of all sources, in 8-bit steps.
    pub fn beyond(&self, sources: &[Noise]) -> f64 {
        let most = |of: fn(&Noise) -> f64| sources.iter().map(of).fold(0.0, f64::max);
        let even = (self.even - most(|source| source.even)).max(0.0);
        let part = (self.part - most(|source| source.part)).max(0.0);
        (even + part * self.structure).sqrt()
    }
}

/// The energies N and E of a block. The masks reach one pixel beyond it.
fn block(picture: &Picture, x: usize, y: usize) -> [f64; 2] {
    let (width, height) = picture.size();
    let mut energies = [0.0; 2];
    for plane in 0..3 {
        for row in 0..BLOCK {
            let start = (plane * height + y * BLOCK + row) * width + x * BLOCK;
            let line = |dy: usize| &picture.rgb()[start + dy * width..][..BLOCK + 2];
            let [above, at, below] = [line(0), line(1), line(2)];
            // For each column: its vertical second difference, and its vertical mean.
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
