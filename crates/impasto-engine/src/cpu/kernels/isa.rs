//! The instruction set that the kernels run on: the best of this machine, or the requested one.
//!
//! `pulp` has the arithmetic of each. It lacks a comparison to bits and the selection by bits; both are here.

use std::str::FromStr;

#[cfg(any(target_arch = "aarch64", target_arch = "wasm32", target_arch = "x86_64"))]
use pulp::NullaryFnOnce;
use pulp::Simd;

use super::{GROUP, Lanes};
use crate::EngineError;

/// The environment variable that [`InstructionSet::from_env`] reads.
const VARIABLE: &str = "IMPASTO_INSTRUCTION_SET";

/// An instruction set that the `cpu` engine has kernels for. Results on the same set repeat to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// x86-64 with AVX-512 (F, BW, CD, DQ, VL).
    Avx512,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// 64-bit Arm.
    Neon,
    /// WebAssembly with vectors of 128 bits. The module is compiled with them or without
    /// (`-C target-feature=+simd128`).
    Simd128,
    /// Loops that the compiler vectorises, for every machine.
    Portable,
}

impl InstructionSet {
    /// All sets, from the fastest to the one that is always available.
    pub const ALL: &'static [InstructionSet] = &[
        InstructionSet::Avx512,
        InstructionSet::Avx2,
        InstructionSet::Neon,
        InstructionSet::Simd128,
        InstructionSet::Portable,
    ];

    /// The best that this machine has.
    pub fn best() -> InstructionSet {
        let found = InstructionSet::ALL.iter().copied().find(|set| set.is_available());
        found.unwrap_or(InstructionSet::Portable)
    }

    /// The set that the environment variable `IMPASTO_INSTRUCTION_SET` names; without it, the best.
    ///
    /// # Errors
    /// When the variable does not name a set that this machine has.
    pub fn from_env() -> Result<InstructionSet, EngineError> {
        let Some(found) = std::env::var_os(VARIABLE) else { return Ok(InstructionSet::best()) };
        InstructionSet::named(&found.to_string_lossy(), VARIABLE)
    }

    /// The set with a name that `asked_by` gave.
    fn named(name: &str, asked_by: &'static str) -> Result<InstructionSet, EngineError> {
        let available = || InstructionSet::ALL.iter().copied().filter(|set| set.is_available());
        available().find(|set| name == set.name()).ok_or_else(|| EngineError::NoSuchInstructionSet {
            asked_by,
            found: name.into(),
            available: available().map(InstructionSet::name).collect::<Vec<_>>().join(", "),
        })
    }

    /// Its name: `avx512`, `avx2`, `neon`, `simd128` or `portable`.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Avx512 => "avx512",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Neon => "neon",
            InstructionSet::Simd128 => "simd128",
            InstructionSet::Portable => "portable",
        }
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => pulp::x86::V4::is_available(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => pulp::x86::V3::is_available(),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => pulp::aarch64::Neon::is_available(),
            InstructionSet::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            InstructionSet::Portable => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }
}

impl FromStr for InstructionSet {
    type Err = EngineError;

    /// Parses a name; an error if this machine lacks the set.
    fn from_str(name: &str) -> Result<InstructionSet, EngineError> {
        InstructionSet::named(name, "instruction set")
    }
}

/// Work to run with vectors. Everything called from `run` must be inlined into it, and closures are not: code that is
/// not inlined is compiled without the instruction set.
pub(in crate::cpu) trait Kernel {
    type Output;

    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Runs a kernel compiled for an instruction set, or for [`InstructionSet::Portable`] if the machine lacks it.
pub(in crate::cpu) fn dispatch<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => {
            if let Some(isa) = pulp::x86::V4::try_new() {
                return isa.vectorize(Run(kernel, isa));
            }
        }
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => {
            if let Some(isa) = pulp::x86::V3::try_new() {
                return isa.vectorize(Run(kernel, isa));
            }
        }
        #[cfg(target_arch = "aarch64")]
        InstructionSet::Neon => {
            if let Some(isa) = pulp::aarch64::Neon::try_new() {
                return isa.vectorize(Run(kernel, isa));
            }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        InstructionSet::Simd128 => {
            if let Some(isa) = pulp::wasm::Simd128::try_new() {
                return isa.vectorize(Run(kernel, isa));
            }
        }
        _ => {}
    }
    plain(kernel)
}

#[cfg(any(target_arch = "aarch64", target_arch = "wasm32", target_arch = "x86_64"))]
struct Run<K, I>(K, I);

#[cfg(any(target_arch = "aarch64", target_arch = "wasm32", target_arch = "x86_64"))]
impl<K: Kernel, I: Isa> NullaryFnOnce for Run<K, I> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run(self.1)
    }
}

/// An instruction set's vectors, and conversions between bits and groups.
pub(in crate::cpu) trait Isa: Simd {
    /// Runs a kernel as a function of its own, for code that is called from many places and would be compiled in each.
    fn call<K: Kernel>(self, kernel: K) -> K::Output;

    /// a b + c, rounded once or twice, whichever is faster.
    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.mul_add_e_f32s(a, b, c)
    }

    /// The same value, computed before anything that the program reads later. With 16 registers the product needs this:
    /// otherwise the compiler read a whole column of A in advance and spilled half of the sums.
    #[inline(always)]
    fn here(self, value: Self::f32s) -> Self::f32s {
        value
    }

    /// The same pointer, with its computation hidden from the compiler. Otherwise the compiler derived each address of
    /// a product from the one before, and waited for it; and it kept all addresses of a transform in registers, which
    /// left no room for values.
    #[inline(always)]
    fn pointer<T>(self, to: *const T) -> *const T {
        to
    }

    /// Bit `l`: whether lane `l` of `a` is greater than that of `b`.
    #[inline(always)]
    fn greater(self, a: &Lanes, b: &Lanes) -> u16 {
        let mut bits = 0;
        for lane in 0..GROUP {
            bits |= u32::from(a.0[lane] > b.0[lane]) << lane;
        }
        bits as u16
    }

    /// The lanes whose bit is set; 0 in the others.
    #[inline(always)]
    fn keep(self, bits: u16, values: &Lanes) -> Lanes {
        let mut kept = Lanes::ZERO;
        for lane in 0..GROUP {
            kept.0[lane] = if bits & (1 << lane) != 0 { values.0[lane] } else { 0.0 };
        }
        kept
    }
}

impl Isa for pulp::Scalar128b {
    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        plain(kernel)
    }

    /// Rounded twice: without an instruction for it, rounding once is a function call.
    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.add_f32s(self.mul_f32s(a, b), c)
    }
}

/// A kernel on plain loops.
#[inline(never)]
fn plain<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(pulp::Scalar128b)
}

#[cfg(target_arch = "aarch64")]
impl Isa for pulp::aarch64::Neon {
    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        self.vectorize(Run(kernel, self))
    }
}

#[cfg(target_arch = "wasm32")]
impl Isa for pulp::wasm::Simd128 {
    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        self.vectorize(Run(kernel, self))
    }

    /// Rounded twice: there is no instruction that rounds once.
    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.add_f32s(self.mul_f32s(a, b), c)
    }

    #[inline(always)]
    fn greater(self, a: &Lanes, b: &Lanes) -> u16 {
        let mut bits = 0;
        for (quarter, (a, b)) in Self::as_simd_f32s(&a.0).0.iter().zip(Self::as_simd_f32s(&b.0).0).enumerate()
        {
            let greater = self.simd128.f32x4_gt(pulp::cast(*a), pulp::cast(*b));
            bits |= u16::from(self.simd128.i32x4_bitmask(greater)) << (4 * quarter);
        }
        bits
    }

    #[inline(always)]
    fn keep(self, bits: u16, values: &Lanes) -> Lanes {
        let mut kept = Lanes::ZERO;
        let lane = pulp::u32x4(1, 2, 4, 8);
        let vectors = Self::as_mut_simd_f32s(&mut kept.0).0.iter_mut().zip(Self::as_simd_f32s(&values.0).0);
        for (quarter, (to, from)) in vectors.enumerate() {
            let mine = self.and_u32s(self.splat_u32s(u32::from(bits) >> (4 * quarter)), lane);
            let set = self.simd128.i32x4_eq(pulp::cast(mine), pulp::cast(lane));
            *to = pulp::cast(self.simd128.v128_and(pulp::cast(*from), set));
        }
        kept
    }
}

#[cfg(target_arch = "x86_64")]
impl Isa for pulp::x86::V3 {
    #[inline(always)]
    fn here(self, value: Self::f32s) -> Self::f32s {
        /// # Safety
        /// The machine must have AVX.
        #[inline]
        #[target_feature(enable = "avx")]
        unsafe fn pin(mut value: std::arch::x86_64::__m256) -> std::arch::x86_64::__m256 {
            // SAFETY: a comment, no instruction.
            unsafe {
                std::arch::asm!("/* {0} */", inout(ymm_reg) value, options(nostack, preserves_flags, nomem))
            };
            value
        }
        // SAFETY: `self` proves AVX2.
        unsafe { pulp::cast(pin(pulp::cast(value))) }
    }

    #[inline(always)]
    fn pointer<T>(self, mut to: *const T) -> *const T {
        // The memory behind the pointer is not touched.
        #[allow(clippy::pointers_in_nomem_asm_block)]
        // SAFETY: a comment, no instruction.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) to, options(nostack, preserves_flags, nomem))
        };
        to
    }

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        self.vectorize(Run(kernel, self))
    }

    #[inline(always)]
    fn greater(self, a: &Lanes, b: &Lanes) -> u16 {
        use std::arch::x86_64::{_CMP_GT_OQ, _mm256_cmp_ps, _mm256_load_ps, _mm256_movemask_ps};
        // SAFETY: `self` proves AVX2; a group holds 16 floats, aligned to 64 bytes.
        unsafe {
            let (a, b) = (a.0.as_ptr(), b.0.as_ptr());
            let low = _mm256_cmp_ps::<_CMP_GT_OQ>(_mm256_load_ps(a), _mm256_load_ps(b));
            let high = _mm256_cmp_ps::<_CMP_GT_OQ>(_mm256_load_ps(a.add(8)), _mm256_load_ps(b.add(8)));
            (_mm256_movemask_ps(low) | _mm256_movemask_ps(high) << 8) as u16
        }
    }

    #[inline(always)]
    fn keep(self, bits: u16, values: &Lanes) -> Lanes {
        use std::arch::x86_64::{
            _mm256_and_ps, _mm256_and_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi32, _mm256_load_ps,
            _mm256_set1_epi32, _mm256_setr_epi32, _mm256_store_ps,
        };
        let mut kept = Lanes::ZERO;
        // SAFETY: `self` proves AVX2; a group holds 16 floats, aligned to 64 bytes.
        unsafe {
            let lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let low = _mm256_and_si256(_mm256_set1_epi32(bits as i32), lane);
            let high = _mm256_and_si256(_mm256_set1_epi32(bits as i32 >> 8), lane);
            let low = _mm256_castsi256_ps(_mm256_cmpeq_epi32(low, lane));
            let high = _mm256_castsi256_ps(_mm256_cmpeq_epi32(high, lane));
            let (from, to) = (values.0.as_ptr(), kept.0.as_mut_ptr());
            _mm256_store_ps(to, _mm256_and_ps(_mm256_load_ps(from), low));
            _mm256_store_ps(to.add(8), _mm256_and_ps(_mm256_load_ps(from.add(8)), high));
        }
        kept
    }
}

#[cfg(target_arch = "x86_64")]
impl Isa for pulp::x86::V4 {
    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        self.vectorize(Run(kernel, self))
    }

    #[inline(always)]
    fn greater(self, a: &Lanes, b: &Lanes) -> u16 {
        use std::arch::x86_64::{_CMP_GT_OQ, _mm512_cmp_ps_mask, _mm512_load_ps};
        // SAFETY: `self` proves AVX-512; a group holds 16 floats, aligned to 64 bytes.
        unsafe {
            _mm512_cmp_ps_mask::<_CMP_GT_OQ>(_mm512_load_ps(a.0.as_ptr()), _mm512_load_ps(b.0.as_ptr()))
        }
    }

    #[inline(always)]
    fn keep(self, bits: u16, values: &Lanes) -> Lanes {
        use std::arch::x86_64::{_mm512_maskz_load_ps, _mm512_store_ps};
        let mut kept = Lanes::ZERO;
        // SAFETY: `self` proves AVX-512; a group holds 16 floats, aligned to 64 bytes.
        unsafe { _mm512_store_ps(kept.0.as_mut_ptr(), _mm512_maskz_load_ps(bits, values.0.as_ptr())) };
        kept
    }
}
