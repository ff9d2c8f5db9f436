//! Formats that are only read: each file gives the pixels that its maker put in (tests/oracle/pictures.py).

#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::path::Path;

#[cfg(feature = "exr")]
use image::{ImageBuffer, ImageFormat, Rgb, Rgba};
#[cfg(feature = "exr")]
use impasto_image::Depth;
use impasto_image::{Decoded, Note};
#[cfg(any(feature = "exr", feature = "jxl"))]
use impasto_image::{ImageError, Space};

use crate::common::{decode, every_format};

fn pixel(decoded: &Decoded, x: usize, y: usize) -> [f32; 3] {
    let (width, height) = decoded.picture.size();
    [0, 1, 2].map(|channel| decoded.picture.rgb()[channel * width * height + y * width + x])
}

fn close(a: [f32; 3], b: [f32; 3], within: f32) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < within)
}

#[cfg(feature = "jxl")]
#[test]
fn jpeg_xl() {
    let bytes = include_bytes!("../data/gradient.jxl");
    let decoded = decode(bytes, "a").unwrap();
    assert_eq!((decoded.picture.size(), decoded.space), ((9, 7), Space::Srgb));
    for (x, y) in [(0, 0), (8, 6), (3, 5)] {
        let expected = [28 * x, 40 * y, 255 - 28 * x].map(|value| value as f32 / 255.0);
        assert!(close(pixel(&decoded, x, y), expected, 1e-4), "{x} {y}: {:?}", pixel(&decoded, x, y));
    }
    let alpha = decoded.alpha.unwrap();
    assert!((alpha.data()[8] - 95.0 / 255.0).abs() < 1e-4);
    for length in (0..bytes.len()).step_by(7) {
        let error = decode(&bytes[..length], "a").unwrap_err();
        let typed = matches!(
            error,
            ImageError::Empty { .. }
                | ImageError::Damaged { .. }
                | ImageError::UnreadKind { .. }
                | ImageError::UnknownContent { .. }
        );
        assert!(typed, "{length}: {error}");
    }
}

#[cfg(feature = "exr")]
#[test]
fn openexr_holds_light() {
    let light = |x: u32, _: u32| Rgb([0.214_041, 1.0, if x == 0 { 0.0 } else { 7.5 }]);
    let mut bytes = Cursor::new(Vec::new());
    ImageBuffer::from_fn(2, 1, light).write_to(&mut bytes, ImageFormat::OpenExr).unwrap();
    let decoded = decode(bytes.get_ref(), "a").unwrap();
    assert_eq!(decoded.depth, Depth::Float);
    assert!(close(pixel(&decoded, 0, 0), [0.5, 1.0, 0.0], 1e-4));
    assert!(close(pixel(&decoded, 1, 0), [0.5, 1.0, 1.0], 1e-4), "what is brighter than white is cut off");
    let mut bytes = Cursor::new(Vec::new());
    let nan = ImageBuffer::from_pixel(2, 1, Rgba([f32::NAN, 0.0, 0.0, 1.0]));
    nan.write_to(&mut bytes, ImageFormat::OpenExr).unwrap();
    assert!(matches!(decode(bytes.get_ref(), "a"), Err(ImageError::Damaged { .. })));
}

#[test]
fn colours_that_were_multiplied_with_alpha_are_divided_by_it() {
    #[cfg(feature = "exr")]
    {
        // OpenEXR holds light. These are halves of middle grey, white and black.
        let mut bytes = Cursor::new(Vec::new());
        let half = ImageBuffer::from_pixel(2, 1, Rgba([0.5 * 0.214_041, 0.5, 0.0, 0.5]));
        half.write_to(&mut bytes, ImageFormat::OpenExr).unwrap();
        let decoded = decode(bytes.get_ref(), "a").unwrap();
        assert!(close(pixel(&decoded, 0, 0), [0.5, 1.0, 0.0], 1e-4));
        assert_eq!(decoded.alpha.unwrap().data(), [0.5; 2]);
    }
    // TIFF holds encoded values. They are divided only if the file says that they were multiplied.
    for (extra, expected) in [
        (tiff::tags::ExtraSamples::AssociatedAlpha, [0.5, 1.0, 0.0]),
        (tiff::tags::ExtraSamples::UnassociatedAlpha, [0.25, 0.5, 0.0]),
    ] {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
        let mut image = encoder.new_image::<tiff::encoder::colortype::RGB16>(1, 1).unwrap();
        image.extra_samples(&[extra]).unwrap();
        image.write_data(&[16384, 32768, 0, 32768]).unwrap();
        let decoded = decode(bytes.get_ref(), "a").unwrap();
        assert!(close(pixel(&decoded, 0, 0), expected, 1e-4), "{:?}", decoded.picture.rgb());
    }
}

#[cfg(feature = "exr")]
#[test]
fn light_beyond_all_bounds_is_a_number_still() {
    use exr::prelude::*;
    // Divided by almost nothing and converted from ITU-R BT.2020, this colour would be infinity minus infinity.
    let pixel = |_: Vec2<usize>| (1e3f32, 1e3f32, -1e38f32, 1e-42f32);
    let mut image = Image::from_channels((1, 1), SpecificChannels::rgba(pixel));
    image.attributes.chromaticities = Some(exr::meta::attribute::Chromaticities {
        red: Vec2(0.708, 0.292),
        green: Vec2(0.17, 0.797),
        blue: Vec2(0.131, 0.046),
        white: Vec2(0.3127, 0.329),
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write().to_buffered(&mut bytes).unwrap();
    let decoded = decode(bytes.get_ref(), "a").unwrap();
    assert!(
        decoded.picture.rgb().iter().all(|value| (0.0..=1.0).contains(value)),
        "{:?}",
        decoded.picture.rgb()
    );
}

#[cfg(feature = "jxl")]
#[test]
fn boxes_of_jpeg_xl() {
    let boxes = decode(include_bytes!("../data/boxes.jxl"), "a").unwrap();
    let bare = decode(include_bytes!("../data/gradient.jxl"), "a").unwrap();
    assert_eq!(boxes.picture, bare.picture);
    assert!(boxes.metadata.exif.unwrap().windows(3).any(|window| window == b"Ann"));
}

#[cfg(feature = "exr")]
#[test]
fn primaries_of_light_are_honoured() {
    use exr::prelude::*;
    let mut image =
        Image::from_channels((1, 1), SpecificChannels::rgb(|_: Vec2<usize>| (1.0f32, 0.0f32, 0.0f32)));
    // SMPTE RP 431-2 with the white of sRGB is Display P3.
    image.attributes.chromaticities = Some(exr::meta::attribute::Chromaticities {
        red: Vec2(0.68, 0.32),
        green: Vec2(0.265, 0.69),
        blue: Vec2(0.15, 0.06),
        white: Vec2(0.3127, 0.329),
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write().to_buffered(&mut bytes).unwrap();
    let decoded = decode(bytes.get_ref(), "a").unwrap();
    assert_eq!(decoded.space, Space::DisplayP3);
    assert!(close(pixel(&decoded, 0, 0), [1.0, 0.0, 0.0], 1e-4));
}

#[test]
fn several_pictures_in_a_file_are_one_and_that_is_said() {
    for (name, bytes) in every_format() {
        let decoded = decode(&bytes, &name).unwrap();
        assert_eq!(decoded.is_one_of_several, name.starts_with("animated"), "{name}");
    }
}

#[test]
fn jpeg_in_inks() {
    let decoded = decode(include_bytes!("../data/inks.jpg"), "a").unwrap();
    // Without a profile, inks absorb light. The tolerance is wide because the codec is lossy.
    assert!(close(pixel(&decoded, 4, 4), [0.8, 0.0, 0.4], 0.03), "{:?}", pixel(&decoded, 4, 4));
    assert!(close(pixel(&decoded, 28, 4), [0.0, 1.0, 1.0], 0.03), "{:?}", pixel(&decoded, 28, 4));
}

#[test]
fn grey_in_floating_point() {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<tiff::encoder::colortype::Gray32Float>(2, 1, &[0.25, 0.75]).unwrap();
    let decoded = decode(bytes.get_ref(), "a").unwrap();
    assert!(close(pixel(&decoded, 1, 0), [0.75; 3], 1e-6));
}

/// A file may be damaged in any way: decoding ends with a result.
#[test]
fn damaged_files_of_every_kind_end_in_an_answer() {
    #[cfg(feature = "exr")]
    let exr = {
        let mut exr = Cursor::new(Vec::new());
        let light = ImageBuffer::from_fn(40, 30, |x, y| Rgb([x as f32 / 40.0, y as f32 / 30.0, 0.5]));
        light.write_to(&mut exr, ImageFormat::OpenExr).unwrap();
        exr.into_inner()
    };
    let mut inks = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut inks).unwrap();
    let numbers: Vec<u16> = (0..40 * 30 * 4).map(|i| (i * 37 % 65536) as u16).collect();
    encoder.write_image::<tiff::encoder::colortype::CMYK16>(40, 30, &numbers).unwrap();
    let files = [
        #[cfg(feature = "jxl")]
        ("jxl", include_bytes!("../data/gradient.jxl").to_vec()),
        ("jpg", include_bytes!("../data/inks.jpg").to_vec()),
        #[cfg(feature = "exr")]
        ("exr", exr),
        ("tif", inks.into_inner()),
    ];
    for (name, bytes) in files {
        decode(&bytes, name).unwrap();
        for length in (0..bytes.len()).step_by(37) {
            assert!(decode(&bytes[..length], name).is_err(), "{length} bytes of {name}");
        }
        let mut damaged = bytes.clone();
        for (at, flip) in (0..bytes.len()).step_by(1 + bytes.len() / 500).zip([1, 0x80, 0xff].iter().cycle())
        {
            damaged[at] ^= flip;
            let _ = decode(&damaged, name);
            damaged[at] ^= flip;
        }
    }
}

#[test]
fn the_largest_page_of_full_resolution_is_taken_and_said() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/tiff/pages-after-thumbnail.tif");
    let decoded = impasto_image::open(Path::new(path)).unwrap();
    assert_eq!(decoded.picture.size(), (96, 64));
    assert_eq!(decoded.notes, [Note::LargestOf { number: 3, pages: 3 }]);
    assert_eq!(decoded.notes[0].to_string(), "holds several pages; the largest is taken (3 of 3)");
}

#[test]
fn what_is_sound_but_not_read_is_named() {
    for (name, expected) in [
        ("raw-by-version", "expected a picture, found a camera raw file"),
        ("raw-mosaic", "expected a picture, found a camera raw file"),
        ("signed", "a TIFF file of signed whole numbers cannot be read"),
        ("lzma", "a TIFF file packed by LZMA cannot be read"),
    ] {
        let path = format!("{}/tests/corpus/unread/{name}.tif", env!("CARGO_MANIFEST_DIR"));
        let error = impasto_image::open(Path::new(&path)).unwrap_err();
        assert_eq!(error.to_string(), format!("{path}: {expected}"));
        let hint = if expected.ends_with("raw file") {
            "develop it first"
        } else {
            "convert it to PNG or JPEG first"
        };
        assert!(error.hint().unwrap().starts_with(hint));
    }
}
