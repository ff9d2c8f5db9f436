//! Style transfer of films.
//!
//! [`flow`] finds where each point of a frame was in the frame before, and how far that may be trusted. [`warp`] moves
//! pictures along a flow. [`measure`] tells whether a film flickers, smears or fades, and renders films whose flow is
//! known exactly.
#![forbid(unsafe_code)]

pub mod flow;
pub mod measure;
pub mod warp;
