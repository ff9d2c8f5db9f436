//! Tests with a corpus of files from other programs. `tests/corpus/make.py` writes the corpus. Sound files give the
//! pixels that `make.py` put in, broken files give errors, and hostile files do no harm.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use impasto_image::{Decoded, ImageError, Note};
use serde_json::Value;

use crate::common::decode;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Returns the bytes and the expectation of each file, by name.
fn files() -> BTreeMap<String, (Vec<u8>, Value)> {
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap();
    let read = |(name, value): (String, Value)| {
        let bytes = fs::read(folder().join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, (bytes, value))
    };
    expected.into_iter().filter(|(name, _)| is_read(name)).map(read).collect()
}

/// Whether this build reads files of such a name. Files of other formats may have any name.
fn is_read(name: &str) -> bool {
    let features = [
        (".heic", cfg!(feature = "heic")),
        (".avif", cfg!(feature = "avif")),
        (".exr", cfg!(feature = "exr")),
        (".jxl", cfg!(feature = "jxl")),
    ];
    features.into_iter().all(|(ending, is_read)| is_read || !name.ends_with(ending))
}

/// Returns red, green, blue and opacity.
fn pixel(decoded: &Decoded, x: usize, y: usize) -> [f32; 4] {
    let (width, height) = decoded.picture.size();
    let (area, at) = (width * height, y * width + x);
    let [red, green, blue] = [0, 1, 2].map(|plane| decoded.picture.rgb()[plane * area + at]);
    [red, green, blue, decoded.alpha.as_ref().map_or(1.0, |alpha| alpha.data()[at])]
}

/// Returns the same checksum as `make.py`: of 16-bit big-endian RGBA, with invisible colours set to 0.
fn checksum(decoded: &Decoded) -> u32 {
    let (width, height) = decoded.picture.size();
    let mut crc = flate2::Crc::new();
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let numbers = pixel(decoded, x, y).map(|value| (value * 65535.0).round() as u16);
        let shown = if numbers[3] == 0 { [0; 4] } else { numbers };
        crc.update(&shown.map(u16::to_be_bytes).concat());
    }
    crc.sum()
}

/// Returns the difference from the expectation, or `None`.
fn wrong(decoded: &Decoded, expected: &Value) -> Option<String> {
    let (width, height) = decoded.picture.size();
    if expected["size"] != serde_json::json!([width, height]) {
        return Some(format!("{width}x{height} pixels instead of {}", expected["size"]));
    }
    if let Some(crc) = expected["crc"].as_u64() {
        let found = u64::from(checksum(decoded));
        return (found != crc).then(|| format!("its pixels are others, such as {:?}", pixel(decoded, 0, 0)));
    }
    let within = expected["within"].as_f64().unwrap();
    expected["pixels"].as_array().unwrap().iter().find_map(|numbers| {
        let numbers: Vec<f64> = numbers.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        let (x, y) = (numbers[0] as usize, numbers[1] as usize);
        let found = pixel(decoded, x, y);
        let far = found.iter().zip(&numbers[2..]).any(|(a, b)| (f64::from(*a) - b).abs() > within);
        far.then(|| format!("at {x}, {y} {found:?} instead of {:?}", &numbers[2..]))
    })
}

/// Returns the notes, except for the one on further pictures.
fn notes(decoded: &Decoded) -> impl Iterator<Item = String> {
    let notes = decoded.notes.iter().filter(|note| !matches!(note, Note::FirstOf { .. }));
    notes.map(ToString::to_string)
}

#[test]
fn sound_files_give_what_was_put_into_them() {
    let (mut sound, mut failures) = (0, Vec::new());
    for (name, (bytes, expected)) in files().iter().filter(|(_, (_, value))| value.get("size").is_some()) {
        sound += 1;
        match decode(bytes, name) {
            Err(error) => failures.push(error.to_string()),
            Ok(decoded) => {
                failures.extend(wrong(&decoded, expected).map(|how| format!("{name}: {how}")));
                let is_one_of_several = name.contains("animated") || name.contains("pages");
                if decoded.is_one_of_several != is_one_of_several {
                    failures.push(format!("{name}: one of several: {}", decoded.is_one_of_several));
                }
                let notes: Vec<String> = notes(&decoded).collect();
                if notes.iter().map(String::as_str).ne(expected["note"].as_str()) {
                    failures.push(format!("{name}: notes {notes:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {sound}:\n{}", failures.len(), failures.join("\n"));
    assert!(sound > 200, "{sound} files");
}

#[test]
fn broken_files_are_errors() {
    let (mut broken, mut failures) = (0, Vec::new());
    for (name, (bytes, expected)) in files().iter().filter(|(_, (_, value))| value.get("error").is_some()) {
        broken += 1;
        match decode(bytes, name) {
            Err(error) if expected["says"].as_str().is_some_and(|says| !error.to_string().contains(says)) => {
                failures.push(error.to_string());
            }
            Ok(decoded) => failures.push(format!("{name} is a picture of {:?}", decoded.picture.size())),
            Err(
                ImageError::Damaged { .. }
                | ImageError::UnknownContent { .. }
                | ImageError::UnreadKind { .. }
                | ImageError::TooLarge { .. },
            ) => {}
            Err(error) => failures.push(format!("{error:?}")),
        }
    }
    assert!(failures.is_empty(), "{} of {broken}:\n{}", failures.len(), failures.join("\n"));
    assert!(broken > 60, "{broken} files");
}

/// Checks that the result is a picture or an error. A decoder's panic is caught and reported as "the decoder failed",
/// which is accepted only for files marked as known to panic.
fn assert_harmless(result: Result<Decoded, ImageError>, name: &str, expected: &Value) {
    if let Err(error) = result {
        assert!(!matches!(error, ImageError::Read { .. } | ImageError::TooSlow { .. }), "{name}: {error}");
        let is_panic = error.to_string().contains("the decoder failed");
        assert!(!is_panic || expected["panic"].is_string(), "{name}: {error}");
    }
}

#[test]
fn hostile_files_do_no_harm() {
    let mut hostile = 0;
    for (name, (bytes, expected)) in files().iter().filter(|(_, (_, value))| value.get("any").is_some()) {
        hostile += 1;
        assert_harmless(decode(bytes, name), name, expected);
    }
    assert!(hostile > 50, "{hostile} files");
}

#[test]
fn files_that_are_cut_off_are_whole_or_errors() {
    for (name, (bytes, expected)) in files() {
        for eighths in 1..8 {
            let result = decode(&bytes[..bytes.len() * eighths / 8], &name);
            // A file may be cut in a part that no decoder needs.
            if let (Ok(decoded), true) = (&result, expected.get("size").is_some()) {
                assert_eq!(wrong(decoded, &expected), None, "{name}, {eighths}/8 of it");
            }
            assert_harmless(result, &name, &expected);
        }
    }
}

/// Compares every sound PNG file with a second decoder, lodepng, which shares no code with ours.
#[test]
fn png_against_lodepng() {
    let mut compared = 0;
    for (name, (bytes, expected)) in files().iter().filter(|(name, _)| name.starts_with("png/")) {
        let (size, pixels) = reference(bytes);
        // lodepng does not turn pictures.
        if !name.contains("turn") {
            let mut crc = flate2::Crc::new();
            for [red, green, blue, alpha] in pixels {
                let shown = if alpha == 0 { [0; 4] } else { [red, green, blue, alpha] };
                crc.update(&shown.map(u16::to_be_bytes).concat());
            }
            assert_eq!(expected["size"], serde_json::json!([size.0, size.1]), "{name}");
            assert_eq!(expected["crc"].as_u64(), Some(u64::from(crc.sum())), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared} files");
}

/// Returns the size and 16-bit RGBA that lodepng decodes.
fn reference(png: &[u8]) -> ((usize, usize), Vec<[u16; 4]>) {
    // If lodepng is asked for 16 bits from a file with fewer, it ignores the transparent colour; so 8 bits are
    // requested.
    const BITS: usize = 24;
    match lodepng::decode_memory(png, lodepng::ColorType::RGBA, png[BITS].max(8).into()).unwrap() {
        lodepng::Image::RGBA(image) => {
            let wide = |value: u8| u16::from(value) * 257;
            let pixels = image.buffer.iter().map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a].map(wide));
            ((image.width, image.height), pixels.collect())
        }
        lodepng::Image::RGBA16(image) => {
            // lodepng leaves the samples in the byte order of the file.
            let pixels =
                image.buffer.iter().map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a].map(u16::from_be));
            ((image.width, image.height), pixels.collect())
        }
        _ => unreachable!("as asked for"),
    }
}
