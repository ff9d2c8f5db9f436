//! Reads a picture: format by content, limits before allocation, orientation, alpha, depth, colour profile.

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use jxl_oxide::integration::JxlDecoder;
use jxl_oxide::{AllocTracker, JxlImage};

use crate::colour::{Conversion, Model, Space, between, reading, writing};
use crate::fill::fill;
use crate::inks::{self, Inks};
use crate::jpeg::is_cut_off;
use crate::samples::{Samples, separate};
use crate::sniff::{Kind, sniff};
use crate::{ImageError, Picture, Plane};

/// Pixels in a picture, at most.
const MAX_PIXELS: u64 = 100_000_000;
/// Pixels along a side, at most.
const MAX_SIDE: u32 = 30_000;
/// Bytes that decoding may take, at most; before the conversion to `f32`.
const MAX_DECODED: u64 = 512 << 20;
/// Bytes in a file, at most: more than any picture within the other limits needs.
const MAX_FILE: u64 = 1 << 30;

/// Bits per channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// 8 bits, or fewer in the file.
    #[default]
    Eight,
    /// 16 bits, or floating point in the file.
    Sixteen,
}

/// A decoded file: the picture, and what came with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The colours, upright and not premultiplied with alpha; fully transparent pixels have the colours of what
    /// is around them, so that whatever lay under them has no influence.
    pub picture: Picture,
    /// The space of the colours.
    pub space: Space,
    /// Opacity, of the same size as the picture; `None` if every pixel is opaque.
    pub alpha: Option<Plane>,
    /// The precision of the file.
    pub depth: Depth,
    /// The embedded ICC profile, if it is one for RGB: by it the colours were read, and can be written again.
    pub icc_profile: Option<Vec<u8>>,
}

impl Decoded {
    /// Brings the colours to another space.
    pub fn bring_to(&mut self, space: Space) {
        let (width, height) = self.picture.size();
        let picture = std::mem::replace(&mut self.picture, Picture::filled(1, 1, [0.0; 3]));
        let mut rgb = between(self.space, space).apply(Model::Rgb, picture.into_rgb());
        rgb.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        if let Some(picture) = Picture::new(width, height, rgb) {
            self.picture = picture;
        }
        self.space = space;
    }
}

/// Reads and decodes the file at `path`; see [`read`] and [`decode`].
///
/// # Errors
/// Those of both.
pub fn open(path: &Path) -> Result<Decoded, ImageError> {
    decode_at(&read(path)?, path)
}

/// The bytes of the file at `path`, for [`decode`]; of standard input for `-`. Pipes are read to their end.
///
/// # Errors
/// [`ImageError::NotFound`], [`ImageError::IsFolder`], [`ImageError::Read`].
pub fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => ImageError::NotFound { path: path.into() },
        std::io::ErrorKind::IsADirectory => ImageError::IsFolder { path: path.into() },
        _ => ImageError::Read { path: path.into(), source },
    };
    let mut bytes = Vec::new();
    // Bounded, since the path may name an endless device.
    if path == Path::new("-") {
        std::io::stdin().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    if path.is_dir() {
        return Err(ImageError::IsFolder { path: path.into() });
    }
    File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// Reads a picture from the bytes of a file; `name` stands for the file in errors.
///
/// The format is told from the content. EXIF orientation is applied, alpha is split off, 16 bits are kept. Grey,
/// inks (CMYK), L*a*b* and RGB become sRGB, or Display P3 where the file's profile (ICC) has colours outside of
/// sRGB. Of an animation the first picture is taken. OpenEXR holds light, which is encoded; other files in floating
/// point are taken to be encoded already, and what is brighter than white is cut off.
///
/// # Errors
/// [`ImageError::Empty`], [`ImageError::UnknownContent`], [`ImageError::Damaged`] (also where the decoder
/// panics), [`ImageError::TooLarge`] (over 100 megapixels, 30 000 pixels a side, 512 MiB decoded or 1 GiB
/// encoded, found before anything of that size is allocated), [`ImageError::FullyTransparent`].
pub fn decode(bytes: &[u8], name: &str) -> Result<Decoded, ImageError> {
    decode_at(bytes, Path::new(name))
}

fn decode_at(bytes: &[u8], path: &Path) -> Result<Decoded, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty { path: path.into() });
    }
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(path, "a file of over 1 GiB".to_owned(), "1 GiB".to_owned()));
    }
    let (format, format_name) =
        sniff(bytes).map_err(|found| ImageError::UnknownContent { path: path.into(), found })?;
    if format == Kind::Image(ImageFormat::Jpeg) && is_cut_off(bytes) {
        let reason = "the file ends too early".to_owned();
        return Err(ImageError::Damaged { path: path.into(), format: format_name, reason });
    }
    guarded(|| read_pixels(bytes, format, path, format_name))
        .unwrap_or_else(|reason| Err(ImageError::Damaged { path: path.into(), format: format_name, reason }))
        .and_then(|raw| finish(raw, path, format_name))
}

/// What a decoder gives.
struct Raw {
    image: DynamicImage,
    /// What its numbers are, where it is not what they seem.
    model: Option<Model>,
    /// They are light.
    linear: bool,
    icc_profile: Option<Vec<u8>>,
}

fn read_pixels(bytes: &[u8], kind: Kind, path: &Path, format_name: &'static str) -> Result<Raw, ImageError> {
    let damaged = |reason: String| ImageError::Damaged { path: path.into(), format: format_name, reason };
    let failed = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => {
            too_large(path, "more memory than allowed".to_owned(), limit_in_bytes())
        }
        error => damaged(reason_of(&error)),
    };
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED);
    let format = match kind {
        Kind::Image(format) => format,
        Kind::JpegXl => {
            let mut decoder = JxlDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            check_size(decoder.dimensions(), decoder.total_bytes(), path)?;
            decoder.set_limits(limits).map_err(failed)?;
            // Of a file that is cut off it gives what there is.
            let tracker = AllocTracker::with_limit(MAX_DECODED as usize);
            let whole = JxlImage::builder().alloc_tracker(tracker).read(Cursor::new(bytes));
            if !whole.is_ok_and(|image| image.is_loading_done()) {
                return Err(damaged("the file ends too early".into()));
            }
            // This decoder turns the picture itself.
            let icc_profile = decoder.icc_profile().ok().flatten();
            let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
            return Ok(Raw { image, model: None, linear: false, icc_profile });
        }
    };
    let inks = match format {
        ImageFormat::Tiff => inks::tiff(bytes, |size, bytes| check_size(size, bytes, path), damaged)?,
        ImageFormat::Jpeg => inks::jpeg(bytes, |size, bytes| check_size(size, bytes, path), damaged)?,
        _ => None,
    };
    if let Some(Inks { mut image, model, icc_profile, orientation }) = inks {
        image.apply_orientation(orientation);
        return Ok(Raw { image, model: Some(model), linear: false, icc_profile });
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    check_size(decoder.dimensions(), decoder.total_bytes(), path)?;
    // A picture with broken metadata is still a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = if format == ImageFormat::Tiff {
        // Under limits, this decoder drops profiles that are large beside the pixels; its own defaults are
        // bounded too.
        TiffDecoder::new(Cursor::new(bytes)).and_then(|mut decoder| decoder.icc_profile())
    } else {
        decoder.icc_profile()
    };
    let icc_profile = profile.ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    Ok(Raw { image, model: None, linear: format == ImageFormat::OpenExr, icc_profile })
}

fn finish(raw: Raw, path: &Path, format: &'static str) -> Result<Decoded, ImageError> {
    let damaged = |reason: &str| ImageError::Damaged { path: path.into(), format, reason: reason.to_owned() };
    let (width, height) = (raw.image.width() as usize, raw.image.height() as usize);
    let Samples { depth, model, colours, mut alpha } = separate(raw.image, raw.model);
    if colours.iter().chain(alpha.iter().flatten()).any(|value| !value.is_finite()) {
        return Err(damaged("it holds values that are not numbers"));
    }
    let (conversion, space) = match raw.linear {
        true => (Conversion::Encode, Space::Srgb),
        false => reading(model, raw.icc_profile.as_deref()),
    };
    let mut rgb = conversion.apply(model, colours);
    rgb.iter_mut().chain(alpha.iter_mut().flatten()).for_each(|value| *value = value.clamp(0.0, 1.0));
    if let Some(alpha) = &alpha {
        fill(&mut rgb, alpha, width).map_err(|_| ImageError::FullyTransparent { path: path.into() })?;
    }
    Ok(Decoded {
        picture: Picture::new(width, height, rgb).ok_or_else(|| damaged("it has no pixels"))?,
        space,
        alpha: alpha.and_then(|data| Plane::new(width, height, data)),
        depth,
        // One that colours cannot be written by is of no use to anyone.
        icc_profile: raw
            .icc_profile
            .filter(|profile| model == Model::Rgb && writing(space, profile).is_some()),
    })
}

fn check_size((width, height): (u32, u32), bytes: u64, path: &Path) -> Result<(), ImageError> {
    let found = format!("{width}x{height} pixels");
    if width > MAX_SIDE || height > MAX_SIDE {
        Err(too_large(path, found, format!("{MAX_SIDE} pixels a side")))
    } else if u64::from(width) * u64::from(height) > MAX_PIXELS {
        Err(too_large(path, found, format!("{} megapixels", MAX_PIXELS / 1_000_000)))
    } else if bytes > MAX_DECODED {
        Err(too_large(path, format!("{found} in {} MiB", bytes >> 20), limit_in_bytes()))
    } else {
        Ok(())
    }
}

fn limit_in_bytes() -> String {
    format!("{} MiB", MAX_DECODED >> 20)
}

fn too_large(path: &Path, found: String, limit: String) -> ImageError {
    ImageError::TooLarge { path: path.into(), found, limit }
}

/// The decoder's own words, without the prefix that the `image` crate puts before them.
fn reason_of(error: &image::ImageError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Runs a decoder; a panic in it (a bug there, met on a hostile file) becomes its message.
fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    // Nothing that the closure can reach outlives it, so no broken state can be seen afterwards.
    catch_unwind(AssertUnwindSafe(decode)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("the decoder failed: {}", message.unwrap_or("no reason given"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        let error = guarded(|| -> u8 { panic!("index {} out of range", 7) }).unwrap_err();
        assert_eq!(error, "the decoder failed: index 7 out of range");
    }

    #[test]
    fn limits() {
        let path = Path::new("x.png");
        assert!(check_size((10_000, 10_000), 300_000_000, path).is_ok());
        for (size, bytes) in [((30_001, 1), 3), ((20_000, 5_001), 1), ((10_000, 10_000), 600_000_000)] {
            let error = check_size(size, bytes, path).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }) && error.hint().is_some());
        }
    }
}
