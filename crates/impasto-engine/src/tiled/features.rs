//! Features of whole images, put together from tiles, and derivatives by them, cut for windows.

use impasto_encoder::{Tap, Topology};

use super::cut::runs;
use super::layout::Tile;
use crate::{EngineError, Features, Request, Size};

/// Features of a whole image at the taps of a request, before any tile has filled them.
pub(super) fn blank(topology: &Topology, request: &Request, image: Size) -> Vec<Features> {
    let at = |tap: &Tap| {
        let (size, channels) = (grid(topology, *tap, image), topology.channels(*tap));
        Features { channels, size, data: vec![0.0; channels * size.area()] }
    };
    request.features.iter().map(at).collect()
}

/// Moves a tile's features to their place in those of the whole image. A position belongs to the one core that holds
/// its first pixel.
pub(super) fn gather(
    topology: &Topology,
    request: &Request,
    tile: &Tile,
    from: &mut Vec<Features>,
    to: &mut [Features],
) -> Result<(), EngineError> {
    let from = std::mem::take(from);
    if from.len() != request.features.len() {
        return Err(EngineError::FeaturesMissing { expected: request.features.len(), found: from.len() });
    }
    for ((tap, from), to) in request.features.iter().zip(from).zip(to) {
        if from.size == to.size && (tile.x, tile.y) == (0, 0) {
            *to = from;
            continue;
        }
        let step = topology.smallest_image(*tap);
        let (left, top) = (tile.inset().0 / step, tile.inset().1 / step);
        let (x, y) = (tile.core.x / step, tile.core.y / step);
        // The image's last rows and columns may not fill a position.
        let rows = (tile.core.size.height / step).min(to.size.height.saturating_sub(y));
        let columns = (tile.core.size.width / step).min(to.size.width.saturating_sub(x));
        let planes = from.data.chunks_exact(from.size.area()).zip(to.data.chunks_exact_mut(to.size.area()));
        for (plane, to_plane) in planes {
            for row in 0..rows {
                let line = &plane[(top + row) * from.size.width + left..][..columns];
                to_plane[(y + row) * to.size.width + x..][..columns].copy_from_slice(line);
            }
        }
    }
    Ok(())
}

/// The derivatives by the features of a tile's window, margins included: a pixel of the core feels them too.
pub(super) fn cut(topology: &Topology, request: &Request, tile: &Tile, whole: &[Features]) -> Vec<Features> {
    let of = |(tap, whole): (&Tap, &Features)| {
        let (step, size) = (topology.smallest_image(*tap) as isize, grid(topology, *tap, tile.size));
        let (x, y) = (tile.x.div_euclid(step), tile.y.div_euclid(step));
        let mut data = vec![0.0; whole.channels * size.area()];
        let planes = whole.data.chunks_exact(whole.size.area()).zip(data.chunks_exact_mut(size.area()));
        for (from, to) in planes {
            for (row, to) in to.chunks_exact_mut(size.width).enumerate() {
                let row = (y + row as isize).rem_euclid(whole.size.height as isize) as usize;
                let from = &from[row * whole.size.width..][..whole.size.width];
                for (at, range) in runs(x, size.width, whole.size.width) {
                    to[at..at + range.len()].copy_from_slice(&from[range]);
                }
            }
        }
        Features { channels: whole.channels, size, data }
    };
    request.features.iter().zip(whole).map(of).collect()
}

/// The grid of a tap for an image or a window.
fn grid(topology: &Topology, tap: Tap, size: Size) -> Size {
    let (width, height) = topology.size_at(tap.conv(), (size.width, size.height));
    Size::new(width, height)
}
