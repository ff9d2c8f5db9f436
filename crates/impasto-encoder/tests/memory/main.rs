//! Tests of hostile and damaged files. They take turns in a program of their own, because the memory of the whole
//! process is counted.
#![cfg(feature = "foreign-formats")]
#![allow(clippy::unwrap_used)] // a failing test

mod forging;
mod hostile;
mod mutations;
