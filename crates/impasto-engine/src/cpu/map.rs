//! Feature maps and gradients on the CPU: channels last, in whole groups of 16, padded with zeros. Also the image in
//! the layout that the first convolution reads.

use impasto_encoder::InputMap;
use rayon::prelude::*;

use super::borders::Borders;
use super::kernels::{GROUP, Lanes};
use crate::{Features, Pixels, Size};

/// `[height, width, groups]`; the lanes beyond the map's channels are zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map<'a> {
    pub(super) size: Size,
    pub(super) groups: usize,
    pub(super) data: &'a [Lanes],
}

impl Map<'_> {
    pub(super) fn channel(&self, y: usize, x: usize, channel: usize) -> f32 {
        self.data[(y * self.size.width + x) * self.groups + channel / GROUP].0[channel % GROUP]
    }

    /// A copy without the padding, `[channels, height, width]`.
    pub(super) fn planar(&self, channels: usize) -> Features {
        let mut data = vec![0.0; channels * self.size.area()];
        data.par_chunks_mut(self.size.area()).enumerate().for_each(|(channel, plane)| {
            let positions = self.data.chunks_exact(self.groups);
            plane.iter_mut().zip(positions).for_each(|(to, groups)| {
                *to = f64::from(groups[channel / GROUP].0[channel % GROUP]);
            });
        });
        Features { channels, size: self.size, data }
    }
}

/// A map that owns its values.
#[derive(Debug, Default)]
pub(super) struct Owned {
    pub(super) size: Size,
    pub(super) groups: usize,
    pub(super) data: Vec<Lanes>,
}

impl Owned {
    pub(super) fn map(&self) -> Map<'_> {
        Map { size: self.size, groups: self.groups, data: &self.data }
    }
}

/// The image after the input map, `[height + 2, width + 2, 3]`. The one more pixel on each side is the padding of the
/// first convolution.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) size: Option<Size>,
    pub(super) data: Vec<f32>,
}

impl Image {
    /// Floats in an image of this size.
    pub(super) fn length(size: Size) -> usize {
        (size.width + 2) * (size.height + 2) * 3
    }

    pub(super) fn size(&self) -> Size {
        self.size.unwrap_or(Size::new(0, 0))
    }

    /// Floats from one row to the next.
    pub(super) fn row(&self) -> usize {
        (self.size().width + 2) * 3
    }

    /// Fills it from planar RGB 0..1.
    pub(super) fn set(&mut self, image: &Pixels, input: &InputMap, borders: Borders) {
        let size = image.size;
        self.size = Some(size);
        self.data.resize(Image::length(size), 0.0);
        let row = self.row();
        self.data.par_chunks_mut(row).enumerate().for_each(|(y, to)| {
            let Some(y) = borders.rows.source(y as isize - 1) else {
                to.fill(0.0);
                return;
            };
            let planes: [&[f32]; 3] =
                std::array::from_fn(|c| &image.data[(c * size.height + y) * size.width..][..size.width]);
            let inner = &mut to[3..3 + 3 * size.width];
            for (x, to) in inner.chunks_exact_mut(3).enumerate() {
                for (channel, to) in to.iter_mut().enumerate() {
                    let [r, g, b] = input.matrix[channel];
                    *to = r * planes[0][x] + g * planes[1][x] + b * planes[2][x] + input.bias[channel];
                }
            }
            for (end, x) in [(0, -1), (3 * size.width + 3, size.width as isize)] {
                match borders.columns.source(x) {
                    Some(column) => to.copy_within(3 * (column + 1)..3 * (column + 2), end),
                    None => to[end..end + 3].fill(0.0),
                }
            }
        });
    }
}
