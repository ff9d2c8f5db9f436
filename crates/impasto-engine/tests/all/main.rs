//! Tests of the crate from outside, in one program, so that it is linked once. `tests/memory.rs` counts what the
//! process takes, alone.
#![allow(clippy::unwrap_used)] // a failing test

mod autoencoder;
mod conformance;
mod cpu;
mod half;
mod lite;
mod reference;
mod tiled;
mod weights;
