//! Arithmetic on groups, in vectors. The compiler unrolls loops over the 16 lanes into scalars, which made bias and
//! ReLU cost as much as a Winograd transform.

use super::{Isa, Lanes};

impl Lanes {
    #[inline(always)]
    fn vectors<I: Isa>(&self) -> &[I::f32s] {
        I::as_simd_f32s(&self.0).0
    }

    #[inline(always)]
    fn vectors_mut<I: Isa>(&mut self) -> &mut [I::f32s] {
        I::as_mut_simd_f32s(&mut self.0).0
    }

    /// self += by.
    #[inline(always)]
    pub(in crate::cpu) fn add<I: Isa>(&mut self, isa: I, by: &Lanes) {
        for (to, by) in self.vectors_mut::<I>().iter_mut().zip(by.vectors::<I>()) {
            *to = isa.add_f32s(*to, *by);
        }
    }

    /// self += factor by.
    #[inline(always)]
    pub(in crate::cpu) fn add_times<I: Isa>(&mut self, isa: I, factor: f32, by: &Lanes) {
        let factor = isa.splat_f32s(factor);
        for (to, by) in self.vectors_mut::<I>().iter_mut().zip(by.vectors::<I>()) {
            *to = isa.multiply_add(factor, *by, *to);
        }
    }

    /// self += by * by.
    #[inline(always)]
    pub(in crate::cpu) fn add_square<I: Isa>(&mut self, isa: I, by: &Lanes) {
        for (to, by) in self.vectors_mut::<I>().iter_mut().zip(by.vectors::<I>()) {
            *to = isa.multiply_add(*by, *by, *to);
        }
    }

    /// factor * self.
    #[inline(always)]
    pub(in crate::cpu) fn times<I: Isa>(&self, isa: I, factor: f32) -> Lanes {
        let (factor, mut product) = (isa.splat_f32s(factor), Lanes::ZERO);
        for (to, from) in product.vectors_mut::<I>().iter_mut().zip(self.vectors::<I>()) {
            *to = isa.mul_f32s(factor, *from);
        }
        product
    }

    /// self - other.
    #[inline(always)]
    pub(in crate::cpu) fn minus<I: Isa>(&self, isa: I, other: &Lanes) -> Lanes {
        let mut difference = *self;
        for (to, other) in difference.vectors_mut::<I>().iter_mut().zip(other.vectors::<I>()) {
            *to = isa.sub_f32s(*to, *other);
        }
        difference
    }

    /// The larger of each pair; `self` if they are equal or one is NaN.
    #[inline(always)]
    pub(in crate::cpu) fn larger<I: Isa>(&self, isa: I, other: &Lanes) -> Lanes {
        let mut larger = *self;
        for (to, other) in larger.vectors_mut::<I>().iter_mut().zip(other.vectors::<I>()) {
            *to = isa.select_f32s(isa.less_than_f32s(*to, *other), *other, *to);
        }
        larger
    }

    /// The ReLU of self + bias. NaN stays NaN, so that the loss shows it.
    #[inline(always)]
    pub(in crate::cpu) fn rectify<I: Isa>(&mut self, isa: I, bias: &Lanes) {
        let zero = isa.splat_f32s(0.0);
        for (to, bias) in self.vectors_mut::<I>().iter_mut().zip(bias.vectors::<I>()) {
            let sum = isa.add_f32s(*to, *bias);
            *to = isa.select_f32s(isa.less_than_f32s(sum, zero), zero, sum);
        }
    }

    /// The share of a gradient that a value under a root gets: self times `before` over the root. `after` is the root
    /// times `scale`; the share is 0 if the root is 0.
    #[inline(always)]
    pub(in crate::cpu) fn times_root_share<I: Isa>(
        &self,
        isa: I,
        before: &Lanes,
        after: &Lanes,
        scale: f32,
    ) -> Lanes {
        let (mut share, scale, zero) = (*self, isa.splat_f32s(scale), isa.splat_f32s(0.0));
        let around = before.vectors::<I>().iter().zip(after.vectors::<I>());
        for (to, (before, after)) in share.vectors_mut::<I>().iter_mut().zip(around) {
            let part = isa.div_f32s(isa.mul_f32s(*before, scale), *after);
            let part = isa.select_f32s(isa.less_than_f32s(zero, *after), part, zero);
            *to = isa.mul_f32s(*to, part);
        }
        share
    }

    /// The square roots.
    #[inline(always)]
    pub(in crate::cpu) fn root<I: Isa>(&self, isa: I) -> Lanes {
        let mut root = *self;
        for to in root.vectors_mut::<I>() {
            *to = isa.sqrt_f32s(*to);
        }
        root
    }
}
