//! JPEG: 8 bits, no chroma subsampling; EXIF and XMP in segments of their own, density in the JFIF segment.

use image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};
use image::{ExtendedColorType, ImageEncoder};

use super::{Failed, Source, Tags};
use crate::Sink;
use crate::metadata::packet;

/// The beginning of a segment with XMP.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

pub(super) fn write(
    file: &mut dyn Sink,
    source: &Source<'_>,
    quality: u8,
    tags: &Tags<'_>,
) -> Result<(), Failed> {
    let (width, height) = source.size();
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100));
    if let Some(density) = tags.exif.metadata.density {
        let whole = |value: f64| value.round().clamp(1.0, 65535.0) as u16;
        let density = (whole(density.x), whole(density.y));
        encoder.set_pixel_density(PixelDensity { density, unit: PixelDensityUnit::Inches });
    }
    if let Some(exif) = tags.exif.bytes() {
        encoder.set_exif_metadata(exif)?;
    }
    if let Some(profile) = tags.icc_profile {
        encoder.set_icc_profile(profile.to_vec())?;
    }
    encoder.write_image(&source.all_eight(), width, height, ExtendedColorType::Rgb8)?;
    if let Some(packet) = &tags.xmp {
        insert(&mut bytes, &[XMP, packet.as_bytes()].concat())?;
    }
    Ok(file.write_all(&bytes)?)
}

/// Whether a segment has room for the recipe.
pub(super) fn fits(recipe: &str) -> bool {
    XMP.len() + packet(recipe).len() + 2 <= usize::from(u16::MAX)
}

/// Inserts a segment after those of JFIF and EXIF, which readers expect first.
fn insert(file: &mut Vec<u8>, content: &[u8]) -> Result<(), Failed> {
    const LENGTH: usize = 2;
    const MARKER: u8 = 0xff;
    const APP0: u8 = 0xe0;
    const APP1: u8 = 0xe1;
    let length = u16::try_from(content.len() + LENGTH).map_err(|_| "the recipe is longer than a segment")?;
    let mut at = 2; // after the start marker
    while let Some(&[MARKER, APP0 | APP1, high, low]) = file.get(at..at + 4) {
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    let head = [&[MARKER, APP1][..], &length.to_be_bytes()].concat();
    file.splice(at..at, head.into_iter().chain(content.iter().copied()));
    Ok(())
}
