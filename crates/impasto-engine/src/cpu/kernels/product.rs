//! The one matrix product under everything: C (+)= A B, with A in any strides and B in panels of 16 columns.
//!
//! The simple version is three loops, which reaches a few per cent of the machine's peak. This one keeps a block of C (12
//! rows of 16 columns on AVX-512, 6 elsewhere) in registers over the whole inner dimension, so that each value of B that
//! is loaded meets 12 of A.

use pulp::{Simd, WithSimd};

use super::GROUP;

/// The left-hand side: element (row, inner) is `data[row * row_stride + inner * inner_stride]`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Matrix<'a> {
    pub(in crate::cpu) data: &'a [f32],
    pub(in crate::cpu) row_stride: usize,
    pub(in crate::cpu) inner_stride: usize,
}

/// The right-hand side: panel `p` holds columns `16 p .. 16 p + 16`; its row `inner` begins at
/// `p * panel_stride + inner * inner_stride`. Both strides are multiples of 16.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Panels<'a> {
    pub(in crate::cpu) data: &'a [f32],
    pub(in crate::cpu) panel_stride: usize,
    pub(in crate::cpu) inner_stride: usize,
}

/// C = A B, or C += A B with `add`: `rows` rows of `panels` panels, summed over `inner`.
///
/// Row `r` of C begins at `r * c_stride` (a multiple of 16) and is `16 * panels` long.
pub(in crate::cpu) struct Product<'a> {
    pub(in crate::cpu) rows: usize,
    pub(in crate::cpu) inner: usize,
    pub(in crate::cpu) panels: usize,
    pub(in crate::cpu) a: Matrix<'a>,
    pub(in crate::cpu) b: Panels<'a>,
    pub(in crate::cpu) c: &'a mut [f32],
    pub(in crate::cpu) c_stride: usize,
    pub(in crate::cpu) add: bool,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Vectors per group, and rows so that accumulators, a row of B and a broadcast fit the registers.
        match GROUP / S::F32_LANES {
            1 => self.run::<S, 1, 12>(simd),
            2 => self.run::<S, 2, 6>(simd),
            4 => self.run::<S, 4, 6>(simd),
            _ => self.run::<S, 16, 2>(simd),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn run<S: Simd, const VECTORS: usize, const ROWS: usize>(self, simd: S) {
        // Another instantiation than this instruction set's is never run, but it is compiled.
        if VECTORS * S::F32_LANES != GROUP || self.rows == 0 || self.panels == 0 {
            return;
        }
        let Product { rows, inner, panels, a, b, c, c_stride, add } = self;
        if inner > 0 {
            // The blocks below read without bounds checks; this is the check.
            let last_a = (rows - 1) * a.row_stride + (inner - 1) * a.inner_stride;
            assert!(last_a < a.data.len(), "A is too short");
            let last_b = (panels - 1) * b.panel_stride + (inner - 1) * b.inner_stride + GROUP;
            assert!(last_b <= b.data.len(), "B is too short");
        }
        assert!(b.panel_stride % GROUP == 0 && b.inner_stride % GROUP == 0 && c_stride % GROUP == 0);
        let (b_vectors, _) = S::as_simd_f32s(b.data);
        let (c_vectors, _) = S::as_mut_simd_f32s(c);
        let lanes = S::F32_LANES;
        for panel in 0..panels {
            let b_panel = &b_vectors[(panel * b.panel_stride / lanes).min(b_vectors.len())..];
            let mut row = 0;
            while row < rows {
                let block = Block {
                    inner,
                    a: &a.data[(row * a.row_stride).min(a.data.len())..],
                    a_row: a.row_stride,
                    a_inner: a.inner_stride,
                    b: b_panel,
                    b_inner: b.inner_stride / lanes,
                    c: &mut c_vectors[(row * c_stride + panel * GROUP) / lanes..],
                    c_row: c_stride / lanes,
                    add,
                };
                let left = rows - row;
                // SAFETY: the assertions above cover the last element that the last block reads.
                row += unsafe {
                    if left >= ROWS {
                        block.run::<ROWS, VECTORS>(simd)
                    } else if left >= 4 {
                        block.run::<4, VECTORS>(simd)
                    } else {
                        block.run::<1, VECTORS>(simd)
                    }
                };
            }
        }
    }
}

/// A few rows of C by one panel.
struct Block<'a, V> {
    inner: usize,
    a: &'a [f32],
    a_row: usize,
    a_inner: usize,
    b: &'a [V],
    b_inner: usize,
    c: &'a mut [V],
    c_row: usize,
    add: bool,
}

impl<V: Copy> Block<'_, V> {
    /// Returns the number of rows done.
    ///
    /// # Safety
    /// `(ROWS - 1) * a_row + (inner - 1) * a_inner` must be inside `a`, and `(inner - 1) * b_inner + VECTORS - 1` inside
    /// `b`, unless `inner` is 0.
    #[inline(always)]
    unsafe fn run<const ROWS: usize, const VECTORS: usize>(self, simd: impl Simd<f32s = V>) -> usize {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        for k in 0..self.inner {
            // SAFETY: `k < inner`, so the caller's promise covers both reads.
            let b: [V; VECTORS] =
                std::array::from_fn(|v| unsafe { *self.b.get_unchecked(k * self.b_inner + v) });
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: as above, with `row < ROWS`.
                let a = unsafe { *self.a.get_unchecked(row * self.a_row + k * self.a_inner) };
                let a = simd.splat_f32s(a);
                for v in 0..VECTORS {
                    sums[v] = simd.mul_add_e_f32s(a, b[v], sums[v]);
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let c = &mut self.c[row * self.c_row..][..VECTORS];
            for (c, sum) in c.iter_mut().zip(sums) {
                *c = if self.add { simd.add_f32s(*c, sum) } else { sum };
            }
        }
        ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::kernels::dispatch;

    #[test]
    fn products_of_odd_sizes_and_strides_agree_with_three_loops() {
        let value = |i: usize| ((i * 7919 % 1013) as f32 - 500.0) / 500.0;
        for (rows, inner, panels) in [(1, 1, 1), (5, 3, 2), (12, 16, 1), (13, 27, 3), (48, 64, 4), (31, 0, 1)]
        {
            for transposed in [false, true] {
                let a: Vec<f32> = (0..rows * inner.max(1)).map(value).collect();
                let (row_stride, inner_stride) = if transposed { (1, rows) } else { (inner, 1) };
                let b: Vec<f32> = (0..panels * inner.max(1) * GROUP).map(|i| value(i + 13)).collect();
                let width = panels * GROUP;
                for add in [false, true] {
                    let mut c = vec![0.25; rows * width];
                    dispatch(Product {
                        rows,
                        inner,
                        panels,
                        a: Matrix { data: &a, row_stride, inner_stride },
                        b: Panels { data: &b, panel_stride: inner * GROUP, inner_stride: GROUP },
                        c: &mut c,
                        c_stride: width,
                        add,
                    });
                    for row in 0..rows {
                        for column in 0..width {
                            let exact: f64 = (0..inner)
                                .map(|k| {
                                    let left = a[row * row_stride + k * inner_stride] as f64;
                                    let panel = column / GROUP * inner * GROUP;
                                    left * b[panel + k * GROUP + column % GROUP] as f64
                                })
                                .sum::<f64>()
                                + if add { 0.25 } else { 0.0 };
                            let found = c[row * width + column] as f64;
                            assert!((found - exact).abs() < 1e-5 * (1.0 + inner as f64), "{found} {exact}");
                        }
                    }
                }
            }
        }
    }
}
