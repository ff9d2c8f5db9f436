//! Collections of odd and hostile files: the valid ones give the pixels that another decoder gives, the broken ones are errors,
//! and none takes long.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::time::{Duration, Instant};

use impasto_image::{ImageError, open};

use crate::common::{collection, decode, name};

/// In this collection, names that start with x are broken files; all others are valid. Against lodepng.
#[test]
fn pngsuite() {
    let (mut valid, mut broken) = (0, 0);
    for path in collection("pngsuite").iter().filter(|path| path.extension().is_some_and(|end| end == "png"))
    {
        let found = open(path);
        if name(path).starts_with('x') {
            broken += 1;
            assert!(
                matches!(found, Err(ImageError::Damaged { .. } | ImageError::UnknownContent { .. })),
                "{}",
                name(path)
            );
            continue;
        }
        valid += 1;
        let found = found.unwrap();
        let bytes = fs::read(path).unwrap();
        let (size, pixels) = reference(&bytes);
        assert_eq!(found.picture.size(), size, "{}", name(path));
        let (area, rgb) = (size.0 * size.1, found.picture.rgb());
        for (at, [red, green, blue, opacity]) in pixels.into_iter().enumerate() {
            let sixteen = |value: f32| (value * 65535.0).round() as u16;
            let alpha = found.alpha.as_ref().map_or(1.0, |alpha| alpha.data()[at]);
            assert_eq!(sixteen(alpha), opacity, "{} at {at}", name(path));
            // What cannot be seen is filled.
            if alpha > 0.0 {
                let colours = [0, 1, 2].map(|plane| sixteen(rgb[plane * area + at]));
                assert_eq!(colours, [red, green, blue], "{} at {at}", name(path));
            }
        }
    }
    assert!(valid + broken == 0 || (valid > 100 && broken > 5), "{valid} valid and {broken} broken files");
}

/// Size and RGBA of 16 bits, by lodepng.
fn reference(png: &[u8]) -> ((usize, usize), Vec<[u16; 4]>) {
    // Asked for 16 bits of fewer, it takes no notice of the colour that is clear.
    const BITS: usize = 24;
    match lodepng::decode_memory(png, lodepng::ColorType::RGBA, png[BITS].max(8).into()).unwrap() {
        lodepng::Image::RGBA(image) => {
            let wide = |value: u8| u16::from(value) * 257;
            let pixels = image.buffer.iter().map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a].map(wide));
            ((image.width, image.height), pixels.collect())
        }
        lodepng::Image::RGBA16(image) => {
            // Which it leaves in the order of the file.
            let pixels =
                image.buffer.iter().map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a].map(u16::from_be));
            ((image.width, image.height), pixels.collect())
        }
        _ => unreachable!("as asked for"),
    }
}

#[test]
fn hostile() {
    for path in collection("pillow-hostile") {
        let bytes = fs::read(&path).unwrap();
        let start = Instant::now();
        let result = decode(&bytes, &name(&path));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(10), "{}: {took:?}", name(&path));
        if let Err(error) = result {
            assert!(!matches!(error, ImageError::Read { .. } | ImageError::TooSlow { .. }), "{error}");
            assert!(!error.to_string().contains("the decoder failed"), "{error}");
        }
    }
}
