//! The grain of drafts. It moves along with the scene, and goes on where new parts come into view.
//!
//! A draft needs grain in flat parts, and the grain becomes strokes. If it were moved along like a picture, its
//! outermost column would be drawn out over all that a pan brings into view, and the strokes there would be stripes. So
//! the places move, and not the grain: a composed map leads from each pixel to a place in a pattern that has no end.

use impasto::Draft;
use impasto::image::Plane;

use crate::flow::Flow;
use crate::flow::rows::rows;

/// Cells of 32 pixels along a side of the pattern. It is as large as most drafts, so that its repetition is not seen.
const CELLS: usize = 16;

/// The pattern. Its pixels are those of drafts.
pub(crate) struct Grain {
    side: usize,
    tile: Vec<f32>,
    /// The size of drafts.
    size: (usize, usize),
}

impl Grain {
    /// The grain of a film's drafts.
    pub(crate) fn of(draft: &Draft) -> Grain {
        let tile = draft.grain(CELLS);
        Grain { side: tile.width(), tile: tile.data().to_vec(), size: draft.size() }
    }

    /// The grain of a frame, of the size of a draft. `map` leads from each pixel of the painting to its place at the
    /// beginning of the shot.
    pub(crate) fn seen(&self, map: &Flow) -> Plane {
        let (width, height) = self.size;
        let scale = [map.width as f32 / width as f32, map.height as f32 / height as f32];
        let mut grain = vec![0.0; width * height];
        rows(&mut grain, width, |y, row| {
            for (x, value) in row.iter_mut().enumerate() {
                let at = [x, y].map(|at| at as f32 + 0.5);
                let (u, v) = map.between_pixels(at[0] * scale[0] - 0.5, at[1] * scale[1] - 0.5);
                *value = self.at(at[0] + u / scale[0] - 0.5, at[1] + v / scale[1] - 0.5);
            }
        });
        Plane::new(width, height, grain).unwrap_or_else(|| Plane::filled(width, height, 0.0))
    }

    /// The pattern between pixels, bilinear.
    #[inline(always)]
    fn at(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let around = |at: f32| (at as i64).rem_euclid(self.side as i64) as usize;
        let (left, top) = (around(left), around(top));
        let right = (left + 1) % self.side;
        let row =
            |y: usize| (1.0 - fx) * self.tile[y * self.side + left] + fx * self.tile[y * self.side + right];
        (1.0 - fy) * row(top) + fy * row((top + 1) % self.side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warp;

    #[test]
    fn a_pan_brings_new_grain_into_view_and_keeps_the_old() {
        let value = |at: usize| (at * 7919 % 101) as f32;
        let grain = Grain { side: 64, tile: (0..64 * 64).map(value).collect(), size: (40, 30) };
        let mut map = Flow::zero(40, 30);
        let first = grain.seen(&map);
        let pan = Flow::uniform(40, 30, (1.0, 0.0));
        for _ in 0..6 {
            map = warp::compose(&pan, &map);
        }
        let last = grain.seen(&map);
        for y in 0..30 {
            let (first, last) = (&first.data()[40 * y..][..40], &last.data()[40 * y..][..40]);
            assert_eq!(first[6..], last[..34]);
            assert!(last[34..].windows(2).all(|pair| pair[0] != pair[1]), "{last:?}");
        }
    }
}
