//! Reads JPEG files in four inks, which the `image` crate converts to RGB without their profile.
//!
//! Adobe's programs store inks in JPEG files inverted (255 is no ink), and mark such files with a segment of their own.

use std::sync::Arc;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{Context, jpeg};
use crate::ImageError;
use crate::colour::Model;

/// Pixels and the model of their numbers. The fourth ink is stored in place of alpha.
pub(super) struct Inks {
    pub(super) image: DynamicImage,
    pub(super) model: Model,
    pub(super) icc_profile: Option<Vec<u8>>,
    pub(super) orientation: Orientation,
}

/// A JPEG file in four inks; `None` for any other.
pub(super) fn jpeg(bytes: &Arc<[u8]>, context: &Context<'_>) -> Result<Option<Inks>, ImageError> {
    let failed = |error: zune_jpeg::errors::DecodeErrors| context.damaged(error.to_string());
    let options = DecoderOptions::default().set_strict_mode(false);
    let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options);
    decoder.decode_headers().map_err(failed)?;
    let space = decoder.input_colorspace();
    let Some(space @ (ColorSpace::CMYK | ColorSpace::YCCK)) = space else { return Ok(None) };
    let (width, height) = decoder.dimensions().ok_or_else(|| context.damaged("it has no size"))?;
    context.check((width as u32, height as u32), 4 * width as u64 * height as u64)?;
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let mut inks = decoder.decode().map_err(failed)?;
    if space == ColorSpace::YCCK {
        inks.as_chunks_mut().0.iter_mut().for_each(from_ycck);
    }
    if space == ColorSpace::YCCK || jpeg::is_by_adobe(bytes) {
        inks.iter_mut().for_each(|ink| *ink = 255 - *ink);
    }
    let buffer = ImageBuffer::from_raw(width as u32, height as u32, inks)
        .ok_or_else(|| context.damaged("it ends too early"))?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    Ok(Some(Inks {
        image: DynamicImage::ImageRgba8(buffer),
        model: Model::Cmyk,
        icc_profile: decoder.icc_profile(),
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    }))
}

/// Converts the first three numbers from YCC to inks (ITU-T T.872, clause 6.1): the complement of the RGB of their
/// YCbCr.
fn from_ycck(pixel: &mut [u8; 4]) {
    let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    let rgb = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
    for (ink, light) in pixel.iter_mut().zip(rgb) {
        *ink = (255.0 - light).round().clamp(0.0, 255.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_that_were_stored_as_light_and_colour() {
        // No light at all means full inks; white paper means none.
        let mut pixels = [[0, 128, 128, 9], [255, 128, 128, 9]];
        pixels.iter_mut().for_each(from_ycck);
        assert_eq!(pixels, [[255, 255, 255, 9], [0, 0, 0, 9]]);
    }
}
