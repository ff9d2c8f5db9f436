//! The grey plane that flow is computed on, and its pyramid.

use impasto_image::Picture;

use super::rows::rows;

/// The luma of BT.601, which video standards and OpenCV use for grey.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// A grey plane `[height, width]`, row-major, with encoded values from 0 to 255. Never empty.
///
/// The constants of the method are made for this range.
#[derive(Clone, Debug, PartialEq)]
pub struct Gray {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

impl Gray {
    /// Makes a plane of values from 0 to 255; `None` if a side is zero or the length does not fit.
    pub fn new(width: usize, height: usize, data: Vec<f32>) -> Option<Self> {
        let fits = width > 0 && height > 0 && width.checked_mul(height) == Some(data.len());
        fits.then_some(Self { width, height, data })
    }

    /// The luma of a picture.
    pub fn of(picture: &Picture) -> Self {
        let (width, height) = picture.size();
        let area = width * height;
        let rgb = picture.rgb();
        let mut data = vec![0.0; area];
        rows(&mut data, width, |y, row| {
            let [r, g, b] = [0, 1, 2].map(|plane| &rgb[plane * area + y * width..][..width]);
            for x in 0..row.len() {
                row[x] = 255.0 * (LUMA[0] * r[x] + LUMA[1] * g[x] + LUMA[2] * b[x]);
            }
        });
        Self { width, height, data }
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

    /// The values, `[height, width]`, from 0 to 255.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// A row of values.
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    /// The value between pixels, bilinear. Places outside count as the nearest edge.
    pub(crate) fn between_pixels(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, (self.width - 1) as f32), y.clamp(0.0, (self.height - 1) as f32));
        let (left, top) = (x as usize, y as usize);
        let right = (left + 1).min(self.width - 1);
        let (fx, fy) = (x - left as f32, y - top as f32);
        let across = |row: &[f32]| (1.0 - fx) * row[left] + fx * row[right];
        (1.0 - fy) * across(self.row(top)) + fy * across(self.row((top + 1).min(self.height - 1)))
    }

    /// This plane and `coarsest` smaller ones, each half as wide and high as the one before.
    pub(crate) fn pyramid(&self, coarsest: usize) -> Vec<Gray> {
        let mut levels = vec![self.clone()];
        for level in 0..coarsest {
            let half = levels[level].half();
            levels.push(half);
        }
        levels
    }

    /// The mean of each 2x2 pixels. An odd last row or column counts twice, so that the scale is 2 for any size.
    fn half(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut data = vec![0.0; width * height];
        rows(&mut data, width, |y, row| {
            let (top, bottom) = (self.row(2 * y), self.row((2 * y + 1).min(self.height - 1)));
            let inside = self.width / 2;
            let pairs = top.chunks_exact(2).zip(bottom.chunks_exact(2));
            for (value, (top, bottom)) in row.iter_mut().zip(pairs) {
                *value = 0.25 * (top[0] + top[1] + bottom[0] + bottom[1]);
            }
            if inside < width {
                row[inside] = 0.5 * (top[self.width - 1] + bottom[self.width - 1]);
            }
        });
        Self { width, height, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_of_odd_size_keeps_the_scale_of_two() {
        let ramp = Gray::new(5, 3, (0..15).map(|at| (at % 5) as f32).collect()).unwrap();
        let half = ramp.half();
        assert_eq!(half.size(), (3, 2));
        assert_eq!(half.row(0), [0.5, 2.5, 4.0]);
        assert_eq!(half.row(1), [0.5, 2.5, 4.0]);
        assert_eq!(ramp.pyramid(3).last().unwrap().size(), (1, 1));
    }

    #[test]
    fn sizes_must_fit_and_white_is_255() {
        assert!(Gray::new(0, 3, vec![]).is_none() && Gray::new(2, 2, vec![0.0; 3]).is_none());
        let white = Gray::of(&Picture::filled(3, 2, [1.0; 3]));
        assert!(white.data().iter().all(|value| (value - 255.0).abs() < 1e-3));
    }
}
