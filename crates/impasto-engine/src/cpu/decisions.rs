//! The packed decisions of an observation, unpacked to planar maps for the conformance suite.

use impasto_encoder::Topology;

use super::Kept;
use super::bits::{Choices, share};
use super::kernels::{GROUP, padded};
use crate::{Decisions, PoolDecision};

pub(super) fn unpack(kept: &Kept, topology: &Topology, pool_scale: f32) -> Decisions {
    let relu = kept.bits.iter().enumerate().map(|(conv, words)| {
        let channels = topology.convs()[conv].outputs;
        let groups = padded(channels) / GROUP;
        planar(channels, kept.sizes[conv].area(), |channel, position| {
            words[position * groups + channel / GROUP] >> (channel % GROUP) & 1 == 1
        })
    });
    let pooled_convs = (0..kept.sizes.len()).filter(|&conv| topology.pools_after(conv));
    let pools = kept.pools.iter().zip(pooled_convs).map(|(choices, conv)| {
        let (channels, size) = (topology.convs()[conv].outputs, kept.sizes[conv]);
        let groups = padded(channels) / GROUP;
        match choices {
            Choices::Max(words) => {
                PoolDecision::Max(planar(channels, size.halved().area(), |channel, position| {
                    (words[position * groups + channel / GROUP] >> (2 * (channel % GROUP)) & 3) as u8
                }))
            }
            Choices::Average => PoolDecision::Average,
            Choices::L2 { before, after } => {
                PoolDecision::L2(planar(channels, size.area(), |channel, position| {
                    let (x, y) = (position % size.width / 2, position / size.width / 2);
                    let inside = x < after.size().width && y < after.size().height;
                    let value = before.data[position * before.stride + channel];
                    if inside { share(value, after.at(y, x)[channel], pool_scale) as f64 } else { 0.0 }
                }))
            }
        }
    });
    Decisions { relu: relu.collect(), pools: pools.collect() }
}

fn planar<T>(channels: usize, area: usize, at: impl Fn(usize, usize) -> T) -> Vec<T> {
    (0..channels * area).map(|i| at(i / area, i % area)).collect()
}
