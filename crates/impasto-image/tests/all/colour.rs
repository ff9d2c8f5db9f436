//! Colours have the meaning that their profiles define. They are compared with littlecms (tests/oracle/colour.py), and
//! are written as they were read.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use impasto_image::{Decoded, Depth, Encoding, Space, open, save};

use crate::common::decode;
use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

const COLOURS: &str = include_str!("../data/colours.txt");

/// Tolerance in 8-bit steps. Both programs round, and they interpolate the tables of profiles differently.
const STEPS: f32 = 2.5;

fn icc(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}.icc", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn png(colour: ExtendedColorType, samples: &[u8], icc: Vec<u8>, (width, height): (u32, u32)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(icc).unwrap();
    encoder.write_image(samples, width, height, colour).unwrap();
    bytes
}

fn ink_tiff(inks: &[u8], icc: Option<&[u8]>, width: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let mut image = encoder.new_image::<colortype::CMYK8>(width, 1).unwrap();
    if let Some(icc) = icc {
        image.encoder().write_tag(Tag::IccProfile, icc).unwrap();
    }
    image.write_data(inks).unwrap();
    bytes.into_inner()
}

fn pixel(decoded: &Decoded) -> [f32; 3] {
    let area = decoded.picture.width() * decoded.picture.height();
    [0, 1, 2].map(|channel| 255.0 * decoded.picture.rgb()[channel * area])
}

#[test]
fn colours_are_those_of_littlecms() {
    let mut checked = 0;
    for line in COLOURS.lines() {
        let (given, expected) = line.split_once(" : ").unwrap();
        let mut words = given.split(' ');
        let (name, target) = (words.next().unwrap(), words.next().unwrap());
        let colour: Vec<u8> = words.map(|word| word.parse().unwrap()).collect();
        let bytes = match colour.len() {
            1 => png(ExtendedColorType::L8, &colour, icc(name), (1, 1)),
            3 => png(ExtendedColorType::Rgb8, &colour, icc(name), (1, 1)),
            _ => ink_tiff(&colour, Some(&icc(name)), 1),
        };
        let decoded = decode(&bytes, name).unwrap();
        assert_eq!(decoded.space, if target == "p3" { Space::DisplayP3 } else { Space::Srgb }, "{name}");
        assert_eq!(decoded.icc_profile.is_some(), colour.len() == 3, "{name}");
        let expected = expected.split(' ').map(|word| word.parse::<f32>().unwrap());
        let seen = pixel(&decoded);
        for (seen, expected) in seen.iter().zip(expected) {
            assert!((seen - expected).abs() < STEPS, "{line}: found {:?}", pixel(&decoded));
        }
        checked += 1;
    }
    assert!(checked > 100);
}

#[test]
fn what_was_read_by_a_profile_is_written_by_it() {
    let folder = tempfile::tempdir().unwrap();
    // These colours are inside P3 in each of the profiles.
    let samples: Vec<u8> = (0..=255u8).flat_map(|i| [90 + i / 4, 120 + i / 3, 100 + i / 5]).collect();
    for name in ["adobe", "romm", "p3", "linear"] {
        let bytes = png(ExtendedColorType::Rgb8, &samples, icc(name), (256, 1));
        let decoded = decode(&bytes, name).unwrap();
        for extension in ["png", "tif", "webp"] {
            let path = folder.path().join(format!("{name}.{extension}"));
            let icc_profile = decoded.icc_profile.clone();
            let encoding = Encoding { icc_profile, space: decoded.space, ..Encoding::default() };
            save(&path, &decoded.picture, None, &encoding).unwrap();
            let again = image::open(&path).unwrap().into_rgb8();
            for (found, expected) in again.iter().zip(&samples) {
                assert!(found.abs_diff(*expected) <= 1, "{name}.{extension}: {found} for {expected}");
            }
            assert_eq!(open(&path).unwrap().icc_profile, Some(icc(name)), "{extension}");
        }
        // Without a profile, or in a format that has none, colours are sRGB.
        for extension in ["png", "bmp"] {
            let path = folder.path().join(format!("{name}-srgb.{extension}"));
            save(&path, &decoded.picture, None, &Encoding { space: decoded.space, ..Encoding::default() })
                .unwrap();
            let mut expected = decoded.clone();
            expected.bring_to(Space::Srgb);
            let found = open(&path).unwrap();
            assert_eq!(found.space, Space::Srgb);
            let pairs = found.picture.rgb().iter().zip(expected.picture.rgb());
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1.01 / 255.0), "{name}.{extension}");
        }
    }
}

#[test]
fn a_profile_that_says_nothing_is_no_profile() {
    let samples = [10, 100, 200];
    let mut cut = icc("adobe");
    cut.truncate(300);
    let mut flipped = icc("adobe");
    flipped[140..200].fill(0xff);
    for icc in [b"nonsense".to_vec(), cut, flipped, icc("grey"), icc("inks"), vec![0; 200]] {
        let decoded = decode(&png(ExtendedColorType::Rgb8, &samples, icc, (1, 1)), "a").unwrap();
        assert_eq!(decoded.space, Space::Srgb);
        assert_eq!(decoded.icc_profile, None);
        assert!(pixel(&decoded).iter().zip(samples).all(|(a, b)| (a - b as f32).abs() < 0.01));
    }
}

#[test]
fn sixteen_bits_in_p3_come_back_to_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u16> = (0..3 * 4096u32).map(|i| (i * 16 % 65536) as u16).collect();
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(icc("p3")).unwrap();
    let raw: Vec<u8> = samples.iter().flat_map(|value| value.to_ne_bytes()).collect();
    encoder.write_image(&raw, 64, 64, ExtendedColorType::Rgb16).unwrap();
    let decoded = decode(&bytes, "a").unwrap();
    let path = folder.path().join("a.png");
    let (space, icc_profile) = (decoded.space, decoded.icc_profile.clone());
    let encoding = Encoding { depth: Depth::Sixteen, space, icc_profile, ..Encoding::default() };
    save(&path, &decoded.picture, None, &encoding).unwrap();
    assert_eq!(image::open(&path).unwrap().into_rgb16().into_raw(), samples);
}

#[test]
fn inks_without_a_profile_take_light_away() {
    let decoded = decode(&ink_tiff(&[0, 255, 128, 51], None, 1), "a").unwrap();
    let expected = [0.8 * 255.0, 0.0, 0.8 * 127.0];
    assert!(pixel(&decoded).iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.5), "{:?}", pixel(&decoded));
}
