//! Records an observation: the picture, the convolutions and poolings up to the deepest tap, and the sums at the taps.

use impasto_encoder::{Pooling, Topology};
use impasto_engine::{Edges, Network, Padding};

use crate::arena::Arena;
use crate::buffer::Buffer;
use crate::convolution::{Convolution, Finish, Method};
use crate::layers::{Layer, quads};
use crate::program::{Recorder, grid, pieces};
use crate::shape::{CHUNK, RECORD, Role, SHARE, Shape, blocks, pairs};
use crate::sources::Kernel;
use crate::winograd::Between;

/// The things that recorded kernels work on.
pub(crate) struct Scene<'a> {
    pub(crate) network: &'a Network,
    pub(crate) layers: &'a [Layer],
    pub(crate) arena: &'a Arena,
    pub(crate) shape: &'a Shape,
    /// The buffer of each content target of the shape.
    pub(crate) targets: Vec<&'a Buffer>,
    /// Whether a pull-back may follow.
    pub(crate) backward: bool,
    /// Whether maps are reflected at their edges.
    pub(crate) mirrors: bool,
}

impl Scene<'_> {
    pub(crate) fn topology(&self) -> &Topology {
        self.network.encoder.topology()
    }

    /// Records everything from the picture to the sums.
    pub(crate) fn forward(&self) -> Recorder {
        let mut recorder = Recorder::default();
        self.input(&mut recorder);
        for conv in 0..=self.shape.deepest() {
            let input = match conv {
                0 => Role::Input,
                _ if self.topology().pools_before(conv) => {
                    self.pool(&mut recorder, conv - 1);
                    self.shape.pooled(self.topology(), conv - 1)
                }
                _ => self.shape.map(self.topology(), conv - 1),
            };
            self.convolve(&mut recorder, conv, input);
            self.keep(&mut recorder, conv);
            self.moments(&mut recorder, conv);
            self.residuals(&mut recorder, conv);
        }
        recorder
    }

    fn input(&self, recorder: &mut Recorder) {
        let map = self.network.encoder.input();
        let mut numbers = Vec::new();
        for (row, bias) in map.matrix.iter().zip(map.bias) {
            numbers.extend(row.iter().chain([&bias]).map(|value| value.to_bits()));
        }
        let area = self.shape.size.area();
        let (groups, per_row) = grid(area);
        numbers.extend([area as u32, per_row]);
        let buffers = [Role::Picture, Role::Input].map(|role| self.arena.get(role));
        recorder.add(Kernel::Input, &numbers, &buffers, groups);
    }

    fn convolve(&self, recorder: &mut Recorder, conv: usize, input: Role) {
        let layer = &self.layers[conv];
        let convolution = Convolution {
            size: self.shape.size_at(self.topology(), conv),
            inputs: layer.inputs,
            outputs: layer.outputs,
            sides: match self.mirrors {
                true => MIRRORED,
                false => sides(self.network.padding, conv, self.shape.edges),
            },
            finish: Finish::Forward,
            input: self.arena.get(input),
            kernels: &layer.forward,
            added: &layer.bias,
            output: self.map(conv),
            half: self.shape.half,
            units: layer.units,
        };
        self.record(recorder, conv, &convolution);
    }

    /// Records a convolution by the method of its layer.
    pub(crate) fn record(&self, recorder: &mut Recorder, conv: usize, convolution: &Convolution) {
        match self.layers[conv].method {
            Method::Direct => convolution.direct(recorder),
            Method::Winograd => convolution.winograd(recorder, &Between::of(self.arena)),
        }
    }

    fn pool(&self, recorder: &mut Recorder, conv: usize) {
        let size = self.shape.size_at(self.topology(), conv);
        let quads = quads(self.layers[conv].outputs);
        let count = size.halved().area() * quads;
        let (groups, per_row) = grid(count);
        let numbers = [
            size.width as u32,
            quads as u32,
            size.halved().width as u32,
            count as u32,
            self.network.pool_scale.to_bits(),
            per_row,
        ];
        let kernel = match self.network.pooling {
            Pooling::Max => Kernel::PoolMax,
            Pooling::Average => Kernel::PoolAverage,
            Pooling::L2 => Kernel::PoolL2,
        };
        let buffers = [self.map(conv), self.arena.get(self.shape.pooled(self.topology(), conv))];
        recorder.add(kernel, &numbers, &buffers, groups);
    }

    /// The map after a convolution, in single precision.
    fn map(&self, conv: usize) -> &Buffer {
        self.arena.get(self.shape.map(self.topology(), conv))
    }

    /// The sums of a style tap after a convolution.
    fn moments(&self, recorder: &mut Recorder, conv: usize) {
        let sums = self.shape.sums(self.topology());
        let sets = self
            .shape
            .moments
            .iter()
            .flat_map(|tap| (0..self.shape.sets()).map(move |set| (tap.conv(), set)));
        for ((_, set), &to) in sets.zip(&sums.moments).filter(|((at, _), _)| *at == conv) {
            let channels = self.layers[conv].outputs;
            let count = self.shape.size_at(self.topology(), conv).area();
            let (chunks, pairs) = (count.div_ceil(CHUNK), pairs(channels));
            let (weights, weighted) = self.weights(conv, set, self.shape.regions > 0);
            let features = self.map(conv);
            let partial = self.arena.get(Role::Partial);
            for (first, end) in pieces(chunks, 1, pairs * CHUNK * 64 * 64) {
                let numbers = [quads(channels), blocks(channels), count, CHUNK, weighted, first];
                let numbers = numbers.map(|number| number as u32);
                recorder.add(
                    Kernel::Moments,
                    &numbers,
                    &[features, weights, partial],
                    (end - first, pairs, 1),
                );
            }
            let length = pairs * RECORD;
            let (groups, per_row) = grid(length);
            let numbers = [length as u32, chunks as u32, to as u32, per_row];
            recorder.add(Kernel::Reduce, &numbers, &[partial, self.arena.get(Role::Sums)], groups);
        }
    }

    /// The sums of content targets after a convolution.
    fn residuals(&self, recorder: &mut Recorder, conv: usize) {
        let sums = self.shape.sums(self.topology());
        let residuals = self.shape.residuals.iter().zip(&self.targets).zip(&sums.residuals);
        for ((_, aims), to) in residuals.filter(|(((_, tap), _), _)| tap.conv() == conv) {
            let count = self.shape.map_quads(self.topology(), conv);
            let (weights, weighted) = self.weights(conv, self.shape.regions, self.shape.residual_weight);
            let numbers = [quads(self.layers[conv].outputs), count, weighted, to.start];
            let buffers = [self.map(conv), *aims, weights, self.arena.get(Role::Sums)];
            recorder.add(
                Kernel::Residual,
                &numbers.map(|number| number as u32),
                &buffers,
                (count.div_ceil(SHARE), 1, 1),
            );
        }
    }

    /// A plane of position weights on the grid of a convolution, and whether there is one. Without it some other
    /// buffer stands in its place, which is not read.
    pub(crate) fn weights(&self, conv: usize, plane: usize, weighted: bool) -> (&Buffer, usize) {
        let block = self.topology().convs()[conv].block - 1;
        match weighted {
            true => (self.arena.get(Role::Weights(plane, block)), 1),
            false => (&self.layers[conv].bias, 0),
        }
    }
}

/// A map that is reflected at all its edges, for [`Convolution::sides`].
pub(crate) const MIRRORED: u32 = 0xff;

/// The values that a convolution reads beyond each side of its input, as `border.wgsl` reads it.
pub(crate) fn sides(padding: Padding, conv: usize, edges: Edges) -> u32 {
    let beyond = match padding {
        Padding::ReplicateFirst if conv == 0 => 1,
        Padding::Zero | Padding::ReplicateFirst => 0,
        Padding::Wrap => 2,
    };
    let side = |edge: bool, index: u32| if edge { beyond << (2 * index) } else { 0 };
    side(edges.left, 0) | side(edges.right, 1) | side(edges.top, 2) | side(edges.bottom, 3)
}

/// The sides of the transposed convolution: what was read beyond one end returns beyond the other.
pub(crate) fn transposed(sides: u32) -> u32 {
    (sides & 0b0011_0011) << 2 | (sides & 0b1100_1100) >> 2
}
