//! Tests of the crate from outside, in one program, so that it is linked once. `tests/memory.rs` counts what the process takes, alone.
#![allow(clippy::unwrap_used)] // a failing test

mod colour;
mod common;
mod corpus;
mod damage;
#[cfg(not(all(feature = "exr", feature = "jxl")))]
mod features;
mod formats;
mod hostile;
mod metadata;
mod orientation;
mod output;
mod round_trip;
