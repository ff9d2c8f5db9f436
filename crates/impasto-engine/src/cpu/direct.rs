//! A convolution of a map of at most 2x2 positions: the deepest layers of pictures below 48 pixels. A Winograd tile
//! would read four times the kernels' bytes, and would compute mostly values beyond the edges. Here every weight is
//! read once, in the encoder's layout.

use rayon::prelude::*;

use super::conv::Convolution;
use super::epilogue::Epilogue;
use super::kernels::{Cut, GROUP, Isa, Kernel, Lanes, TILE, dispatch};
use super::target::Target;
use crate::{EngineError, Size};

/// Rows and columns of the largest map.
const LARGEST: usize = 2;

/// The weights of a layer in the encoder's layout, and the direction in which to read them.
#[derive(Clone, Copy)]
pub(super) struct Direct<'a> {
    /// `[outputs, inputs, 3, 3]`, of the forward direction.
    pub(super) kernel: &'a [f32],
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) backward: bool,
}

/// Whether a map is small enough.
pub(super) fn suits(size: Size) -> bool {
    size.width.max(size.height) <= LARGEST
}

/// Convolves, group by group of outputs.
pub(super) fn convolve<T: Target>(work: &Convolution, target: &mut T) -> Result<(), EngineError> {
    let size = work.source.size();
    let mut patch = vec![Lanes::ZERO; (size.width + 2) * (size.height + 2) * work.source.groups()];
    dispatch(work.set, Surroundings { work, patch: &mut patch });
    let around = Around { size, groups: work.source.groups(), patch: &patch };
    let columns = if work.direct.backward { Vec::new() } else { around.columns(work.direct.inputs) };
    let cuts =
        (Cut::new(0..size.height, TILE), Cut::new(0..size.width, TILE), Cut::new(0..work.kernels.outputs, 1));
    target.epilogues(cuts).enumerate().for_each(|(group, mut epilogue)| {
        let (direct, columns) = (work.direct, &columns[..]);
        dispatch(work.set, OneGroup { direct, around, columns, group, epilogue: &mut epilogue });
    });
    work.cancel.check()
}

/// Fills the patch: the map with one more position on each side.
struct Surroundings<'a> {
    work: &'a Convolution<'a>,
    patch: &'a mut [Lanes],
}

impl Kernel for Surroundings<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Convolution { source, borders, .. } = self.work;
        source.patch(isa, *borders, (-1, -1), source.size().width + 2, self.patch);
    }
}

/// A map with one more position on each side.
#[derive(Clone, Copy)]
struct Around<'a> {
    size: Size,
    groups: usize,
    patch: &'a [Lanes],
}

impl Around<'_> {
    /// Position in the patch of neighbour `k` (0..9).
    fn neighbour(&self, position: usize, k: usize) -> usize {
        let (y, x) = (position / self.size.width, position % self.size.width);
        (y + k / 3) * (self.size.width + 2) + x + k % 3
    }

    fn value(&self, place: usize, channel: usize) -> f32 {
        self.patch[place * self.groups + channel / GROUP].0[channel % GROUP]
    }

    /// The im2col columns: for each position, the nine neighbours of each channel, in the order of the weights.
    fn columns(&self, channels: usize) -> Vec<f32> {
        let positions = 0..self.size.area();
        let places = positions.flat_map(|position| (0..9 * channels).map(move |i| (position, i)));
        places.map(|(position, i)| self.value(self.neighbour(position, i % 9), i / 9)).collect()
    }
}

/// One group of outputs of this direction.
struct OneGroup<'a, K> {
    direct: Direct<'a>,
    around: Around<'a>,
    columns: &'a [f32],
    group: usize,
    epilogue: &'a mut K,
}

impl<K: Epilogue> Kernel for OneGroup<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let mut tile = [[Lanes::ZERO; TILE]; TILE];
        if self.direct.backward {
            self.back(&mut tile);
        } else {
            self.forward(&mut tile);
        }
        self.epilogue.tile(isa, 0, 0, self.group, &mut tile);
    }
}

impl<K> OneGroup<'_, K> {
    /// Products of the rows of weights with the columns.
    #[inline(always)]
    fn forward(&self, tile: &mut [[Lanes; TILE]; TILE]) {
        let Direct { kernel, inputs, outputs, .. } = self.direct;
        let length = 9 * inputs;
        for output in self.group * GROUP..((self.group + 1) * GROUP).min(outputs) {
            let weights = &kernel[output * length..][..length];
            for (position, column) in self.columns.chunks_exact(length).enumerate() {
                let mut sums = [0.0; GROUP];
                let pairs = weights.chunks_exact(GROUP).zip(column.chunks_exact(GROUP));
                for (weights, values) in pairs {
                    for lane in 0..GROUP {
                        sums[lane] += weights[lane] * values[lane];
                    }
                }
                let rest = length / GROUP * GROUP;
                let mut sum: f32 = sums.iter().sum();
                for (weight, value) in weights[rest..].iter().zip(&column[rest..]) {
                    sum += weight * value;
                }
                let width = self.around.size.width;
                tile[position / width][position % width].0[output % GROUP] = sum;
            }
        }
    }

    /// Multiplies the rows of weights with the gradient at each place of the patch, then adds for each position the
    /// values that belong to it.
    #[inline(always)]
    fn back(&self, tile: &mut [[Lanes; TILE]; TILE]) {
        const PLACES: usize = (LARGEST + 2) * (LARGEST + 2);
        let Direct { kernel, inputs, outputs, .. } = self.direct;
        let first = self.group * GROUP;
        let lanes = GROUP.min(inputs - first);
        let places = self.around.patch.len() / self.around.groups;
        let mut sums = [[0.0; 9 * GROUP]; PLACES];
        for output in 0..outputs {
            let weights = &kernel[(output * inputs + first) * 9..][..9 * lanes];
            for (place, sums) in sums.iter_mut().enumerate().take(places) {
                let gradient = self.around.value(place, output);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += gradient * weight;
                }
            }
        }
        for position in 0..self.around.size.area() {
            let width = self.around.size.width;
            let to = &mut tile[position / width][position % width];
            for lane in 0..lanes {
                for k in 0..9 {
                    to.0[lane] += sums[self.around.neighbour(position, 8 - k)][9 * lane + k];
                }
            }
        }
    }
}
