//! JPEG and PNG files that are cut near their end: each gives all of its pixels, or an error.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use impasto_image::{ImageError, Note};

use crate::common::decode;

/// Cuts off 1 to `most` bytes. Returns how many of these files gave a picture.
fn cut(whole: &[u8], most: usize, name: &str) -> usize {
    let picture = decode(whole, name).unwrap().picture;
    let mut read = 0;
    for lost in 1..=most.min(whole.len() - 1) {
        match decode(&whole[..whole.len() - lost], name) {
            Ok(decoded) => {
                read += 1;
                assert_eq!(decoded.notes, [Note::EndIsMissing], "{name}, {lost} bytes lost");
                assert!(decoded.picture == picture, "{name}, {lost} bytes lost: other pixels");
            }
            Err(ImageError::Damaged { .. } | ImageError::UnknownContent { .. }) => {}
            Err(error) => panic!("{name}, {lost} bytes lost: {error}"),
        }
    }
    read
}

#[test]
fn all_pixels_or_an_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for entry in fs::read_dir(folder.join("jpeg")).unwrap().chain(fs::read_dir(folder.join("png")).unwrap()) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // Bytes behind the end are no part of it.
        if !["more-behind", "gain-map", "preview"].iter().any(|other| name.starts_with(other)) {
            let read = cut(&fs::read(&path).unwrap(), 24, name);
            assert!(read >= if name.ends_with(".png") { 12 } else { 2 }, "{name}: {read}");
        }
    }
}

#[test]
fn flat_pictures_need_their_last_bits_too() {
    for (quality, side) in [(100, 40), (50, 41), (75, 8)] {
        let mut whole = Vec::new();
        let grey = vec![77; side * side];
        let mut encoder = JpegEncoder::new_with_quality(&mut whole, quality);
        encoder.encode(&grey, side as u32, side as u32, image::ExtendedColorType::L8).unwrap();
        assert!(cut(&whole, 200, "flat.jpg") >= 2);
    }
}
