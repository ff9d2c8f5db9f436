//! A grey plane with a margin, so that patches may stand over its edges.

use super::Gray;
use super::patch::SIDE;

/// Pixels beyond each edge. Each repeats the edge's pixel.
pub(crate) const MARGIN: usize = 16 + SIDE;

/// A grey plane with [`MARGIN`] pixels beyond each edge.
pub(crate) struct Padded {
    pub(crate) width: usize,
    pub(crate) height: usize,
    stride: usize,
    data: Vec<f32>,
}

impl Padded {
    /// Adds the margin.
    pub(crate) fn of(gray: &Gray) -> Self {
        let (width, height) = gray.size();
        let stride = width + 2 * MARGIN;
        let mut data = Vec::with_capacity(stride * (height + 2 * MARGIN));
        for y in 0..height + 2 * MARGIN {
            let row = gray.row(y.saturating_sub(MARGIN).min(height - 1));
            data.extend(std::iter::repeat_n(row[0], MARGIN));
            data.extend_from_slice(row);
            data.extend(std::iter::repeat_n(row[width - 1], MARGIN));
        }
        Self { width, height, stride, data }
    }

    /// `N` pixels of a row. Column and row count from the margin's corner.
    #[inline(always)]
    pub(crate) fn run<const N: usize>(&self, x: usize, y: usize) -> &[f32; N] {
        let at = y * self.stride + x;
        let run = self.data[at..at + N].try_into();
        run.unwrap_or(&[0.0; N])
    }

    /// The nearest place, in pixels of the picture, where a patch lies inside of the margin.
    #[inline(always)]
    pub(crate) fn clamp(&self, x: f32, y: f32) -> (f32, f32) {
        const BEFORE: f32 = -((MARGIN - 1) as f32);
        // A patch between pixels touches one more row and column.
        const AFTER: f32 = (MARGIN - SIDE - 2) as f32;
        (x.clamp(BEFORE, self.width as f32 + AFTER), y.clamp(BEFORE, self.height as f32 + AFTER))
    }
}
