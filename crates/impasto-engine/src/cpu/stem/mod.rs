//! Block 1 at the image's resolution, in bands and in both directions. The activations of the first convolution would
//! be the largest map of all. They are computed where they are needed, again for the pull-back, and never kept.

mod alone;
mod backward;
mod forward;

pub(super) use alone::{alone_scratch, first_alone};
pub(super) use backward::{Above, StemBackward, backward_scratch, task_rows};
pub(super) use forward::{FirstTap, forward, forward_scratch};

use std::ops::Range;

use super::kernels::{Cut, TILE};
use super::tiles::Block;
use crate::Size;

/// Rows of a band: two rows of tiles, so that less of the first convolution is computed twice.
const ROWS: usize = 2 * TILE;

/// Most columns of a piece of a band.
const COLUMNS: usize = 128;

/// Most tasks: each has its own sums and rows of the gradient.
const TASKS: usize = 128;

/// The rows of an image, cut into tasks of whole bands.
pub(super) fn tasks(height: usize) -> Cut {
    Cut::new(0..height, ROWS * height.div_ceil(ROWS).div_ceil(TASKS))
}

/// The bands of a task, as blocks of tiles.
fn bands(rows: Range<usize>, width: usize) -> impl Iterator<Item = Block> {
    let across = width.div_ceil(TILE);
    rows.clone().step_by(ROWS).map(move |y| {
        let down = ROWS.min(rows.end - y).div_ceil(TILE);
        Block { row: y / TILE, column: 0, down, across }
    })
}

/// The rows and columns of pixels of a piece.
fn pixels(piece: Block, size: Size) -> (Range<usize>, Range<usize>) {
    let (y, x) = (TILE * piece.row, TILE * piece.column);
    (y..(y + TILE * piece.down).min(size.height), x..(x + TILE * piece.across).min(size.width))
}
