//! WebP, lossless: 8 bits.

use image_webp::{ColorType, WebPEncoder};

use super::{Failed, Source, Tags};
use crate::Sink;

pub(super) fn write(file: &mut dyn Sink, source: &Source<'_>, tags: &Tags<'_>) -> Result<(), Failed> {
    let (width, height) = source.size();
    let mut encoder = WebPEncoder::new(file);
    if let Some(profile) = tags.icc_profile {
        encoder.set_icc_profile(profile.to_vec());
    }
    if let Some(exif) = tags.exif.bytes() {
        encoder.set_exif_metadata(exif);
    }
    if let Some(packet) = &tags.xmp {
        encoder.set_xmp_metadata(packet.clone().into_bytes());
    }
    let colours = if source.alpha.is_some() { ColorType::Rgba8 } else { ColorType::Rgb8 };
    Ok(encoder.encode(&source.all_eight(), width, height, colours)?)
}
