//! The first convolution, of three channels, where a Winograd tile would be mostly transform: one matrix product whose
//! rows are the 27 values around each pixel, read in place from the padded image.

use super::kernels::{GROUP, Isa, Lanes, Matrix, Panels, Product, flat, flat_mut, groups};
use super::map::Image;

/// Values around a pixel in a row of the image: 3 pixels of 3 channels.
const RUN: usize = 9;

/// Kernels of the first convolution for both directions.
#[derive(Debug)]
pub(super) struct First {
    /// Per group of outputs, 27 rows, ordered (dy, dx, channel).
    forward: Vec<Lanes>,
    /// Three panels, one per dy, of which nine columns (dx, channel) are used; a row per output.
    backward: Vec<Lanes>,
    bias: Vec<Lanes>,
}

impl First {
    /// From `[outputs, 3, 3, 3]` kernels.
    pub(super) fn new(outputs: usize, kernel: &[f32], bias: Vec<Lanes>) -> First {
        let groups = groups(outputs);
        let mut forward = vec![Lanes::ZERO; groups * 3 * RUN];
        let mut backward = vec![Lanes::ZERO; 3 * groups * GROUP];
        for output in 0..outputs {
            for channel in 0..3 {
                for place in 0..9 {
                    let weight = kernel[(output * 3 + channel) * 9 + place];
                    let (dy, along) = (place / 3, place % 3 * 3 + channel);
                    forward[output / GROUP * 3 * RUN + dy * RUN + along].0[output % GROUP] = weight;
                    backward[dy * groups * GROUP + output].0[along] = weight;
                }
            }
        }
        First { forward, backward, bias }
    }

    pub(super) fn groups(&self) -> usize {
        self.bias.len()
    }

    /// The values after the ReLU at consecutive positions of row `y`, from column `x` on.
    #[inline(always)]
    pub(super) fn activations<I: Isa>(&self, isa: I, image: &Image, y: usize, x: usize, to: &mut [Lanes]) {
        let groups = self.groups();
        let start = y * image.row() + 3 * x;
        isa.call(Product {
            rows: to.len() / groups,
            segments: 3,
            inner: RUN,
            panels: groups,
            a: Matrix {
                data: &image.data[start..],
                row_stride: 3,
                inner_stride: 1,
                segment_stride: image.row(),
            },
            b: Panels { data: flat(&self.forward), panel_stride: 3 * RUN * GROUP, inner_stride: GROUP },
            c: flat_mut(to),
            c_stride: groups * GROUP,
            add: false,
            next: [&[]; 2],
        });
        for to in to.chunks_exact_mut(groups) {
            for (to, bias) in to.iter_mut().zip(&self.bias) {
                for lane in 0..GROUP {
                    let sum = to.0[lane] + bias.0[lane];
                    // Not `max`: a value that is not a number must stay one, so that the loss shows it.
                    to.0[lane] = if sum < 0.0 { 0.0 } else { sum };
                }
            }
        }
    }

    /// Adds what a row of the gradient before the ReLU sends to the pixels around it. `rows` are the three rows of the
    /// gradient by the image, from the pixel left of the first position on; `products` holds three groups per position.
    #[inline(always)]
    pub(super) fn send<I: Isa>(
        &self,
        isa: I,
        gradient: &[Lanes],
        rows: [&mut [f32]; 3],
        products: &mut [Lanes],
    ) {
        let groups = self.groups();
        isa.call(Product {
            rows: gradient.len() / groups,
            segments: 1,
            inner: groups * GROUP,
            panels: 3,
            a: Matrix {
                data: flat(gradient),
                row_stride: groups * GROUP,
                inner_stride: 1,
                segment_stride: 0,
            },
            b: Panels {
                data: flat(&self.backward),
                panel_stride: groups * GROUP * GROUP,
                inner_stride: GROUP,
            },
            c: flat_mut(products),
            c_stride: 3 * GROUP,
            add: false,
            next: [&[]; 2],
        });
        for (dy, row) in rows.into_iter().enumerate() {
            for (x, product) in products.chunks_exact(3).enumerate() {
                for (to, from) in row[3 * x..3 * x + RUN].iter_mut().zip(&product[dy].0) {
                    *to += from;
                }
            }
        }
    }
}
