//! Texture by filters: moments of the responses of a bank of random filters at several scales (Ustyuzhaninov,
//! Brendel, Gatys and Bethge, "What does it take to generate natural textures?", 2017, who make textures with one
//! layer of such filters).
//!
//! Differences: the 32 filters are pinned. They have 5x5 weights at each of five octaves instead of up to 55x55,
//! which costs a hundredth. No filter responds to flat colour, which another measure covers. The comparison does
//! not use the Gram matrix but the Gaussian with the same moments, by its Wasserstein distance relative to the
//! style's second moment.

use impasto_engine::Moments;
use impasto_image::Picture;
use rayon::prelude::*;

use super::pinned::{FILTER, FILTER_VALUES, FILTERS, filters};
use super::pyramid::halved;
use crate::objective::{MeanMoments, relative_distance};

/// Number of octaves, from single pixels on.
const OCTAVES: usize = 5;

/// The short side of the smallest octave in pixels.
const SMALLEST: usize = 16;

/// Rows that are summed together.
const ROWS: usize = 16;

/// The moments of some styles at each octave.
#[derive(Clone, Debug)]
pub struct Responses(Vec<MeanMoments>);

impl Responses {
    /// The moments of pictures of encoded sRGB in 0..1, with shares that sum to 1.
    pub fn of(pictures: &[(f64, Picture)]) -> Responses {
        let each: Vec<(f64, Vec<MeanMoments>)> =
            pictures.iter().map(|(share, picture)| (*share, octaves(picture))).collect();
        let count = each.iter().map(|(_, octaves)| octaves.len()).min().unwrap_or(0);
        let blended = |octave: usize| {
            let parts: Vec<_> =
                each.iter().map(|(share, octaves)| (*share, octaves[octave].clone())).collect();
            MeanMoments::blend(&parts)
        };
        Responses((0..count).filter_map(blended).collect())
    }

    /// The mean distance over octaves; `None` for pictures with a side below 16 pixels, and for styles without any
    /// texture.
    pub fn distance(&self, picture: &Picture) -> Option<f64> {
        let seen = octaves(picture);
        let pairs = seen.iter().zip(&self.0);
        let distances: Vec<f64> =
            pairs.map(|(seen, target)| relative_distance(seen, target)).collect::<Option<_>>()?;
        (!distances.is_empty()).then(|| distances.iter().sum::<f64>() / distances.len() as f64)
    }
}

/// Moments of the responses at each octave.
fn octaves(picture: &Picture) -> Vec<MeanMoments> {
    let (filters, mut picture, mut octaves) = (filters(), picture.clone(), Vec::new());
    while octaves.len() < OCTAVES && picture.short_edge() >= SMALLEST {
        octaves.push(moments(&picture, &filters));
        picture = halved(&picture);
    }
    octaves
}

fn moments(picture: &Picture, filters: &[f32]) -> MeanMoments {
    let down = picture.height() + 1 - FILTER;
    let blocks: Vec<Vec<f64>> = (0..down.div_ceil(ROWS))
        .into_par_iter()
        .map(|block| {
            let mut sums = vec![0.0; FILTERS + FILTERS * FILTERS];
            (block * ROWS..down.min((block + 1) * ROWS))
                .for_each(|y| add_row(picture, filters, y, &mut sums));
            sums
        })
        .collect();
    let mut sums = vec![0.0; FILTERS + FILTERS * FILTERS];
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
    }
    let second = sums.split_off(FILTERS);
    let weight = (down * (picture.width() + 1 - FILTER)) as f64;
    MeanMoments::from_sums(&Moments { weight, first: sums, second })
}

/// Adds the sums of the responses f, after a ReLU, and of f f^T, for the filters' positions in a row.
fn add_row(picture: &Picture, filters: &[f32], y: usize, sums: &mut [f64]) {
    let (width, height) = picture.size();
    let across = width + 1 - FILTER;
    let responses: Vec<Vec<f32>> = filters
        .chunks_exact(FILTER_VALUES)
        .map(|filter| {
            let mut response = vec![0.0; across];
            for (at, weight) in filter.iter().enumerate() {
                let (plane, dy, dx) = (at / (FILTER * FILTER), at / FILTER % FILTER, at % FILTER);
                let start = (plane * height + y + dy) * width + dx;
                let line = &picture.rgb()[start..start + across];
                response.iter_mut().zip(line).for_each(|(sum, value)| *sum += weight * value);
            }
            response.iter_mut().for_each(|value| *value = value.max(0.0));
            response
        })
        .collect();
    let (first, second) = sums.split_at_mut(FILTERS);
    for (i, a) in responses.iter().enumerate() {
        first[i] += a.iter().map(|value| f64::from(*value)).sum::<f64>();
        for (j, b) in responses.iter().enumerate().take(i + 1) {
            let product = dot(a, b);
            second[i * FILTERS + j] += product;
            if i != j {
                second[j * FILTERS + i] += product;
            }
        }
    }
}

/// The dot product in lanes, which the compiler vectorises.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    const LANES: usize = 16;
    let mut lanes = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    f64::from(lanes.iter().sum::<f32>() + rest)
}
