//! A convolution of many channels, whose transformed tiles and kernels fit no cache. All threads transform a few
//! hundred tiles. Then they multiply pieces of these tiles with slabs of output channels, and transform the products
//! back. The pieces are independent, and numerous enough for many threads even on small maps.

use std::ops::Range;

use rayon::prelude::*;

use super::conv::Convolution;
use super::epilogue::Epilogue;
use super::kernels::{Cut, GROUP, Isa, Kernel, Lanes, POINTS, TILE, dispatch};
use super::scratch::{self, carve};
use super::target::Target;
use super::tiles::{Block, Input, multiply, point_stride, store_tiles, transform};
use crate::EngineError;
use crate::Size;

/// Transformed tiles lie in chunks, each a block of rows of the product.
const CHUNK: usize = 12;

/// Most tiles of a piece.
const PIECE: usize = 64;

/// Most groups of outputs in a slab. A piece and a slab of nearly equal size read least for their work; their products,
/// 0.6 MB, stay in the second-level cache.
const SLAB: usize = 4;

/// Groups of transformed tiles at a time, per point: 19 MB.
const TRANSFORMED: usize = 8192;

/// Fewest pieces times slabs that are worked on at once, if the map has so many.
const TASKS: usize = 64;

/// How a layer is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts {
    across: usize,
    down: usize,
    /// Tiles of a piece in each direction.
    piece: (usize, usize),
    /// Rows of pieces that are transformed together.
    rows: usize,
    /// Groups of outputs in a slab.
    slab: usize,
}

impl Cuts {
    pub(super) fn new(size: Size, inputs: usize, outputs: usize) -> Cuts {
        let (across, down) = (size.width.div_ceil(TILE), size.height.div_ceil(TILE));
        let columns = Cut::balanced(across, PIECE);
        let wide = columns.piece(0).len();
        let mut tall = Cut::balanced(down, (PIECE / wide).max(1)).piece(0).len();
        let at_once = |tall: usize| (TRANSFORMED / inputs / (tall * across)).max(1).min(down.div_ceil(tall));
        let tasks =
            |tall: usize, slab: usize| down.div_ceil(tall) * columns.pieces() * outputs.div_ceil(slab);
        let mut slab = SLAB;
        while slab > 1 && tasks(tall, slab) < TASKS {
            slab /= 2;
        }
        while tall > 2 && tasks(tall, slab) < TASKS {
            tall = tall.div_ceil(2);
        }
        Cuts { across, down, piece: (tall, wide), rows: at_once(tall), slab: slab.min(outputs) }
    }

    fn columns(self) -> usize {
        self.across.div_ceil(self.piece.1)
    }

    /// A piece, by its row and column among pieces; the last ones are smaller.
    fn block(self, row: usize, column: usize) -> Block {
        let (row, column) = (row * self.piece.0, column * self.piece.1);
        let (down, across) = (self.piece.0.min(self.down - row), self.piece.1.min(self.across - column));
        Block { row, column, down, across }
    }

    fn chunks(self) -> usize {
        (self.piece.0 * self.piece.1).div_ceil(CHUNK)
    }

    /// Groups of the transformed tiles.
    pub(super) fn transformed(self, inputs: usize) -> usize {
        self.rows * self.columns() * self.chunks() * chunk_length(inputs)
    }

    /// Groups of scratch per thread.
    pub(super) fn scratch(self, inputs: usize) -> usize {
        let tiles = self.piece.0 * self.piece.1;
        let products = POINTS * point_stride(tiles, self.slab);
        (POINTS * inputs).max(self.slab * inputs * GROUP + products)
    }
}

/// Groups of a chunk.
fn chunk_length(inputs: usize) -> usize {
    POINTS * point_stride(CHUNK, inputs)
}

/// Tiles in each chunk of a piece.
fn per_chunk(tiles: usize) -> usize {
    tiles.div_ceil(tiles.div_ceil(CHUNK))
}

/// Convolves; `transformed` has [`Cuts::transformed`] groups.
pub(super) fn convolve<T: Target>(
    work: &Convolution,
    target: &mut T,
    transformed: &mut [Lanes],
) -> Result<(), EngineError> {
    let (size, kernels) = (work.source.size(), work.kernels);
    let cuts = Cuts::new(size, kernels.inputs, kernels.outputs);
    let chunk = chunk_length(kernels.inputs);
    let piece = cuts.chunks() * chunk;
    let last_row = cuts.down.div_ceil(cuts.piece.0);
    for first in (0..last_row).step_by(cuts.rows) {
        let rows = cuts.rows.min(last_row - first);
        let pieces = rows * cuts.columns();
        let block = |index: usize| cuts.block(first + index / cuts.columns(), index % cuts.columns());
        transformed[..pieces * piece].par_chunks_mut(chunk).enumerate().for_each(|(index, to)| {
            let block = block(index / cuts.chunks());
            let step = per_chunk(block.tiles());
            let start = index % cuts.chunks() * step;
            if start < block.tiles() && !work.cancel.is_cancelled() {
                let tiles = start..(start + step).min(block.tiles());
                scratch::with(POINTS * kernels.inputs, |edge| {
                    dispatch(work.set, Transform { work, block, tiles, edge, to });
                });
            }
        });
        let (tall, wide) = (TILE * cuts.piece.0, TILE * cuts.piece.1);
        let pixels = (
            Cut::new(first * tall..((first + rows) * tall).min(size.height), tall),
            Cut::new(0..size.width, wide),
            Cut::new(0..kernels.outputs, cuts.slab),
        );
        let transformed = &transformed[..];
        target.epilogues(pixels).enumerate().for_each(|(index, mut epilogue)| {
            let (slab, index) = (index / pieces, index % pieces);
            if work.cancel.is_cancelled() {
                return;
            }
            let slab = slab * cuts.slab..((slab + 1) * cuts.slab).min(kernels.outputs);
            let (block, chunks) = (block(index), &transformed[index * piece..][..piece]);
            scratch::with(cuts.scratch(kernels.inputs), |scratch| {
                let multiply = Multiply { work, block, slab, chunks, scratch, epilogue: &mut epilogue };
                dispatch(work.set, multiply);
            });
        });
        work.cancel.check()?;
    }
    Ok(())
}

/// One chunk.
struct Transform<'a> {
    work: &'a Convolution<'a>,
    block: Block,
    tiles: Range<usize>,
    edge: &'a mut [Lanes],
    to: &'a mut [Lanes],
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Transform { work, block, tiles, edge, to } = self;
        let input = (Input::InPlace(&work.source), work.kernels.inputs);
        transform(isa, input, work.borders, block, tiles, edge, to);
    }
}

/// One piece times one slab.
struct Multiply<'a, K> {
    work: &'a Convolution<'a>,
    block: Block,
    slab: Range<usize>,
    chunks: &'a [Lanes],
    scratch: &'a mut [Lanes],
    epilogue: &'a mut K,
}

impl<K: Epilogue> Kernel for Multiply<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Multiply { work, block, slab, chunks, mut scratch, epilogue } = self;
        let kernels = work.kernels;
        let panel = carve(&mut scratch, slab.len() * kernels.inputs * GROUP);
        let products = carve(&mut scratch, POINTS * point_stride(block.tiles(), slab.len()));
        let tiles = block.tiles();
        let chunks = (chunks, chunk_length(kernels.inputs));
        multiply(isa, kernels, chunks, (tiles, per_chunk(tiles)), slab.clone(), panel, products);
        store_tiles(isa, products, block, 0..tiles, slab, epilogue);
    }
}
