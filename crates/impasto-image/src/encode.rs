//! Writes a picture: format by extension, rounding, alpha, colour profile, never a half-written file.

use std::io::Cursor;
use std::path::Path;

use image::codecs::{bmp, jpeg, png, tiff, webp};
use image::{ExtendedColorType, ImageEncoder};

use crate::atomic::check_writable;
use crate::colour::{Conversion, Model, between, writing};
use crate::samples::interleave;
use crate::{Depth, Format, ImageError, Picture, Plane, Space, write_atomically};

/// How to write a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// Bits per channel, where the format has a choice ([`Format::holds_sixteen_bits`]).
    pub depth: Depth,
    /// 1..=100, for JPEG only.
    pub jpeg_quality: u8,
    /// The space of the picture's colours.
    pub space: Space,
    /// An ICC profile for RGB to embed where the format can ([`Format::holds_profile`]): colours are written by it, else in
    /// sRGB.
    pub icc_profile: Option<Vec<u8>>,
}

impl Default for Encoding {
    /// 8 bits, JPEG quality 95, colours of sRGB, no profile (which means sRGB).
    fn default() -> Self {
        Self { depth: Depth::Eight, jpeg_quality: 95, space: Space::Srgb, icc_profile: None }
    }
}

/// Writes `picture` to `path` in the format of its extension ([`Format::of`]), with `alpha` if given.
///
/// Values are clamped to 0..1 and rounded to the nearest step. JPEG is written without chroma subsampling.
/// The file appears complete or not at all, and only complete takes the place of an old one.
///
/// # Errors
/// [`ImageError::UnknownExtension`], [`ImageError::NoAlpha`], [`ImageError::AlphaSize`],
/// [`ImageError::TooLargeForFormat`], [`ImageError::Encode`], and those of [`write_atomically`].
pub fn save(
    path: &Path,
    picture: &Picture,
    alpha: Option<&Plane>,
    encoding: &Encoding,
) -> Result<(), ImageError> {
    let format = Format::of(path)?;
    if let Some(alpha) = alpha {
        if !format.holds_alpha() {
            return Err(ImageError::NoAlpha { path: path.into(), format });
        }
        if alpha.size() != picture.size() {
            let (alpha, picture) = (alpha.size(), picture.size());
            return Err(ImageError::AlphaSize { path: path.into(), alpha, picture });
        }
    }
    if picture.long_edge() > format.longest_side() {
        return Err(ImageError::TooLargeForFormat { path: path.into(), format, side: picture.long_edge() });
    }
    let failed = |reason: String| ImageError::Encode { path: path.into(), format, reason };
    let conversion = match encoding.icc_profile.as_deref().filter(|_| format.holds_profile()) {
        Some(icc) => {
            writing(encoding.space, icc).ok_or_else(|| failed("the profile is none for RGB".into()))?
        }
        None => between(encoding.space, Space::Srgb),
    };
    let converted = match conversion {
        Conversion::None => None,
        conversion => Some(conversion.apply(Model::Rgb, picture.rgb().to_vec())),
    };
    let rgb = converted.as_deref().unwrap_or(picture.rgb());
    let bytes =
        encode((rgb, picture.size()), alpha, format, encoding).map_err(|error| failed(error.to_string()))?;
    write_atomically(path, |file| file.write_all(&bytes))
}

/// Finds out, before any work is done, whether [`save`] could write to `path`: the extension is known and its
/// format can hold alpha if `has_alpha`, the folder exists and can be written to, `path` is not itself a
/// folder.
///
/// # Errors
/// [`ImageError::UnknownExtension`], [`ImageError::NoAlpha`], [`ImageError::IsFolder`],
/// [`ImageError::NoFolder`], [`ImageError::NotAFolder`], [`ImageError::Write`].
pub fn check_output(path: &Path, has_alpha: bool) -> Result<(), ImageError> {
    if path.is_dir() {
        return Err(ImageError::IsFolder { path: path.into() });
    }
    let format = Format::of(path)?;
    if has_alpha && !format.holds_alpha() {
        return Err(ImageError::NoAlpha { path: path.into(), format });
    }
    check_writable(path)
}

/// The bytes of the file. In memory first, since some encoders seek, and a refusal then never touches the
/// disk.
fn encode(
    (rgb, (width, height)): (&[f32], (usize, usize)),
    alpha: Option<&Plane>,
    format: Format,
    encoding: &Encoding,
) -> image::ImageResult<Vec<u8>> {
    let alpha = alpha.map(Plane::data);
    let (samples, colour): (Vec<u8>, _) = if encoding.depth == Depth::Sixteen && format.holds_sixteen_bits() {
        let bytes = interleave(rgb, alpha, 65535.0).flat_map(|value| (value as u16).to_ne_bytes()).collect();
        (bytes, if alpha.is_some() { ExtendedColorType::Rgba16 } else { ExtendedColorType::Rgb16 })
    } else {
        let bytes = interleave(rgb, alpha, 255.0).map(|value| value as u8).collect();
        (bytes, if alpha.is_some() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 })
    };
    let size = (width as u32, height as u32);
    let profile = encoding.icc_profile.clone().filter(|_| format.holds_profile());
    let mut file = Cursor::new(Vec::new());
    let out = &mut file;
    match format {
        Format::Png => {
            let (compression, filter) = (png::CompressionType::Default, png::FilterType::Adaptive);
            write(
                png::PngEncoder::new_with_quality(out, compression, filter),
                &samples,
                size,
                colour,
                profile,
            )
        }
        Format::Jpeg => {
            let quality = encoding.jpeg_quality.clamp(1, 100);
            write(jpeg::JpegEncoder::new_with_quality(out, quality), &samples, size, colour, profile)
        }
        Format::Tiff => write(tiff::TiffEncoder::new(out), &samples, size, colour, profile),
        Format::WebP => write(webp::WebPEncoder::new_lossless(out), &samples, size, colour, profile),
        Format::Bmp => write(bmp::BmpEncoder::new(out), &samples, size, colour, profile),
    }?;
    Ok(file.into_inner())
}

fn write(
    mut encoder: impl ImageEncoder,
    samples: &[u8],
    (width, height): (u32, u32),
    colour: ExtendedColorType,
    profile: Option<Vec<u8>>,
) -> image::ImageResult<()> {
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
    }
    encoder.write_image(samples, width, height, colour)
}
