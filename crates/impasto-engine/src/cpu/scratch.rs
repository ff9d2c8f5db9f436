//! A scratch buffer for each thread. It is borrowed outside the kernels, because a closure inside them would be
//! compiled without the instruction set.

use std::cell::RefCell;

use super::kernels::Lanes;

thread_local! {
    static SCRATCH: RefCell<Vec<Lanes>> = const { RefCell::new(Vec::new()) };
}

/// Lends this thread's buffer; its values are undefined.
pub(super) fn with<T>(length: usize, work: impl FnOnce(&mut [Lanes]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < length {
            *scratch = Vec::new();
            scratch.resize(length, Lanes::ZERO);
        }
        work(&mut scratch[..length])
    })
}

/// Cuts a part off the front.
#[inline(always)]
pub(super) fn carve<'a, T>(rest: &mut &'a mut [T], length: usize) -> &'a mut [T] {
    let (part, left) = std::mem::take(rest).split_at_mut(length);
    *rest = left;
    part
}
