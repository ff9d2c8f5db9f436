//! A margin of mirrored picture around what is optimised, cut off at the end.
//!
//! Convolutions see zeros beyond an image's edge, and an optimiser paints what answers to that: lines and dots along the
//! border. With a margin they fall outside of the result. Published programs have none; their presets keep it at 0.

use std::io;

use impasto_image::{Filter, resize_plane};

use crate::optimiser::{Home, Numbers, Values};

/// A plane's size with and without its margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// Size of the result.
    pub(crate) inner: (usize, usize),
    /// Pixels added on each side.
    pub(crate) margin: usize,
}

impl Canvas {
    /// A margin of at most `margin` pixels: mirroring needs a picture that is larger.
    pub(crate) fn new(inner: (usize, usize), margin: usize) -> Canvas {
        Canvas { inner, margin: margin.min(inner.0.min(inner.1) - 1) }
    }

    /// Size with the margin.
    pub(crate) fn outer(self) -> (usize, usize) {
        (self.inner.0 + 2 * self.margin, self.inner.1 + 2 * self.margin)
    }

    /// Mirrors planes of the inner size out to the outer size; the edge pixel is not repeated.
    pub(crate) fn mirrored(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (width * height) * outer_width * outer_height);
        for plane in planes.chunks_exact(width * height) {
            for y in 0..outer_height {
                let row = &plane[mirror(y, self.margin, height) * width..][..width];
                data.extend((0..outer_width).map(|x| row[mirror(x, self.margin, width)]));
            }
        }
        data
    }

    /// Cuts planes of the outer size back to the inner size.
    pub(crate) fn cropped(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (outer_width * outer_height) * width * height);
        for plane in planes.chunks_exact(outer_width * outer_height) {
            for y in self.margin..self.margin + height {
                data.extend_from_slice(&plane[y * outer_width + self.margin..][..width]);
            }
        }
        data
    }

    /// Brings planes of this canvas to another, one at a time: what is inside is resized, the margin mirrored anew.
    pub(crate) fn carried(
        self,
        to: Canvas,
        planes: &dyn Numbers,
        filter: Filter,
        home: &Home,
    ) -> io::Result<Values> {
        let (area, (width, height)) = (self.outer().0 * self.outer().1, to.outer());
        let mut writer = home.begin(planes.len() / area * width * height)?;
        let mut buffer = Vec::new();
        for start in (0..planes.len()).step_by(area) {
            let inner = self.cropped(planes.view(start..start + area, &mut buffer)?);
            writer.push(&to.mirrored(&resize_plane(&inner, self.inner, to.inner, filter)))?;
        }
        Ok(writer.finish())
    }

    /// The inner part of planes, clamped to 0..1.
    pub(crate) fn seen(self, planes: &dyn Numbers) -> io::Result<Vec<f32>> {
        let (area, inner) = (self.outer().0 * self.outer().1, self.inner.0 * self.inner.1);
        let mut all = Vec::with_capacity(planes.len() / area * inner);
        let mut buffer = Vec::new();
        for start in (0..planes.len()).step_by(area) {
            let plane = self.cropped(planes.view(start..start + area, &mut buffer)?);
            all.extend(plane.into_iter().map(|value| value.clamp(0.0, 1.0)));
        }
        Ok(all)
    }
}

/// The inner index that an outer index shows.
fn mirror(at: usize, margin: usize, length: usize) -> usize {
    let from_first = at.abs_diff(margin);
    if from_first < length { from_first } else { 2 * (length - 1) - from_first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_out_and_crops_back() {
        let canvas = Canvas::new((4, 3), 2);
        let plane: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let outer = canvas.mirrored(&plane);
        assert_eq!(canvas.outer(), (8, 7));
        // Row 2 (two above the first row), mirrored at column 0 and column 3.
        assert_eq!(outer[..8], [10.0, 9.0, 8.0, 9.0, 10.0, 11.0, 10.0, 9.0]);
        assert_eq!(canvas.cropped(&outer), plane);
        assert_eq!(Canvas::new((1, 9), 16).outer(), (1, 9));
    }
}
