//! Saved values, depth and alpha are read back unchanged.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use impasto_image::{Depth, Encoding, Format, ImageError, Picture, Plane, open, save};

/// Returns a picture with every value of a channel. The order makes all channels different, and the widths used here
/// are not multiples of 8.
fn picture(levels: usize, width: usize, height: usize) -> Picture {
    let pixels = width * height;
    let value = |at: usize| ((at * 7919 + at / pixels * 31) % levels) as f32 / (levels - 1) as f32;
    Picture::new(width, height, (0..3 * pixels).map(value).collect()).unwrap()
}

fn visible_alpha(levels: usize, width: usize, height: usize) -> Plane {
    let value = |at: usize| (1 + at * 13 % (levels - 1)) as f32 / (levels - 1) as f32;
    Plane::new(width, height, (0..width * height).map(value).collect()).unwrap()
}

fn file(folder: &Path, extension: &str) -> PathBuf {
    folder.join("picture").with_extension(extension)
}

#[test]
fn eight_bits_are_exact_in_every_lossless_format() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, alpha) = (picture(256, 37, 23), visible_alpha(256, 37, 23));
    for extension in ["png", "tif", "webp", "qoi", "bmp"] {
        for alpha in [None, Some(&alpha)] {
            let path = file(folder.path(), extension);
            save(&path, &picture, alpha, &Encoding::default()).unwrap();
            let decoded = open(&path).unwrap();
            assert_eq!(decoded.picture, picture, "{extension}");
            assert_eq!(decoded.alpha.as_ref(), alpha, "{extension}");
            assert_eq!(decoded.depth, Depth::Eight);
        }
    }
}

#[test]
fn sixteen_bits_are_exact_where_they_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, alpha) = (picture(65536, 301, 80), visible_alpha(65536, 301, 80));
    let encoding = Encoding { depth: Depth::Sixteen, ..Encoding::default() };
    for format in Format::all() {
        let extension = format.extension();
        let path = file(folder.path(), extension);
        for alpha in [None, Some(&alpha)].into_iter().filter(|alpha| alpha.is_none() || format.holds_alpha())
        {
            save(&path, &picture, alpha, &encoding).unwrap();
            let decoded = open(&path).unwrap();
            assert_eq!(decoded.depth, format.depth(Depth::Sixteen), "{extension}");
            match decoded.depth {
                Depth::Eight => {}
                Depth::Sixteen => {
                    assert_eq!(decoded.picture, picture, "{extension}");
                    assert_eq!(decoded.alpha.as_ref(), alpha, "{extension}");
                }
                // Light was multiplied by alpha, so it is rounded once more.
                Depth::Float => {
                    let pairs = decoded.picture.rgb().iter().zip(picture.rgb());
                    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(worst < 0.5 / 65535.0, "{extension}: {worst}");
                    assert_eq!(decoded.alpha.as_ref(), alpha, "{extension}");
                }
            }
        }
    }
}

#[test]
fn floats_are_exact_in_tiff_and_the_format_that_is_asked_for_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, alpha) = (picture(1 << 22, 301, 80), visible_alpha(1 << 22, 301, 80));
    let encoding = Encoding { depth: Depth::Float, format: Some(Format::Tiff), ..Encoding::default() };
    for alpha in [None, Some(&alpha)] {
        let path = file(folder.path(), "png");
        save(&path, &picture, alpha, &encoding).unwrap();
        assert!(std::fs::read(&path).unwrap()[..2].iter().all(|byte| b"IM".contains(byte)));
        let decoded = open(&path).unwrap();
        assert_eq!((decoded.depth, decoded.picture), (Depth::Float, picture.clone()));
        assert_eq!(decoded.alpha.as_ref(), alpha);
    }
}

#[test]
fn jpeg_is_close_also_in_fine_colour() {
    // Red and blue are in columns of one pixel. Chroma subsampling would turn them into purple.
    let rgb = (0..3 * 64)
        .map(|at| if (at / 64 == 0 && at % 2 == 0) || (at / 64 == 2 && at % 2 == 1) { 0.8 } else { 0.2 });
    let picture = Picture::new(8, 8, rgb.collect()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "jpg");
    save(&path, &picture, None, &Encoding::default()).unwrap();
    let decoded = open(&path).unwrap().picture;
    let worst = decoded.rgb().iter().zip(picture.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 0.06, "{worst}");
}

#[test]
fn values_are_clamped() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "png");
    let picture = Picture::new(1, 1, vec![-0.5, 1.5, 0.499]).unwrap();
    save(&path, &picture, None, &Encoding::default()).unwrap();
    assert_eq!(open(&path).unwrap().picture.rgb(), [0.0, 1.0, 127.0 / 255.0]);
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Picture::filled(4, 4, [0.5; 3]);
    let alpha = visible_alpha(256, 4, 4);
    let failed = |name: &str, picture: &Picture, alpha: &Plane| {
        save(&folder.path().join(name), picture, Some(alpha), &Encoding::default()).unwrap_err()
    };
    assert!(matches!(failed("a.jpg", &picture, &alpha), ImageError::NoAlpha { .. }));
    assert!(matches!(failed("a.gif", &picture, &alpha), ImageError::UnknownExtension { .. }));
    assert!(matches!(
        failed("a.png", &Picture::filled(4, 5, [0.5; 3]), &alpha),
        ImageError::AlphaSize { .. }
    ));
    let wide = Picture::filled(16_385, 1, [0.5; 3]);
    let error = save(&folder.path().join("a.webp"), &wide, None, &Encoding::default()).unwrap_err();
    assert!(matches!(error, ImageError::TooLargeForFormat { side: 16_385, .. }));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_picture_that_cannot_be_seen_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "png");
    let alpha = Plane::new(2, 1, vec![0.0, 0.0]).unwrap();
    save(&path, &Picture::filled(2, 1, [0.5; 3]), Some(&alpha), &Encoding::default()).unwrap();
    assert!(matches!(open(&path).unwrap_err(), ImageError::FullyTransparent { .. }));
}
