//! Coarse to fine: the sizes of the scales and how long to stay at each.
//!
//! A picture at a small scale sees large structures of the style for little cost; each further scale adds detail (Gatys et
//! al., "Controlling perceptual factors in neural style transfer", CVPR 2017, section 6).

use serde::{Deserialize, Serialize};

use impasto_image::fit_long_edge;

/// Scales and iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pyramid {
    /// From one scale to the next.
    pub factor: f64,
    /// Where it begins.
    pub smallest: Smallest,
    /// How long it stays.
    pub iterations: Iterations,
}

/// The smallest scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Smallest {
    /// Only the final scale.
    Single,
    /// Down to a long edge of at least this many pixels.
    LongEdge(usize),
    /// Down until the short edge is at most this many pixels.
    ShortEdge(usize),
}

impl Smallest {
    /// For strokes of another size: where the style has the size that it would have here otherwise, so that what a layer sees of
    /// the style at the smallest scale is the same.
    pub(crate) fn for_strokes(self, size: f64) -> Smallest {
        /// Below this the deepest layers see next to nothing.
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
pub enum Iterations {
    /// Some at the first scale, others at all further ones.
    FirstThen {
        /// At the first scale.
        first: usize,
        /// At each further scale.
        then: usize,
    },
    /// Divided from scale to scale, but never fewer than `least`.
    Shrinking {
        /// At the first scale.
        first: usize,
        /// From one scale to the next.
        divisor: f64,
        /// At least.
        least: usize,
    },
    /// A number for each scale, and 0 beyond.
    Listed(Vec<usize>),
}

impl Iterations {
    /// The same number at every scale.
    pub fn each(count: usize) -> Iterations {
        Iterations::FirstThen { first: count, then: count }
    }

    /// With another number at the first scale.
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
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Iterations to do.
    pub iterations: usize,
}

impl Scale {
    /// Pixels of the longer edge.
    pub fn long_edge(&self) -> usize {
        self.width.max(self.height)
    }
}

impl Pyramid {
    /// The scales of a run that ends with a picture of the given size, from the smallest on.
    pub fn scales(&self, (width, height): (usize, usize)) -> Vec<Scale> {
        let (long, short) = (width.max(height), width.min(height));
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
            if !goes_on || next >= edges[edges.len() - 1] {
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
            // Nothing but a blur would come of a scale without iterations; the last is the size of the result. Where there is a
            // number for each, none goes missing.
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
}
