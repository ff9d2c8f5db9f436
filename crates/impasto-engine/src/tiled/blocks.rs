//! A fixed cut of an image into blocks, for a run whose blocks are on several machines.
//! ! A block owns its core. It observes a window around it, in which the core's features are exact. Only positions of
//the ! core count, so the sums of all blocks add up to those of the image. The derivative of a loss by the core's
//features ! reaches pixels of the whole window; a block gives what lies in the cores of others to them, and adds what
//they give ! to it. So one pass forward and one back give the exact gradient of the image. ! ! A
//[`Tiled`](super::Tiled) engine does differently: its windows for derivatives are wider, and it observes each twice. !
//That needs no exchange, but more work.

use impasto_encoder::{Tap, Topology};

use super::layout::{Layout, Margins, Tile};
use crate::{Edges, Padding, Rect, Size};

/// A block of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The pixels that it owns.
    pub core: Rect,
    /// The pixels that it observes.
    pub window: Rect,
    /// Which sides of the window are the image's edges.
    pub edges: Edges,
}

/// An image cut in blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Size of the image.
    pub size: Size,
    /// Pixels that a window extends beyond its core, at least and where the image does not end: 80 for VGG-19 to
    /// relu5_1. The gradient of a pixel depends on pixels twice as far away.
    pub reach: usize,
    /// The blocks, row by row.
    pub all: Vec<Block>,
}

impl Blocks {
    /// Cuts an image in `counts` blocks across and down, for a network up to a tap. Cores begin at multiples of 64
    /// pixels. `None` if the image has too few pixels for as many blocks, or a block would be smaller than `least`
    /// pixels on a side, or opposite edges of the image meet.
    pub fn new(
        (topology, padding): (&Topology, Padding),
        deepest: Tap,
        size: Size,
        counts: (usize, usize),
        least: usize,
    ) -> Option<Blocks> {
        let margins = Margins::of(topology, deepest);
        let layout = Layout::in_blocks(size, margins, counts).filter(|_| padding != Padding::Wrap)?;
        let all: Vec<Block> = layout.tiles(margins.observe).map(Block::of).collect();
        let large = |block: &Block| block.core.size.width.min(block.core.size.height) >= least;
        all.iter().all(large).then_some(Blocks { size, reach: margins.observe, all })
    }

    /// The blocks whose cores lie in a block's window, without the block itself: it reads their pixels, and has
    /// derivatives by them.
    pub fn around(&self, index: usize) -> impl Iterator<Item = usize> {
        let window = self.all[index].window;
        let others = (0..self.all.len()).filter(move |other| *other != index);
        others.filter(move |other| window.common(self.all[*other].core).is_some())
    }

    /// The part of one block's window that is the core of another.
    pub fn shared(&self, window: usize, core: usize) -> Option<Rect> {
        self.all.get(window)?.window.common(self.all.get(core)?.core)
    }
}

impl Block {
    fn of(tile: Tile) -> Block {
        // Only the windows of a ring begin before the image.
        let (x, y) = (tile.x.max(0) as usize, tile.y.max(0) as usize);
        Block { core: tile.core, window: Rect { x, y, size: tile.size }, edges: tile.edges }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(size: (usize, usize), counts: (usize, usize)) -> Option<Blocks> {
        let vgg = Topology::vgg19(1, 16);
        let deepest = vgg.tap("relu5_1").unwrap();
        Blocks::new((&vgg, Padding::Zero), deepest, Size::new(size.0, size.1), counts, 33)
    }

    #[test]
    fn the_halo_is_that_of_the_topology() {
        let blocks = blocks((1000, 900), (2, 2)).unwrap();
        assert_eq!(blocks.reach, 80);
        for block in &blocks.all {
            let (core, window) = (block.core, block.window);
            let end = |rect: Rect| (rect.x + rect.size.width, rect.y + rect.size.height);
            assert!(block.edges.left == (window.x == 0) && block.edges.right == (end(window).0 == 1000));
            assert!(block.edges.top == (window.y == 0) && block.edges.bottom == (end(window).1 == 900));
            assert!(block.edges.left || core.x - window.x >= 80);
            assert!(block.edges.right || end(window).0 - end(core).0 >= 80);
            assert!(block.edges.bottom || end(window).1 - end(core).1 >= 80);
            assert!(window.x % 64 == 0 && window.y % 64 == 0);
        }
    }

    #[test]
    fn cores_cover_once_and_have_nearly_one_size() {
        for (size, counts) in [((1000, 900), (3, 2)), ((511, 64), (7, 1)), ((8228, 4132), (4, 2))] {
            let blocks = blocks(size, counts).unwrap();
            assert_eq!(blocks.all.len(), counts.0 * counts.1);
            let area: usize = blocks.all.iter().map(|block| block.core.size.area()).sum();
            assert_eq!(area, size.0 * size.1);
            for (index, block) in blocks.all.iter().enumerate() {
                let apart = |other: &Block| block.core.common(other.core).is_none();
                assert!(blocks.all[index + 1..].iter().all(apart));
            }
            let widths = || blocks.all.iter().map(|block| block.core.size.width);
            assert!(widths().max().unwrap() - widths().min().unwrap() < 2 * 64);
        }
    }

    #[test]
    fn an_image_too_small_for_the_blocks_is_refused() {
        assert_eq!(blocks((127, 500), (2, 1)), None);
        assert_eq!(blocks((500, 500), (0, 1)), None);
        let vgg = Topology::vgg19(1, 16);
        let deepest = vgg.tap("relu2_1").unwrap();
        assert_eq!(Blocks::new((&vgg, Padding::Zero), deepest, Size::new(128, 128), (2, 1), 65), None);
        assert_eq!(Blocks::new((&vgg, Padding::Wrap), deepest, Size::new(128, 128), (2, 1), 33), None);
    }
}
