//! Measures how near to undecided a ReLU or a pooling was where another engine decided differently.

use impasto_encoder::Topology;

use super::layers::Map;
use crate::{Decisions, PoolDecision};

pub(super) fn largest_distance(
    own: &Decisions,
    other: &Decisions,
    before: &[Map],
    topology: &Topology,
) -> f64 {
    let mut largest = 0.0f64;
    for ((own, other), values) in own.relu.iter().zip(&other.relu).zip(before) {
        let scale = rms(values);
        for ((own, other), value) in own.iter().zip(other).zip(&values.data) {
            if own != other {
                largest = largest.max(value.abs() / scale);
            }
        }
    }
    let pooled = (0..before.len()).filter(|&conv| topology.pools_after(conv) && conv + 1 < before.len());
    for ((own, other), conv) in own.pools.iter().zip(&other.pools).zip(pooled) {
        let values = &before[conv];
        let scale = rms(values);
        let after_relu = |channel, y, x| values.at(channel, y, x).max(0.0);
        let small = values.size.halved();
        for place in 0..values.channels * small.area() {
            let (channel, position) = (place / small.area(), place % small.area());
            let (y, x) = (2 * (position / small.width), 2 * (position % small.width));
            let window = |corner: usize| after_relu(channel, y + corner / 2, x + corner % 2);
            let distance = match (own, other) {
                (PoolDecision::Max(own), PoolDecision::Max(other)) => {
                    window(own[place] as usize) - window(other[place] as usize)
                }
                // A difference in the share counts in proportion to its root.
                (PoolDecision::L2(own), PoolDecision::L2(other)) => {
                    let root = (0..4).map(|corner| window(corner).powi(2)).sum::<f64>().sqrt();
                    (0..4)
                        .map(|corner| {
                            let row = channel * values.size.height + y + corner / 2;
                            let at = row * values.size.width + x + corner % 2;
                            (own[at] - other[at]).abs() * root
                        })
                        .fold(0.0, f64::max)
                }
                (PoolDecision::Average, PoolDecision::Average) => 0.0,
                _ => f64::INFINITY,
            };
            largest = largest.max(distance.abs() / scale);
        }
    }
    largest
}

pub(super) fn rms(map: &Map) -> f64 {
    (map.data.iter().map(|value| value * value).sum::<f64>() / map.data.len() as f64).sqrt()
}
