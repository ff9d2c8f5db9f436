//! Windows of pixels and position weights; on a ring they may continue at the other end.

use super::layout::Tile;
use crate::{Pixels, Plane, Size};

/// The ranges of an image's row that a window of `width` from `x` on covers, with their offsets in the window and in
/// the row.
pub(super) fn runs(
    x: isize,
    width: usize,
    length: usize,
) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        (done < width).then(|| {
            let from = (x + done as isize).rem_euclid(length as isize) as usize;
            let run = (width - done).min(length - from);
            done += run;
            (done - run, from..from + run)
        })
    })
}

/// Copies a tile's window of one plane of an image.
fn cut(plane: &[f32], size: Size, tile: &Tile, to: &mut [f32]) {
    for (row, to) in to.chunks_exact_mut(tile.size.width).enumerate() {
        let y = (tile.y + row as isize).rem_euclid(size.height as isize) as usize;
        let from = &plane[y * size.width..][..size.width];
        for (at, range) in runs(tile.x, tile.size.width, size.width) {
            to[at..at + range.len()].copy_from_slice(&from[range]);
        }
    }
}

pub(super) fn cut_pixels(image: &Pixels, tile: &Tile) -> Pixels {
    let mut data = vec![0.0; 3 * tile.size.area()];
    let planes = image.data.chunks_exact(image.size.area()).zip(data.chunks_exact_mut(tile.size.area()));
    planes.for_each(|(plane, to)| cut(plane, image.size, tile, to));
    Pixels { size: tile.size, data }
}

/// Position weights in a window, 1 if none are given; with `only_core`, 0 outside the core.
pub(super) fn cut_plane(size: Size, tile: &Tile, plane: Option<&Plane>, only_core: bool) -> Plane {
    let mut data = vec![1.0; tile.size.area()];
    if let Some(plane) = plane {
        cut(&plane.data, size, tile, &mut data);
    }
    if only_core {
        let ((left, top), core) = (tile.inset(), tile.core.size);
        for (y, row) in data.chunks_exact_mut(tile.size.width).enumerate() {
            if (top..top + core.height).contains(&y) {
                row[..left].fill(0.0);
                row[left + core.width..].fill(0.0);
            } else {
                row.fill(0.0);
            }
        }
    }
    Plane { size: tile.size, data }
}
