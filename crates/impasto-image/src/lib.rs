//! Pictures in and out: decode, orient, resize, encode.
//!
//! This is the only crate of the workspace that knows image files. All others work on [`Picture`]: planar `f32`, three
//! planes, values in 0..1, encoded with the curve of sRGB in the primaries of sRGB or of Display P3 ([`Space`]). A
//! file's additional data (alpha, bit depth, colour profile, metadata) travels with the picture in [`Decoded`], so that
//! nothing is lost between [`open`] and [`save`].
//!
//! A bad file is an [`ImageError`], never a panic. A failed [`save`] leaves the old file unchanged.

mod atomic;
mod blur;
mod coding;
mod colour;
pub mod curve;
mod decode;
mod encode;
mod ending;
mod error;
mod files;
mod fill;
mod metadata;
mod missing;
mod picture;
mod primaries;
mod profile;
mod resize;
mod rotate;

pub use atomic::{Sink, check_writable, write_atomically};
pub use blur::blur;
pub use colour::Space;
pub use decode::{
    Decoded, Depth, Limits, Note, Numbers, RawPicture, decode, open, read, read_recipe, recipe_of_bytes,
};
pub use encode::{Encoding, Format, check_output, save, to_bytes};
pub use ending::Ending;
pub use error::ImageError;
pub use metadata::{Density, Metadata};
pub use missing::{hint_of_missing, reason};
pub use picture::{Picture, Plane};
pub use resize::{Averaging, Filter, fit_long_edge, resize, resize_plane};
pub use rotate::{rotate, rotate_plane};
