//! Writes a picture: format by extension, rounding, alpha, colour profile, metadata, and never a half-written file.

#[cfg(feature = "exr")]
mod exr;
mod format;
mod jpeg;
mod png;
mod source;
mod tiff;
mod webp;

use std::io;
use std::path::Path;

use image::codecs::{bmp, qoi};
use image::{ExtendedColorType, ImageEncoder};

use crate::atomic::check_writable;
use crate::colour::{between, writing};
use crate::metadata::{Block, Metadata, packet};
use crate::{Depth, ImageError, Picture, Plane, Sink, Space, write_atomically};
use source::Source;

pub use format::Format;

/// How to write a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// The format; `None` to choose it by the extension ([`Format::of`]).
    pub format: Option<Format>,
    /// Bits per channel, if the format has a choice ([`Format::depth`]).
    pub depth: Depth,
    /// 1..=100, for JPEG only.
    pub jpeg_quality: u8,
    /// The space of the picture's colours.
    pub space: Space,
    /// An ICC profile for RGB to embed if the format can hold one ([`Format::holds_profile`]). Colours are then written
    /// with it, and otherwise in sRGB. OpenEXR stores light of the space instead.
    pub icc_profile: Option<Vec<u8>>,
    /// Metadata to write if the format can hold it ([`Format::holds_exif`], [`Format::holds_recipe`]).
    pub metadata: Metadata,
    /// Whether to write the location, if EXIF has one.
    pub keep_gps: bool,
}

impl Default for Encoding {
    /// The format by extension, 8 bits, JPEG quality 95, sRGB colours, no profile (which means sRGB), no metadata.
    fn default() -> Self {
        Self {
            format: None,
            depth: Depth::Eight,
            jpeg_quality: 95,
            space: Space::Srgb,
            icc_profile: None,
            metadata: Metadata::default(),
            keep_gps: false,
        }
    }
}

/// Writes `picture` to `path`, with `alpha` if given.
///
/// Values are clamped to 0..1 and rounded to the nearest step. JPEG is written without chroma subsampling. The file
/// appears complete or not at all; an old file is replaced only by a complete one.
///
/// # Errors
/// [`ImageError::UnknownExtension`], [`ImageError::LeftOut`], [`ImageError::NoAlpha`], [`ImageError::AlphaSize`],
/// [`ImageError::TooLargeForFormat`], [`ImageError::Encode`], and those of [`write_atomically`].
pub fn save(
    path: &Path,
    picture: &Picture,
    alpha: Option<&Plane>,
    encoding: &Encoding,
) -> Result<(), ImageError> {
    write_through((path, picture, alpha), encoding, |write| write_atomically(path, write))
}

/// Returns the bytes that [`save`] would write to a file of this name.
///
/// # Errors
/// The errors of [`save`], except those of writing.
pub fn to_bytes(
    name: &Path,
    picture: &Picture,
    alpha: Option<&Plane>,
    encoding: &Encoding,
) -> Result<Vec<u8>, ImageError> {
    let mut bytes = io::Cursor::new(Vec::new());
    write_through((name, picture, alpha), encoding, |write| {
        write(&mut bytes).map_err(|source| ImageError::Write { path: name.into(), source })
    })?;
    Ok(bytes.into_inner())
}

/// Encodes a picture. `through` calls the function that it gets with the place where the bytes go.
fn write_through(
    (path, picture, alpha): (&Path, &Picture, Option<&Plane>),
    encoding: &Encoding,
    through: impl FnOnce(&mut dyn FnMut(&mut dyn Sink) -> io::Result<()>) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let format = encoding.format.map_or_else(|| Format::of(path), |format| format.written(path))?;
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
    let refused = |reason: String| ImageError::Encode { path: path.into(), format, reason };
    let icc_profile = encoding.icc_profile.as_deref().filter(|_| format.holds_profile());
    let conversion = match icc_profile {
        Some(icc) => {
            writing(encoding.space, icc).ok_or_else(|| refused("the profile is not for RGB".into()))?
        }
        None => between(encoding.space, Space::Srgb),
    };
    let exif = Block {
        metadata: &encoding.metadata,
        keep_gps: encoding.keep_gps,
        size: picture.size(),
        space: icc_profile.is_none().then_some(Space::Srgb),
    };
    let tags = Tags { icc_profile, exif, xmp: encoding.metadata.recipe.as_deref().map(packet) };
    let source = Source { picture, alpha, conversion };
    let mut refusal = None;
    let written = through(&mut |file| {
        let mut file = Watched { file, failure: None };
        encode(&mut file, format, &source, encoding, &tags).map_err(|failed| match file.failure {
            Some(error) => error,
            None => {
                refusal = Some(failed.to_string());
                io::Error::other("refused")
            }
        })
    });
    refusal.map_or(written, |reason| Err(refused(reason)))
}

/// Checks, before any work is done, whether [`save`] could write to `path`: the format is known and can hold alpha if
/// `has_alpha`, the folder exists and can be written to, and `path` is not itself a folder.
///
/// # Errors
/// [`ImageError::UnknownExtension`], [`ImageError::LeftOut`], [`ImageError::NoAlpha`], [`ImageError::IsFolder`],
/// [`ImageError::NoFolder`], [`ImageError::NotAFolder`], [`ImageError::Write`].
pub fn check_output(path: &Path, format: Option<Format>, has_alpha: bool) -> Result<(), ImageError> {
    if path.is_dir() {
        return Err(ImageError::IsFolder { path: path.into() });
    }
    let format = format.map_or_else(|| Format::of(path), |format| format.written(path))?;
    if has_alpha && !format.holds_alpha() {
        return Err(ImageError::NoAlpha { path: path.into(), format });
    }
    check_writable(path)
}

/// The data to write beside the colours.
struct Tags<'a> {
    icc_profile: Option<&'a [u8]>,
    exif: Block<'a>,
    /// Contains the recipe.
    xmp: Option<String>,
}

/// An error of an encoder, about the picture or the file.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A file that remembers its error, because encoders reword it.
struct Watched<'a> {
    file: &'a mut dyn Sink,
    failure: Option<io::Error>,
}

impl Watched<'_> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failure = Some(error);
            kind.into()
        })
    }
}

impl io::Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.file.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.file.flush();
        self.note(result)
    }
}

impl io::Seek for Watched<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let result = self.file.seek(to);
        self.note(result)
    }
}

fn encode(
    file: &mut dyn Sink,
    format: Format,
    source: &Source<'_>,
    encoding: &Encoding,
    tags: &Tags<'_>,
) -> Result<(), Failed> {
    let depth = format.depth(encoding.depth);
    match format {
        Format::Png => png::write(file, source, depth, tags),
        Format::Jpeg => jpeg::write(file, source, encoding.jpeg_quality, tags),
        Format::Tiff => tiff::write(file, source, depth, tags),
        Format::WebP => webp::write(file, source, tags),
        #[cfg(feature = "exr")]
        Format::OpenExr => exr::write(file, source, encoding.space, tags),
        #[cfg(not(feature = "exr"))]
        Format::OpenExr => Err("this build writes no OpenEXR".into()),
        Format::Qoi => plain(qoi::QoiEncoder::new(file), source),
        Format::Bmp => {
            // It needs a `Sized` writer.
            let mut file = file;
            plain(bmp::BmpEncoder::new(&mut file), source)
        }
    }
}

/// Writes a format that holds only 8-bit pixels.
fn plain(encoder: impl ImageEncoder, source: &Source<'_>) -> Result<(), Failed> {
    let (width, height) = source.size();
    let colours = if source.alpha.is_some() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    Ok(encoder.write_image(&source.all_eight(), width, height, colours)?)
}
