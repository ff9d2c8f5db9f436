//! A convolution of few channels, band by band. Each thread transforms, multiplies and transforms back a few tiles at a
//! time, which stay in its second-level cache.

use rayon::prelude::*;

use super::conv::Convolution;
use super::epilogue::Epilogue;
use super::kernels::{Cut, Isa, Kernel, Lanes, POINTS, TILE, dispatch};
use super::scratch::{self, carve};
use super::source::Source;
use super::target::Target;
use super::tiles::{
    Block, Input, Kernels, fill_patch, multiply, patch_length, point_stride, store_tiles, transform,
};
use crate::EngineError;

/// Tiles multiplied at a time, in blocks of the product kernel's rows. With 64 channels there are 24, whose products
/// and transformed tiles take 0.4 MB (48 were 15 % slower); there are more with fewer channels.
fn at_once(inputs: usize) -> usize {
    (48 / inputs.max(1)).clamp(24, 48) / 12 * 12
}

/// Tiles across a piece of a band.
const ACROSS: usize = 32;

/// Fewest blocks, if the map has so many tiles.
const BLOCKS: usize = 64;

/// Convolves by rows of tiles, or by pieces of rows if there are few.
pub(super) fn convolve<T: Target>(work: &Convolution, target: &mut T) -> Result<(), EngineError> {
    let size = work.source.size();
    let (across, down) = (size.width.div_ceil(TILE), size.height.div_ceil(TILE));
    let pieces = Cut::balanced(across, across.div_ceil(BLOCKS.div_ceil(down)));
    let columns = Cut::new(0..size.width, TILE * pieces.piece(0).len());
    let cuts = (Cut::new(0..size.height, TILE), columns, Cut::whole(work.kernels.outputs));
    target.epilogues(cuts).enumerate().for_each(|(index, mut epilogue)| {
        if work.cancel.is_cancelled() {
            return;
        }
        let (row, columns) = (index / pieces.pieces(), pieces.piece(index % pieces.pieces()));
        let band = Block { row, column: columns.start, down: 1, across: columns.len() };
        scratch::with(length_for(work.kernels), |scratch| {
            dispatch(work.set, Band { work, band, epilogue: &mut epilogue, scratch });
        });
    });
    work.cancel.check()
}

/// Groups of scratch per thread.
pub(super) fn length_for(kernels: Kernels) -> usize {
    let piece = Block { row: 0, column: 0, down: 1, across: ACROSS };
    patch_length(piece, kernels.inputs) + fused_length(kernels.inputs, kernels.outputs)
}

struct Band<'a, K> {
    work: &'a Convolution<'a>,
    band: Block,
    epilogue: &'a mut K,
    scratch: &'a mut [Lanes],
}

impl<K: Epilogue> Kernel for Band<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Band { work, band, epilogue, mut scratch } = self;
        let Convolution { source, borders, kernels, .. } = *work;
        let own = carve(&mut scratch, fused_length(kernels.inputs, kernels.outputs));
        for piece in pieces(band) {
            let input = match &source {
                Source::Map(_) => Input::InPlace(&work.source),
                _ => {
                    let patch = &mut scratch[..patch_length(piece, source.groups())];
                    fill_patch(isa, &source, borders, piece, patch);
                    Input::Patch(patch)
                }
            };
            fused(isa, work, input, piece, own, epilogue);
        }
    }
}

/// A band cut into pieces of at most [`ACROSS`] tiles across, nearly equal.
#[inline(always)]
pub(super) fn pieces(band: Block) -> impl Iterator<Item = Block> {
    let cut = Cut::balanced(band.across, ACROSS);
    (0..cut.pieces()).map(move |index| {
        let columns = cut.piece(index);
        Block { column: band.column + columns.start, across: columns.len(), ..band }
    })
}

/// Groups of scratch that [`fused`] needs.
pub(super) fn fused_length(inputs: usize, outputs: usize) -> usize {
    let tiles = at_once(inputs);
    POINTS * (inputs + point_stride(tiles, inputs) + point_stride(tiles, outputs))
}

/// Computes all outputs of a block, a few tiles at a time.
#[inline(always)]
pub(super) fn fused<I: Isa, K: Epilogue>(
    isa: I,
    work: &Convolution,
    input: Input,
    block: Block,
    mut scratch: &mut [Lanes],
    epilogue: &mut K,
) {
    let kernels = work.kernels;
    let tiles = at_once(kernels.inputs);
    let edge = carve(&mut scratch, POINTS * kernels.inputs);
    let transformed = carve(&mut scratch, POINTS * point_stride(tiles, kernels.inputs));
    let products = carve(&mut scratch, POINTS * point_stride(tiles, kernels.outputs));
    let cut = Cut::balanced(block.tiles(), tiles);
    for index in 0..cut.pieces() {
        let tiles = cut.piece(index);
        let count = tiles.len();
        transform(isa, (input, kernels.inputs), work.borders, block, tiles.clone(), edge, transformed);
        multiply(isa, kernels, (transformed, 0), (count, count), 0..kernels.outputs, &mut [], products);
        store_tiles(isa, products, block, tiles, 0..kernels.outputs, epilogue);
    }
}
