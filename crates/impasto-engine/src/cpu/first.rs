//! The first convolution. With three channels, a Winograd tile would be mostly transform. Instead it is one matrix
//! product, whose rows are the 27 values around each pixel, read in place from the padded image.

use super::kernels::{GROUP, Isa, Lanes, Matrix, Panels, Product, flat, flat_mut, groups};
use super::map::Image;

/// Values around a pixel in one row of the image: 3 pixels of 3 channels.
const RUN: usize = 9;

/// Floats of a pixel in the gradient by the image: its channels and one unused, so that a pixel is a vector.
pub(super) const PIXEL: usize = 4;

/// Groups that hold the 27 values that a position sends to the pixels around it.
pub(super) const SENT: usize = 2;

/// Kernels of the first convolution for both directions.
#[derive(Debug)]
pub(super) struct First {
    /// Per group of outputs, 27 rows, ordered (dy, dx, channel).
    forward: Vec<Lanes>,
    /// Two panels, of which 27 columns (dy, dx, channel) are used; a row per output.
    backward: Vec<Lanes>,
    bias: Vec<Lanes>,
}

impl First {
    /// Made from `[outputs, 3, 3, 3]` kernels.
    pub(super) fn new(outputs: usize, kernel: &[f32], bias: Vec<Lanes>) -> First {
        let groups = groups(outputs);
        let mut forward = vec![Lanes::ZERO; groups * 3 * RUN];
        let mut backward = vec![Lanes::ZERO; SENT * groups * GROUP];
        for output in 0..outputs {
            for channel in 0..3 {
                for place in 0..9 {
                    let weight = kernel[(output * 3 + channel) * 9 + place];
                    let (dy, dx) = (place / 3, place % 3);
                    let row = output / GROUP * 3 * RUN + dy * RUN + 3 * dx + channel;
                    forward[row].0[output % GROUP] = weight;
                    let column = RUN * dy + 3 * dx + channel;
                    backward[column / GROUP * groups * GROUP + output].0[column % GROUP] = weight;
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
                to.rectify(isa, bias);
            }
        }
    }

    /// Adds the contribution of a row of the gradient before the ReLU to the pixels around it. `rows` are three rows of
    /// the gradient by the image, [`PIXEL`] floats per pixel, from the pixel left of the first position on. `products`
    /// holds [`SENT`] groups per position.
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
            panels: SENT,
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
            c_stride: SENT * GROUP,
            add: false,
            next: [&[]; 2],
        });
        let count = gradient.len() / groups;
        let sent = flat(products);
        for (dy, row) in rows.into_iter().enumerate() {
            // A pixel gets contributions from the positions at it and to its left and right, as far as these exist.
            for (x, to) in row.chunks_exact_mut(PIXEL).take(count + 2).enumerate() {
                let from = RUN * dy;
                if (2..count).contains(&x) {
                    let start = SENT * GROUP * (x - 2) + from;
                    let all = &sent[start..start + 2 * SENT * GROUP + PIXEL];
                    for (lane, to) in to.iter_mut().enumerate() {
                        let (right, at) = (all[2 * SENT * GROUP + lane], all[SENT * GROUP + 3 + lane]);
                        *to = *to + right + at + all[6 + lane];
                    }
                    continue;
                }
                for dx in (x + 1).saturating_sub(count)..3.min(x + 1) {
                    let start = SENT * GROUP * (x - dx) + from + 3 * dx;
                    to.iter_mut().zip(&sent[start..]).for_each(|(to, from)| *to += from);
                }
            }
        }
    }
}
