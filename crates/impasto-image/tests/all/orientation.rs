//! Pictures come out upright for every EXIF orientation.

#![allow(clippy::unwrap_used)]

use image::{ExtendedColorType, ImageEncoder};
use impasto_image::Picture;

use crate::common::decode;

const WIDTH: usize = 48;
const HEIGHT: usize = 32;

/// Returns an EXIF block with only an orientation, in either byte order.
fn exif(orientation: u16, big_endian: bool) -> Vec<u8> {
    let two = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let four = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut block = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    block.extend(two(42));
    block.extend(four(8)); // the directory follows at once
    block.extend(two(1)); // with one entry:
    block.extend(two(0x0112)); // orientation,
    block.extend(two(3)); // of type SHORT,
    block.extend(four(1)); // one of them
    block.extend(two(orientation));
    block.extend(two(0));
    block.extend(four(0)); // no further directory
    block
}

/// Returns the stored position of the pixel that is shown at (x, y). The EXIF tag defines the row and the column of the
/// stored picture that become the top and the left of the shown one. `stored` is the stored size.
fn stored_at(orientation: u16, (x, y): (usize, usize), stored: (usize, usize)) -> (usize, usize) {
    let (right, bottom) = (stored.0 - 1, stored.1 - 1);
    match orientation {
        2 => (right - x, y),
        3 => (right - x, bottom - y),
        4 => (x, bottom - y),
        5 => (y, x),
        6 => (y, bottom - x),
        7 => (right - y, bottom - x),
        8 => (right - y, x),
        _ => (x, y),
    }
}

fn upright(stored: &Picture, orientation: u16) -> Picture {
    let (width, height) =
        if (5..=8).contains(&orientation) { (stored.height(), stored.width()) } else { stored.size() };
    let pixels = stored.width() * stored.height();
    let mut rgb = Vec::with_capacity(3 * pixels);
    for plane in stored.rgb().chunks_exact(pixels) {
        for y in 0..height {
            for x in 0..width {
                let (column, row) = stored_at(orientation, (x, y), stored.size());
                rgb.push(plane[row * stored.width() + column]);
            }
        }
    }
    Picture::new(width, height, rgb).unwrap()
}

/// Returns a picture with a different colour in every corner.
fn samples() -> Vec<u8> {
    let pixel = |at: usize| [(at % WIDTH * 5) as u8, (at / WIDTH * 7) as u8, 80];
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

fn encoded(mut encoder: impl ImageEncoder, exif: Option<Vec<u8>>) {
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    encoder.write_image(&samples(), WIDTH as u32, HEIGHT as u32, ExtendedColorType::Rgb8).unwrap();
}

fn check(encode: impl Fn(Option<Vec<u8>>) -> Vec<u8>) {
    let stored = decode(&encode(None), "plain").unwrap().picture;
    for orientation in 0..=9 {
        for big_endian in [false, true] {
            let bytes = encode(Some(exif(orientation, big_endian)));
            let shown = decode(&bytes, "turned").unwrap().picture;
            assert!(shown == upright(&stored, orientation), "orientation {orientation}");
        }
    }
}

#[test]
fn jpeg() {
    check(|exif| {
        let mut bytes = Vec::new();
        encoded(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90), exif);
        bytes
    });
}

#[test]
fn png() {
    check(|exif| {
        let mut bytes = Vec::new();
        encoded(image::codecs::png::PngEncoder::new(&mut bytes), exif);
        bytes
    });
}

#[test]
fn webp() {
    check(|exif| {
        let mut bytes = Vec::new();
        encoded(image::codecs::webp::WebPEncoder::new_lossless(&mut bytes), exif);
        bytes
    });
}
