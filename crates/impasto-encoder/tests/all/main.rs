//! Tests of the crate from outside. They are one program, so that it is linked once. The tests that measure memory are
//! in `tests/memory`.
#![allow(clippy::unwrap_used)] // a failing test

mod common {
    #[cfg(feature = "fetch")]
    pub(crate) mod fetching;
    #[cfg(feature = "fetch")]
    pub(crate) mod server;
    pub(crate) mod weights;
}
mod fetch;
mod fetch_processes;
mod fetch_wrong;
mod files;
mod formats;
#[cfg(not(feature = "foreign-formats"))]
mod left_out;
mod levels;
mod save;
mod sources;
