//! Content targets of whole images, stored outside the inner engine and lent to it window by window.

use std::io;

use impasto_encoder::Tap;

use super::Tiled;
use super::cut::runs;
use super::layout::{Layout, Tile};
use super::store::Store;
use crate::{EngineError, Size, Target};

/// The features of a whole image at a tap.
pub(super) enum Whole {
    /// For an image that was not cut: the inner engine keeps them.
    Inner(Target),
    Kept(Kept),
}

pub(super) struct Kept {
    pub(super) tap: Tap,
    /// Size of the tap's grid.
    pub(super) size: Size,
    /// Bytes of one position.
    pub(super) stride: usize,
    pub(super) store: Store,
}

impl Tiled {
    /// Gives the inner engine a tile's part of a target, in place of the previous one in that slot.
    pub(super) fn lend(
        &mut self,
        layout: &Layout,
        tile: &Tile,
        slot: usize,
        target: Target,
    ) -> Result<Target, EngineError> {
        let Kept { tap, size: grid, stride, store } = match self.targets.get_mut(target.index) {
            Some(Whole::Inner(target)) => return Ok(*target),
            Some(Whole::Kept(kept)) => kept,
            None => return Err(EngineError::NoSuchTarget { index: target.index }),
        };
        let topology = self.inner.network().encoder.topology();
        let step = topology.smallest_image(*tap);
        let (width, height) = topology.size_at(tap.conv(), (tile.size.width, tile.size.height));
        let (expected, found) =
            (topology.size_at(tap.conv(), (layout.size.width, layout.size.height)), *grid);
        if expected != (found.width, found.height) {
            let expected = Size::new(expected.0, expected.1);
            return Err(EngineError::SizesDiffer { what: "content target", expected, found });
        }
        let (x, y) = (tile.x.div_euclid(step as isize), tile.y.div_euclid(step as isize));
        let mut fill = |row: usize, to: &mut [u8]| -> io::Result<()> {
            let row = (y + row as isize).rem_euclid(grid.height as isize) as usize;
            for (at, from) in runs(x, width, grid.width) {
                let start = (row * grid.width + from.start) * *stride;
                store.read(start, &mut to[at * *stride..(at + from.len()) * *stride])?;
            }
            Ok(())
        };
        let held = self.slots.get(slot).copied();
        let target = self.inner.import_target(held, *tap, Size::new(width, height), &mut fill)?;
        match self.slots.get_mut(slot) {
            Some(held) => *held = target,
            None => self.slots.push(target),
        }
        Ok(target)
    }
}
