//! Tests of the crate from outside. They are one program, so that it is linked once. `tests/memory.rs` measures the
//! memory of the process, so it is a separate program.
#![allow(clippy::unwrap_used)] // a failing test

mod coding;
mod colour;
mod common;
mod corpus;
mod damage;
mod ends;
#[cfg(not(all(feature = "avif", feature = "exr", feature = "heic", feature = "jxl")))]
mod features;
mod formats;
mod hostile;
mod metadata;
mod orientation;
mod output;
mod round_trip;
