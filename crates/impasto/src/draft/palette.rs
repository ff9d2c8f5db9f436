//! The level below the first: moves the colours of the pixels themselves to those of the styles.
//!
//! Gaussian transport of features does not change the palette where a picture has few colours: a grey sky stays
//! grey in a blue style. Here the whole distribution of colours is moved, along three axes at a time, in turns with
//! rotated axes (Pitié, Kokaram and Dahyot, "Automated colour grading using colour distribution transfer", CVIU
//! 2007; Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures", JMIV 2015). Differences: each map
//! interpolates few quantiles, and its slope is bounded, so that flat parts get no grain and no bands.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// A colour and its weight.
pub(super) type Sample = ([f32; 3], f32);

/// Number of turns of the axes. More turns change little.
const TURNS: usize = 8;

/// Number of quantiles that a map interpolates.
const KNOTS: usize = 48;

/// The steepest slope of a map: how much it may stretch a difference of colours.
const STEEPEST: f32 = 3.0;

/// The most colours whose quantiles are computed. More than a hundred colours remain between two quantiles.
const SAMPLES: usize = 1 << 13;

/// Number of pieces of equal width in the lookup table of a map.
const PIECES: usize = 256;

/// Number of pixels that a thread moves at a time.
const PIECE: usize = 1 << 14;

/// Evenly spaced pixels of the planes with their weights, which sum to `share`; empty if no pixel counts.
pub(super) fn samples(planes: &[f32], weights: Option<&[f32]>, share: f32) -> Vec<Sample> {
    let area = planes.len() / 3;
    let step = area.div_ceil(SAMPLES).max(1);
    // An odd step, so that the samples do not all fall into the same few columns.
    let step = if step > 1 { step | 1 } else { 1 };
    let at =
        |at: usize| ([planes[at], planes[area + at], planes[2 * area + at]], weights.map_or(1.0, |w| w[at]));
    let seen: Vec<Sample> = (0..area).step_by(step).map(at).filter(|(_, weight)| *weight > 0.0).collect();
    let total: f32 = seen.iter().map(|(_, weight)| weight).sum();
    seen.into_iter().map(|(colour, weight)| (colour, share * weight / total)).collect()
}

/// Moves the colours of planes towards those of a target. Each pixel goes the fraction `strength` of the way, times
/// its weight.
///
/// With earlier quantiles and their share, the maps begin from the mean of those and the picture's own, and the mean is
/// kept: the colours of a film then do not jump when something enters.
pub(super) fn recolour(
    planes: &mut [f32],
    weights: Option<&[f32]>,
    target: &[Sample],
    strength: f32,
    earlier: Option<(f32, &mut Vec<f32>)>,
) {
    let mut own = samples(planes, weights, 1.0);
    if own.is_empty() || target.is_empty() {
        return;
    }
    let (share, earlier) = match earlier {
        Some((share, earlier)) => (share, Some(earlier)),
        None => (0.0, None),
    };
    let mut maps = Vec::with_capacity(TURNS);
    let mut kept = Vec::with_capacity(TURNS * 3 * KNOTS);
    for (turn, axes) in turns().into_iter().enumerate() {
        let before = earlier.as_deref().and_then(|all| all.get(turn * 3 * KNOTS..(turn + 1) * 3 * KNOTS));
        let (map, quantiles) = Turn::between(axes, &mut own, target, before.map(|before| (share, before)));
        maps.push(map);
        kept.extend(quantiles);
    }
    if let Some(earlier) = earlier {
        *earlier = kept;
    }
    let area = planes.len() / 3;
    let (first, rest) = planes.split_at_mut(area);
    let (second, third) = rest.split_at_mut(area);
    let pieces =
        first.par_chunks_mut(PIECE).zip(second.par_chunks_mut(PIECE)).zip(third.par_chunks_mut(PIECE));
    pieces.enumerate().for_each(|(index, ((r, g), b))| {
        for (at, ((r, g), b)) in r.iter_mut().zip(g).zip(b).enumerate() {
            let part = strength * weights.map_or(1.0, |weights| weights[index * PIECE + at]);
            let before = [*r, *g, *b];
            let after = maps.iter().fold(before, |colour, turn| turn.moved(colour));
            for ((to, after), before) in [r, g, b].into_iter().zip(after).zip(before) {
                *to = (before + part * (after - before)).clamp(0.0, 1.0);
            }
        }
    });
}

/// Three orthogonal axes for each turn. The first turn has the RGB axes; the others are random but always the same.
fn turns() -> Vec<[[f32; 3]; 3]> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let own = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    std::iter::once(own).chain((1..TURNS).map(|_| turn(&mut rng))).collect()
}

/// Random orthonormal axes, by Gram-Schmidt.
fn turn(rng: &mut ChaCha8Rng) -> [[f32; 3]; 3] {
    let mut axes = [[0.0f32; 3]; 3];
    for index in 0..3 {
        let mut axis: [f32; 3] = std::array::from_fn(|_| StandardNormal.sample(rng));
        for before in &axes[..index] {
            let along = dot(&axis, before);
            (0..3).for_each(|i| axis[i] -= along * before[i]);
        }
        let length = dot(&axis, &axis).sqrt().max(f32::MIN_POSITIVE);
        axes[index] = axis.map(|value| value / length);
    }
    axes
}

fn dot(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Three axes, and a map along each.
struct Turn {
    axes: [[f32; 3]; 3],
    maps: [Map; 3],
}

impl Turn {
    /// Makes the maps from colours to a target, and moves the colours.
    /// Also returns the quantiles that the maps begin from, mixed with the earlier ones.
    fn between(
        axes: [[f32; 3]; 3],
        own: &mut [Sample],
        target: &[Sample],
        earlier: Option<(f32, &[f32])>,
    ) -> (Turn, Vec<f32>) {
        let mut kept = Vec::with_capacity(3 * KNOTS);
        let maps = axes.map(|axis| {
            let (mut from, to) = rayon::join(|| quantiles(own, &axis), || quantiles(target, &axis));
            if let Some((share, earlier)) = earlier {
                let earlier = &earlier[kept.len()..][..KNOTS];
                from.iter_mut().zip(earlier).for_each(|(from, earlier)| *from += share * (earlier - *from));
            }
            kept.extend(from);
            Map::between(&from, &to)
        });
        let turn = Turn { axes, maps };
        own.iter_mut().for_each(|(colour, _)| *colour = turn.moved(*colour));
        (turn, kept)
    }

    fn moved(&self, colour: [f32; 3]) -> [f32; 3] {
        let mut moved = [0.0; 3];
        for (axis, map) in self.axes.iter().zip(&self.maps) {
            let at = map.at(dot(axis, &colour));
            (0..3).for_each(|i| moved[i] += at * axis[i]);
        }
        moved
    }
}

/// Quantiles of the colours along an axis: equal weights of the colours lie between neighbours.
fn quantiles(samples: &[Sample], axis: &[f32; 3]) -> [f32; KNOTS] {
    let mut along: Vec<(f32, f32)> =
        samples.iter().map(|(colour, weight)| (dot(axis, colour), *weight)).collect();
    along.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total: f64 = along.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let mut found = [0.0; KNOTS];
    let (mut index, mut below) = (0, 0.0);
    for (knot, to) in found.iter_mut().enumerate() {
        let part = (knot as f64 + 0.5) / KNOTS as f64 * total;
        while index + 1 < along.len() && below + f64::from(along[index].1) < part {
            below += f64::from(along[index].1);
            index += 1;
        }
        *to = along.get(index).map_or(0.0, |(value, _)| *value);
    }
    found
}

/// An increasing, piecewise linear map between the same quantiles of two distributions. It is stored in pieces of
/// equal width, so that a lookup needs no search.
struct Map {
    low: f32,
    /// Number of pieces in a unit of the value.
    scale: f32,
    values: Vec<f32>,
}

impl Map {
    fn between(from: &[f32; KNOTS], goal: &[f32; KNOTS]) -> Map {
        // From the middle outwards, limit each slope.
        let mut to = *goal;
        for knot in KNOTS / 2 + 1..KNOTS {
            to[knot] = goal[knot].min(to[knot - 1] + STEEPEST * (from[knot] - from[knot - 1]));
        }
        for knot in (0..KNOTS / 2).rev() {
            to[knot] = goal[knot].max(to[knot + 1] - STEEPEST * (from[knot + 1] - from[knot]));
        }
        let (low, width) = (from[0], from[KNOTS - 1] - from[0]);
        let values = (0..=PIECES).map(|i| through(from, &to, low + width * i as f32 / PIECES as f32));
        let scale = if width > 0.0 { PIECES as f32 / width } else { 0.0 };
        Map { low, scale, values: values.collect() }
    }

    fn at(&self, value: f32) -> f32 {
        let at = (value - self.low) * self.scale;
        let inside = at.clamp(0.0, PIECES as f32);
        let piece = (inside as usize).min(PIECES - 1);
        let [from, to] = [self.values[piece], self.values[piece + 1]];
        let found = from + (inside - piece as f32) * (to - from);
        // Beyond the outermost quantiles the map continues with slope 1.
        let beyond = if self.scale > 0.0 { (at - inside) / self.scale } else { value - self.low };
        found + beyond
    }
}

/// Interpolates linearly between knots; values outside them are clamped.
fn through(from: &[f32; KNOTS], to: &[f32; KNOTS], value: f32) -> f32 {
    let after = from.partition_point(|knot| *knot <= value).clamp(1, KNOTS - 1);
    let width = from[after] - from[after - 1];
    let part = if width > 0.0 { ((value - from[after - 1]) / width).clamp(0.0, 1.0) } else { 0.0 };
    to[after - 1] + part * (to[after] - to[after - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Planes of random colours within a box.
    fn colours(seed: u64, low: [f32; 3], high: [f32; 3]) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut value = || (rand_chacha::rand_core::Rng::next_u32(&mut rng) >> 8) as f32 / (1 << 24) as f32;
        (0..3)
            .flat_map(|c| (0..4000).map(|_| low[c] + (high[c] - low[c]) * value()).collect::<Vec<_>>())
            .collect()
    }

    fn moments(planes: &[f32]) -> Vec<f32> {
        let plane = |plane: &[f32]| {
            let mean = plane.iter().sum::<f32>() / plane.len() as f32;
            let variance = plane.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / plane.len() as f32;
            [mean, variance.sqrt()]
        };
        planes.chunks(planes.len() / 3).flat_map(plane).collect()
    }

    #[test]
    fn colours_become_those_of_the_target() {
        let mut planes = colours(1, [0.3, 0.2, 0.4], [0.7, 0.6, 0.8]);
        let target = colours(2, [0.0, 0.5, 0.1], [0.9, 1.0, 0.4]);
        recolour(&mut planes, None, &samples(&target, None, 1.0), 1.0, None);
        for (found, expected) in moments(&planes).into_iter().zip(moments(&target)) {
            assert!((found - expected).abs() < 0.02, "{found} {expected}");
        }
    }

    #[test]
    fn a_part_of_the_way_and_weights_are_parts() {
        let before = colours(1, [0.3; 3], [0.7; 3]);
        let target = samples(&colours(2, [0.1; 3], [0.5; 3]), None, 1.0);
        let moved = |weights: Option<&[f32]>, strength: f32| {
            let mut planes = before.clone();
            recolour(&mut planes, weights, &target, strength, None);
            planes
        };
        let (all, half) = (moved(None, 1.0), moved(None, 0.5));
        for ((all, half), before) in all.iter().zip(&half).zip(&before) {
            assert!((half - (all + before) / 2.0).abs() < 1e-5);
        }
        let weights: Vec<f32> = (0..4000).map(|i| if i < 2000 { 0.0 } else { 1.0 }).collect();
        let part = moved(Some(&weights), 1.0);
        assert_eq!(part[..2000], before[..2000]);
        assert_ne!(part[2000..4000], before[2000..4000]);
        assert_eq!(moved(Some(&vec![0.0; 4000]), 1.0), before);
    }

    #[test]
    fn no_difference_is_stretched_beyond_the_bound() {
        let from: [f32; KNOTS] = std::array::from_fn(|i| 0.5 + i as f32 * 1e-4);
        let goal: [f32; KNOTS] = std::array::from_fn(|i| i as f32 / KNOTS as f32);
        let map = Map::between(&from, &goal);
        for pair in (0..100).map(|i| 0.5 + i as f32 * 5e-5).collect::<Vec<_>>().windows(2) {
            let slope = (map.at(pair[1]) - map.at(pair[0])) / (pair[1] - pair[0]);
            assert!((-1e-3..STEEPEST + 0.05).contains(&slope), "{slope}");
        }
    }
}
