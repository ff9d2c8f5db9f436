//! The input of a convolution: a map, the first convolution of the image, an enlarged map, or a gradient through an
//! un-pooling and a ReLU. All but the first never exist as whole maps; patches of them are made where a block of tiles
//! needs them.

use impasto_encoder::NEAREST;

use super::bits::Unpooling;
use super::borders::Borders;
use super::first::First;
use super::kernels::{Isa, Lanes};
use super::map::{Image, Map};
use crate::Size;

#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Map(Map<'a>),
    /// The activations of the first convolution.
    First(&'a First, &'a Image),
    /// A map with twice as many rows and columns, whose values are blended.
    Enlarged(Map<'a>),
    /// The gradient before a pooling, whose size is given.
    Unpooled(Unpooling<'a>, Size),
}

impl Source<'_> {
    pub(super) fn size(&self) -> Size {
        match self {
            Source::Map(map) => map.size,
            Source::First(_, image) => image.size(),
            Source::Enlarged(map) => Size::new(2 * map.size.width, 2 * map.size.height),
            Source::Unpooled(_, size) => *size,
        }
    }

    pub(super) fn groups(&self) -> usize {
        match self {
            Source::Map(map) | Source::Enlarged(map) => map.groups,
            Source::First(first, _) => first.groups(),
            Source::Unpooled(unpooling, _) => unpooling.by_output.groups,
        }
    }

    /// Writes `to.len() / (width * groups)` rows of `width` positions, from row `y` and column `x` on. Both may lie
    /// beyond the edges.
    #[inline(always)]
    pub(super) fn patch<I: Isa>(
        &self,
        isa: I,
        borders: Borders,
        (y, x): (isize, isize),
        width: usize,
        to: &mut [Lanes],
    ) {
        let groups = self.groups();
        let last = self.size().width as isize;
        // Columns of the patch inside the map.
        let inner = (-x).clamp(0, width as isize) as usize..(last - x).clamp(0, width as isize) as usize;
        for (row, to) in to.chunks_exact_mut(width * groups).enumerate() {
            let Some(source) = borders.rows.source(y + row as isize) else {
                to.fill(Lanes::ZERO);
                continue;
            };
            let start = (x + inner.start as isize) as usize;
            self.run(isa, source, start, &mut to[inner.start * groups..inner.end * groups]);
            for column in (0..inner.start).chain(inner.end..width) {
                let to = &mut to[column * groups..][..groups];
                match borders.columns.source(x + column as isize) {
                    Some(column) => self.run(isa, source, column, to),
                    None => to.fill(Lanes::ZERO),
                }
            }
        }
    }

    /// Writes consecutive positions of a row.
    #[inline(always)]
    pub(super) fn run<I: Isa>(&self, isa: I, y: usize, x: usize, to: &mut [Lanes]) {
        match self {
            Source::Map(map) => {
                let start = (y * map.size.width + x) * map.groups;
                to.copy_from_slice(&map.data[start..][..to.len()]);
            }
            Source::First(first, image) => first.activations(isa, image, y, x, to),
            Source::Enlarged(map) => enlarged(isa, map, y, x, to),
            Source::Unpooled(unpooling, _) => unpooling.row(isa, y, x, to),
        }
    }
}

/// The weights in an enlarged value: of the nearest value, of the two beside it, and of the diagonal one.
const PARTS: [f32; 3] = [
    (NEAREST + (1.0 - NEAREST) * 0.5625) as f32,
    ((1.0 - NEAREST) * 0.1875) as f32,
    ((1.0 - NEAREST) * 0.0625) as f32,
];

/// Writes consecutive positions of an enlarged row: partly the nearest value, for the rest bilinear. Each value lies in
/// the middle of the four that it becomes; beyond an edge the edge's own value is used.
#[inline(always)]
fn enlarged<I: Isa>(isa: I, map: &Map, y: usize, x: usize, to: &mut [Lanes]) {
    let Size { width, height } = map.size;
    // The nearer of the two places that a place lies between, and the other.
    let between = |at: usize, length: usize| {
        let near = at / 2;
        (near, if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(length - 1) })
    };
    let (near, far) = between(y, height);
    let rows = [near, far].map(|row| &map.data[row * width * map.groups..][..width * map.groups]);
    for (index, to) in to.chunks_exact_mut(map.groups).enumerate() {
        let (near, far) = between(x + index, width);
        for (group, to) in to.iter_mut().enumerate() {
            let at = |row: usize, column: usize| &rows[row][column * map.groups + group];
            let mut value = at(0, near).times(isa, PARTS[0]);
            value.add_times(isa, PARTS[1], at(0, far));
            value.add_times(isa, PARTS[1], at(1, near));
            value.add_times(isa, PARTS[2], at(1, far));
            *to = value;
        }
    }
}
