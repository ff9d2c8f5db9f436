//! One convolution, run in either direction on all threads, in the way that suits its shape.
//!
//! The derivative by the input of a 3x3 convolution with stride 1 is again such a convolution, with the kernels rotated
//! and inputs and outputs exchanged. So one routine serves both directions.

use super::borders::Borders;
use super::direct::{self, Direct};
use super::kernels::{InstructionSet, Lanes, TILE};
use super::source::Source;
use super::target::Target;
use super::tiles::Kernels;
use super::winograd_blocked;
use super::winograd_fused;
use crate::{Cancel, EngineError, Size};

/// From this number of tiles on, there are enough blocks without cutting the outputs.
const FUSED_FROM: usize = 1024;

/// Groups of inputs and outputs up to which a band's tiles stay in the second-level cache.
const FUSED_GROUPS: usize = 8;

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
        } else if suits_fused(size, self.kernels) {
            winograd_fused::convolve(self, target)
        } else {
            winograd_blocked::convolve(self, target, transformed)
        }
    }
}

fn suits_fused(size: Size, kernels: Kernels) -> bool {
    let widest = kernels.inputs.max(kernels.outputs);
    size.height.div_ceil(TILE) * size.width.div_ceil(TILE) >= FUSED_FROM
        && widest <= FUSED_GROUPS
        && !kernels.turned
}

/// Groups that [`Convolution::run`] needs for transformed tiles, and for each thread's scratch.
pub(super) fn lengths(size: Size, kernels: Kernels) -> (usize, usize) {
    if direct::suits(size) {
        return (0, 0);
    }
    if suits_fused(size, kernels) {
        return (0, winograd_fused::length_for(kernels));
    }
    let cuts = winograd_blocked::Cuts::new(size, kernels.inputs, kernels.outputs);
    (cuts.transformed(kernels.inputs), cuts.scratch(kernels.inputs))
}
