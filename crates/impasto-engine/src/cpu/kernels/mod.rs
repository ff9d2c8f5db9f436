//! The inner loops: matrix products and Winograd transforms, compiled for AVX-512, AVX2 with FMA, NEON and plain scalar
//! code, chosen at run time (by `pulp`).
//!
//! Everything is laid out in *groups* of 16 channels, a whole number of vectors on every instruction set, so that no loop
//! has a remainder over channels. This is the only module of the workspace that may use `unsafe`.
#![allow(unsafe_code)]

mod product;
mod winograd;

pub(super) use product::{Matrix, Panels, Product};
pub(super) use winograd::{POINTS, TILE, TileSource, input_transform, output_transform, transform_weights};

/// Channels in a group.
pub(super) const GROUP: usize = 16;

/// `channels` rounded up to whole groups.
pub(super) fn padded(channels: usize) -> usize {
    channels.next_multiple_of(GROUP)
}

/// One group of channels.
pub(super) type Lanes = [f32; GROUP];

/// Runs `operation` compiled for the best instruction set of this machine.
pub(super) fn dispatch<O: pulp::WithSimd>(operation: O) -> O::Output {
    pulp::Arch::new().dispatch(operation)
}

/// The instruction set that [`dispatch`] chooses here: bytes repeat on machines with the same one.
pub(super) fn instruction_set() -> &'static str {
    struct Lanes;
    impl pulp::WithSimd for Lanes {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    match (dispatch(Lanes), cfg!(target_arch = "x86_64")) {
        (16, true) => "avx512",
        (8, true) => "avx2+fma",
        (4, false) => "128-bit simd",
        _ => "scalar",
    }
}
