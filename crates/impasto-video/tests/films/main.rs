//! Films from end to end: frames in, frames out, resume, shots, and what ffmpeg reads and writes. The clips are made
//! here. Tests that need ffmpeg are skipped where it is not installed.
#![allow(clippy::unwrap_used)] // a failing test

mod clips;
mod deflicker;
mod ffmpeg;
mod frames;
mod masks;
mod options;
mod resume;
mod styles;
