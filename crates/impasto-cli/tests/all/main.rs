//! Tests of the command from outside. They are one program, so that it is linked once.
#![allow(clippy::unwrap_used)] // a failing test

mod batch;
mod bench_models;
mod budget;
mod common;
mod compare;
mod compat;
mod devices;
#[cfg(feature = "serve")]
mod drift;
mod errors;
mod errors_options;
mod evaluate;
#[cfg(feature = "gpu")]
mod fallback;
mod inspect;
mod interrupt;
mod masks;
mod models;
mod names;
mod pictures;
mod plan;
mod recipe;
mod resume;
#[cfg(feature = "serve")]
mod serve;
mod sheet;
mod strips;
mod stylize;
mod stylize_options;
mod texture;
mod timelapse;
mod usage;
mod weights;
