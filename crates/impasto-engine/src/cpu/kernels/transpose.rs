//! Transposes a 16x16 block of floats.

use super::{GROUP, Isa, Lanes};

/// Writes `from[row].0[column]` to `to[column].0[row]`; both hold 16 groups.
#[inline(always)]
pub(in crate::cpu) fn transpose<I: Isa>(_: I, from: &[Lanes], to: &mut [Lanes]) {
    assert!(from.len() == GROUP && to.len() == GROUP);
    #[cfg(target_arch = "x86_64")]
    if I::F32_LANES >= 8 {
        for (row, column) in [(0, 0), (0, 8), (8, 0), (8, 8)] {
            // SAFETY: only instruction sets with AVX have vectors of eight or more floats; both blocks are 16x16, and
            // these are their quarters.
            unsafe { quarter(&from[row..row + 8], column, &mut to[column..column + 8], row) };
        }
        return;
    }
    for (row, values) in from.iter().enumerate() {
        for (value, to) in values.0.iter().zip(to.iter_mut()) {
            to.0[row] = *value;
        }
    }
}

/// Transposes an 8x8 block: pairs of rows are interleaved, then pairs of pairs, then halves.
///
/// # Safety
/// The machine must have AVX; `from` and `to` must hold 8 groups, and the offsets must be 0 or 8.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn quarter(from: &[Lanes], column: usize, to: &mut [Lanes], row: usize) {
    use std::arch::x86_64::{
        __m256, _mm256_load_ps, _mm256_permute2f128_ps, _mm256_shuffle_ps, _mm256_store_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    // By the caller's promise all eight reads and writes of eight floats are inside their groups, at multiples of 32
    // bytes.
    unsafe {
        let load = |at: usize| -> __m256 { _mm256_load_ps(from[at].0.as_ptr().add(column)) };
        let (r0, r1, r2, r3) = (load(0), load(1), load(2), load(3));
        let (r4, r5, r6, r7) = (load(4), load(5), load(6), load(7));
        let (t0, t1) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpackhi_ps(r0, r1));
        let (t2, t3) = (_mm256_unpacklo_ps(r2, r3), _mm256_unpackhi_ps(r2, r3));
        let (t4, t5) = (_mm256_unpacklo_ps(r4, r5), _mm256_unpackhi_ps(r4, r5));
        let (t6, t7) = (_mm256_unpacklo_ps(r6, r7), _mm256_unpackhi_ps(r6, r7));
        let low = [
            _mm256_shuffle_ps::<0x44>(t0, t2),
            _mm256_shuffle_ps::<0xee>(t0, t2),
            _mm256_shuffle_ps::<0x44>(t1, t3),
            _mm256_shuffle_ps::<0xee>(t1, t3),
        ];
        let high = [
            _mm256_shuffle_ps::<0x44>(t4, t6),
            _mm256_shuffle_ps::<0xee>(t4, t6),
            _mm256_shuffle_ps::<0x44>(t5, t7),
            _mm256_shuffle_ps::<0xee>(t5, t7),
        ];
        for at in 0..4 {
            let first = _mm256_permute2f128_ps::<0x20>(low[at], high[at]);
            let second = _mm256_permute2f128_ps::<0x31>(low[at], high[at]);
            _mm256_store_ps(to[at].0.as_mut_ptr().add(row), first);
            _mm256_store_ps(to[at + 4].0.as_mut_ptr().add(row), second);
        }
    }
}
