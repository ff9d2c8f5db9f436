//! A 3x3 convolution of a block of Winograd tiles: transformed, multiplied with the kernels, transformed back.

use super::borders::Borders;
use super::epilogue::Epilogue;
use super::kernels::{
    GROUP, Isa, Lanes, Matrix, POINTS, Panels, Product, TILE, TileSource, flat, flat_mut, input_transform,
    inverse_point, output_transform, transpose,
};
use super::source::Source;
use crate::Size;

/// The kernels of one direction of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Kernels<'a> {
    /// For each point, panels of a group of outputs, with a group for each input.
    pub(super) data: &'a [Lanes],
    /// Groups of this direction's inputs and outputs.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Whether the data belongs to the other direction: read it at the inverse point, with inputs and outputs
    /// exchanged.
    pub(super) turned: bool,
}

/// A rectangle of tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Row and column of the first tile, in tiles.
    pub(super) row: usize,
    pub(super) column: usize,
    /// Tiles in each direction.
    pub(super) down: usize,
    pub(super) across: usize,
}

impl Block {
    pub(super) fn tiles(self) -> usize {
        self.down * self.across
    }

    /// First row and column of a tile, in pixels.
    #[inline(always)]
    pub(super) fn place(self, tile: usize) -> (usize, usize) {
        (TILE * (self.row + tile / self.across), TILE * (self.column + tile % self.across))
    }
}

/// Where to read a block's tiles.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// In the map. Tiles at an edge, and tiles of sources that are not maps, are gathered.
    InPlace(&'a Source<'a>),
    /// In a patch: the block's pixels and one more on each side.
    Patch(&'a [Lanes]),
}

/// Groups of the patch around a block.
pub(super) fn patch_length(block: Block, groups: usize) -> usize {
    (TILE * block.down + 2) * (TILE * block.across + 2) * groups
}

/// Fills the patch around a block.
#[inline(always)]
pub(super) fn fill_patch<I: Isa>(
    isa: I,
    source: &Source,
    borders: Borders,
    block: Block,
    patch: &mut [Lanes],
) {
    let (y, x) = block.place(0);
    source.patch(isa, borders, (y as isize - 1, x as isize - 1), TILE * block.across + 2, patch);
}

/// Groups between the points of so many tiles: an odd number, so that the 36 places of a tile do not fall on the same
/// few cache sets.
#[inline(always)]
pub(super) fn point_stride(tiles: usize, groups: usize) -> usize {
    (tiles * groups) | 1
}

/// Transforms some tiles of a block to `[points, tiles, groups]`, with the points [`point_stride`] apart. `edge` has
/// room for 36 positions.
#[inline(always)]
pub(super) fn transform<I: Isa>(
    isa: I,
    (input, groups): (Input, usize),
    borders: Borders,
    block: Block,
    tiles: std::ops::Range<usize>,
    edge: &mut [Lanes],
    to: &mut [Lanes],
) {
    let channels = groups * GROUP;
    let point_stride = point_stride(tiles.len(), groups) * GROUP;
    let to = flat_mut(to);
    for (index, tile) in tiles.enumerate() {
        let (y, x) = block.place(tile);
        let source = match input {
            Input::InPlace(source) => in_place(isa, source, borders, (y, x), edge),
            Input::Patch(patch) => {
                let width = TILE * block.across + 2;
                let place = (y - TILE * block.row) * width + x - TILE * block.column;
                let start = place * channels;
                TileSource { data: flat(patch), start, row: width * channels, column: channels }
            }
        };
        input_transform(isa, source, channels, &mut to[index * channels..], point_stride);
    }
}

/// The 6x6 pixels around the 4x4 outputs at (y, x).
#[inline(always)]
fn in_place<'s, I: Isa>(
    isa: I,
    source: &'s Source,
    borders: Borders,
    (y, x): (usize, usize),
    edge: &'s mut [Lanes],
) -> TileSource<'s> {
    let (Size { width, height }, channels) = (source.size(), source.groups() * GROUP);
    if let Source::Map(map) = source
        && y > 0
        && x > 0
        && y + TILE < height
        && x + TILE < width
    {
        let start = ((y - 1) * width + x - 1) * channels;
        return TileSource { data: flat(map.data), start, row: width * channels, column: channels };
    }
    let edge = &mut edge[..POINTS * source.groups()];
    source.patch(isa, borders, (y as isize - 1, x as isize - 1), 6, edge);
    TileSource { data: flat(edge), start: 0, row: 6 * channels, column: channels }
}

/// Multiplies transformed tiles with the kernels of the output groups in `slab`. The result is `[points, tiles, slab]`,
/// again with the points [`point_stride`] apart. `chunks` are the transformed tiles, `capacity` groups apart; each
/// holds `per_chunk` tiles, the last one the rest.
///
/// `panel` has room for the panels of the slab, for kernels of the other direction that must be rotated.
#[inline(always)]
pub(super) fn multiply<I: Isa>(
    isa: I,
    kernels: Kernels,
    (chunks, capacity): (&[Lanes], usize),
    (tiles, per_chunk): (usize, usize),
    slab: std::ops::Range<usize>,
    panel: &mut [Lanes],
    to: &mut [Lanes],
) {
    let Kernels { data, inputs, outputs, turned } = kernels;
    let channels = inputs * GROUP;
    let length = slab.len() * channels;
    let parts = tiles.div_ceil(per_chunk);
    for point in 0..POINTS {
        let start = |point: usize| (point * outputs + slab.start) * channels;
        let mut following: &[Lanes] = &[];
        let kernels = if turned {
            for (output, panel) in slab.clone().zip(panel.chunks_exact_mut(channels)) {
                for (input, block) in panel.chunks_exact_mut(GROUP).enumerate() {
                    let start = ((inverse_point(point) * inputs + input) * outputs + output) * GROUP;
                    transpose(isa, &data[start..start + GROUP], block);
                }
            }
            &panel[..length]
        } else {
            if point + 1 < POINTS {
                following = &data[start(point + 1)..][..length];
            }
            &data[start(point)..][..length]
        };
        for (index, first) in (0..tiles).step_by(per_chunk).enumerate() {
            let rows = per_chunk.min(tiles - first);
            // The next chunk at this point, and a part of the next point's kernels.
            let next = match first + rows < tiles {
                true => &chunks[(index + 1) * capacity + point * point_stride(rows, inputs)..],
                false => &chunks[(point + 1) % POINTS * point_stride(per_chunk.min(tiles), inputs)..],
            };
            let next = &next[..(rows * inputs).min(next.len())];
            let part = following.len().div_ceil(parts);
            let ahead = following.chunks(part.max(1)).nth(index).unwrap_or_default();
            isa.call(Product {
                rows,
                segments: 1,
                inner: channels,
                panels: slab.len(),
                a: Matrix {
                    data: flat(&chunks[index * capacity + point * point_stride(rows, inputs)..]),
                    row_stride: channels,
                    inner_stride: 1,
                    segment_stride: 0,
                },
                b: Panels { data: flat(kernels), panel_stride: channels * GROUP, inner_stride: GROUP },
                c: flat_mut(&mut to[point * point_stride(tiles, slab.len()) + first * slab.len()..]),
                c_stride: slab.len() * GROUP,
                add: false,
                next: [flat(next), flat(ahead)],
            });
        }
    }
}

/// Transforms the products of `tiles` of a block back, and passes them to the epilogue.
#[inline(always)]
pub(super) fn store_tiles<I: Isa, K: Epilogue>(
    isa: I,
    products: &[Lanes],
    block: Block,
    tiles: std::ops::Range<usize>,
    slab: std::ops::Range<usize>,
    epilogue: &mut K,
) {
    let point_stride = point_stride(tiles.len(), slab.len()) * GROUP;
    let mut lanes = [[Lanes::ZERO; TILE]; TILE];
    for (index, tile) in tiles.enumerate() {
        let (y, x) = block.place(tile);
        for (at, group) in slab.clone().enumerate() {
            let from = flat(&products[index * slab.len() + at..]);
            output_transform(isa, from, point_stride, &mut lanes);
            epilogue.tile(isa, y, x, group, &mut lanes);
        }
    }
}
