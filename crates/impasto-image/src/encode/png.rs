//! PNG: 8 or 16 bits, row by row; EXIF in `eXIf`, the recipe as XMP in `iTXt`, density in `pHYs`.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, Filter, Info, PixelDimensions, Unit};

use super::{Failed, Source, Tags};
use crate::{Depth, Sink};

/// The keyword of XMP in PNG files.
const XMP: &str = "XML:com.adobe.xmp";

pub(super) fn write(
    file: &mut dyn Sink,
    source: &Source<'_>,
    depth: Depth,
    tags: &Tags<'_>,
) -> Result<(), Failed> {
    let (width, height) = source.size();
    let mut info = Info::with_size(width, height);
    info.color_type = if source.alpha.is_some() { ColorType::Rgba } else { ColorType::Rgb };
    info.bit_depth = if depth == Depth::Eight { BitDepth::Eight } else { BitDepth::Sixteen };
    info.icc_profile = tags.icc_profile.map(Cow::Borrowed);
    info.exif_metadata = tags.exif.bytes().map(Cow::Owned);
    info.pixel_dims = tags.exif.metadata.density.map(|density| {
        let (xppu, yppu) = density.in_metres();
        PixelDimensions { xppu, yppu, unit: Unit::Meter }
    });
    let mut encoder = Encoder::with_info(file, info)?;
    encoder.set_compression(Compression::Balanced);
    encoder.set_filter(Filter::Adaptive);
    if let Some(packet) = &tags.xmp {
        encoder.add_itxt_chunk(XMP.to_owned(), packet.clone())?;
    }
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    for band in source.bands() {
        if depth == Depth::Eight {
            std::io::Write::write_all(&mut rows, &source.eight(band))?;
        } else {
            let samples: Vec<u8> = source.sixteen(band).into_iter().flat_map(u16::to_be_bytes).collect();
            std::io::Write::write_all(&mut rows, &samples)?;
        }
    }
    rows.finish()?;
    Ok(writer.finish()?)
}
