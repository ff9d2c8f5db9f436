//! Feature maps and gradients on the CPU: channels last, padded with zeros to whole groups of 16.

use impasto_encoder::InputMap;
use rayon::prelude::*;

use super::kernels::{GROUP, padded};
use crate::{Pixels, Size};

/// `[height, width, stride]`; the channels from `channels` to `stride` are zero.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) channels: usize,
    /// Floats from one position to the next: whole groups, or exactly 3 for an image.
    pub(super) stride: usize,
    pub(super) size: Option<Size>,
    pub(super) data: Vec<f32>,
}

impl Map {
    pub(super) fn size(&self) -> Size {
        self.size.unwrap_or(Size::new(0, 0))
    }

    pub(super) fn groups(&self) -> usize {
        self.stride / GROUP
    }

    /// Floats in a row.
    pub(super) fn row(&self) -> usize {
        self.size().width * self.stride
    }

    pub(super) fn at(&self, y: usize, x: usize) -> &[f32] {
        &self.data[(y * self.size().width + x) * self.stride..][..self.channels]
    }
}

/// Buffers of earlier evaluations, taken again instead of asking the system for fresh, zeroed pages each time.
#[derive(Debug, Default)]
pub(super) struct Recycler {
    floats: Vec<Vec<f32>>,
}

impl Recycler {
    /// A map whose values are anything: the caller writes them all, padding included.
    pub(super) fn map(&mut self, channels: usize, size: Size) -> Map {
        let stride = padded(channels);
        let length = size.area() * stride;
        // The smallest that is large enough; else the largest grows.
        let fitting = (0..self.floats.len())
            .filter(|&i| self.floats[i].capacity() >= length)
            .min_by_key(|&i| self.floats[i].capacity());
        let mut data = fitting.map(|i| self.floats.swap_remove(i)).unwrap_or_default();
        data.resize(length, 0.0);
        Map { channels, stride, size: Some(size), data }
    }

    pub(super) fn zeros(&mut self, channels: usize, size: Size) -> Map {
        let mut map = self.map(channels, size);
        map.data.par_chunks_mut(1 << 16).for_each(|chunk| chunk.fill(0.0));
        map
    }

    pub(super) fn give(&mut self, map: Map) {
        self.floats.push(map.data);
    }

    /// Keeps nothing: for another size of image.
    pub(super) fn clear(&mut self) {
        self.floats.clear();
    }
}

/// RGB 0..1, planar, to what the first convolution takes, channels last with stride 3.
pub(super) fn map_input(image: &Pixels, input: &InputMap) -> Map {
    let area = image.size.area();
    let mut data = vec![0.0; 3 * area];
    data.par_chunks_mut(3 * image.size.width).enumerate().for_each(|(y, row)| {
        for (x, to) in row.chunks_exact_mut(3).enumerate() {
            let rgb: [f32; 3] = std::array::from_fn(|c| image.data[c * area + y * image.size.width + x]);
            for (channel, to) in to.iter_mut().enumerate() {
                let [r, g, b] = input.matrix[channel];
                *to = r * rgb[0] + g * rgb[1] + b * rgb[2] + input.bias[channel];
            }
        }
    });
    Map { channels: 3, stride: 3, size: Some(image.size), data }
}

/// The transpose of [`map_input`]'s matrix, back to planar RGB.
pub(super) fn map_input_back(gradient: &Map, input: &InputMap) -> Pixels {
    let size = gradient.size();
    let mut data = vec![0.0; 3 * size.area()];
    for (channel, plane) in data.chunks_exact_mut(size.area()).enumerate() {
        let column: [f32; 3] = std::array::from_fn(|row| input.matrix[row][channel]);
        plane.par_iter_mut().zip(gradient.data.par_chunks_exact(gradient.stride)).for_each(|(to, from)| {
            *to = column[0] * from[0] + column[1] * from[1] + column[2] * from[2];
        });
    }
    Pixels { size, data }
}
