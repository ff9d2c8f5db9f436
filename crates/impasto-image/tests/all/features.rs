//! The errors of a build without a format.

use impasto_image::{ImageError, Limits, decode};

fn says(error: &ImageError, what: &str, feature: &str) {
    assert!(error.to_string().contains(what), "{error}");
    assert!(error.hint().unwrap().contains(&format!("build with the feature {feature}")), "{error:?}");
}

#[cfg(not(feature = "jxl"))]
#[test]
fn jpeg_xl_is_known_where_it_is_not_read() {
    for bytes in [&include_bytes!("../data/gradient.jxl")[..], include_bytes!("../data/boxes.jxl")] {
        let error = decode(bytes, "a", &Limits::default()).unwrap_err();
        says(&error, "this build reads no JPEG XL", "jxl");
    }
}

#[cfg(not(feature = "heic"))]
#[test]
fn heic_is_known_where_it_is_not_read() {
    let error = decode(&include_bytes!("../data/turned.heic")[..], "a", &Limits::default()).unwrap_err();
    says(&error, "this build reads no HEIC", "heic");
    // AV1 in a container of HEIC's brand, and the reverse, are told by the picture itself.
    #[cfg(feature = "avif")]
    {
        let bytes = include_bytes!("../data/turned.heic").to_vec();
        let renamed = [&bytes[..8], b"avif", &bytes[12..16], b"avifavif", &bytes[24..]].concat();
        let error = decode(renamed, "a", &Limits::default()).unwrap_err();
        says(&error, "this build reads no HEIC", "heic");
    }
}

#[cfg(not(feature = "avif"))]
#[test]
fn avif_is_known_where_it_is_not_read() {
    let error = decode(&include_bytes!("../data/grid.avif")[..], "a", &Limits::default()).unwrap_err();
    says(&error, "this build reads no AVIF", "avif");
}

#[cfg(not(feature = "exr"))]
#[test]
fn openexr_is_known_where_it_is_neither_read_nor_written() {
    use std::path::Path;

    use impasto_image::{Encoding, Format, Picture, check_output, save};

    // A file with this magic number and version is recognised as OpenEXR (openexr.com, "The OpenEXR file layout").
    let error = decode(*b"\x76\x2f\x31\x01\x02\0\0\0", "a", &Limits::default()).unwrap_err();
    says(&error, "this build reads no OpenEXR", "exr");
    let (path, picture) = (Path::new("a.exr"), Picture::filled(2, 2, [0.5; 3]));
    says(
        &save(path, &picture, None, &Encoding::default()).unwrap_err(),
        "this build writes no OpenEXR",
        "exr",
    );
    for format in [None, Some(Format::OpenExr)] {
        says(&check_output(path, format, false).unwrap_err(), "this build writes no OpenEXR", "exr");
    }
    assert!(!"exr".parse::<Format>().unwrap_err().contains("exr"));
}
