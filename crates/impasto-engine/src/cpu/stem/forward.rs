//! Runs the first two convolutions forward, and sums at the first tap on the way.

use rayon::prelude::*;

use super::{COLUMNS, ROWS, bands, pixels, tasks};
use crate::EngineError;
use crate::Size;
use crate::cpu::conv::Convolution;
use crate::cpu::epilogue::Forward;
use crate::cpu::kernels::{Cut, Isa, Kernel, Lanes, TILE, dispatch};
use crate::cpu::map::Map;
use crate::cpu::moments::{self, Residuals, add_all};
use crate::cpu::scratch::{self, carve};
use crate::cpu::target::{Outputs, Target};
use crate::cpu::tiles::{Block, Input, fill_patch, patch_length};
use crate::cpu::winograd_fused::{fused, fused_length, pieces};

/// The sums to take at the first tap.
#[derive(Clone, Default)]
pub(in crate::cpu) struct FirstTap<'a> {
    /// Position weights of each region.
    pub(in crate::cpu) regions: Vec<Option<&'a [f32]>>,
    /// Targets with their position weights.
    pub(in crate::cpu) residuals: Vec<(Map<'a>, Option<&'a [f32]>)>,
}

impl FirstTap<'_> {
    /// Number of sums of a task: those of each region, then of each residual.
    pub(in crate::cpu) fn sums(&self, groups: usize) -> usize {
        self.regions.len() * moments::length(groups) + self.residuals.len()
    }

    /// Adds the sums over consecutive positions from `start` on.
    #[inline(always)]
    fn add<I: Isa>(
        &self,
        isa: I,
        start: usize,
        features: &[Lanes],
        groups: usize,
        sums: &mut [f64],
        scratch: &mut [Lanes],
    ) {
        let positions = start..start + features.len() / groups;
        let mut rest = sums;
        for weights in &self.regions {
            let weights = weights.map(|weights| &weights[positions.clone()]);
            add_all(isa, features, groups, weights, carve(&mut rest, moments::length(groups)), scratch);
        }
        for ((aim, weights), sum) in self.residuals.iter().zip(rest) {
            let aim = &aim.data[start * groups..][..features.len()];
            let weights = weights.map(|weights| &weights[positions.clone()]);
            *sum += isa.call(Residuals { features, aim, groups, weights });
        }
    }
}

/// Runs the first two convolutions, for the first tap's sums and the second's outputs. `sums` has [`FirstTap::sums`]
/// values for each task.
pub(in crate::cpu) fn forward(
    work: &Convolution,
    outputs: &mut Outputs,
    tap: &FirstTap,
    sums: &mut [f64],
) -> Result<(), EngineError> {
    let (size, groups) = (outputs.size, work.kernels.inputs);
    let rows = tasks(size.height);
    let cuts = (rows, Cut::whole(size.width), Cut::whole(work.kernels.outputs));
    // Each task needs a chunk, even if there is nothing to sum.
    let length = tap.sums(groups).max(1);
    let sums = sums[..rows.pieces() * length].par_chunks_mut(length);
    outputs.epilogues(cuts).zip(sums).enumerate().for_each(|(task, (mut epilogue, sums))| {
        sums.fill(0.0);
        for band in bands(rows.piece(task), size.width) {
            if work.cancel.is_cancelled() {
                return;
            }
            scratch::with(forward_scratch(work.kernels.inputs, work.kernels.outputs), |scratch| {
                dispatch(
                    work.set,
                    ForwardBand { work, band, size, epilogue: &mut epilogue, tap, sums, scratch },
                );
            });
        }
    });
    work.cancel.check()
}

/// Groups of scratch per thread in [`forward`].
pub(in crate::cpu) fn forward_scratch(inputs: usize, outputs: usize) -> usize {
    (ROWS + 2) * (COLUMNS + 2) * inputs + fused_length(inputs, outputs) + moments::scratch_length(inputs)
}

struct ForwardBand<'a, 's> {
    work: &'a Convolution<'a>,
    band: Block,
    size: Size,
    epilogue: &'a mut Forward<'s>,
    tap: &'a FirstTap<'a>,
    sums: &'a mut [f64],
    scratch: &'a mut [Lanes],
}

impl Kernel for ForwardBand<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let ForwardBand { work, band, size, epilogue, tap, sums, mut scratch } = self;
        let groups = work.kernels.inputs;
        let own = carve(&mut scratch, fused_length(groups, work.kernels.outputs));
        let summing = carve(&mut scratch, moments::scratch_length(groups));
        for piece in pieces(band) {
            let patch = &mut scratch[..patch_length(piece, groups)];
            fill_patch(isa, &work.source, work.borders, piece, patch);
            let (rows, columns) = pixels(piece, size);
            let width = TILE * piece.across + 2;
            for (row, y) in rows.enumerate() {
                let features = &patch[((row + 1) * width + 1) * groups..][..columns.len() * groups];
                tap.add(isa, y * size.width + columns.start, features, groups, sums, summing);
            }
            fused(isa, work, Input::Patch(patch), piece, own, epilogue);
        }
    }
}
