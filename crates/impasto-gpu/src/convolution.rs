//! Records one convolution, in either direction: as a direct product, or by Winograd's transforms.

use impasto_engine::Size;

use crate::buffer::Buffer;
use crate::layers::{QUAD, TERMS, matrix_rows, quads, row_quads, steps};
use crate::program::{Recorder, grid, pieces};
use crate::sources::Kernel;

/// Values that Winograd's transformed tiles may take at a time: 32 MiB, which larger cards keep in their caches.
const TRANSFORMED: usize = 8 << 20;

/// Points of a transformed tile.
pub(crate) const POINTS: usize = 36;

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// A product over all nine neighbours.
    Direct,
    /// F(4x4, 3x3): a quarter of the multiplications, and transforms of what goes in and comes out.
    Winograd,
}

impl Method {
    /// The method for a layer of these widths. The transforms move 18 bytes per channel and position in and out; below
    /// 64 channels, that takes longer than the multiplications saved.
    pub(crate) fn of(inputs: usize, outputs: usize) -> Method {
        if inputs.min(outputs) >= 64 { Method::Winograd } else { Method::Direct }
    }
}

/// The last step of a sum, before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The bias is added, and what is negative becomes zero.
    Forward,
    /// Nothing.
    Plain,
    /// What the ReLU below stopped becomes zero.
    Masked,
    /// The derivatives at the tap below are added, then the same.
    Tapped,
}

impl Finish {
    fn direct(self) -> Kernel {
        match self {
            Finish::Forward => Kernel::Convolve,
            Finish::Plain => Kernel::ConvolveBack,
            Finish::Masked => Kernel::ConvolveBackMasked,
            Finish::Tapped => Kernel::ConvolveBackTapped,
        }
    }

    fn winograd(self) -> Kernel {
        match self {
            Finish::Forward => Kernel::WinogradOutput,
            Finish::Plain => Kernel::WinogradOutputBack,
            Finish::Masked => Kernel::WinogradOutputBackMasked,
            Finish::Tapped => Kernel::WinogradOutputBackTapped,
        }
    }
}

/// One convolution, in either direction.
pub(crate) struct Convolution<'a> {
    pub(crate) size: Size,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) sides: u32,
    pub(crate) finish: Finish,
    pub(crate) input: &'a Buffer,
    pub(crate) kernels: &'a Buffer,
    /// The bias, or the derivatives at the tap below.
    pub(crate) added: &'a Buffer,
    pub(crate) output: &'a Buffer,
    /// Whether the features below are kept in half precision. Then `added` holds them on the way back, and the output
    /// has the derivatives at the tap.
    pub(crate) half: bool,
}

impl Convolution<'_> {
    fn finished(&self, kernel: Kernel) -> Kernel {
        if self.half { kernel.in_half() } else { kernel }
    }

    pub(crate) fn direct(&self, recorder: &mut Recorder) {
        let columns = row_quads(self.outputs);
        let buffers = [self.added, self.input, self.kernels, self.output];
        for (first, end) in pieces(self.size.area(), 64, 9 * self.inputs * self.outputs) {
            let numbers = [
                self.size.width,
                self.size.height,
                quads(self.inputs),
                quads(self.outputs),
                columns,
                steps(self.inputs),
                first,
                end,
                self.sides as usize,
            ];
            let groups = ((end - first).div_ceil(64), columns / 16, 1);
            recorder.add(
                self.finished(self.finish.direct()),
                &numbers.map(|number| number as u32),
                &buffers,
                groups,
            );
        }
    }

    /// By transforms: tiles are transformed, multiplied and transformed back, some thousands at a time.
    pub(crate) fn winograd(&self, recorder: &mut Recorder, transformed: &Buffer, products: &Buffer) {
        let Size { width, height } = self.size;
        let (inputs, outputs) = (QUAD * quads(self.inputs), QUAD * quads(self.outputs));
        let (across, tiles) = (width.div_ceil(4), tiles(self.size));
        let most = tiles_at_a_time(self.inputs, self.outputs);
        for first in (0..tiles).step_by(most) {
            let count = most.min(tiles - first);
            let (groups, per_row) = grid(count * inputs);
            let numbers =
                [width, height, inputs, across, first, count, self.sides as usize, per_row as usize];
            let numbers = numbers.map(|number| number as u32);
            recorder.add(Kernel::WinogradInput, &numbers, &[self.input, transformed], groups);
            let columns = row_quads(self.outputs);
            let numbers = [count, inputs / QUAD, outputs / QUAD, columns, matrix_rows(self.inputs) / TERMS];
            let groups = (count.div_ceil(64), columns / 16, POINTS);
            let buffers = [transformed, self.kernels, products];
            recorder.add(Kernel::WinogradProduct, &numbers.map(|number| number as u32), &buffers, groups);
            let (groups, per_row) = grid(count * outputs);
            let numbers = [width, height, outputs, across, first, count, per_row as usize];
            let numbers = numbers.map(|number| number as u32);
            recorder.add(
                self.finished(self.finish.winograd()),
                &numbers,
                &[self.added, products, self.output],
                groups,
            );
        }
    }
}

/// Tiles of a map, those that hang over counted.
fn tiles(size: Size) -> usize {
    size.width.div_ceil(4) * size.height.div_ceil(4)
}

fn tiles_at_a_time(inputs: usize, outputs: usize) -> usize {
    let widest = QUAD * quads(inputs.max(outputs));
    // A piece must not take long on a slow card, either.
    let quick = crate::program::PIECE / (POINTS * inputs * outputs);
    (TRANSFORMED / (POINTS * widest)).min(quick).next_multiple_of(64)
}

/// Bytes of the transformed tiles on one side of the products, for a layer of these widths.
pub(crate) fn transformed_bytes(size: Size, inputs: usize, outputs: usize, side: usize) -> usize {
    size_of::<f32>() * POINTS * tiles(size).min(tiles_at_a_time(inputs, outputs)) * QUAD * quads(side)
}
