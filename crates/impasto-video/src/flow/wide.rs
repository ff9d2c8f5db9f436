//! Runs loops on the vector instructions that the machine has.
//!
//! A program for every x86-64 uses vectors of four numbers. Here a loop is compiled a second time, for AVX2 with eight,
//! and chosen when the program runs. Both give the same bytes: no product is fused with a sum, and no sum is reordered.
//! On other machines the loops are compiled once.

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

/// Runs `work`, compiled for this machine. What `work` calls must be inlined, `work` itself too.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = V3::try_new() {
        return avx2.vectorize(work);
    }
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum of products in a fixed order. Fused, it would have other bits.
    #[inline(always)]
    fn sums(a: &[f32], b: &[f32]) -> Vec<f32> {
        a.windows(4).zip(b).map(|(a, b)| (a[0] * b + a[1] * a[2]) / (0.3 + a[3] * b).sqrt()).collect()
    }

    #[test]
    fn both_ways_give_the_same_bits() {
        let values = |step: usize| (0..999).map(|i| (i * step % 997) as f32 / 997.0).collect::<Vec<f32>>();
        let (a, b) = (values(331), values(577));
        let wide = wide(
            #[inline(always)]
            || sums(&a, &b),
        );
        let plain = sums(&a, &b);
        assert!(wide.iter().zip(&plain).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
