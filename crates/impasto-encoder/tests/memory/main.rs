//! Tests of files that lie or were damaged, in a program of their own, as the memory of the whole process is counted: the tests take turns.
#![allow(clippy::unwrap_used)] // a failing test

mod forging;
mod hostile;
mod mutations;
