//! Records a pull-back: from the derivatives at the taps through the convolutions and poolings to the pixels.
//!
//! The gradient of a layer takes the place of its activations, which the kernel that writes it reads first: they tell
//! what the ReLU let pass. In half precision the activations stay, and gradients take turns in two buffers.

use impasto_encoder::Pooling;

use crate::buffer::Buffer;
use crate::convolution::{Convolution, Finish};
use crate::forward::{Scene, sides, transposed};
use crate::layers::{TERMS, matrix_rows, quads, row_quads};
use crate::program::{Place, Recorder, grid, pieces};
use crate::shape::Role;
use crate::sources::Kernel;

/// The index of a content target's factor among the numbers of its kernel.
pub(crate) const FACTOR: usize = 4;

/// The kernels of a pull-back, and for each content target where its factor stands.
#[derive(Default)]
pub(crate) struct Recorded {
    pub(crate) recorder: Recorder,
    pub(crate) factors: Vec<Option<Place>>,
}

impl Scene<'_> {
    /// Records everything from the derivatives by the sums to the derivative by the pixels.
    pub(crate) fn backward(&self) -> Recorded {
        let mut recorded =
            Recorded { factors: vec![None; self.shape.residuals.len()], ..Recorded::default() };
        let deepest = self.shape.deepest();
        self.tap(&mut recorded, deepest);
        self.mask(&mut recorded.recorder, deepest);
        for conv in (1..=deepest).rev() {
            let below = conv - 1;
            let (tapped, pooled) = (self.shape.looks_at(below), self.topology().pools_before(conv));
            if pooled {
                let to = self.shape.pooled(self.topology(), below);
                self.convolve_back(&mut recorded.recorder, conv, Finish::Plain, to);
            }
            if tapped {
                self.tap(&mut recorded, below);
            }
            let recorder = &mut recorded.recorder;
            if pooled {
                self.unpool(recorder, below, tapped);
            } else {
                let finish = if tapped { Finish::Tapped } else { Finish::Masked };
                self.convolve_back(recorder, conv, finish, self.shape.derivative(self.topology(), below));
            }
        }
        self.first(&mut recorded.recorder);
        recorded
    }

    /// The gradient at a tap, by everything that was observed there.
    fn tap(&self, recorded: &mut Recorded, conv: usize) {
        let mut adds = false;
        let sets = self.shape.sets();
        for (index, tap) in self.shape.moments.iter().enumerate() {
            for set in (0..sets).filter(|_| tap.conv() == conv) {
                self.moments_back(&mut recorded.recorder, conv, (index * sets + set, set), adds);
                adds = true;
            }
        }
        for (index, ((_, tap), aims)) in self.shape.residuals.iter().zip(&self.targets).enumerate() {
            if tap.conv() == conv {
                let weights = self.weights(conv, self.shape.regions, self.shape.residual_weight);
                let place = self.add(&mut recorded.recorder, conv, aims, weights, (adds, false));
                recorded.factors[index] = Some(place);
                adds = true;
            }
        }
        if self.shape.features.iter().any(|tap| tap.conv() == conv) {
            let weights = self.weights(conv, 0, false);
            self.add(&mut recorded.recorder, conv, self.arena.get(Role::Given(conv)), weights, (adds, true));
        }
    }

    fn moments_back(&self, recorder: &mut Recorder, conv: usize, (matrix, set): (usize, usize), adds: bool) {
        let channels = self.layers[conv].outputs;
        let columns = row_quads(channels);
        let (weights, weighted) = self.weights(conv, set, self.shape.regions > 0);
        let (features, matrix) = (self.arena.get(Role::Map(conv)), self.arena.get(Role::Matrix(matrix)));
        let area = self.shape.size_at(self.topology(), conv).area();
        for (first, end) in pieces(area, 64, channels * channels) {
            let steps = matrix_rows(channels) / TERMS;
            let numbers = [quads(channels), columns, steps, first, end, weighted, usize::from(adds)];
            let groups = ((end - first).div_ceil(64), columns / 16, 1);
            let buffers =
                [features, matrix, weights, self.arena.get(self.shape.at_tap(self.topology(), conv))];
            recorder.add(self.kernel(Kernel::Tap), &numbers.map(|number| number as u32), &buffers, groups);
        }
    }

    /// Adds the derivative of a content residual, or one that is given.
    fn add(
        &self,
        recorder: &mut Recorder,
        conv: usize,
        aims: &Buffer,
        (weights, weighted): (&Buffer, usize),
        (adds, given): (bool, bool),
    ) -> Place {
        let count = self.shape.map_quads(self.topology(), conv);
        let (groups, per_row) = grid(count);
        let numbers = [
            quads(self.layers[conv].outputs) as u32,
            count as u32,
            weighted as u32,
            u32::from(adds),
            0,
            u32::from(given),
            per_row,
        ];
        let to = self.arena.get(self.shape.at_tap(self.topology(), conv));
        let buffers = [self.arena.get(Role::Map(conv)), aims, weights, to];
        recorder.add(self.kernel(Kernel::ResidualBack), &numbers, &buffers, groups)
    }

    fn mask(&self, recorder: &mut Recorder, conv: usize) {
        let count = self.shape.map_quads(self.topology(), conv);
        let (groups, per_row) = grid(count);
        let buffers = [self.beside(conv), self.arena.get(self.shape.derivative(self.topology(), conv))];
        recorder.add(self.kernel(Kernel::Mask), &[count as u32, per_row], &buffers, groups);
    }

    fn convolve_back(&self, recorder: &mut Recorder, conv: usize, finish: Finish, to: Role) {
        let layer = &self.layers[conv];
        let convolution = Convolution {
            size: self.shape.size_at(self.topology(), conv),
            inputs: layer.outputs,
            outputs: layer.inputs,
            sides: transposed(sides(self.network.padding, conv, self.shape.edges)),
            finish,
            input: self.arena.get(self.shape.derivative(self.topology(), conv)),
            kernels: &layer.backward,
            added: if finish == Finish::Plain { &layer.bias } else { self.beside(conv - 1) },
            output: self.arena.get(to),
            half: self.shape.half,
            units: layer.units,
        };
        self.record(recorder, conv, &convolution);
    }

    fn unpool(&self, recorder: &mut Recorder, conv: usize, tapped: bool) {
        let size = self.shape.size_at(self.topology(), conv);
        let quads = quads(self.layers[conv].outputs);
        let across = size.width.div_ceil(2);
        let count = across * size.height.div_ceil(2) * quads;
        let (groups, per_row) = grid(count);
        let numbers = [
            size.width as u32,
            size.height as u32,
            quads as u32,
            across as u32,
            count as u32,
            self.network.pool_scale.to_bits(),
            u32::from(tapped),
            per_row,
        ];
        let kernel = match self.network.pooling {
            Pooling::Max => Kernel::UnpoolMax,
            Pooling::Average => Kernel::UnpoolAverage,
            Pooling::L2 => Kernel::UnpoolL2,
        };
        let pooled = self.arena.get(self.shape.pooled(self.topology(), conv));
        let to = self.arena.get(self.shape.derivative(self.topology(), conv));
        let buffers = [self.beside(conv), pooled, to];
        recorder.add(self.kernel(kernel), &numbers, &buffers, groups);
    }

    fn first(&self, recorder: &mut Recorder) {
        let (size, layer) = (self.shape.size, &self.layers[0]);
        let (groups, per_row) = grid(size.area());
        let sides = sides(self.network.padding, 0, self.shape.edges);
        let numbers = [size.width as u32, size.height as u32, quads(layer.outputs) as u32, sides, per_row];
        let by = self.arena.get(self.shape.derivative(self.topology(), 0));
        let buffers = [by, &layer.backward.buffer, self.arena.get(Role::Gradient)];
        recorder.add(Kernel::FirstBack, &numbers, &buffers, groups);
    }
}
