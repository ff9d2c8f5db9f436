//! A bilateral grid: means over what is near and of similar grey (Chen, Paris, Durand 2007).

use super::{Flow, Gray};

/// Pixels of a cell.
const CELL: f32 = 12.0;

/// Grey levels of a cell.
const LEVELS: f32 = 20.0;

/// Every second pixel in each direction goes into the grid; a cell has enough of them.
const SPARSE: usize = 2;

/// How often the grid is blurred. Each time adds one cell to the reach.
const BLURS: usize = 3;

/// Weighted sums of a flow over place and grey.
pub(super) struct Grid {
    size: [usize; 3],
    cells: Vec<[f32; 3]>,
}

impl Grid {
    /// Sums a flow, weighted by trust.
    pub(super) fn of(flow: &Flow, trust: &[f32], gray: &Gray) -> Self {
        let along = |length: f32, cell: f32| (length / cell).ceil() as usize + 2;
        let size = [along(256.0, LEVELS), along(flow.width as f32, CELL), along(flow.height as f32, CELL)];
        let mut grid = Self { size, cells: vec![[0.0; 3]; size[0] * size[1] * size[2]] };
        for y in (0..flow.height).step_by(SPARSE) {
            for x in (0..flow.width).step_by(SPARSE) {
                let at = y * flow.width + x;
                // Each pixel of a cell counts as its part of it, so that a full cell has the weight 1.
                let weight = trust[at] * (SPARSE * SPARSE) as f32 / (CELL * CELL);
                let value = [weight, weight * flow.u[at], weight * flow.v[at]];
                let (cells, shares) = grid.corners(x, y, gray.data()[at]);
                for (cell, share) in cells.into_iter().zip(shares) {
                    grid.cells[cell].iter_mut().zip(value).for_each(|(sum, value)| *sum += share * value);
                }
            }
        }
        for _ in 0..BLURS {
            grid.blur(1, size[0]);
            grid.blur(size[0], size[1]);
            grid.blur(size[0] * size[1], size[2]);
        }
        grid
    }

    /// The sums at a place: weight, weight times u, weight times v.
    pub(super) fn at(&self, x: usize, y: usize, gray: f32) -> [f32; 3] {
        let (cells, shares) = self.corners(x, y, gray);
        let mut sums = [0.0; 3];
        for (cell, share) in cells.into_iter().zip(shares) {
            sums.iter_mut().zip(self.cells[cell]).for_each(|(sum, value)| *sum += share * value);
        }
        sums
    }

    /// The eight cells around a place and their shares in it.
    fn corners(&self, x: usize, y: usize, gray: f32) -> ([usize; 8], [f32; 8]) {
        let place = [gray.clamp(0.0, 255.0) / LEVELS, x as f32 / CELL, y as f32 / CELL];
        let first = place.map(|at| at as usize);
        let part = [0, 1, 2].map(|axis| place[axis] - first[axis] as f32);
        let steps = [1, self.size[0], self.size[0] * self.size[1]];
        let corner = |bits: usize, axis: usize| bits >> axis & 1;
        let cell = |bits| (0..3).map(|axis| (first[axis] + corner(bits, axis)) * steps[axis]).sum();
        let share = |bits| {
            (0..3).map(|axis| if corner(bits, axis) == 1 { part[axis] } else { 1.0 - part[axis] }).product()
        };
        (std::array::from_fn(cell), std::array::from_fn(share))
    }

    /// Convolves with (1, 2, 1) / 4 along an axis of `length` cells that lie `step` apart.
    fn blur(&mut self, step: usize, length: usize) {
        for start in 0..self.cells.len() {
            // Only the first cell of each line.
            if (start / step) % length != 0 {
                continue;
            }
            let mut before = [0.0; 3];
            for place in 0..length {
                let at = start + place * step;
                let own = self.cells[at];
                let after = if place + 1 < length { self.cells[at + step] } else { [0.0; 3] };
                self.cells[at] = std::array::from_fn(|i| 0.25 * (before[i] + after[i]) + 0.5 * own[i]);
                before = own;
            }
        }
    }
}
