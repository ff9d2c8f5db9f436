//! Cuts an image into cores that cover it once, each with a window that holds all pixels the core depends on.
//!
//! A feature at relu5_1 depends on 70 pixels to each side of its own. A window that observes its core exactly reaches
//! that far beyond it. A window for derivatives reaches twice as far, because the features within that reach must be
//! exact too. Windows begin at multiples of 64 pixels, so that the grids of poolings and Winograd tiles are the same as
//! in the whole image.

use std::ops::Range;

use impasto_encoder::{Tap, Topology};

use crate::{Edges, Padding, Rect, Size};

/// Cores and windows begin at multiples of this.
const GRID: usize = 64;

/// The forward half's share of an evaluation's time, which is the cost of an observation or a capture.
pub const FORWARD: f64 = 0.45;

/// Pixels that a window extends beyond its core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Margins {
    pub(crate) observe: usize,
    pub(crate) pull_back: usize,
}

impl Margins {
    /// The margins for a network up to a tap: 80 and 160 pixels for VGG-19 to relu5_1.
    pub(crate) fn of(topology: &Topology, deepest: Tap) -> Margins {
        // The range of positions before each layer that position 0 of the last output depends on.
        let (mut low, mut high) = (0isize, 0isize);
        for conv in (0..=deepest.conv()).rev() {
            (low, high) = (low - 1, high + 1);
            if topology.pools_before(conv) {
                (low, high) = (2 * low, 2 * high + 1);
            }
        }
        let step = topology.smallest_image(deepest);
        let reach = (-low).max(high + 1 - step as isize) as usize;
        let observe = reach.next_multiple_of(step);
        Margins { observe, pull_back: 2 * observe }
    }
}

/// One axis of an image.
#[derive(Clone, Copy, Debug)]
struct Axis {
    length: usize,
    cut: Cut,
    /// Whether it is a ring, whose windows continue at the other end.
    ring: bool,
}

/// The cores of an axis.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Cores of this many pixels; the last may be shorter.
    Length(usize),
    /// This many cores of nearly the same length; the last takes the rest.
    Count(usize),
}

/// A range of an axis; on a ring, `start` may lie before the axis and the end behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    start: isize,
    length: usize,
    /// Whether its ends are the axis' ends.
    ends: (bool, bool),
}

impl Axis {
    fn cores(self) -> usize {
        match self.cut {
            Cut::Length(core) => self.length.div_ceil(core),
            Cut::Count(count) => count,
        }
    }

    fn core(self, index: usize) -> Range<usize> {
        let start = |index: usize| match self.cut {
            Cut::Length(core) => (index * core).min(self.length),
            Cut::Count(count) if index == count => self.length,
            Cut::Count(count) => self.length / GRID * index / count * GRID,
        };
        start(index)..start(index + 1)
    }

    fn window(self, index: usize, margin: usize) -> Stretch {
        if self.cores() == 1 {
            return Stretch { start: 0, length: self.length, ends: (true, true) };
        }
        let core = self.core(index);
        let before = margin.next_multiple_of(GRID);
        if self.ring {
            let start = core.start as isize - before as isize;
            return Stretch { start, length: before + core.len() + margin, ends: (false, false) };
        }
        let (start, end) = (core.start.saturating_sub(before), (core.end + margin).min(self.length));
        Stretch { start: start as isize, length: end - start, ends: (start == 0, end == self.length) }
    }

    /// Pixels of all windows together, and of the longest one.
    fn covered(self, margin: usize) -> (usize, usize) {
        let lengths = (0..self.cores()).map(|index| self.window(index, margin).length);
        lengths.fold((0, 0), |(sum, longest), length| (sum + length, longest.max(length)))
    }
}

/// An image cut in tiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) size: Size,
    pub(crate) margins: Margins,
    columns: Axis,
    rows: Axis,
}

/// A core and a window around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// The core in the image.
    pub(crate) core: Rect,
    /// The window's first column and row in the image; negative if it begins before it, on a ring.
    pub(crate) x: isize,
    pub(crate) y: isize,
    /// Size of the window.
    pub(crate) size: Size,
    /// Which sides of the window are the image's edges.
    pub(crate) edges: Edges,
}

impl Tile {
    /// First column and row of the core in the window.
    pub(crate) fn inset(&self) -> (usize, usize) {
        ((self.core.x as isize - self.x) as usize, (self.core.y as isize - self.y) as usize)
    }
}

impl Layout {
    /// The cheapest cut of an image with windows of at most `most` pixels, or the cut with the smallest windows if
    /// these are still larger. A seamless image cannot be cut along an axis whose length the poolings do not divide
    /// evenly.
    pub(crate) fn new(size: Size, margins: Margins, padding: Padding, step: usize, most: usize) -> Layout {
        let axes = |length: usize| -> Vec<Axis> {
            let ring = padding == Padding::Wrap;
            let whole = Axis { length, cut: Cut::Length(length.max(1)), ring };
            let mut axes = vec![whole];
            if !ring || length.is_multiple_of(step) {
                let cells = length.div_ceil(GRID);
                let mut cores: Vec<usize> = (2..=cells).map(|count| cells.div_ceil(count) * GRID).collect();
                cores.dedup();
                axes.extend(cores.into_iter().map(|core| Axis { cut: Cut::Length(core), ..whole }));
            }
            axes
        };
        let mut best: Option<(bool, f64, Layout)> = None;
        let (columns, rows) = (axes(size.width), axes(size.height));
        for &columns in &columns {
            for &rows in &rows {
                let layout = Layout { size, margins, columns, rows };
                let fits = layout.largest_window() <= most;
                // If nothing fits, the smallest window is the best.
                let cost = if fits { layout.cost() } else { layout.largest_window() as f64 };
                let better = |&(other, least, _): &(bool, f64, Layout)| (fits, -cost) > (other, -least);
                if best.as_ref().is_none_or(better) {
                    best = Some((fits, cost, layout));
                }
            }
        }
        let whole = |length: usize| Axis { length, cut: Cut::Length(length.max(1)), ring: false };
        let (columns, rows) = (whole(size.width), whole(size.height));
        best.map_or(Layout { size, margins, columns, rows }, |(_, _, layout)| layout)
    }

    /// An image cut in a given number of cores across and down; `None` if one would have fewer pixels than [`GRID`] on
    /// a side.
    pub(crate) fn in_blocks(size: Size, margins: Margins, (across, down): (usize, usize)) -> Option<Layout> {
        let fits = |length: usize, count: usize| count > 0 && length / GRID >= count;
        let axis = |length: usize, count: usize| Axis { length, cut: Cut::Count(count), ring: false };
        (fits(size.width, across) && fits(size.height, down)).then(|| Layout {
            size,
            margins,
            columns: axis(size.width, across),
            rows: axis(size.height, down),
        })
    }

    /// Tiles across and down.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.columns.cores(), self.rows.cores())
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.counts() == (1, 1)
    }

    /// Size of the largest window, which a pull-back needs.
    pub(crate) fn window(&self) -> Size {
        let margin = self.margins.pull_back;
        Size::new(self.columns.covered(margin).1, self.rows.covered(margin).1)
    }

    fn largest_window(&self) -> usize {
        self.window().area()
    }

    /// The cost of an evaluation, in pixels of whole-image evaluations.
    pub(crate) fn cost(&self) -> f64 {
        if self.is_whole() {
            return self.size.area() as f64;
        }
        let pixels = |margin| (self.columns.covered(margin).0 * self.rows.covered(margin).0) as f64;
        FORWARD * pixels(self.margins.observe) + pixels(self.margins.pull_back)
    }

    /// All tiles, row by row, with windows of a given margin.
    pub(crate) fn tiles(self, margin: usize) -> impl Iterator<Item = Tile> {
        let (across, down) = self.counts();
        (0..across * down).map(move |index| {
            let (column, row) = (index % across, index / across);
            let (x, y) = (self.columns.core(column), self.rows.core(row));
            let (across, down) = (self.columns.window(column, margin), self.rows.window(row, margin));
            Tile {
                core: Rect { x: x.start, y: y.start, size: Size::new(x.len(), y.len()) },
                x: across.start,
                y: down.start,
                size: Size::new(across.length, down.length),
                edges: Edges {
                    left: across.ends.0,
                    right: across.ends.1,
                    top: down.ends.0,
                    bottom: down.ends.1,
                },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_are_those_of_the_receptive_fields() {
        let vgg = Topology::vgg19(1, 16);
        let margins = |layer| Margins::of(&vgg, vgg.tap(layer).unwrap());
        assert_eq!(margins("relu5_1"), Margins { observe: 80, pull_back: 160 });
        assert_eq!(margins("relu5_2"), Margins { observe: 96, pull_back: 192 });
        assert_eq!(margins("relu5_4"), Margins { observe: 128, pull_back: 256 });
        assert_eq!(margins("relu1_1"), Margins { observe: 1, pull_back: 2 });
    }

    #[test]
    fn cores_cover_once_and_windows_lie_on_the_grid() {
        let margins = Margins { observe: 80, pull_back: 160 };
        for (width, height) in [(1000, 700), (641, 64), (3000, 2000)] {
            let size = Size::new(width, height);
            let layout = Layout::new(size, margins, Padding::Zero, 16, 512 * 512);
            let mut seen = vec![0u8; size.area()];
            for tile in layout.tiles(margins.pull_back) {
                assert!(tile.size.area() <= 512 * 512, "{tile:?}");
                assert!(tile.x % 64 == 0 && tile.y % 64 == 0, "{tile:?}");
                let (right, bottom) = (tile.x + tile.size.width as isize, tile.y + tile.size.height as isize);
                assert!(tile.edges.right == (right == width as isize), "{tile:?}");
                assert!(tile.edges.bottom || bottom >= (tile.core.y + tile.core.size.height + 160) as isize);
                for y in 0..tile.core.size.height {
                    for x in 0..tile.core.size.width {
                        seen[(tile.core.y + y) * width + tile.core.x + x] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|&count| count == 1), "{width}x{height}");
        }
    }

    #[test]
    fn what_fits_is_not_cut_and_overlap_costs_what_it_should() {
        let margins = Margins { observe: 80, pull_back: 160 };
        let size = Size::new(2048, 2048);
        assert!(Layout::new(size, margins, Padding::Zero, 16, size.area()).is_whole());
        let large = Layout::new(Size::new(12000, 8000), margins, Padding::Zero, 16, 2560 * 2560);
        assert!(large.cost() / 96e6 < 2.0, "{}", large.cost() / 96e6);
    }
}
