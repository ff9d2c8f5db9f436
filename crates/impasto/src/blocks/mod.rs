//! One picture in blocks, for a run on several machines: the same picture as on one, to rounding.
//!
//! Sums over blocks add up. So an iteration has three parts: each [`Painter`] observes its blocks; the [`Conductor`]
//! adds the sums in the order of the blocks and judges them once; each painter takes the derivatives back to the pixels
//! and moves them. Adam works pixel by pixel, so its state never leaves a block. Neighbours exchange two things: before
//! a step, the derivatives by pixels that are not their own, and after it, the pixels of their frames.
//!
//! The conductor holds an ordinary [`Session`](crate::Session). It paints the draft and the small scales by itself,
//! prepares each spread scale, and carries the picture to the next one. So a run in blocks is the run of a session,
//! except that large scales are observed block by block. The result depends on the cut in blocks and on the smallest
//! scale that is cut, which are options. It does not depend on the painters or the number of machines: all sums are
//! added in one order, in f64.
//!
//! Nothing here knows how painters are reached. A driver passes vectors of numbers between them: in one process, or
//! through a cluster. The head of `impasto-engine/src/tiled/blocks.rs` says how the halo works.

mod conductor;
mod painter;
mod piece;
mod planes;
mod scale;
mod spread;
mod sums;

use std::collections::BTreeMap;

pub use conductor::{Conductor, Stage};
pub use painter::Painter;
pub use scale::{Cut, ScaleSpec};

/// Vectors of a block by name: planar pixels or weights, row by row.
pub type Vectors = BTreeMap<String, Vec<f32>>;

/// Vectors for or from other blocks, each with the other block's number.
pub type Strips = Vec<(usize, Vec<f32>)>;
