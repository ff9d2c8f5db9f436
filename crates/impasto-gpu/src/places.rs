//! The buffers that hold maps and their derivatives.
//!
//! In single precision every map has a buffer, which its derivative takes over. In half precision two buffers take
//! turns as input and output of the layers, in both directions. What passes through them is in single precision, so
//! sums, poolings and ReLUs are the same bytes as without it. Behind each layer its map is kept for the way back, in
//! half precision (`kept.wgsl`). So only the features in the derivatives at taps are rounded.

use impasto_encoder::{Pooling, Topology};

use crate::forward::Scene;
use crate::layers::quads;
use crate::program::{Recorder, grid};
use crate::shape::{Role, Shape};
use crate::sources::Kernel;

/// The place of a map after a convolution in the order in which maps are made, those behind poolings counted.
fn order(topology: &Topology, conv: usize) -> usize {
    conv + (1..=conv).filter(|&conv| topology.pools_before(conv)).count()
}

impl Shape {
    /// The map after a convolution, in single precision, until the next but one layer.
    pub(crate) fn map(&self, topology: &Topology, conv: usize) -> Role {
        match self.half {
            false => Role::Map(conv),
            // It is given out at the end.
            true if self.features.iter().any(|tap| tap.conv() == conv) => Role::Given(conv),
            true => Role::Turn(order(topology, conv) % 2),
        }
    }

    /// The derivative by the map after a convolution.
    pub(crate) fn derivative(&self, topology: &Topology, conv: usize) -> Role {
        if self.half { Role::Turn(order(topology, conv) % 2) } else { Role::Map(conv) }
    }

    /// The map behind the pooling after a convolution, and its derivative.
    pub(crate) fn pooled(&self, topology: &Topology, conv: usize) -> Role {
        if self.half { Role::Turn((order(topology, conv) + 1) % 2) } else { Role::Pooled }
    }

    /// The derivative at the tap after a convolution, before it is added to what comes from the layer behind.
    pub(crate) fn at_tap(&self, topology: &Topology, conv: usize) -> Role {
        if self.half { self.derivative(topology, conv) } else { Role::Tap }
    }

    /// Buffers of maps for an evaluation in half precision: the quads of each, and whether they are kept numbers.
    pub(crate) fn in_half(&self, topology: &Topology, backward: bool) -> Vec<(Role, usize)> {
        let mut all = Vec::new();
        for conv in 0..=self.deepest() {
            let quads = self.map_quads(topology, conv);
            all.push((self.map(topology, conv), quads));
            if backward {
                all.push((self.derivative(topology, conv), quads));
                // A number takes half of its space.
                all.push((Role::Map(conv), quads.div_ceil(2)));
            }
            if conv < self.deepest() && topology.pools_after(conv) {
                all.push((self.pooled(topology, conv), self.pooled_quads(topology, conv)));
            }
        }
        all
    }
}

impl Scene<'_> {
    /// The kernel of a pull-back that reads features as they are kept.
    pub(crate) fn kernel(&self, kernel: Kernel) -> Kernel {
        if self.shape.half { kernel.in_half() } else { kernel }
    }

    /// The buffer by which a kernel of a pull-back knows what `in_place.wgsl` or the files for half precision define:
    /// the derivatives at a tap, or the kept map.
    pub(crate) fn beside(&self, conv: usize) -> &crate::buffer::Buffer {
        self.arena.get(if self.shape.half { Role::Map(conv) } else { Role::Tap })
    }

    /// Keeps the map after a convolution for the way back, if it will be written over.
    pub(crate) fn keep(&self, recorder: &mut Recorder, conv: usize) {
        if !self.shape.half || !self.backward {
            return;
        }
        let topology = self.topology();
        let (size, quads) = (self.shape.size_at(topology, conv), quads(self.layers[conv].outputs));
        let across = size.width.div_ceil(2);
        let count = across * size.height.div_ceil(2) * quads;
        let (groups, per_row) = grid(count);
        let numbers = [size.width, size.height, quads, across, count, per_row as usize];
        let chosen = topology.pools_after(conv) && self.network.pooling == Pooling::Max;
        let kernel = if chosen { Kernel::KeepChosen } else { Kernel::Keep };
        let buffers = [self.shape.map(topology, conv), Role::Map(conv)].map(|role| self.arena.get(role));
        recorder.add(kernel, &numbers.map(|number| number as u32), &buffers, groups);
    }
}
