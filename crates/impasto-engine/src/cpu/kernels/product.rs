//! The one matrix product under everything: C (+)= A B, with A in any strides and B in panels of 16 columns.
//!
//! The simple version is three loops, which reaches a few per cent of the machine's peak. This one keeps a block of C (up
//! to 12 rows of 16 columns on AVX-512, 6 elsewhere) in registers over the whole inner dimension, so that each value of B
//! that is loaded meets 12 of A. While it works it asks for what the next product will read: the operands of the deep
//! layers fit no cache, and waiting for them cost 15 % there.

use super::{GROUP, Isa, Kernel};

/// The left-hand side: element (row, segment, inner) is
/// `data[row * row_stride + segment * segment_stride + inner * inner_stride]`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Matrix<'a> {
    pub(in crate::cpu) data: &'a [f32],
    pub(in crate::cpu) row_stride: usize,
    pub(in crate::cpu) inner_stride: usize,
    /// Usually 0: one segment.
    pub(in crate::cpu) segment_stride: usize,
}

/// The right-hand side: panel `p` holds columns `16 p .. 16 p + 16`; its row `inner` (over all segments) begins at
/// `p * panel_stride + inner * inner_stride`. Both strides are multiples of 16.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Panels<'a> {
    pub(in crate::cpu) data: &'a [f32],
    pub(in crate::cpu) panel_stride: usize,
    pub(in crate::cpu) inner_stride: usize,
}

/// C = A B, or C += A B with `add`: `rows` rows of `panels` panels, summed over `segments` times `inner`.
///
/// Row `r` of C begins at `r * c_stride` (a multiple of 16) and is `16 * panels` long.
pub(in crate::cpu) struct Product<'a> {
    pub(in crate::cpu) rows: usize,
    pub(in crate::cpu) segments: usize,
    pub(in crate::cpu) inner: usize,
    pub(in crate::cpu) panels: usize,
    pub(in crate::cpu) a: Matrix<'a>,
    pub(in crate::cpu) b: Panels<'a>,
    pub(in crate::cpu) c: &'a mut [f32],
    pub(in crate::cpu) c_stride: usize,
    pub(in crate::cpu) add: bool,
    /// What will be read next, to be brought into the second-level cache meanwhile.
    pub(in crate::cpu) next: [&'a [f32]; 2],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // Vectors per group, and rows so that accumulators, a row of B and a broadcast fit the registers.
        match GROUP / I::F32_LANES {
            1 => self.blocks::<I, 1, 12>(isa),
            2 => self.blocks::<I, 2, 6>(isa),
            4 => self.blocks::<I, 4, 6>(isa),
            _ => {}
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn blocks<I: Isa, const VECTORS: usize, const ROWS: usize>(self, isa: I) {
        // Another instantiation than this instruction set's is never run, but it is compiled.
        if VECTORS * I::F32_LANES != GROUP || self.rows == 0 || self.panels == 0 {
            return;
        }
        let Product { rows, segments, inner, panels, a, b, c, c_stride, add, next } = self;
        let depth = segments * inner;
        if depth > 0 {
            // The blocks below read without bounds checks; this is the check.
            let last_a =
                (rows - 1) * a.row_stride + (segments - 1) * a.segment_stride + (inner - 1) * a.inner_stride;
            assert!(last_a < a.data.len(), "A is too short");
            let last_b = (panels - 1) * b.panel_stride + (depth - 1) * b.inner_stride + GROUP;
            assert!(last_b <= b.data.len(), "B is too short");
        }
        assert!(b.panel_stride % GROUP == 0 && b.inner_stride % GROUP == 0 && c_stride % GROUP == 0);
        let (b_vectors, _) = I::as_simd_f32s(b.data);
        let (c_vectors, _) = I::as_mut_simd_f32s(c);
        let lanes = I::F32_LANES;
        let steps = panels * rows.div_ceil(ROWS) * depth;
        let ahead = next.map(|data| Ahead::new(data, steps));
        let mut step = 0;
        for panel in 0..panels {
            let b_panel = &b_vectors[(panel * b.panel_stride / lanes).min(b_vectors.len())..];
            let mut row = 0;
            while row < rows {
                // The rows that are left, in blocks of nearly the same height.
                let left = rows - row;
                let height = left.div_ceil(left.div_ceil(ROWS));
                let block = Block {
                    segments,
                    inner,
                    a: &a.data[(row * a.row_stride).min(a.data.len())..],
                    a_row: a.row_stride,
                    a_inner: a.inner_stride,
                    a_segment: a.segment_stride,
                    b: b_panel,
                    b_inner: b.inner_stride / lanes,
                    ahead,
                    step,
                    c: &mut c_vectors[(row * c_stride + panel * GROUP) / lanes..],
                    c_row: c_stride / lanes,
                    add,
                };
                // SAFETY: the assertions above cover the last element that the last block reads.
                unsafe {
                    match height {
                        12 if ROWS >= 12 => block.run::<I, 12, VECTORS>(isa),
                        11 if ROWS >= 12 => block.run::<I, 11, VECTORS>(isa),
                        10 if ROWS >= 12 => block.run::<I, 10, VECTORS>(isa),
                        9 if ROWS >= 12 => block.run::<I, 9, VECTORS>(isa),
                        8 if ROWS >= 12 => block.run::<I, 8, VECTORS>(isa),
                        7 if ROWS >= 12 => block.run::<I, 7, VECTORS>(isa),
                        6 => block.run::<I, 6, VECTORS>(isa),
                        5 => block.run::<I, 5, VECTORS>(isa),
                        4 => block.run::<I, 4, VECTORS>(isa),
                        3 => block.run::<I, 3, VECTORS>(isa),
                        2 => block.run::<I, 2, VECTORS>(isa),
                        _ => block.run::<I, 1, VECTORS>(isa),
                    }
                }
                row += height;
                step += depth;
            }
        }
    }
}

/// A few rows of C by one panel.
struct Block<'a, V> {
    segments: usize,
    inner: usize,
    a: &'a [f32],
    a_row: usize,
    a_inner: usize,
    a_segment: usize,
    b: &'a [V],
    b_inner: usize,
    ahead: [Ahead; 2],
    /// Steps of the inner loop that are done already.
    step: usize,
    c: &'a mut [V],
    c_row: usize,
    add: bool,
}

impl<V: Copy> Block<'_, V> {
    /// # Safety
    /// `(ROWS - 1) * a_row + (segments - 1) * a_segment + (inner - 1) * a_inner` must be inside `a`, and
    /// `(segments * inner - 1) * b_inner + VECTORS - 1` inside `b`, unless `segments * inner` is 0.
    #[inline(always)]
    unsafe fn run<I: Isa<f32s = V>, const ROWS: usize, const VECTORS: usize>(self, isa: I) {
        let mut sums = [[isa.splat_f32s(0.0); VECTORS]; ROWS];
        for segment in 0..self.segments {
            let a = self.a.as_ptr().wrapping_add(segment * self.a_segment);
            let b = self.b.as_ptr().wrapping_add(segment * self.inner * self.b_inner);
            for k in 0..self.inner {
                let row = b.wrapping_add(k * self.b_inner);
                let step = self.step + segment * self.inner + k;
                self.ahead[0].fetch(step);
                self.ahead[1].fetch(step);
                // SAFETY: `k < inner` and `segment < segments`, so the caller's promise covers both reads.
                let b: [V; VECTORS] = std::array::from_fn(|v| unsafe { *row.add(v) });
                for (row, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: as above, with `row < ROWS`.
                    let a = isa.splat_f32s(unsafe { *a.add(row * self.a_row + k * self.a_inner) });
                    for v in 0..VECTORS {
                        sums[v] = isa.here(isa.multiply_add(a, b[v], sums[v]));
                    }
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let c = &mut self.c[row * self.c_row..][..VECTORS];
            for (c, sum) in c.iter_mut().zip(sums) {
                *c = if self.add { isa.add_f32s(*c, sum) } else { sum };
            }
        }
    }
}

/// Data to be fetched evenly over the steps of a product.
#[derive(Clone, Copy)]
struct Ahead {
    start: *const f32,
    /// Cache lines per step, in 2^-16.
    rate: usize,
}

impl Ahead {
    #[inline(always)]
    fn new(data: &[f32], steps: usize) -> Ahead {
        let rate = if data.is_empty() { 0 } else { (data.len().div_ceil(GROUP) << 16) / steps.max(1) };
        Ahead { start: data.as_ptr(), rate }
    }

    /// Asks for the cache line whose turn it is.
    #[inline(always)]
    fn fetch(&self, step: usize) {
        let _at = self.start.wrapping_add(((step * self.rate) >> 16) * GROUP);
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            // SAFETY: a prefetch reads nothing that the program can see, and does not fault.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(_at.cast()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::kernels::{InstructionSet, dispatch};

    #[test]
    fn products_of_odd_sizes_and_strides_agree_with_three_loops() {
        let value = |i: usize| ((i * 7919 % 1013) as f32 - 500.0) / 500.0;
        let shapes =
            [(1, 1, 1, 1), (5, 1, 3, 2), (12, 1, 16, 1), (13, 3, 9, 3), (48, 1, 64, 4), (31, 1, 0, 1)];
        let rows = (1..26).map(|rows| (rows, 1, 20, 2));
        let sets = InstructionSet::ALL.into_iter().filter(|set| set.is_available());
        for (set, (rows, segments, inner, panels)) in
            sets.flat_map(|set| shapes.into_iter().chain(rows.clone()).map(move |shape| (set, shape)))
        {
            let depth = segments * inner;
            for transposed in [false, true] {
                let a: Vec<f32> = (0..rows * depth.max(1)).map(value).collect();
                let (row_stride, inner_stride) = if transposed { (1, rows) } else { (depth, 1) };
                let segment_stride = inner * inner_stride;
                let b: Vec<f32> = (0..panels * depth.max(1) * GROUP).map(|i| value(i + 13)).collect();
                let width = panels * GROUP;
                for add in [false, true] {
                    let mut c = vec![0.25; rows * width];
                    let product = Product {
                        rows,
                        segments,
                        inner,
                        panels,
                        a: Matrix { data: &a, row_stride, inner_stride, segment_stride },
                        b: Panels { data: &b, panel_stride: depth * GROUP, inner_stride: GROUP },
                        c: &mut c,
                        c_stride: width,
                        add,
                        next: [&[], &b],
                    };
                    dispatch(set, product);
                    for row in 0..rows {
                        for column in 0..width {
                            let exact: f64 = (0..depth)
                                .map(|k| {
                                    let left = a[row * row_stride + k * inner_stride] as f64;
                                    let panel = column / GROUP * depth * GROUP;
                                    left * b[panel + k * GROUP + column % GROUP] as f64
                                })
                                .sum::<f64>()
                                + if add { 0.25 } else { 0.0 };
                            let found = c[row * width + column] as f64;
                            assert!((found - exact).abs() < 1e-5 * (1.0 + depth as f64), "{found} {exact}");
                        }
                    }
                }
            }
        }
    }
}
