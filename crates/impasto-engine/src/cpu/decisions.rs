//! Unpacks the decisions of an observation to planar maps, for the conformance suite.

use impasto_encoder::Pooling;

use super::Cpu;
use super::bits::choice;
use super::kernels::{GROUP, InstructionSet, Isa, Kernel, Lanes, dispatch, groups};
use super::map::{Image, Map};
use super::prepared::Layout;
use crate::{Decisions, EngineError, PoolDecision};

impl Cpu {
    /// The decisions in the buffers.
    pub(super) fn unpack(&self) -> Result<Decisions, EngineError> {
        let plan = self.plan.as_ref().ok_or(EngineError::NoObservation)?;
        let topology = self.network.encoder.topology();
        let mut relu = Vec::new();
        let mut pools = Vec::new();
        for (conv, &size) in plan.sizes.iter().enumerate() {
            let channels = topology.convs()[conv].outputs;
            let width = groups(channels);
            let made;
            let bits = match &self.convs[0].weights {
                Layout::First(first) if conv == 0 && plan.stem => {
                    made = first_bits(self.set, first, &self.image);
                    &made
                }
                _ => &self.buffers.bits[conv],
            };
            relu.push(planar(channels, size.area(), |channel, position| {
                bits[position * width + channel / GROUP] >> (channel % GROUP) & 1 == 1
            }));
            let Some(pooled) = plan.pooled[conv] else { continue };
            pools.push(match self.network.pooling {
                Pooling::Max => {
                    PoolDecision::Max(planar(channels, size.halved().area(), |channel, position| {
                        let word = self.buffers.choices[conv][position * width + channel / GROUP];
                        choice(word, channel % GROUP)
                    }))
                }
                Pooling::Average => PoolDecision::Average,
                Pooling::L2 => {
                    let activations = plan.activations[conv].ok_or(EngineError::NoObservation)?;
                    let map = |size, id| Map { size, groups: width, data: self.buffers.see(plan, id) };
                    let (before, after) = (map(size, activations), map(size.halved(), pooled));
                    PoolDecision::L2(planar(channels, size.area(), |channel, position| {
                        let (x, y) = (position % size.width, position / size.width);
                        let inside = x / 2 < after.size.width && y / 2 < after.size.height;
                        let value = before.channel(y, x, channel);
                        let root = if inside { after.channel(y / 2, x / 2, channel) } else { 0.0 };
                        root_share(value, root, self.network.pool_scale) as f64
                    }))
                }
            });
        }
        Ok(Decisions { relu, pools })
    }
}

/// The bits of the first convolution's ReLU, which are not kept and are computed again.
fn first_bits(set: InstructionSet, first: &super::first::First, image: &Image) -> Vec<u16> {
    struct Row<'a>(&'a super::first::First, &'a Image, usize, &'a mut Vec<u16>);

    impl Kernel for Row<'_> {
        type Output = ();

        fn run<I: Isa>(self, isa: I) {
            let Row(first, image, y, bits) = self;
            let mut row = vec![Lanes::ZERO; image.size().width * first.groups()];
            first.activations(isa, image, y, 0, &mut row);
            for values in &row {
                bits.push(isa.greater(values, &Lanes::ZERO));
            }
        }
    }

    let mut bits = Vec::new();
    for y in 0..image.size().height {
        dispatch(set, Row(first, image, y, &mut bits));
    }
    bits
}

fn planar<T>(channels: usize, area: usize, at: impl Fn(usize, usize) -> T) -> Vec<T> {
    (0..channels * area).map(|i| at(i / area, i % area)).collect()
}

/// Value over root, where `after` is the root times the scale; 0 if the root is 0.
fn root_share(before: f32, after: f32, scale: f32) -> f32 {
    if after > 0.0 { before * scale / after } else { 0.0 }
}
