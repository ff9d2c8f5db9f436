//! Small pictures for the suites.
#![allow(unreachable_pub, clippy::unwrap_used)] // `unwrap` here is a failing test

use impasto::{Error, Picture, Preset, Session, StyleTransfer};

/// Random weights of VGG-19 at an eighth of its width: deep enough for every preset, and fast.
pub const NARROW: &str = "random:vgg19?width=1/8";

/// Tolerance for averages in f32 whose sums have another order.
pub const AVERAGE: f32 = 1e-6;

/// Waves of colour between 0 and 1; each seed gives another picture.
pub fn waves(width: usize, height: usize, seed: u32) -> Picture {
    let seed = seed as f32;
    let rgb = (0..3 * width * height).map(|i| {
        let (channel, x, y) = (i / (width * height), i % width, i / width % height);
        let (channel, x, y) = (channel as f32, x as f32, y as f32);
        let coarse = (x * (0.11 + 0.07 * seed) + y * 0.05 + channel + seed).sin();
        let fine = (y * (0.9 - 0.1 * seed) - x * 0.6 * channel + 2.0 * seed).cos();
        0.5 + 0.3 * coarse + 0.19 * fine
    });
    Picture::new(width, height, rgb.collect()).unwrap()
}

/// A checkerboard of black and white pixels.
pub fn checkerboard(width: usize, height: usize) -> Picture {
    let rgb = (0..3 * width * height).map(|i| ((i % width + i / width % height) % 2) as f32);
    Picture::new(width, height, rgb.collect()).unwrap()
}

/// A transfer of 48 x 40 pixels with the embedded encoder.
pub fn transfer(preset: &str) -> StyleTransfer {
    StyleTransfer::new(waves(48, 40, 0)).style(waves(44, 48, 1)).preset(Preset::named(preset).unwrap())
}

/// The bytes of a checkpoint.
pub fn saved(session: &Session) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    session.save(&path, "a note").unwrap();
    std::fs::read(path).unwrap()
}

/// Whether every value is between 0 and 1.
pub fn in_range(picture: &Picture) -> bool {
    picture.rgb().iter().all(|value| (0.0..=1.0).contains(value))
}

/// Whether two pictures are equal up to the order of sums.
pub fn nearly_equal(a: &Picture, b: &Picture) -> bool {
    a.size() == b.size() && a.rgb().iter().zip(b.rgb()).all(|(a, b)| (a - b).abs() < AVERAGE)
}

/// Text and hint of the error; the hint is empty if there is none.
pub fn said<T>(result: Result<T, Error>) -> (String, String) {
    let Err(error) = result else { panic!("not refused") };
    assert!(!error.is_cancelled());
    (error.to_string(), error.hint().unwrap_or_default())
}

/// The text of the error.
pub fn text<T>(result: Result<T, Error>) -> String {
    said(result).0
}

/// Layers as an override.
pub fn names(layers: &[&str]) -> Option<Vec<String>> {
    Some(layers.iter().map(|layer| layer.to_string()).collect())
}
