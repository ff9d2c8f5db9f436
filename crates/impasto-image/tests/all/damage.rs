//! Foreign files give errors with advice. `hostile.rs` has the tests of hostile files.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use impasto_image::{Encoding, ImageError, Picture, open, save};

use crate::common::decode;

#[test]
fn sizes_are_checked_before_allocation() {
    // A BMP header promises 2 gigapixels, and PNM headers exceed the limits.
    let mut bmp = b"BM".to_vec();
    bmp.extend([0; 8]);
    for field in [54u32, 40, 29_000, 70_000, 24 << 16 | 1] {
        bmp.extend(field.to_le_bytes());
    }
    bmp.extend([0; 24]);
    for bytes in [&bmp[..], b"P6 30001 2 255\n", b"P6 29999 29999 255\n", b"P6 4294967295 4294967295 255\n"] {
        let error = decode(bytes, "bomb").unwrap_err();
        assert!(matches!(error, ImageError::TooLarge { .. } | ImageError::Damaged { .. }), "{error}");
    }
    let error = decode(b"P6 29999 29999 255\n", "bomb").unwrap_err();
    assert_eq!(error.to_string(), "bomb: too large: 29999x29999 pixels, the limit is 100 megapixels");
}

#[test]
fn numbers_that_are_none_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.tif");
    let samples = [0.5f32, f32::NAN, 0.5];
    image::Rgb32FImage::from_raw(1, 1, samples.to_vec()).unwrap().save(&path).unwrap();
    assert!(matches!(open(&path).unwrap_err(), ImageError::Damaged { .. }));
}

#[test]
fn the_content_counts_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = (folder.path().join("a.png"), folder.path().join("a.jpg"));
    save(&right, &Picture::filled(3, 2, [0.2; 3]), None, &Encoding::default()).unwrap();
    std::fs::rename(&right, &wrong).unwrap();
    assert_eq!(open(&wrong).unwrap().picture.size(), (3, 2));
}

#[test]
fn what_is_no_picture_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error_of = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        open(&path).unwrap_err()
    };
    assert!(matches!(error_of("empty.png", b""), ImageError::Empty { .. }));
    let document = error_of("photo.jpg", b"8BPS\0\x01");
    assert!(
        document.to_string().ends_with("photo.jpg: expected a picture, found a Photoshop document"),
        "{document}"
    );
    assert!(document.hint().unwrap().contains("convert"));
    let text = error_of("text.png", b"not a picture");
    assert!(text.to_string().contains("unknown format") && text.hint().unwrap().contains("PNG"));
    assert!(matches!(open(folder.path()).unwrap_err(), ImageError::IsFolder { .. }));
    let missing = open(&folder.path().join("no/such.png")).unwrap_err();
    assert!(matches!(missing, ImageError::NotFound { .. }) && missing.hint().unwrap().contains("folder"));
}
