//! The sizes that a result may have.

/// Default long edge of the result in pixels.
pub const DEFAULT_SIZE: usize = 768;

/// The largest long edge of a result in pixels.
pub const LARGEST_SIZE: usize = 30_000;
