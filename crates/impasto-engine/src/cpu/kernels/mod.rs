//! The inner loops: matrix products and Winograd transforms, compiled for AVX-512, AVX2 with FMA, NEON and plain loops,
//! chosen at run time. On WebAssembly the vectors are those that the module is compiled with.
//!
//! Everything is laid out in *groups* of 16 channels, a whole number of vectors on every instruction set, so that no
//! loop has a remainder over channels. This is the only module of the workspace that may use `unsafe`.
#![allow(unsafe_code)]

mod isa;
mod lanes;
mod product;
mod transpose;
mod window;
mod winograd;

pub use isa::InstructionSet;
pub(super) use isa::{Isa, Kernel, dispatch};
pub(super) use product::{Matrix, Panels, Product};
pub(super) use transpose::transpose;
pub(super) use window::{Cut, Window, Windows};
pub(super) use winograd::{
    POINTS, TILE, TileSource, TransformWeights, input_transform, inverse_point, output_transform,
};

/// Channels in a group.
pub(super) const GROUP: usize = 16;

/// Number of groups that hold `channels`.
pub(super) fn groups(channels: usize) -> usize {
    channels.div_ceil(GROUP)
}

/// One group of channels, aligned to a cache line so that no vector crosses one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [f32; GROUP]);

impl Lanes {
    pub(super) const ZERO: Lanes = Lanes([0.0; GROUP]);
}

/// The floats of some groups.
#[inline(always)]
pub(super) fn flat(lanes: &[Lanes]) -> &[f32] {
    // SAFETY: `Lanes` is 16 floats without padding.
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), GROUP * lanes.len()) }
}

/// Like [`flat`], for writing.
#[inline(always)]
pub(super) fn flat_mut(lanes: &mut [Lanes]) -> &mut [f32] {
    // SAFETY: `Lanes` is 16 floats without padding.
    unsafe { std::slice::from_raw_parts_mut(lanes.as_mut_ptr().cast(), GROUP * lanes.len()) }
}

/// Some groups as 16-bit words, two to a float.
pub(super) fn words(lanes: &[Lanes]) -> &[u16] {
    // SAFETY: `Lanes` is 16 floats without padding, aligned to more than a word; every bit of a float may be read.
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), 2 * GROUP * lanes.len()) }
}

/// Like [`words`], for writing.
pub(super) fn words_mut(lanes: &mut [Lanes]) -> &mut [u16] {
    // SAFETY: as in `words`; any bits are a valid float.
    unsafe { std::slice::from_raw_parts_mut(lanes.as_mut_ptr().cast(), 2 * GROUP * lanes.len()) }
}

/// The bytes of some groups.
pub(super) fn bytes(lanes: &[Lanes]) -> &[u8] {
    // SAFETY: `Lanes` is 16 floats without padding, and every byte of a float may be read.
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), size_of_val(lanes)) }
}

/// Like [`bytes`], for writing.
pub(super) fn bytes_mut(lanes: &mut [Lanes]) -> &mut [u8] {
    // SAFETY: `Lanes` is 16 floats without padding, and any four bytes are a valid float.
    unsafe { std::slice::from_raw_parts_mut(lanes.as_mut_ptr().cast(), size_of_val(lanes)) }
}
