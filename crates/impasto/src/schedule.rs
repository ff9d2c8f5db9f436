//! Coarse to fine: the sizes of the scales and the iterations at each.
//!
//! At a small scale, large structures of the style form at little cost; each further scale adds detail (Gatys et
//! al., "Controlling perceptual factors in neural style transfer", CVPR 2017, section 6).

use serde::{Deserialize, Serialize};

use impasto_image::fit_long_edge;

/// Scales and iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pyramid {
    /// The ratio of the sizes of two neighbouring scales, above 1.
    pub factor: f64,
    /// The smallest scale.
    pub smallest: Smallest,
    /// The iterations at each scale.
    pub iterations: Iterations,
}

/// The rule for the smallest scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Smallest {
    /// There is only the final scale.
    Single,
    /// The smallest scale whose long edge is at least this many pixels.
    LongEdge(usize),
    /// The first scale, going down, whose short edge is at most this many pixels.
    ShortEdge(usize),
}

impl Smallest {
    /// The smallest scale for strokes of another size. The style keeps the size that it would have with the usual
    /// strokes, so a layer sees the same of the style at the smallest scale.
    pub(crate) fn for_strokes(self, size: f64) -> Smallest {
        /// With fewer pixels, the deepest layers see almost nothing.
        const LEAST: usize = 48;
        let scaled = |edge: usize| ((edge as f64 / size).round() as usize).max(LEAST);
        match self {
            Smallest::Single => Smallest::Single,
            Smallest::LongEdge(least) => Smallest::LongEdge(scaled(least)),
            Smallest::ShortEdge(most) => Smallest::ShortEdge(scaled(most)),
        }
    }
}

/// Iterations at each scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Iterations {
    /// One number at the first scale, another at all further ones.
    FirstThen {
        /// Iterations at the first scale.
        first: usize,
        /// Iterations at each further scale.
        then: usize,
    },
    /// A number that is divided from scale to scale, but never below `least`.
    Shrinking {
        /// Iterations at the first scale.
        first: usize,
        /// Divisor from one scale to the next.
        divisor: f64,
        /// The fewest iterations.
        least: usize,
    },
    /// A number for each scale; 0 for scales beyond the list.
    Listed(Vec<usize>),
}

impl Iterations {
    /// The same number at every scale.
    pub fn each(count: usize) -> Iterations {
        Iterations::FirstThen { first: count, then: count }
    }

    /// Replaces the number at the first scale.
    #[must_use]
    pub fn with_first(self, count: usize) -> Iterations {
        match self {
            Iterations::FirstThen { then, .. } => Iterations::FirstThen { first: count, then },
            Iterations::Shrinking { divisor, least, .. } => {
                Iterations::Shrinking { first: count, divisor, least }
            }
            Iterations::Listed(counts) => {
                Iterations::Listed([count].into_iter().chain(counts.into_iter().skip(1)).collect())
            }
        }
    }

    pub(crate) fn at(&self, scale: usize) -> usize {
        match self {
            Iterations::FirstThen { first, .. } if scale == 0 => *first,
            Iterations::FirstThen { then, .. } => *then,
            Iterations::Shrinking { first, divisor, least } => {
                ((*first as f64 / divisor.powi(scale as i32)) as usize).max(*least)
            }
            Iterations::Listed(counts) => counts.get(scale).copied().unwrap_or(0),
        }
    }
}

/// One scale of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Number of iterations.
    pub iterations: usize,
}

impl Scale {
    /// The longer edge in pixels.
    pub fn long_edge(&self) -> usize {
        self.width.max(self.height)
    }
}

impl Pyramid {
    /// The scales of a run whose result has the given size, width and height in pixels; from the smallest on.
    pub fn scales(&self, size: (usize, usize)) -> Vec<Scale> {
        self.scales_from(size, 1)
    }

    /// The scales of a run whose first scale has at least `least` pixels on its short side. The last scale has the size
    /// of the result, whatever that is.
    pub(crate) fn scales_seen(&self, size: (usize, usize), least: usize) -> Vec<Scale> {
        let usual = self.scales(size);
        match usual.first().is_none_or(|first| first.width.min(first.height) >= least) {
            true => usual,
            false => self.scales_from(size, least),
        }
    }

    /// The scales down to the smallest whose short side has at least `least` pixels.
    fn scales_from(&self, (width, height): (usize, usize), least: usize) -> Vec<Scale> {
        let (long, short) = (width.max(height), width.min(height));
        let is_seen = |long: usize| {
            let (width, height) = fit_long_edge((width, height), long);
            width.min(height) >= least
        };
        let edge = |step: i32| ((long as f64 / self.factor.powi(step)).round() as usize).max(1);
        let mut edges = vec![long];
        loop {
            let next = edge(edges.len() as i32);
            let goes_on = match self.smallest {
                Smallest::Single => false,
                Smallest::LongEdge(least) => next >= least,
                Smallest::ShortEdge(most) => {
                    let last = edges[edges.len() - 1] as f64 / long as f64;
                    (short as f64 * last).round() as usize > most
                }
            };
            if !goes_on || next >= edges[edges.len() - 1] || !is_seen(next) {
                break;
            }
            edges.push(next);
        }
        edges.reverse();
        let last = edges.len() - 1;
        edges
            .into_iter()
            .enumerate()
            .map(|(scale, long)| {
                let (width, height) = fit_long_edge((width, height), long);
                Scale { width, height, iterations: self.iterations.at(scale) }
            })
            .enumerate()
            // A scale without iterations would only blur the picture, so it is left out. The last scale stays,
            // because it has the size of the result. A list of numbers keeps all its scales.
            .filter(|(scale, Scale { iterations, .. })| {
                *iterations > 0 || *scale == last || matches!(self.iterations, Iterations::Listed(_))
            })
            .map(|(_, scale)| scale)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(pyramid: Pyramid, size: (usize, usize)) -> Vec<(usize, usize, usize)> {
        pyramid.scales(size).iter().map(|scale| (scale.width, scale.height, scale.iterations)).collect()
    }

    #[test]
    fn scales_are_those_that_the_programs_print() {
        let root = Pyramid {
            factor: std::f64::consts::SQRT_2,
            smallest: Smallest::LongEdge(128),
            iterations: Iterations::FirstThen { first: 1000, then: 500 },
        };
        // style-transfer-pytorch: round(512 / 2^(i/2)) down to 128.
        let expected = [(128, 96, 1000), (181, 136, 500), (256, 192, 500), (362, 272, 500), (512, 384, 500)];
        assert_eq!(sizes(root.clone(), (512, 384)), expected);
        assert_eq!(sizes(root.clone(), (100, 60)), [(100, 60, 1000)]);
        let halves = Pyramid {
            factor: 2.0,
            smallest: Smallest::ShortEdge(1023),
            iterations: Iterations::Shrinking { first: 600, divisor: 3.0, least: 30 },
        };
        // scaling_painting_style_transfer: halve while the short side is above 1023.
        assert_eq!(sizes(halves, (4096, 2100)), [(1024, 525, 600), (2048, 1050, 200), (4096, 2100, 66)]);
        let single = Pyramid { smallest: Smallest::Single, ..root };
        assert_eq!(sizes(single, (512, 384)), [(512, 384, 1000)]);
    }

    #[test]
    fn strips_begin_at_the_first_scale_that_is_seen() {
        let pyramid = |first| Pyramid {
            factor: std::f64::consts::SQRT_2,
            smallest: Smallest::LongEdge(128),
            iterations: Iterations::FirstThen { first, then: 50 },
        };
        let seen = |first, size| {
            let scales = pyramid(first).scales_seen(size, 16);
            scales.iter().map(|scale| (scale.width, scale.height, scale.iterations)).collect::<Vec<_>>()
        };
        assert_eq!(seen(100, (512, 57)), [(181, 20, 100), (256, 29, 50), (362, 40, 50), (512, 57, 50)]);
        assert_eq!(seen(100, (57, 512))[0], (20, 181, 100));
        // A picture that is too small at its final size keeps that size.
        assert_eq!(seen(100, (512, 15)), [(512, 15, 100)]);
        // Scales that are seen already stay, also where a smaller one is left out.
        for size in [(512, 384), (512, 64)] {
            assert_eq!(pyramid(100).scales_seen(size, 16), pyramid(100).scales(size));
        }
        assert_eq!(pyramid(0).scales_seen((512, 57), 16), pyramid(0).scales((512, 57)));
    }
}
