//! Shared code of the tests: a small file of every format, and parts of files.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::Duration;

use image::{DynamicImage, ExtendedColorType, ImageFormat};
use impasto_image::{
    Decoded, Density, Encoding, Format, ImageError, Limits, Metadata, Picture, Plane, Space, save,
};

/// Time after which decoding fails. Nothing that works takes this long on any machine.
const STUCK: Duration = Duration::from_secs(300);

/// Decodes within the default limits, but with [`STUCK`] as the limit of time.
pub(crate) fn decode(bytes: &[u8], name: &str) -> Result<Decoded, ImageError> {
    impasto_image::decode(bytes, name, &Limits { time: Some(STUCK), ..Limits::default() })
}

/// Returns one small file of each readable format with its name. Each file has every kind of data that its format can
/// hold.
pub(crate) fn every_format() -> Vec<(String, Vec<u8>)> {
    const SIZE: (usize, usize) = (31, 23);
    let folder = tempfile::tempdir().unwrap();
    let noise = |at: usize| (at as f32 * 12.9898).sin().abs();
    let picture = Picture::new(SIZE.0, SIZE.1, (0..3 * SIZE.0 * SIZE.1).map(noise).collect()).unwrap();
    let alpha = Plane::new(SIZE.0, SIZE.1, (0..SIZE.0 * SIZE.1).map(noise).collect()).unwrap();
    let mut files = Vec::new();
    for format in Format::all() {
        for &depth in format.depths() {
            let name = format!("{depth:?}.{}", format.extension());
            let metadata = Metadata {
                recipe: Some("{\"a\": 1}".into()),
                density: Some(Density { x: 300.0, y: 300.0 }),
                exif: Some(exif()),
            };
            let icc_profile = Some(Space::DisplayP3.icc());
            let encoding = Encoding { depth, metadata, icc_profile, keep_gps: true, ..Encoding::default() };
            let alpha = Some(&alpha).filter(|_| format.holds_alpha());
            save(&folder.path().join(&name), &picture, alpha, &encoding).unwrap();
            files.push((name.clone(), fs::read(folder.path().join(&name)).unwrap()));
        }
    }
    // The following formats are only read.
    let byte = |value: &f32| (value * 255.0) as u8;
    let grey: Vec<u8> = alpha.data().iter().map(byte).collect();
    let rgb: Vec<u8> = picture.rgb().iter().map(byte).collect();
    let (width, height) = (SIZE.0 as u32, SIZE.1 as u32);
    let rgb_image = image::RgbImage::from_raw(width, height, rgb.clone()).unwrap();
    let grey_image = image::GrayImage::from_raw(width, height, grey.clone()).unwrap();
    let mut add = |name: &str, image: DynamicImage, format: ImageFormat| {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        files.push((name.to_owned(), file.into_inner()));
    };
    add("ppm", rgb_image.clone().into(), ImageFormat::Pnm);
    add("pgm", grey_image.clone().into(), ImageFormat::Pnm);
    add("grey.jpg", grey_image.clone().into(), ImageFormat::Jpeg);
    add("grey.png", grey_image.clone().into(), ImageFormat::Png);
    add("grey.tif", grey_image.into(), ImageFormat::Tiff);
    add("tga", rgb_image.into(), ImageFormat::Tga);
    let (_, tga) = files.last_mut().unwrap();
    // TGA is recognised by this signature.
    tga.extend(b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0");
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    (0..2).for_each(|_| encoder.encode(&rgb, width, height, ExtendedColorType::Rgb8).unwrap());
    drop(encoder);
    files.push(("animated.gif".into(), gif));
    files.push(("animated.png".into(), animated_png(&rgb, width, height)));
    let features = [
        (".jxl", cfg!(feature = "jxl")),
        (".heic", cfg!(feature = "heic")),
        (".avif", cfg!(feature = "avif")),
    ];
    let read = |name: &&str| features.iter().all(|(ending, is_read)| *is_read || !name.ends_with(ending));
    let names = ["gradient.jxl", "boxes.jxl", "inks.jpg", "progressive.jpg", "palette.png", "packed.tif"];
    let names = names.into_iter().chain(["turned.heic", "tiles.heic", "grid.avif", "deep.avif"]);
    for name in names.filter(read) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        files.push((name.to_owned(), fs::read(path).unwrap()));
    }
    files
}

/// Returns two pictures in one file. The second is the complement of the first.
fn animated_png(rgb: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(rgb).unwrap();
    writer.write_image_data(&rgb.iter().map(|value| 255 - value).collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    file
}

/// Returns a block of EXIF with an artist and a latitude (CIPA DC-008).
pub(crate) fn exif() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    let first = [entry(0x013b, 2, 4, *b"Ann\0"), entry(0x8825, 4, 1, 38u32.to_le_bytes())].concat();
    [&b"II*\0\x08\0\0\0\x02\0"[..], &first, &[0; 4], &[1, 0], &entry(1, 2, 2, *b"N\0\0\0"), &[0; 4]].concat()
}

/// Returns a chunk of a PNG file, with its checksum.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    [&(data.len() as u32).to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

/// Returns a PNG file of 8-bit RGB.
pub(crate) fn png(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunks.concat(), &chunk(b"IEND", b"")].concat()
}

/// Returns zeros, compressed a thousand to one.
pub(crate) fn packed(length: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    (0..length >> 20).for_each(|_| encoder.write_all(&zeros).unwrap());
    encoder.finish().unwrap()
}
