//! Winograd over a band of rows: tiles are transformed, multiplied and transformed back a block at a time, so that a block
//! stays in the second-level cache.

use std::cell::RefCell;

use pulp::{Simd, WithSimd};

use super::kernels::{
    GROUP, Matrix, POINTS, Panels, Product, TILE, TileSource, input_transform, output_transform, padded,
};
use super::map::Map;
use super::sink::Sink;
use crate::geometry::Border;

/// Tiles in a block: a multiple of the product kernel's 12 rows. With 64 channels the two transformed blocks take 0.9 MB.
const BLOCK: usize = 48;

/// Rows in a band: whole tiles, enough of them to fill a block where the map is narrow.
pub(super) fn band_rows(width: usize) -> usize {
    TILE * (BLOCK / width.div_ceil(TILE)).max(1)
}

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends a buffer of this thread; its values are anything.
pub(super) fn with_scratch<T>(length: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < length {
            scratch.resize(length, 0.0);
        }
        work(&mut scratch[..length])
    })
}

/// A 3x3 convolution of `input` for the rows `first .. first + rows`, handed to `sink` tile by tile.
pub(super) struct Tiles<'a, K> {
    pub(super) input: &'a Map,
    pub(super) columns: Border,
    pub(super) rows_border: Border,
    /// As `transform_weights` gives them.
    pub(super) weights: &'a [f32],
    pub(super) outputs: usize,
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) sink: &'a mut K,
    /// As many floats as [`scratch`] says; their values are anything. It comes from outside because a closure in here
    /// would be compiled without the instruction set.
    pub(super) scratch: &'a mut [f32],
}

impl<K: Sink> WithSimd for Tiles<'_, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let across = self.input.size().width.div_ceil(TILE);
        let count = across * self.rows.div_ceil(TILE);
        let (inputs, outputs) = (self.input.stride, padded(self.outputs));
        let block = BLOCK.min(count);
        let Tiles { input, columns, rows_border, weights, first, sink, scratch, .. } = self;
        let (transformed, rest) = scratch.split_at_mut(POINTS * block * inputs);
        let (products, edge) = rest.split_at_mut(POINTS * block * outputs);
        let mut lanes = [[[0.0; GROUP]; TILE]; TILE];
        let mut start = 0;
        while start < count {
            let tiles = block.min(count - start);
            for tile in 0..tiles {
                let (y, x) = (first + (start + tile) / across * TILE, (start + tile) % across * TILE);
                let source = source(input, columns, rows_border, y, x, edge);
                input_transform(simd, source, inputs, &mut transformed[tile * inputs..], block * inputs);
            }
            for point in 0..POINTS {
                Product {
                    rows: tiles,
                    inner: inputs,
                    panels: outputs / GROUP,
                    a: Matrix {
                        data: &transformed[point * block * inputs..],
                        row_stride: inputs,
                        inner_stride: 1,
                    },
                    b: Panels {
                        data: &weights[point * inputs * outputs..],
                        panel_stride: inputs * GROUP,
                        inner_stride: GROUP,
                    },
                    c: &mut products[point * block * outputs..],
                    c_stride: outputs,
                    add: false,
                }
                .with_simd(simd);
            }
            for tile in 0..tiles {
                let (y, x) = ((start + tile) / across * TILE, (start + tile) % across * TILE);
                for group in 0..outputs / GROUP {
                    let from = &products[tile * outputs + group * GROUP..];
                    output_transform(simd, from, block * outputs, &mut lanes);
                    sink.tile(y, x, group, &mut lanes);
                }
            }
            start += tiles;
        }
    }
}

/// Floats of scratch that a band of an input with `stride` needs.
pub(super) fn scratch(width: usize, rows: usize, stride: usize, outputs: usize) -> usize {
    let block = BLOCK.min(width.div_ceil(TILE) * rows.div_ceil(TILE));
    POINTS * (block * (stride + padded(outputs)) + stride)
}

/// The 6x6 pixels around the 4x4 outputs at (y, x): in place, or gathered where the tile meets an edge.
#[inline(always)]
fn source<'s>(
    input: &'s Map,
    columns: Border,
    rows: Border,
    y: usize,
    x: usize,
    edge: &'s mut [f32],
) -> TileSource<'s> {
    let (size, stride) = (input.size(), input.stride);
    if y > 0 && x > 0 && y + TILE < size.height && x + TILE < size.width {
        let start = ((y - 1) * size.width + x - 1) * stride;
        return TileSource { data: &input.data, start, row: size.width * stride, column: stride };
    }
    for i in 0..6 {
        let row = rows.source((y + i) as isize - 1);
        for j in 0..6 {
            let column = columns.source((x + j) as isize - 1);
            let to = &mut edge[(6 * i + j) * stride..][..stride];
            match row.zip(column) {
                Some((row, column)) => {
                    to.copy_from_slice(&input.data[(row * size.width + column) * stride..][..stride]);
                }
                None => to.fill(0.0),
            }
        }
    }
    TileSource { data: edge, start: 0, row: 6 * stride, column: stride }
}
