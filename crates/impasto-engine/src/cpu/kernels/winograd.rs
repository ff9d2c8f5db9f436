//! Winograd's F(4x4, 3x3): a 3x3 convolution of a 6x6 tile to 4x4 outputs in 36 multiplications instead of 144.
//!
//! Y = A^T [(G g G^T) * (B^T d B)] A (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015,
//! arXiv:1509.09308). Summed over channels, the products become 36 matrix products, which take most of the time. The
//! weights are transformed once, in f64.
//!
//! The interpolation points are 0, 3/2, -3/2, 2/3, -2/3 and infinity instead of the usual 0, 1, -1, 2, -2. With a = 3/2
//! and b = 1/a no power grows large, and the error of a layer is less than half. The points are also closed under
//! inversion. The rows of G are scaled so that the row of 1/p is the row of p in reverse; A^T holds the inverse
//! factors. So the transform of a kernel rotated by 180 degrees, which the derivative needs, has the same values at the
//! inverse points, and one set of transformed weights serves both directions.
//!
//! F(6x6, 3x3) would save another 21 % of the products. Measured layer by layer on AVX-512, it is 7 % slower to 15 %
//! faster (64 channels in block 1: slower; 32 to 64: 7 %; 128: 12 to 15 %), which would be 1 % of VGG-19's evaluations
//! and 3 % of lite's. But its error is four times as large, its kernels are 1.8 times as large, and tiles of six pixels
//! do not fit the grid of poolings, so that an image cut into tiles would not give the same result as the whole. It is
//! not used.
//!
//! The rows of G are (1, 0, 0), (1, a, a^2) / d, (1, -a, a^2) / d, (a^2, a, 1) / d, (a^2, -a, 1) / d and (0, 0, 1) with
//! d = 2 (a^2 - b^2). The rows of B^T are the coefficients of the products of x - q over the other points q. The
//! columns of A^T are the powers p^0 .. p^3, times b^2 for +-a and -1 for +-b.

use std::mem::MaybeUninit;

use super::{GROUP, Isa, Kernel, Lanes, Windows, dispatch, groups};
use crate::InstructionSet;
use crate::cpu::kernels::Cut;
use rayon::iter::ParallelIterator;

/// Points of the transformed tile.
pub(in crate::cpu) const POINTS: usize = 36;

/// Outputs of a tile in each direction.
pub(in crate::cpu) const TILE: usize = 4;

/// The larger of the two interpolation points besides 0, and its inverse.
const A: f64 = 3.0 / 2.0;
const B: f64 = 2.0 / 3.0;

/// The index of the point with inverted coordinates.
pub(in crate::cpu) fn inverse_point(point: usize) -> usize {
    const INVERSE: [usize; 6] = [5, 3, 4, 1, 2, 0];
    6 * INVERSE[point / 6] + INVERSE[point % 6]
}

/// Transforms the kernels of a layer for the products: for each point, panels of 16 outputs, with a group of outputs
/// for each input. Both widths are padded with zeros to whole groups.
pub(in crate::cpu) struct TransformWeights<'a> {
    pub(in crate::cpu) inputs: usize,
    pub(in crate::cpu) outputs: usize,
    /// `[outputs, inputs, 3, 3]`.
    pub(in crate::cpu) kernel: &'a [f32],
    /// True for the derivative by the input: inputs and outputs exchanged, kernels rotated.
    pub(in crate::cpu) turned: bool,
}

impl TransformWeights<'_> {
    pub(in crate::cpu) fn run(self, set: InstructionSet) -> Vec<Lanes> {
        let (rows, panels) = match self.turned {
            false => (GROUP * groups(self.inputs), groups(self.outputs)),
            true => (GROUP * groups(self.outputs), groups(self.inputs)),
        };
        let mut transformed = vec![Lanes::ZERO; POINTS * panels * rows];
        let cuts = (Cut::whole(POINTS), Cut::new(0..panels, 1), Cut::whole(rows));
        Windows::new(&mut transformed, (panels, rows), cuts).into_par_iter().for_each(|mut window| {
            let panel = window.columns.start;
            for row in 0..rows {
                let transformed = dispatch(set, TransformGroup(self.gather(panel, row)));
                for (point, values) in transformed.into_iter().enumerate() {
                    *window.tile(point, panel, row, 1).at(0, 0) = values;
                }
            }
        });
        transformed
    }

    /// The nine weights for a group of columns and a row of the product.
    fn gather(&self, panel: usize, row: usize) -> [[f64; GROUP]; 9] {
        let mut weights = [[0.0; GROUP]; 9];
        for lane in 0..GROUP {
            let column = panel * GROUP + lane;
            let (output, input) = if self.turned { (row, column) } else { (column, row) };
            if output < self.outputs && input < self.inputs {
                let kernel = &self.kernel[(output * self.inputs + input) * 9..][..9];
                for (place, &value) in kernel.iter().enumerate() {
                    weights[if self.turned { 8 - place } else { place }][lane] = value as f64;
                }
            }
        }
        weights
    }
}

/// G g G^T of 16 kernels.
struct TransformGroup([[f64; GROUP]; 9]);

impl Kernel for TransformGroup {
    type Output = [Lanes; POINTS];

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> [Lanes; POINTS] {
        let mut half = [[[0.0; GROUP]; 3]; 6];
        for column in 0..3 {
            let line = weight_line([&self.0[column], &self.0[3 + column], &self.0[6 + column]]);
            for i in 0..6 {
                half[i][column] = line[i];
            }
        }
        let mut transformed = [Lanes::ZERO; POINTS];
        for i in 0..6 {
            let line = weight_line([&half[i][0], &half[i][1], &half[i][2]]);
            for j in 0..6 {
                for lane in 0..GROUP {
                    transformed[6 * i + j].0[lane] = line[j][lane] as f32;
                }
            }
        }
        transformed
    }
}

/// G applied to one line of three.
#[inline(always)]
fn weight_line(g: [&[f64; GROUP]; 3]) -> [[f64; GROUP]; 6] {
    const SCALE: f64 = 1.0 / (2.0 * (A * A - B * B));
    let mut line = [[0.0; GROUP]; 6];
    for lane in 0..GROUP {
        let [g0, g1, g2] = [g[0][lane], g[1][lane], g[2][lane]];
        let (even, odd) = (SCALE * (g0 + A * A * g2), SCALE * A * g1);
        let (even_inverse, odd_inverse) = (SCALE * (A * A * g0 + g2), SCALE * A * g1);
        line[0][lane] = g0;
        line[1][lane] = even + odd;
        line[2][lane] = even - odd;
        line[3][lane] = even_inverse + odd_inverse;
        line[4][lane] = even_inverse - odd_inverse;
        line[5][lane] = g2;
    }
    line
}

/// The position of a tile's 6x6 pixels: pixel (i, j) is at `start + i * row + j * column`, with all its channels
/// contiguous. In floats, whole groups.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct TileSource<'a> {
    pub(in crate::cpu) data: &'a [f32],
    pub(in crate::cpu) start: usize,
    pub(in crate::cpu) row: usize,
    pub(in crate::cpu) column: usize,
}

/// B^T d B for all `channels` (whole groups) of one tile; point `p` goes to `to[p * point_stride..][..channels]`.
#[inline(always)]
pub(in crate::cpu) fn input_transform<I: Isa>(
    isa: I,
    source: TileSource,
    channels: usize,
    to: &mut [f32],
    point_stride: usize,
) {
    let TileSource { data, start, row, column } = source;
    // These assertions cover all reads and writes below.
    assert!(start < data.len() && 5 * row + 5 * column + channels <= data.len() - start);
    assert!(channels.is_multiple_of(GROUP) && 35 * point_stride + channels <= to.len());
    let (from, to) = (data[start..].as_ptr(), to.as_mut_ptr());
    let mut half = Half::<I, 36>::new();
    let half = half.place(isa);
    for at in (0..channels).step_by(I::F32_LANES) {
        for j in 0..6 {
            let from = isa.pointer(from.wrapping_add(at + j * column));
            // SAFETY: pixel (i, j) with its channels up to `at` and a vector more is inside `data`, as was asserted;
            // `half` has 36 places.
            unsafe {
                let line: [I::f32s; 6] = std::array::from_fn(|i| read::<I>(from.wrapping_add(i * row)));
                let line = input_line(isa, line);
                for i in 0..6 {
                    *half.add(6 * i + j) = line[i];
                }
            }
        }
        for i in 0..6 {
            let to = isa.pointer(to.wrapping_add(at + 6 * i * point_stride)).cast_mut();
            // SAFETY: as above; point 35 with its channels up to `at` and a vector more is inside `to`.
            unsafe {
                let line: [I::f32s; 6] = std::array::from_fn(|j| *half.add(6 * i + j));
                let line = input_line(isa, line);
                for j in 0..6 {
                    to.wrapping_add(j * point_stride).cast::<I::f32s>().write_unaligned(line[j]);
                }
            }
        }
    }
}

/// A half-done transform, kept in memory. It does not fit 16 registers, and when the compiler was left to spill the
/// rest, it moved everything twice.
#[repr(align(64))]
struct Half<I: Isa, const PLACES: usize>(MaybeUninit<[I::f32s; PLACES]>);

impl<I: Isa, const PLACES: usize> Half<I, PLACES> {
    #[inline(always)]
    fn new() -> Half<I, PLACES> {
        Half(MaybeUninit::uninit())
    }

    /// A pointer to the first place.
    #[inline(always)]
    fn place(&mut self, isa: I) -> *mut I::f32s {
        isa.pointer(self.0.as_mut_ptr().cast::<I::f32s>().cast_const()).cast_mut()
    }
}

/// # Safety
/// `from` must point to a vector of readable floats.
#[inline(always)]
unsafe fn read<I: Isa>(from: *const f32) -> I::f32s {
    // SAFETY: the caller's promise; the read needs no alignment.
    unsafe { from.cast::<I::f32s>().read_unaligned() }
}

/// B^T applied to one line of six.
#[inline(always)]
fn input_line<I: Isa>(isa: I, d: [I::f32s; 6]) -> [I::f32s; 6] {
    const SUM: f32 = (A * A + B * B) as f32;
    let (even1, odd1) = (times(isa, -(B * B) as f32, d[2], d[4]), times(isa, -(B * B) as f32, d[1], d[3]));
    let (even2, odd2) = (times(isa, -(A * A) as f32, d[2], d[4]), times(isa, -(A * A) as f32, d[1], d[3]));
    [
        times(isa, -SUM, d[2], isa.add_f32s(d[0], d[4])),
        times(isa, A as f32, odd1, even1),
        times(isa, -A as f32, odd1, even1),
        times(isa, B as f32, odd2, even2),
        times(isa, -B as f32, odd2, even2),
        times(isa, -SUM, d[3], isa.add_f32s(d[1], d[5])),
    ]
}

/// A^T m A for one group of one tile; point `p` is read at `from[p * point_stride..][..16]`.
#[inline(always)]
pub(in crate::cpu) fn output_transform<I: Isa>(
    isa: I,
    from: &[f32],
    point_stride: usize,
    to: &mut [[Lanes; TILE]; TILE],
) {
    assert!(35 * point_stride + GROUP <= from.len());
    let (from, to) = (from.as_ptr(), to.as_mut_ptr().cast::<f32>());
    let mut half = Half::<I, 24>::new();
    let half = half.place(isa);
    for at in (0..GROUP).step_by(I::F32_LANES) {
        for j in 0..6 {
            let from = isa.pointer(from.wrapping_add(at + j * point_stride));
            // SAFETY: point 35 with a group is inside `from`, as was asserted; `half` has 24 places.
            unsafe {
                let line: [I::f32s; 6] =
                    std::array::from_fn(|i| read::<I>(from.wrapping_add(6 * i * point_stride)));
                let line = output_line(isa, line);
                for i in 0..4 {
                    *half.add(6 * i + j) = line[i];
                }
            }
        }
        for i in 0..4 {
            // SAFETY: as above; `to` has 16 groups.
            unsafe {
                let line: [I::f32s; 6] = std::array::from_fn(|j| *half.add(6 * i + j));
                let line = output_line(isa, line);
                for j in 0..4 {
                    to.add((TILE * i + j) * GROUP + at).cast::<I::f32s>().write_unaligned(line[j]);
                }
            }
        }
    }
}

/// A^T applied to one line of six.
#[inline(always)]
fn output_line<I: Isa>(isa: I, m: [I::f32s; 6]) -> [I::f32s; 4] {
    let (sum1, sum2) = (isa.add_f32s(m[1], m[2]), isa.add_f32s(m[3], m[4]));
    let (difference1, difference2) = (isa.sub_f32s(m[1], m[2]), isa.sub_f32s(m[3], m[4]));
    [
        times(isa, (B * B) as f32, sum1, isa.sub_f32s(m[0], sum2)),
        isa.mul_f32s(isa.splat_f32s(B as f32), isa.sub_f32s(difference1, difference2)),
        times(isa, -(B * B) as f32, sum2, sum1),
        times(isa, A as f32, difference1, times(isa, -(B * B * B) as f32, difference2, m[5])),
    ]
}

/// factor * value + plus. A closure would be compiled without the instruction set.
#[inline(always)]
fn times<I: Isa>(isa: I, factor: f32, value: I::f32s, plus: I::f32s) -> I::f32s {
    isa.multiply_add(isa.splat_f32s(factor), value, plus)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One tile and one channel, to compare with the sum over the nine weights.
    struct OneTile<'a> {
        weights: &'a [Lanes],
        pixels: &'a [Lanes; 36],
        turned: bool,
    }

    impl Kernel for OneTile<'_> {
        type Output = [[Lanes; TILE]; TILE];

        fn run<I: Isa>(self, isa: I) -> [[Lanes; TILE]; TILE] {
            let source =
                TileSource { data: super::super::flat(self.pixels), start: 0, row: 6 * GROUP, column: GROUP };
            let mut transformed = [Lanes::ZERO; POINTS];
            input_transform(isa, source, GROUP, super::super::flat_mut(&mut transformed), GROUP);
            let mut products = [Lanes::ZERO; POINTS];
            for (point, product) in products.iter_mut().enumerate() {
                let from = if self.turned { inverse_point(point) } else { point };
                // Input 0 of group 0.
                let weight = self.weights[from * GROUP].0[0];
                product.0[0] = weight * transformed[point].0[0];
            }
            let mut outputs = [[Lanes::ZERO; TILE]; TILE];
            output_transform(isa, super::super::flat(&products), GROUP, &mut outputs);
            outputs
        }
    }

    #[test]
    fn a_tile_agrees_with_nine_products_and_turned_kernels_share_the_weights() {
        let kernel: [f32; 9] = std::array::from_fn(|i| ((i * 37 % 11) as f32 - 5.0) / 5.0);
        let pixels: [Lanes; 36] = std::array::from_fn(|i| Lanes([((i * 53 % 17) as f32 - 8.0) / 8.0; GROUP]));
        for set in InstructionSet::ALL.iter().copied().filter(|set| set.is_available()) {
            let transform = TransformWeights { inputs: 1, outputs: 1, kernel: &kernel, turned: false };
            let weights = transform.run(set);
            for turned in [false, true] {
                let found = dispatch(set, OneTile { weights: &weights, pixels: &pixels, turned });
                for (i, line) in found.iter().enumerate() {
                    for (j, value) in line.iter().enumerate() {
                        let exact: f64 = (0..9)
                            .map(|k| {
                                let weight = kernel[if turned { 8 - k } else { k }] as f64;
                                weight * pixels[(i + k / 3) * 6 + j + k % 3].0[0] as f64
                            })
                            .sum();
                        assert!((value.0[0] as f64 - exact).abs() < 2e-6, "{set:?} {} {exact}", value.0[0]);
                    }
                }
            }
        }
    }
}
