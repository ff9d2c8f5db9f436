//! A convolution with its kernels in the layout of the products: prepared once, then run for every picture.

use impasto_encoder::{Conv, Weights};

use super::direct::Direct;
use super::first::First;
use super::kernels::{GROUP, InstructionSet, Lanes, TransformWeights, groups};
use super::tiles::Kernels;

/// From this number of inputs times outputs on, the derivative reads the forward direction's kernels. Rotating them
/// costs a few per cent there; a copy for the derivative would add 170 MB to VGG-19's 244.
const SHARED_FROM: usize = 256 * 512;

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
