//! The matrix product under everything: C (+)= A B, with A in any strides and B in panels of 16 columns.
//!
//! Three plain loops reach a few per cent of the machine's peak. This product keeps a block of C (up to 12 rows of 16
//! columns on AVX-512, 6 elsewhere) in registers over the whole inner dimension, so that each loaded value of B is
//! multiplied with 12 values of A. Meanwhile it prefetches the operands of the next product: those of the deep layers
//! fit no cache, and waiting for them cost 15 % there.

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
    /// The data that will be read next, to be prefetched into the second-level cache.
    pub(in crate::cpu) next: [&'a [f32]; 2],
}

/// Rows where a group takes four vectors. Most machines that run WebAssembly have 16 registers, of which two rows with
/// a row of B fill 14.
const QUARTERS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 6 };

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // Vectors per group, and as many rows as fit the registers with a row of B and a broadcast.
        match GROUP / I::F32_LANES {
            1 => self.blocks::<I, 1, 12>(isa),
            2 => self.blocks::<I, 2, 6>(isa),
            4 => self.blocks::<I, 4, QUARTERS>(isa),
            _ => {}
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn blocks<I: Isa, const VECTORS: usize, const ROWS: usize>(self, isa: I) {
        // Instantiations for other instruction sets are compiled, but never run.
        if VECTORS * I::F32_LANES != GROUP || self.rows == 0 || self.panels == 0 {
            return;
        }
        let Product { rows, segments, inner, panels, a, b, c_stride, .. } = self;
        let depth = segments * inner;
        if depth > 0 {
            // The blocks below read without bounds checks; these assertions replace them.
            let last_a =
                (rows - 1) * a.row_stride + (segments - 1) * a.segment_stride + (inner - 1) * a.inner_stride;
            assert!(last_a < a.data.len(), "A is too short");
            let last_b = (panels - 1) * b.panel_stride + (depth - 1) * b.inner_stride + GROUP;
            assert!(last_b <= b.data.len(), "B is too short");
        }
        assert!(b.panel_stride % GROUP == 0 && b.inner_stride % GROUP == 0 && c_stride % GROUP == 0);
        // The rows are cut into blocks of nearly equal height, which is selected once.
        let height = rows.div_ceil(rows.div_ceil(ROWS));
        // SAFETY: the assertions above cover the last element that the last block reads.
        unsafe {
            match height {
                12 if ROWS >= 12 => self.panels::<I, 12, 11, VECTORS>(isa),
                11 if ROWS >= 12 => self.panels::<I, 11, 10, VECTORS>(isa),
                10 if ROWS >= 12 => self.panels::<I, 10, 9, VECTORS>(isa),
                9 if ROWS >= 12 => self.panels::<I, 9, 8, VECTORS>(isa),
                8 if ROWS >= 12 => self.panels::<I, 8, 7, VECTORS>(isa),
                7 if ROWS >= 12 => self.panels::<I, 7, 6, VECTORS>(isa),
                6 if ROWS >= 6 => self.panels::<I, 6, 5, VECTORS>(isa),
                5 if ROWS >= 6 => self.panels::<I, 5, 4, VECTORS>(isa),
                4 if ROWS >= 6 => self.panels::<I, 4, 3, VECTORS>(isa),
                3 if ROWS >= 6 => self.panels::<I, 3, 2, VECTORS>(isa),
                2 => self.panels::<I, 2, 1, VECTORS>(isa),
                _ => self.panels::<I, 1, 1, VECTORS>(isa),
            }
        }
    }

    /// Computes all panels in blocks of `TALL` rows, and as many blocks of `SHORT` rows, one less, as are needed to
    /// fit.
    ///
    /// # Safety
    /// All elements of A and B that the inner dimension, the rows and the panels reach must be inside their data.
    #[inline(always)]
    unsafe fn panels<I: Isa, const TALL: usize, const SHORT: usize, const VECTORS: usize>(self, isa: I) {
        let Product { rows, segments, inner, panels, a, b, c, c_stride, add, next } = self;
        let lanes = I::F32_LANES;
        let (b_vectors, _) = I::as_simd_f32s(b.data);
        let (c_vectors, _) = I::as_mut_simd_f32s(c);
        let blocks = rows.div_ceil(TALL);
        let tall = rows - (TALL - 1) * blocks;
        let mut ahead =
            next.map(|data| Ahead::new(data, a.data, panels * blocks * segments * (inner / STEPS)));
        for panel in 0..panels {
            let mut block = Block {
                segments,
                inner,
                a: a.data.as_ptr(),
                a_row: a.row_stride,
                a_inner: a.inner_stride,
                a_segment: a.segment_stride,
                b: b_vectors.as_ptr().wrapping_add(panel * b.panel_stride / lanes),
                b_inner: b.inner_stride / lanes,
                c_row: c_stride / lanes,
                add,
            };
            let mut row = 0;
            // SAFETY: the caller's promise; the rows of all blocks together are those of A.
            unsafe {
                for _ in 0..tall {
                    let c = &mut c_vectors[(row * c_stride + panel * GROUP) / lanes..];
                    block.run::<I, TALL, VECTORS>(isa, c, &mut ahead);
                    block.a = block.a.wrapping_add(TALL * a.row_stride);
                    row += TALL;
                }
                while row < rows {
                    let c = &mut c_vectors[(row * c_stride + panel * GROUP) / lanes..];
                    block.run::<I, SHORT, VECTORS>(isa, c, &mut ahead);
                    block.a = block.a.wrapping_add(SHORT * a.row_stride);
                    row += SHORT;
                }
            }
        }
    }
}

/// Steps of the inner loop between two prefetches. With one in every step, prefetches cost as much as a row.
const STEPS: usize = 4;

/// A few rows of C by one panel: the strides of its operands.
struct Block<V> {
    segments: usize,
    inner: usize,
    a: *const f32,
    a_row: usize,
    a_inner: usize,
    a_segment: usize,
    b: *const V,
    b_inner: usize,
    c_row: usize,
    add: bool,
}

impl<V: Copy> Block<V> {
    /// # Safety
    /// `a` and `b` must point to data that holds element
    /// `(ROWS - 1) * a_row + (segments - 1) * a_segment + (inner - 1) * a_inner` of `a`, and element
    /// `(segments * inner - 1) * b_inner + VECTORS - 1` of `b`, unless `segments * inner` is 0.
    #[inline(always)]
    unsafe fn run<I: Isa<f32s = V>, const ROWS: usize, const VECTORS: usize>(
        &self,
        isa: I,
        c: &mut [V],
        ahead: &mut [Ahead; 2],
    ) {
        let mut sums = [[isa.splat_f32s(0.0); VECTORS]; ROWS];
        for segment in 0..self.segments {
            let mut a = self.a.wrapping_add(segment * self.a_segment);
            let mut b = self.b.wrapping_add(segment * self.inner * self.b_inner);
            for _ in 0..self.inner / STEPS {
                ahead[0].fetch();
                ahead[1].fetch();
                for _ in 0..STEPS {
                    // SAFETY: all steps together are `inner`, which the caller's promise covers.
                    unsafe { self.step::<I, ROWS, VECTORS>(isa, a, b, &mut sums) };
                    (a, b) = (a.wrapping_add(self.a_inner), b.wrapping_add(self.b_inner));
                }
            }
            for _ in 0..self.inner % STEPS {
                // SAFETY: as above.
                unsafe { self.step::<I, ROWS, VECTORS>(isa, a, b, &mut sums) };
                (a, b) = (a.wrapping_add(self.a_inner), b.wrapping_add(self.b_inner));
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let c = &mut c[row * self.c_row..][..VECTORS];
            for (c, sum) in c.iter_mut().zip(sums) {
                *c = if self.add { isa.add_f32s(*c, sum) } else { sum };
            }
        }
    }

    /// Multiplies one row of B with a column of A.
    ///
    /// # Safety
    /// `a` and `b` must point to data that holds elements `(ROWS - 1) * a_row` and `VECTORS - 1`.
    #[inline(always)]
    unsafe fn step<I: Isa<f32s = V>, const ROWS: usize, const VECTORS: usize>(
        &self,
        isa: I,
        a: *const f32,
        b: *const V,
        sums: &mut [[V; VECTORS]; ROWS],
    ) {
        let a = isa.pointer(a);
        // SAFETY: the caller's promise.
        let b: [V; VECTORS] = std::array::from_fn(|v| unsafe { *b.add(v) });
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: as above, with `row < ROWS`.
            let a = isa.splat_f32s(unsafe { *a.add(row * self.a_row) });
            for v in 0..VECTORS {
                sums[v] = isa.here(isa.multiply_add(a, b[v], sums[v]));
            }
        }
    }
}

/// Data to be prefetched evenly over the steps of a product.
#[derive(Clone, Copy)]
struct Ahead {
    start: *const f32,
    /// Cache lines per prefetch in units of 2^-16, and the number fetched so far.
    rate: usize,
    line: usize,
}

impl Ahead {
    /// Without data, the data at hand is prefetched instead, because an empty slice's invalid address takes long to
    /// resolve.
    #[inline(always)]
    fn new(data: &[f32], at_hand: &[f32], looks: usize) -> Ahead {
        let rate = (data.len().div_ceil(GROUP) << 16) / looks.max(1);
        let start = if data.is_empty() { at_hand.as_ptr() } else { data.as_ptr() };
        Ahead { start, rate, line: 0 }
    }

    /// Prefetches the next cache line.
    #[inline(always)]
    fn fetch(&mut self) {
        let _at = self.start.wrapping_add((self.line >> 16) * GROUP);
        self.line += self.rate;
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
        let sets = InstructionSet::ALL.iter().copied().filter(|set| set.is_available());
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
