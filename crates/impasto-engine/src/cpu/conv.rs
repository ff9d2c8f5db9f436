//! One convolution: prepared once, then run in both directions on all threads.
//!
//! The derivative by the input of a 3x3 convolution with stride 1 is again such a convolution, with the kernels rotated
//! and inputs and outputs exchanged. So one routine serves both directions.

use impasto_encoder::{Conv, Pooling, Weights};
use rayon::prelude::*;

use super::direct::{self, Direct};
use super::epilogue::{Backward, Epilogue, Forward};
use super::first::First;
use super::kernels::{Cut, GROUP, InstructionSet, Lanes, TILE, TransformWeights, Windows, groups};
use super::source::Source;
use super::tiles::Kernels;
use super::winograd_blocked;
use super::winograd_fused;
use crate::geometry::Border;
use crate::{Cancel, EngineError, Size};

/// From this number of inputs times outputs on, the derivative reads the forward direction's kernels. Rotating them
/// costs a few per cent there; a copy for the derivative would add 170 MB to VGG-19's 244.
const SHARED_FROM: usize = 256 * 512;

/// From this number of tiles on, there are enough blocks without cutting the outputs.
const BANDS_FROM: usize = 1024;

/// Groups of inputs and outputs up to which a band's tiles stay in the second-level cache.
const BANDS_GROUPS: usize = 8;

/// A convolution with its kernels in the layout of the products.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) shape: Conv,
    pub(super) bias: Vec<Lanes>,
    pub(super) weights: Layout,
}

#[derive(Debug)]
pub(super) enum Layout {
    First(First),
    Winograd {
        forward: Vec<Lanes>,
        /// `None`: the forward direction's kernels are read, rotated.
        backward: Option<Vec<Lanes>>,
    },
}

/// Borders of the columns and rows that a convolution reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Borders {
    pub(super) columns: Border,
    pub(super) rows: Border,
}

impl Borders {
    /// The borders of the derivative.
    pub(super) fn transposed(self) -> Borders {
        Borders { columns: self.columns.transposed(), rows: self.rows.transposed() }
    }
}

impl Prepared {
    /// Prepares a convolution for both directions. The first takes an image.
    pub(super) fn new(index: usize, shape: &Conv, weights: &Weights, set: InstructionSet) -> Prepared {
        let (inputs, outputs, kernel) = (shape.inputs, shape.outputs, &weights.kernel[..]);
        let mut prepared = Prepared::forwards(index, shape, weights, set);
        if let Layout::Winograd { backward, .. } = &mut prepared.weights
            && inputs * outputs < SHARED_FROM
        {
            *backward = Some(TransformWeights { inputs, outputs, kernel, turned: true }.run(set));
        }
        prepared
    }

    /// Prepares a convolution that only runs forward. The first takes an image.
    pub(super) fn forwards(index: usize, shape: &Conv, weights: &Weights, set: InstructionSet) -> Prepared {
        if index > 0 {
            return Prepared::winograd(shape, weights, set);
        }
        let bias = in_groups(&weights.bias);
        let weights = Layout::First(First::new(shape.outputs, &weights.kernel, bias.clone()));
        Prepared { shape: shape.clone(), bias, weights }
    }

    /// Prepares a convolution that takes a map of features, whatever its index, and only runs forward.
    pub(super) fn winograd(shape: &Conv, weights: &Weights, set: InstructionSet) -> Prepared {
        let (inputs, outputs, kernel) = (shape.inputs, shape.outputs, &weights.kernel[..]);
        let forward = TransformWeights { inputs, outputs, kernel, turned: false }.run(set);
        let layout = Layout::Winograd { forward, backward: None };
        Prepared { shape: shape.clone(), bias: in_groups(&weights.bias), weights: layout }
    }

    /// The weights in the encoder's layout, for one direction.
    pub(super) fn direct<'a>(&self, weights: &'a Weights, backward: bool) -> Direct<'a> {
        let Conv { inputs, outputs, .. } = self.shape;
        Direct { kernel: &weights.kernel, inputs, outputs, backward }
    }

    /// Bytes of the kernels.
    pub(super) fn bytes(&self) -> usize {
        let kernels = match &self.weights {
            Layout::First(_) => 0,
            Layout::Winograd { forward, backward } => forward.len() + backward.as_ref().map_or(0, Vec::len),
        };
        kernels * size_of::<Lanes>()
    }

    pub(super) fn forward(&self) -> Option<Kernels<'_>> {
        let (inputs, outputs) = (groups(self.shape.inputs), groups(self.shape.outputs));
        match &self.weights {
            Layout::First(_) => None,
            Layout::Winograd { forward, .. } => {
                Some(Kernels { data: forward, inputs, outputs, turned: false })
            }
        }
    }

    pub(super) fn backward(&self) -> Option<Kernels<'_>> {
        let (inputs, outputs) = (groups(self.shape.outputs), groups(self.shape.inputs));
        match &self.weights {
            Layout::First(_) => None,
            Layout::Winograd { forward, backward } => Some(match backward {
                Some(data) => Kernels { data, inputs, outputs, turned: false },
                None => Kernels { data: forward, inputs, outputs, turned: true },
            }),
        }
    }
}

fn in_groups(values: &[f32]) -> Vec<Lanes> {
    let mut lanes = vec![Lanes::ZERO; groups(values.len())];
    for (index, &value) in values.iter().enumerate() {
        lanes[index / GROUP].0[index % GROUP] = value;
    }
    lanes
}

/// A convolution to be done.
#[derive(Clone, Copy)]
pub(super) struct Convolution<'a> {
    pub(super) set: InstructionSet,
    pub(super) source: Source<'a>,
    pub(super) borders: Borders,
    pub(super) kernels: Kernels<'a>,
    pub(super) direct: Direct<'a>,
    pub(super) cancel: &'a Cancel,
}

impl Convolution<'_> {
    /// Runs it in the way that suits its shape; `transformed` has the length that [`lengths`] gives.
    pub(super) fn run<T: Target>(
        &self,
        target: &mut T,
        transformed: &mut [Lanes],
    ) -> Result<(), EngineError> {
        let size = self.source.size();
        if direct::suits(size) {
            direct::convolve(self, target)
        } else if suits_bands(size, self.kernels) {
            winograd_fused::convolve(self, target)
        } else {
            winograd_blocked::convolve(self, target, transformed)
        }
    }
}

fn suits_bands(size: Size, kernels: Kernels) -> bool {
    let widest = kernels.inputs.max(kernels.outputs);
    size.height.div_ceil(TILE) * size.width.div_ceil(TILE) >= BANDS_FROM
        && widest <= BANDS_GROUPS
        && !kernels.turned
}

/// Groups that [`Convolution::run`] needs for transformed tiles, and for each thread's scratch.
pub(super) fn lengths(size: Size, kernels: Kernels) -> (usize, usize) {
    if direct::suits(size) {
        return (0, 0);
    }
    if suits_bands(size, kernels) {
        return (0, winograd_fused::length_for(kernels));
    }
    let cuts = winograd_blocked::Cuts::new(size, kernels.inputs, kernels.outputs);
    (cuts.transformed(kernels.inputs), cuts.scratch(kernels.inputs))
}

/// The output of a convolution, which can be cut into blocks.
pub(super) trait Target: Send {
    type Epilogue<'s>: Epilogue + Send
    where
        Self: 's;

    /// An epilogue for each block, slab by slab, rows before columns.
    fn epilogues<'s>(
        &'s mut self,
        cuts: (Cut, Cut, Cut),
    ) -> impl IndexedParallelIterator<Item = Self::Epilogue<'s>>;
}

/// Everything that a forward convolution writes; outputs that are not needed are empty.
pub(super) struct Outputs<'a> {
    /// Size before pooling.
    pub(super) size: Size,
    pub(super) bias: &'a [Lanes],
    pub(super) activations: &'a mut [Lanes],
    pub(super) bits: &'a mut [u16],
    pub(super) pooling: Option<(Pooling, f32)>,
    pub(super) pooled: &'a mut [Lanes],
    pub(super) choices: &'a mut [u32],
}

impl Target for Outputs<'_> {
    type Epilogue<'s>
        = Forward<'s>
    where
        Self: 's;

    fn epilogues<'s>(
        &'s mut self,
        (rows, columns, slabs): (Cut, Cut, Cut),
    ) -> impl IndexedParallelIterator<Item = Forward<'s>> {
        let Outputs { size, bias, pooling, .. } = *self;
        let (full, half) = ((size.width, bias.len()), (size.width / 2, bias.len()));
        let cuts = (rows, columns, slabs);
        let halved = (rows.halved(), columns.halved(), slabs);
        let maps = Windows::new(&mut *self.activations, full, cuts)
            .into_par_iter()
            .zip(Windows::new(&mut *self.bits, full, cuts).into_par_iter());
        let pools = Windows::new(&mut *self.pooled, half, halved)
            .into_par_iter()
            .zip(Windows::new(&mut *self.choices, half, halved).into_par_iter());
        maps.zip(pools).map(move |((activations, bits), (pooled, choices))| Forward {
            bias,
            activations,
            bits,
            pooling,
            pooled,
            choices,
        })
    }
}

/// The gradient that a backward convolution writes.
pub(super) struct Gradient<'a> {
    pub(super) size: Size,
    pub(super) groups: usize,
    pub(super) data: &'a mut [Lanes],
    /// Whether the buffer already holds a tap's gradient.
    pub(super) add: bool,
    pub(super) bits: Option<&'a [u16]>,
}

impl Target for Gradient<'_> {
    type Epilogue<'s>
        = Backward<'s>
    where
        Self: 's;

    fn epilogues<'s>(
        &'s mut self,
        cuts: (Cut, Cut, Cut),
    ) -> impl IndexedParallelIterator<Item = Backward<'s>> {
        let Gradient { size, groups, add, bits, .. } = *self;
        let windows = Windows::new(&mut *self.data, (size.width, groups), cuts);
        windows.into_par_iter().map(move |gradient| Backward {
            width: size.width,
            gradient,
            add,
            bits,
            groups,
        })
    }
}
