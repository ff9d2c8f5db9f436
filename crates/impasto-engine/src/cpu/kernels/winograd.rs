//! Winograd's F(4x4, 3x3): a 3x3 convolution of a 6x6 tile to 4x4 outputs in 36 multiplications instead of 144.
//!
//! Y = A^T [(G g G^T) * (B^T d B)] A (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015,
//! arXiv:1509.09308). Summed over channels the products become 36 matrix products; that is where the time goes. The weights
//! are transformed once, in f64.
//!
//! The interpolation points are 0, 3/2, -3/2, 2/3, -2/3 and infinity instead of the usual 0, 1, -1, 2, -2: with a = 3/2 and
//! b = 1/a no power grows large, and the error of a layer is less than half. With p running over the finite points, the
//! rows of A^T are the powers p^0 .. p^3, those of G are (1, p, p^2) / N(p) with N(p) the product of p - q over the other
//! points, and those of B^T are the coefficients of the product of x - q.

use pulp::Simd;

use super::{GROUP, Lanes};

/// Points of the transformed tile.
pub(in crate::cpu) const POINTS: usize = 36;

/// Outputs of a tile, each way.
pub(in crate::cpu) const TILE: usize = 4;

/// The larger of the two interpolation points besides 0, and its inverse.
const A: f64 = 3.0 / 2.0;
const B: f64 = 2.0 / 3.0;

const G: [[f64; 3]; 6] = [
    [1.0, 0.0, 0.0],
    scaled([1.0, A, A * A], 2.0 * A * A * (A * A - B * B)),
    scaled([1.0, -A, A * A], 2.0 * A * A * (A * A - B * B)),
    scaled([1.0, B, B * B], 2.0 * B * B * (B * B - A * A)),
    scaled([1.0, -B, B * B], 2.0 * B * B * (B * B - A * A)),
    [0.0, 0.0, 1.0],
];

const fn scaled(row: [f64; 3], divisor: f64) -> [f64; 3] {
    [row[0] / divisor, row[1] / divisor, row[2] / divisor]
}

/// G g G^T of one kernel, row-major.
fn transform_kernel(kernel: [f64; 9]) -> [f64; POINTS] {
    std::array::from_fn(|point| {
        let (i, j) = (point / 6, point % 6);
        (0..3)
            .flat_map(|k| (0..3).map(move |l| (k, l)))
            .map(|(k, l)| G[i][k] * kernel[3 * k + l] * G[j][l])
            .sum()
    })
}

/// Transforms kernels for the products: per point, panels of 16 outputs, each `inputs` rows of 16.
///
/// `kernel(output, input)` gives the nine weights; both widths are padded to whole groups with zeros.
pub(in crate::cpu) fn transform_weights(
    inputs: usize,
    outputs: usize,
    kernel: impl Fn(usize, usize) -> [f64; 9],
) -> Vec<f32> {
    let (rows, columns) = (super::padded(inputs), super::padded(outputs));
    let mut transformed = vec![0.0; POINTS * rows * columns];
    for output in 0..outputs {
        for input in 0..inputs {
            let place = (output / GROUP * rows + input) * GROUP + output % GROUP;
            for (point, value) in transform_kernel(kernel(output, input)).into_iter().enumerate() {
                transformed[point * rows * columns + place] = value as f32;
            }
        }
    }
    transformed
}

/// Where the 6x6 pixels of a tile lie: pixel (i, j) at `start + i * row + j * column`, all its channels in a run.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct TileSource<'a> {
    pub(in crate::cpu) data: &'a [f32],
    pub(in crate::cpu) start: usize,
    pub(in crate::cpu) row: usize,
    pub(in crate::cpu) column: usize,
}

/// B^T d B for all `channels` (whole groups) of one tile; point `p` goes to `to[p * point_stride..][..channels]`.
#[inline(always)]
pub(in crate::cpu) fn input_transform<S: Simd>(
    simd: S,
    source: TileSource,
    channels: usize,
    to: &mut [f32],
    point_stride: usize,
) {
    let lanes = S::F32_LANES;
    let (from, _) = S::as_simd_f32s(&source.data[source.start..]);
    let (to, _) = S::as_mut_simd_f32s(to);
    let (row, column, point_stride) = (source.row / lanes, source.column / lanes, point_stride / lanes);
    let count = channels / lanes;
    // One check for all reads and writes below, which the compiler can then leave out.
    assert!(5 * row + 5 * column + count <= from.len() && 35 * point_stride + count <= to.len());
    for at in 0..count {
        let mut half = [[simd.splat_f32s(0.0); 6]; 6];
        for j in 0..6 {
            let line: [S::f32s; 6] = std::array::from_fn(|i| from[i * row + j * column + at]);
            let line = input_line(simd, line);
            for i in 0..6 {
                half[i][j] = line[i];
            }
        }
        for (i, line) in half.into_iter().enumerate() {
            for (j, value) in input_line(simd, line).into_iter().enumerate() {
                to[(6 * i + j) * point_stride + at] = value;
            }
        }
    }
}

/// B^T applied to one line of six.
#[inline(always)]
fn input_line<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
    const SUM: f32 = (A * A + B * B) as f32;
    let even1 = times(simd, -(B * B) as f32, d[2], d[4]);
    let odd1 = difference(simd, A as f32, d[3], B as f32, d[1]);
    let even2 = times(simd, -(A * A) as f32, d[2], d[4]);
    let odd2 = difference(simd, B as f32, d[3], A as f32, d[1]);
    [
        times(simd, -SUM, d[2], simd.add_f32s(d[0], d[4])),
        simd.add_f32s(even1, odd1),
        simd.sub_f32s(even1, odd1),
        simd.add_f32s(even2, odd2),
        simd.sub_f32s(even2, odd2),
        times(simd, -SUM, d[3], simd.add_f32s(d[1], d[5])),
    ]
}

/// f x - g y.
#[inline(always)]
fn difference<S: Simd>(simd: S, f: f32, x: S::f32s, g: f32, y: S::f32s) -> S::f32s {
    times(simd, f, x, simd.mul_f32s(simd.splat_f32s(-g), y))
}

/// A^T m A for one group of one tile; point `p` is read at `from[p * point_stride..][..16]`.
#[inline(always)]
pub(in crate::cpu) fn output_transform<S: Simd>(
    simd: S,
    from: &[f32],
    point_stride: usize,
    to: &mut [[Lanes; TILE]; TILE],
) {
    let lanes = S::F32_LANES;
    let (from, _) = S::as_simd_f32s(from);
    let (point_stride, count) = (point_stride / lanes, GROUP / lanes);
    assert!(35 * point_stride + count <= from.len());
    for at in 0..count {
        let mut half = [[simd.splat_f32s(0.0); 6]; 4];
        for j in 0..6 {
            let line: [S::f32s; 6] = std::array::from_fn(|i| from[(6 * i + j) * point_stride + at]);
            let line = output_line(simd, line);
            for i in 0..4 {
                half[i][j] = line[i];
            }
        }
        for (line, to) in half.into_iter().zip(to.iter_mut()) {
            for (value, to) in output_line(simd, line).into_iter().zip(to.iter_mut()) {
                S::as_mut_simd_f32s(to).0[at] = value;
            }
        }
    }
}

/// A^T applied to one line of six.
#[inline(always)]
fn output_line<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 4] {
    let (sum1, sum2) = (simd.add_f32s(m[1], m[2]), simd.add_f32s(m[3], m[4]));
    let (difference1, difference2) = (simd.sub_f32s(m[1], m[2]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(m[0], simd.add_f32s(sum1, sum2)),
        difference(simd, A as f32, difference1, -B as f32, difference2),
        difference(simd, (A * A) as f32, sum1, -(B * B) as f32, sum2),
        simd.add_f32s(
            difference(simd, (A * A * A) as f32, difference1, -(B * B * B) as f32, difference2),
            m[5],
        ),
    ]
}

/// factor * value + plus. A closure would be compiled without the instruction set.
#[inline(always)]
fn times<S: Simd>(simd: S, factor: f32, value: S::f32s, plus: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(factor), value, plus)
}
