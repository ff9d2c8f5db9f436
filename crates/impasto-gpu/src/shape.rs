//! The parts of an evaluation, and the memory that it takes on the device.
//!
//! All activations are kept, as they are also the decisions of the ReLUs and poolings; on the way back their gradients
//! take their places. That is 1160 bytes per pixel for VGG-19 to relu5_1. In half precision (`places.rs`) they are kept
//! in half of it, and two buffers for the layer at work are another 512.

use std::collections::BTreeMap;

use impasto_encoder::{Tap, Topology};
use impasto_engine::{Edges, Request, Size};

use crate::convolution::Method;
use crate::layers::{COLUMNS, QUAD, matrix_rows, quads, row_quads};
use crate::units::Units;
use crate::winograd::{Between, between_bytes};

/// Bytes of a quad.
pub(crate) const QUAD_BYTES: usize = 16;

/// Positions that one workgroup sums.
pub(crate) const CHUNK: usize = 1024;

/// Quads of a record of partial sums: a block of 64 x 64, and 64 sums of w f.
pub(crate) const RECORD: usize = 1040;

/// Quads of features that one workgroup compares with a target.
pub(crate) const SHARE: usize = 8192;

/// Everything that the recorded kernels depend on, besides the network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) size: Size,
    pub(crate) edges: Edges,
    pub(crate) moments: Vec<Tap>,
    /// Index and tap of each content target.
    pub(crate) residuals: Vec<(usize, Tap)>,
    pub(crate) features: Vec<Tap>,
    /// Planes of position weights for style taps; none if all positions count the same.
    pub(crate) regions: usize,
    pub(crate) residual_weight: bool,
    /// Whether features are kept in half precision.
    pub(crate) half: bool,
}

/// A buffer, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The picture, planar.
    Picture,
    /// The picture as the first convolution takes it.
    Input,
    /// Activations after a convolution, later the gradient there. In half precision they stay.
    Map(usize),
    /// In half precision: one of two buffers for the input and the output of a layer.
    Turn(usize),
    /// The output of a pooling, later its gradient.
    Pooled,
    /// The gradient at a tap.
    Tap,
    /// Sums over chunks.
    Partial,
    /// All sums that the host reads.
    Sums,
    /// The derivatives by the moments of a tap and a region.
    Matrix(usize),
    /// Derivatives by the features after a convolution. In half precision the features themselves before.
    Given(usize),
    /// Position weights: a plane, on the grid of a block.
    Weights(usize, usize),
    /// Tiles before the products of a Winograd convolution.
    Transformed,
    /// Tiles behind them.
    Products,
    /// The inverse of each tile's scale, for matrix units that take half precision.
    Factors,
    /// The derivative by the pixels, planar.
    Gradient,
    /// The host reads sums, features or pixels in it.
    Host,
}

/// A request without the sizes: tiles of one picture have the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kind {
    shape: Shape,
    backward: bool,
}

impl Shape {
    /// The shape of a request over a picture.
    pub(crate) fn of(request: &Request, size: Size, half: bool) -> Shape {
        Shape {
            size,
            edges: request.edges,
            moments: request.moments.clone(),
            residuals: request.residuals.iter().map(|target| (target.index(), target.tap())).collect(),
            features: request.features.clone(),
            regions: request.regions.len(),
            residual_weight: request.residual_weight.is_some(),
            half,
        }
    }

    pub(crate) fn kind(&self, backward: bool) -> Kind {
        Kind { shape: Shape { size: Size::default(), edges: Edges::default(), ..self.clone() }, backward }
    }

    /// The convolution of the deepest tap.
    pub(crate) fn deepest(&self) -> usize {
        self.taps().max().map_or(0, Tap::conv)
    }

    fn taps(&self) -> impl Iterator<Item = Tap> + '_ {
        let residuals = self.residuals.iter().map(|(_, tap)| *tap);
        self.moments.iter().copied().chain(residuals).chain(self.features.iter().copied())
    }

    pub(crate) fn looks_at(&self, conv: usize) -> bool {
        self.taps().any(|tap| tap.conv() == conv)
    }

    /// Regions of each style tap.
    pub(crate) fn sets(&self) -> usize {
        self.regions.max(1)
    }

    pub(crate) fn size_at(&self, topology: &Topology, conv: usize) -> Size {
        let (width, height) = topology.size_at(conv, (self.size.width, self.size.height));
        Size::new(width, height)
    }

    /// Quads of the map after a convolution.
    pub(crate) fn map_quads(&self, topology: &Topology, conv: usize) -> usize {
        self.size_at(topology, conv).area() * quads(topology.convs()[conv].outputs)
    }

    /// Quads of the map behind the pooling after a convolution.
    pub(crate) fn pooled_quads(&self, topology: &Topology, conv: usize) -> usize {
        self.size_at(topology, conv).halved().area() * quads(topology.convs()[conv].outputs)
    }

    /// Bytes of each buffer, for observations alone or for pull-backs too.
    pub(crate) fn buffers(
        &self,
        topology: &Topology,
        methods: &[(Method, Option<Units>)],
        backward: bool,
    ) -> BTreeMap<Role, usize> {
        let (area, deepest) = (self.size.area(), self.deepest());
        let bytes = |conv| QUAD_BYTES * self.map_quads(topology, conv);
        let mut all = BTreeMap::from([(Role::Picture, 12 * area), (Role::Input, QUAD_BYTES * area)]);
        if self.half {
            for (role, quads) in self.in_half(topology, backward) {
                let most: &mut usize = all.entry(role).or_default();
                *most = (*most).max(QUAD_BYTES * quads);
            }
        } else {
            all.extend((0..=deepest).map(|conv| (Role::Map(conv), bytes(conv))));
            let pooled = (0..deepest).filter(|&conv| topology.pools_after(conv));
            let pooled = pooled.map(|conv| QUAD_BYTES * self.pooled_quads(topology, conv));
            all.insert(Role::Pooled, pooled.max().unwrap_or(QUAD_BYTES));
        }
        let partial = self.moments.iter().map(|tap| {
            let chunks = self.size_at(topology, tap.conv()).area().div_ceil(CHUNK);
            chunks * pairs(topology.channels(*tap)) * RECORD * QUAD_BYTES
        });
        all.insert(Role::Partial, partial.max().unwrap_or(QUAD_BYTES));
        all.insert(Role::Sums, QUAD_BYTES * self.sums(topology).quads());
        let blocks = topology.convs()[deepest].block;
        let planes = self.regions + usize::from(self.residual_weight);
        for (plane, block) in (0..planes).flat_map(|plane| (0..blocks).map(move |block| (plane, block))) {
            all.insert(
                Role::Weights(plane, block),
                size_of::<f32>() * ((self.size.width >> block) * (self.size.height >> block)),
            );
        }
        let mut between = [0; 3];
        for (conv, shape) in topology.convs()[..=deepest].iter().enumerate() {
            if let (Method::Winograd, units) = methods[conv] {
                let (size, inputs, outputs) = (self.size_at(topology, conv), shape.inputs, shape.outputs);
                let mut count = |sides| {
                    let bytes = between_bytes(size, sides, units);
                    between.iter_mut().zip(bytes).for_each(|(most, bytes)| *most = bytes.max(*most));
                };
                count((inputs, outputs));
                if backward {
                    count((outputs, inputs));
                }
            }
        }
        all.extend(Between::ROLES.into_iter().zip(between).filter(|(_, bytes)| *bytes > 0));
        if backward {
            all.insert(Role::Gradient, 12 * area);
            if !self.half {
                let taps = self.taps().map(|tap| bytes(tap.conv()));
                all.insert(Role::Tap, taps.max().unwrap_or(QUAD_BYTES));
            }
            all.extend(self.features.iter().map(|tap| (Role::Given(tap.conv()), bytes(tap.conv()))));
            let sets = self.moments.iter().flat_map(|tap| std::iter::repeat_n(*tap, self.sets()));
            all.extend(
                sets.enumerate()
                    .map(|(index, tap)| (Role::Matrix(index), matrix_bytes(topology.channels(tap)))),
            );
        }
        all.insert(Role::Host, self.host_bytes(topology, backward));
        all
    }

    /// Bytes that the host reads at once.
    fn host_bytes(&self, topology: &Topology, backward: bool) -> usize {
        let sums = size_of::<f32>() * self.sums(topology).floats;
        let features = self.features.iter().map(|tap| QUAD_BYTES * self.map_quads(topology, tap.conv()));
        let pixels = if backward { 12 * self.size.area() } else { 0 };
        features.chain([sums, pixels]).max().unwrap_or(0)
    }

    /// The places of all sums.
    pub(crate) fn sums(&self, topology: &Topology) -> Sums {
        let mut at = 0;
        let mut moments = Vec::new();
        for tap in &self.moments {
            for _ in 0..self.sets() {
                moments.push(at);
                at += pairs(topology.channels(*tap)) * RECORD;
            }
        }
        let mut residuals = Vec::new();
        let mut float = at * QUAD;
        for (_, tap) in &self.residuals {
            let count = self.map_quads(topology, tap.conv()).div_ceil(SHARE);
            residuals.push(float..float + count);
            float += count;
        }
        Sums { moments, residuals, floats: float }
    }
}

/// The places of the sums in their buffer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sums {
    /// The first quad for each style tap and region.
    pub(crate) moments: Vec<usize>,
    /// The floats of each content target's partial sums.
    pub(crate) residuals: Vec<std::ops::Range<usize>>,
    pub(crate) floats: usize,
}

impl Sums {
    fn quads(&self) -> usize {
        self.floats.div_ceil(QUAD).max(1)
    }
}

/// Blocks of 64 channels.
pub(crate) fn blocks(channels: usize) -> usize {
    channels.div_ceil(COLUMNS)
}

/// Pairs of blocks whose products are computed.
pub(crate) fn pairs(channels: usize) -> usize {
    blocks(channels) * (blocks(channels) + 1) / 2
}

/// Bytes of a matrix for [`Role::Matrix`].
pub(crate) fn matrix_bytes(channels: usize) -> usize {
    (matrix_rows(channels) + 1) * row_quads(channels) * QUAD_BYTES
}
