//! Grids of tiles, as phones store their pictures (ISO/IEC 23008-12, clause 6.6.2.3).

use heifer_isobmff::ItemId;
use rayon::prelude::*;

use super::Reader;
use super::frame::Frame;
use crate::ImageError;

/// Tiles that are decoded at a time, so that not all of them are in memory beside the picture.
const AT_A_TIME: usize = 16;

impl Reader<'_> {
    /// The picture of a grid. Tiles go from left to right, and from top to bottom; the last ones may exceed it.
    pub(super) fn grid(&self, id: ItemId) -> Result<Frame, ImageError> {
        let damaged = |reason: &str| self.context.damaged(reason);
        let grid = self.file.grid(id).map_err(|error| self.failed(error))?;
        self.check((grid.output_width, grid.output_height))?;
        let size = (grid.output_width as usize, grid.output_height as usize);
        let (columns, rows) = (usize::from(grid.columns), usize::from(grid.rows));
        let tiles = self.file.referenced_items(id, b"dimg");
        let Some(first) = tiles.first().filter(|_| tiles.len() == columns * rows) else {
            return Err(damaged("it has more or fewer tiles than it says"));
        };
        let (width, height) = self.size(*first)?;
        // No tile lies beyond the picture, so that the work is bounded by its size.
        let covers =
            |count: usize, tile: usize, side: usize| count * tile >= side && (count - 1) * tile < side;
        if !covers(columns, width, size.0) || !covers(rows, height, size.1) {
            return Err(damaged("its tiles do not fit its size"));
        }
        let mut whole: Option<Frame> = None;
        for (part, ids) in tiles.chunks(AT_A_TIME).enumerate() {
            let decoded: Vec<_> = ids.par_iter().map(|tile| self.tile(*tile, (width, height))).collect();
            for (index, tile) in decoded.into_iter().enumerate() {
                let (tile, index) = (tile?, part * AT_A_TIME + index);
                let whole = whole.get_or_insert_with(|| Frame::like(&tile, size));
                let (across, down) = tile.chroma.step();
                let is_even = (columns == 1 || width % across == 0) && (rows == 1 || height % down == 0);
                if (tile.chroma, tile.bits) != (whole.chroma, whole.bits) || !is_even {
                    return Err(damaged("its tiles do not fit each other"));
                }
                whole.put(&tile, (index % columns * width, index / columns * height));
            }
        }
        whole.ok_or_else(|| damaged("it has no tiles"))
    }

    fn tile(&self, id: ItemId, size: (usize, usize)) -> Result<Frame, ImageError> {
        match self.size(id)? == size {
            true => self.coded(id, size),
            false => Err(self.context.damaged("its tiles differ in size")),
        }
    }
}
