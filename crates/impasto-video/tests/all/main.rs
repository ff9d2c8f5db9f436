//! The tests of this crate, in one program.
#![allow(clippy::unwrap_used)] // a failing test

mod confidence;
mod flow;
mod measure;
mod warp;

use impasto_image::Picture;
use impasto_video::measure::{Film, Motion};

/// The sizes of the films. Tests stay short, and motions are small beside it.
const SIZE: (usize, usize) = (320, 240);

/// The sample picture that films are rendered from.
fn photo() -> Picture {
    Picture::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg")).unwrap()
}

/// A film of the sample picture.
fn film(motion: Motion) -> Film {
    Film::new(&photo(), SIZE, motion)
}

/// The root of the mean square.
fn rms(values: impl Iterator<Item = f32>) -> f64 {
    let (sum, count) =
        values.fold((0.0, 0usize), |(sum, count), value| (sum + f64::from(value).powi(2), count + 1));
    (sum / count as f64).sqrt()
}
