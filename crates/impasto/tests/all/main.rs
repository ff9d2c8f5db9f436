//! Tests of the library from outside, in one program, so that it is linked once.
#![allow(clippy::unwrap_used)] // a failing test

mod alpha;
mod checkpoint;
mod colour;
mod common;
mod draft;
mod examples;
mod gpu;
mod inspect;
mod limited_time;
mod options;
mod oracle;
mod overrides;
mod record;
mod referee;
mod referee_oracle;
mod regions;
mod session;
mod session_ends;
mod session_results;
mod streamed;
mod strength;
mod strips;
mod supplied;
mod texture;
