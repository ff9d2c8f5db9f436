//! The picture that the whole workspace computes with, and a single plane of the same kind.

use crate::Space;
use crate::colour::{Model, between};

/// An RGB picture: planar `f32` of shape `[3, height, width]`, row-major, with nonlinear sRGB-encoded values in 0..1.
///
/// Values are not clamped: a resize with an overshooting kernel, or an optimiser, may leave the range. There is no
/// alpha; see [`Plane`]. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<f32>,
}

impl Picture {
    /// Makes a picture from the three planes `[3, height, width]`; `None` if a side is zero or the length does not fit.
    pub fn new(width: usize, height: usize, rgb: Vec<f32>) -> Option<Self> {
        let length = area(width, height)?.checked_mul(3)?;
        (rgb.len() == length).then_some(Self { width, height, rgb })
    }

    /// A picture of one colour, given as R, G, B. A side of 0 counts as 1, since a picture is never empty.
    pub fn filled(width: usize, height: usize, colour: [f32; 3]) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let rgb = colour.iter().flat_map(|&value| std::iter::repeat_n(value, width * height)).collect();
        Self { width, height, rgb }
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// `(width, height)`.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The larger side.
    pub fn long_edge(&self) -> usize {
        self.width.max(self.height)
    }

    /// The smaller side.
    pub fn short_edge(&self) -> usize {
        self.width.min(self.height)
    }

    /// The planes, `[3, height, width]`.
    pub fn rgb(&self) -> &[f32] {
        &self.rgb
    }

    /// The planes, `[3, height, width]`, for writing.
    pub fn rgb_mut(&mut self) -> &mut [f32] {
        &mut self.rgb
    }

    /// The planes, `[3, height, width]`, without a copy.
    pub fn into_rgb(self) -> Vec<f32> {
        self.rgb
    }

    /// Copies another picture over this one, with its upper left corner at a column and a row; parts beyond the edges
    /// are cut off.
    pub fn put(&mut self, other: &Picture, (left, top): (usize, usize)) {
        let width = other.width.min(self.width.saturating_sub(left));
        let height = other.height.min(self.height.saturating_sub(top));
        for (plane, y) in (0..3).flat_map(|plane| (0..height).map(move |y| (plane, y))) {
            let to = (plane * self.height + top + y) * self.width + left;
            let from = (plane * other.height + y) * other.width;
            self.rgb[to..to + width].copy_from_slice(&other.rgb[from..from + width]);
        }
    }

    /// Converts the colours to another space; clamped to 0..1.
    pub fn between(self, from: Space, to: Space) -> Self {
        let mut rgb = between(from, to).apply(Model::Rgb, self.rgb);
        rgb.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Self { rgb, ..self }
    }
}

/// One plane: `f32` of shape `[height, width]`, row-major, linear 0..1. As alpha, 1 is opaque. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

impl Plane {
    /// Makes a plane from `[height, width]`; `None` if a side is zero or the length does not fit.
    pub fn new(width: usize, height: usize, data: Vec<f32>) -> Option<Self> {
        (data.len() == area(width, height)?).then_some(Self { width, height, data })
    }

    /// A plane of one value. A side of 0 counts as 1, since a plane is never empty.
    pub fn filled(width: usize, height: usize, value: f32) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self { width, height, data: vec![value; width * height] }
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// `(width, height)`.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The values, `[height, width]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The values, `[height, width]`, for writing.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The values, `[height, width]`, without a copy.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }
}

/// Number of pixels of a picture with these sides; `None` if it is empty or exceeds any memory.
fn area(width: usize, height: usize) -> Option<usize> {
    width.checked_mul(height).filter(|&pixels| pixels > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_must_fit() {
        assert!(Picture::new(2, 3, vec![0.0; 18]).is_some());
        assert!(Picture::new(2, 3, vec![0.0; 17]).is_none());
        assert!(Picture::new(0, 3, Vec::new()).is_none());
        assert!(Picture::new(usize::MAX, 2, Vec::new()).is_none());
        assert!(Plane::new(2, 3, vec![0.0; 6]).is_some());
        assert!(Plane::new(3, 0, Vec::new()).is_none());
    }

    #[test]
    fn a_picture_is_laid_over_another_as_far_as_there_is_room() {
        let mut under = Picture::filled(3, 2, [0.0; 3]);
        under.put(&Picture::filled(2, 2, [0.1, 0.2, 0.3]), (2, 1));
        assert_eq!(under.rgb().iter().filter(|value| **value > 0.0).count(), 3);
        assert_eq!([5, 11, 17].map(|at| under.rgb()[at]), [0.1, 0.2, 0.3]);
        let before = under.clone();
        under.put(&Picture::filled(2, 2, [1.0; 3]), (3, 0));
        under.put(&Picture::filled(2, 2, [1.0; 3]), (0, 9));
        assert_eq!(under, before);
    }

    #[test]
    fn filled_is_planar() {
        let picture = Picture::filled(2, 1, [0.1, 0.2, 0.3]);
        assert_eq!(picture.rgb(), [0.1, 0.1, 0.2, 0.2, 0.3, 0.3]);
        assert_eq!((picture.size(), picture.long_edge(), picture.short_edge()), ((2, 1), 2, 1));
        assert_eq!(Picture::filled(0, 0, [0.0; 3]).size(), (1, 1));
    }
}
