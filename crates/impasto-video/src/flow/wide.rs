//! Runs loops on the vector instructions that the machine has.
//!
//! A program for every x86-64 uses vectors of four numbers. Here a loop is compiled a second time, for AVX2 with eight,
//! and chosen when the program runs. Both give the same bytes: no product is fused with a sum, and no sum is reordered.
//! On other machines the loops are compiled once.

#[cfg(target_arch = "x86_64")]
use pulp::{NullaryFnOnce, x86::V3};

/// Runs `work`, compiled for this machine. What `work` calls must be inlined, `work` itself too.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = V3::try_new() {
        return avx2.vectorize(Work(work));
    }
    work()
}

#[cfg(target_arch = "x86_64")]
struct Work<F>(F);

#[cfg(target_arch = "x86_64")]
impl<R, F: FnOnce() -> R> NullaryFnOnce for Work<F> {
    type Output = R;

    #[inline(always)]
    fn call(self) -> R {
        (self.0)()
    }
}
