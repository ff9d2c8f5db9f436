//! EXIF, print size and recipe are copied from file to file. The location and facts about the old file are not. The
//! tests read files with kamadak-exif, which has its own code for containers.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::path::Path;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Reader, Tag, Value};
use impasto_image::{Decoded, Density, Depth, Encoding, Format, Metadata, Picture, Space, open, save};

use crate::common::decode;

fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}

fn text(text: &str) -> Value {
    Value::Ascii(vec![text.as_bytes().to_vec()])
}

/// Returns EXIF as a camera writes it.
fn exif() -> Vec<u8> {
    let degrees = [59, 26, 7].map(|num| Rational { num, denom: 1 });
    let fields = [
        field(Tag::Make, text("Maker")),
        field(Tag::Copyright, text("(c) A. Painter")),
        field(Tag::Orientation, Value::Short(vec![6])),
        field(Tag::XResolution, Value::Rational(vec![Rational { num: 240, denom: 1 }])),
        field(Tag::YResolution, Value::Rational(vec![Rational { num: 240, denom: 1 }])),
        field(Tag::ResolutionUnit, Value::Short(vec![2])),
        field(Tag::DateTimeOriginal, text("2026:05:01 10:20:30")),
        field(Tag::ExposureTime, Value::Rational(vec![Rational { num: 1, denom: 250 }])),
        field(Tag::UserComment, Value::Undefined(b"ASCII\0\0\0hello".to_vec(), 0)),
        field(Tag::MakerNote, Value::Undefined(vec![7; 300], 0)),
        field(Tag::GPSLatitudeRef, text("N")),
        field(Tag::GPSLatitude, Value::Rational(degrees.to_vec())),
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    block.into_inner()
}

/// Returns a photograph of 32x20 pixels that was taken in portrait orientation.
fn photograph() -> Decoded {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    image::ImageEncoder::set_exif_metadata(&mut encoder, exif()).unwrap();
    encoder.encode(&[120; 3 * 32 * 20], 32, 20, image::ExtendedColorType::Rgb8).unwrap();
    decode(&bytes, "photo.jpg").unwrap()
}

fn written(path: &Path) -> exif::Exif {
    let bytes = std::fs::read(path).unwrap();
    Reader::new().read_from_container(&mut Cursor::new(bytes)).unwrap()
}

#[test]
fn exif_is_kept_upright_and_without_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let photograph = photograph();
    assert_eq!(photograph.picture.size(), (20, 32));
    assert_eq!(photograph.metadata.density, Some(Density { x: 240.0, y: 240.0 }));
    for format in Format::all().filter(|format| format.holds_exif()) {
        for keep_gps in [false, true] {
            let path = folder.path().join("o").with_extension(format.extension());
            let metadata = Metadata { recipe: Some("{}".into()), ..photograph.metadata.clone() };
            save(&path, &photograph.picture, None, &Encoding { metadata, keep_gps, ..Encoding::default() })
                .unwrap();
            let exif = written(&path);
            let shown = |tag| exif.get_field(tag, In::PRIMARY).map(|field| field.display_value().to_string());
            let expect =
                |tag, value: Option<&str>| assert_eq!(shown(tag).as_deref(), value, "{format:?} {tag}");
            expect(Tag::Make, Some("\"Maker\""));
            expect(Tag::Copyright, Some("\"(c) A. Painter\""));
            expect(Tag::DateTimeOriginal, Some("2026-05-01 10:20:30"));
            expect(Tag::ExposureTime, Some("1/250"));
            expect(Tag::UserComment, Some("0x41534349490000 0068656c6c6f".replace(' ', "").as_str()));
            expect(Tag::XResolution, Some("240"));
            expect(Tag::Orientation, Some("row 0 at top and column 0 at left"));
            expect(Tag::PixelXDimension, Some("20"));
            expect(Tag::PixelYDimension, Some("32"));
            expect(Tag::MakerNote, None);
            assert_eq!(shown(Tag::GPSLatitude).is_some(), keep_gps, "{format:?}");
            // The file that is read back is upright and has the same metadata.
            let again = open(&path).unwrap();
            assert_eq!(again.picture.size(), (20, 32));
            assert_eq!(again.metadata.density, Some(Density { x: 240.0, y: 240.0 }), "{format:?}");
            assert_eq!(again.metadata.recipe.as_deref(), Some("{}"), "{format:?}");
            // TIFF has the byte order of the machine.
            if format != Format::Tiff {
                assert_eq!(again.metadata.exif == photograph.metadata.exif, keep_gps, "{format:?}");
            }
        }
    }
}

#[test]
fn every_depth_of_tiff_has_room_for_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.tif");
    let metadata = Metadata { recipe: Some("{\"ü\": \"漢 <&>\"}".into()), ..photograph().metadata };
    for depth in [Depth::Eight, Depth::Sixteen, Depth::Float] {
        let icc_profile = Some(Space::DisplayP3.icc());
        let encoding = Encoding {
            depth,
            metadata: metadata.clone(),
            icc_profile,
            space: Space::DisplayP3,
            ..Encoding::default()
        };
        save(&path, &Picture::filled(5, 4, [0.2, 0.4, 0.6]), None, &encoding).unwrap();
        let again = open(&path).unwrap();
        assert_eq!((again.depth, again.space), (depth, Space::DisplayP3));
        assert_eq!(again.metadata.recipe, metadata.recipe);
        assert!(again.metadata.exif.is_some() && again.icc_profile.is_some());
    }
}

#[cfg(feature = "exr")]
#[test]
fn openexr_holds_the_recipe_and_its_primaries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.exr");
    let metadata = Metadata {
        recipe: Some("{\"ü\": 1}".into()),
        density: Some(Density { x: 300.0, y: 300.0 }),
        exif: None,
    };
    let encoding = Encoding { metadata: metadata.clone(), space: Space::DisplayP3, ..Encoding::default() };
    let red = Picture::filled(3, 2, [1.0, 0.0, 0.0]);
    save(&path, &red, None, &encoding).unwrap();
    let again = open(&path).unwrap();
    assert_eq!((again.space, again.metadata), (Space::DisplayP3, metadata));
    let rounded: Vec<f32> = again.picture.rgb().iter().map(|value| (value * 1e6).round() / 1e6).collect();
    assert_eq!(rounded, red.rgb());
}

#[test]
fn nothing_is_written_that_was_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for format in Format::all() {
        let path = folder.path().join("o").with_extension(format.extension());
        save(&path, &Picture::filled(5, 4, [0.2; 3]), None, &Encoding::default()).unwrap();
        assert_eq!(open(&path).unwrap().metadata, Metadata::default(), "{format:?}");
    }
}

#[test]
fn print_sizes_are_kept_where_there_is_no_exif() {
    let folder = tempfile::tempdir().unwrap();
    let density = Some(Density { x: 300.0, y: 150.0 });
    for format in Format::all().filter(|format| format.holds_exif()) {
        let path = folder.path().join("o").with_extension(format.extension());
        let metadata = Metadata { density, ..Metadata::default() };
        save(&path, &Picture::filled(5, 4, [0.2; 3]), None, &Encoding { metadata, ..Encoding::default() })
            .unwrap();
        let again = open(&path).unwrap();
        assert_eq!(again.metadata, Metadata { density, ..Metadata::default() }, "{format:?}");
    }
}

#[test]
fn a_recipe_that_no_segment_holds_is_an_error_in_jpeg_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, fits) in [
        ("o.jpg", false),
        ("o.png", true),
        ("o.webp", true),
        ("o.tif", true),
        #[cfg(feature = "exr")]
        ("o.exr", true),
    ] {
        let metadata = Metadata { recipe: Some("x".repeat(70_000)), ..Metadata::default() };
        let encoding = Encoding { metadata, ..Encoding::default() };
        let saved = save(&folder.path().join(name), &Picture::filled(5, 4, [0.2; 3]), None, &encoding);
        assert_eq!(saved.is_ok(), fits, "{name}");
    }
}
