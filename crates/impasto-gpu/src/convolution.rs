//! Records one convolution, in either direction, as a direct product. `winograd.rs` has the other method.

use impasto_engine::Size;

use crate::buffer::Buffer;
use crate::layers::{Operand, quads, row_quads, steps};
use crate::program::{Recorder, pieces};
use crate::sources::Kernel;
use crate::units::Units;

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// A product over all nine neighbours.
    Direct,
    /// F(4x4, 3x3): a quarter of the multiplications, and transforms of what goes in and comes out.
    Winograd,
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

    pub(crate) fn winograd(self) -> Kernel {
        match self {
            Finish::Forward => Kernel::WinogradOutput,
            Finish::Plain => Kernel::WinogradOutputBack,
            Finish::Masked => Kernel::WinogradOutputBackMasked,
            Finish::Tapped => Kernel::WinogradOutputBackTapped,
        }
    }

    /// The same where tiles and kernels have scales.
    pub(crate) fn split(self) -> Kernel {
        match self {
            Finish::Forward => Kernel::SplitOutput,
            Finish::Plain => Kernel::SplitOutputBack,
            Finish::Masked => Kernel::SplitOutputBackMasked,
            Finish::Tapped => Kernel::SplitOutputBackTapped,
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
    pub(crate) kernels: &'a Operand,
    /// The bias, or the derivatives at the tap below.
    pub(crate) added: &'a Buffer,
    pub(crate) output: &'a Buffer,
    /// Whether the features below are kept in half precision. Then `added` holds them on the way back, and the output
    /// has the derivatives at the tap.
    pub(crate) half: bool,
    /// The matrix units that compute the products.
    pub(crate) units: Option<Units>,
}

impl Convolution<'_> {
    pub(crate) fn finished(&self, kernel: Kernel) -> Kernel {
        if self.half { kernel.in_half() } else { kernel }
    }

    pub(crate) fn direct(&self, recorder: &mut Recorder) {
        let columns = row_quads(self.outputs);
        let buffers = [self.added, self.input, &self.kernels.buffer, self.output];
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
}
