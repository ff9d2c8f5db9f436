//! Reads a picture: format by content, limits before allocation, orientation, alpha, depth, colour profile, metadata.

mod guard;
#[cfg(any(feature = "avif", feature = "heic"))]
mod heif;
mod inks;
mod jpeg;
mod jpeg_end;
#[cfg(feature = "jxl")]
mod jxl;
mod limits;
mod notes;
mod numbers;
#[cfg(feature = "exr")]
mod openexr;
mod planes;
mod png;
mod raster;
mod raw;
mod samples;
mod sniff;
mod tga;
mod tiff;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{DynamicImage, ImageFormat};

use crate::coding::Coding;
use crate::colour::{Model, Space, reading, writing};
use crate::fill::fill;
use crate::metadata::Metadata;
use crate::{ImageError, Picture, Plane};
use guard::{Stopped, guarded};
use planes::Planes;
use samples::{Samples, separate};
use sniff::{Kind, sniff};

pub use limits::Limits;
pub use notes::Note;
pub use raw::{Numbers, RawPicture};
pub(crate) use samples::interleave;
pub(crate) use sniff::readable;

/// The attribute of OpenEXR files that holds XMP.
#[cfg(feature = "exr")]
pub(crate) const EXR_XMP: &str = "xmp";

/// Bits per channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// 8 bits, or fewer in the file.
    #[default]
    Eight,
    /// 16 bits.
    Sixteen,
    /// Floating point; 32 bits when written.
    Float,
}

/// A decoded file: the picture and its additional data.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The colours, upright and not premultiplied with alpha. Fully transparent pixels have the colours of their
    /// surroundings, so that hidden colours have no influence.
    pub picture: Picture,
    /// The space of the colours.
    pub space: Space,
    /// Opacity, of the same size as the picture; `None` if every pixel is opaque.
    pub alpha: Option<Plane>,
    /// The precision of the file.
    pub depth: Depth,
    /// The embedded ICC profile, if it is for RGB: the colours were read with it, and can be written with it again.
    pub icc_profile: Option<Vec<u8>>,
    /// The file's metadata.
    pub metadata: Metadata,
    /// Whether the file holds more pictures (an animation, pages); this is the first.
    pub is_one_of_several: bool,
    /// Facts that the user should know about how the file was read.
    pub notes: Vec<Note>,
}

impl Decoded {
    /// Converts the colours to another space.
    pub fn bring_to(&mut self, space: Space) {
        let picture = std::mem::replace(&mut self.picture, Picture::filled(1, 1, [0.0; 3]));
        self.picture = picture.between(self.space, space);
        self.space = space;
    }
}

/// Reads and decodes the file at `path`, within the default [`Limits`]; see [`read`] and [`decode`].
///
/// # Errors
/// The errors of both.
pub fn open(path: &Path) -> Result<Decoded, ImageError> {
    let limits = Limits::default();
    decode_at(read(path, &limits)?, path, &limits)
}

/// Reads the bytes of the file at `path`, for [`decode`]; `-` is standard input. Pipes are read to their end.
///
/// # Errors
/// [`ImageError::NotFound`], [`ImageError::IsFolder`], [`ImageError::Read`], [`ImageError::TooLarge`],
/// [`ImageError::TooSlow`] (a pipe that nobody writes to).
pub fn read(path: &Path, limits: &Limits) -> Result<Arc<[u8]>, ImageError> {
    // Bounded, because the path may name an endless device.
    let most = limits.file.saturating_add(1);
    let (is_stdin, owned) = (path == Path::new("-"), PathBuf::from(path));
    let read = move || {
        let mut bytes = Vec::new();
        if is_stdin {
            std::io::stdin().take(most).read_to_end(&mut bytes)?;
        } else {
            File::open(owned)?.take(most).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    if !is_stdin && path.is_dir() {
        return Err(ImageError::IsFolder { path: path.into() });
    }
    let bytes = match guarded(limits.time.filter(|_| !is_stdin), read) {
        Ok(bytes) => bytes,
        Err(Stopped::Late(limit)) => return Err(ImageError::TooSlow { path: path.into(), limit }),
        Err(Stopped::Panic(reason)) => Err(std::io::Error::other(reason)),
    }
    .map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ImageError::NotFound { path: path.into() },
        std::io::ErrorKind::IsADirectory => ImageError::IsFolder { path: path.into() },
        _ => ImageError::Read { path: path.into(), source },
    })?;
    limits.check_file(bytes.len() as u64, path)?;
    Ok(bytes.into())
}

/// Decodes a picture from the bytes of a file; `name` stands for the file in errors.
///
/// The content determines the format. EXIF orientation (in HEIC and AVIF that of the container) is applied, alpha is
/// split off, 16 bits are kept. Grey, inks (CMYK), L*a*b* and RGB become sRGB, or Display P3 if the file's profile
/// (ICC) has colours outside sRGB. From an animation the first picture is taken. OpenEXR holds light, which is encoded,
/// and a PNG without a profile states its coding. Other files in floating point are assumed to be encoded already, and
/// values brighter than white are clipped.
/// [`Decoded::notes`] says what the user should know about it.
///
/// # Errors
/// [`ImageError::Empty`], [`ImageError::UnknownContent`], [`ImageError::UnreadKind`], [`ImageError::LeftOut`],
/// [`ImageError::Damaged`] (also where the decoder panics), [`ImageError::TooLarge`] (found before anything of that
/// size is allocated), [`ImageError::TooSlow`], [`ImageError::FullyTransparent`].
pub fn decode(bytes: impl Into<Arc<[u8]>>, name: &str, limits: &Limits) -> Result<Decoded, ImageError> {
    decode_at(bytes.into(), Path::new(name), limits)
}

fn decode_at(bytes: Arc<[u8]>, path: &Path, limits: &Limits) -> Result<Decoded, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty { path: path.into() });
    }
    limits.check_file(bytes.len() as u64, path)?;
    let (kind, format) = sniff(&bytes).map_err(|unread| unread.of(path))?;
    let (owned, limits) = (path.to_owned(), *limits);
    let decode = move || {
        let context = Context { path: &owned, format, limits: &limits };
        let (bytes, note) = ended(&bytes, kind, &context)?;
        let raw = match kind {
            Kind::Image(format) => raster::read(&bytes, format, &context),
            #[cfg(feature = "jxl")]
            Kind::JpegXl => jxl::read(&bytes, &context),
            #[cfg(any(feature = "avif", feature = "heic"))]
            Kind::Heif => heif::read(&bytes, &context),
        };
        let mut raw = raw.map_err(|error| match error {
            ImageError::Damaged { .. } if note.is_some() => context.ends_too_early(),
            error => error,
        })?;
        raw.notes.extend(note);
        finish(raw, &context)
    };
    guarded(limits.time, decode).unwrap_or_else(|stopped| match stopped {
        Stopped::Late(limit) => Err(ImageError::TooSlow { path: path.into(), limit }),
        Stopped::Panic(reason) => {
            let reason = format!("the decoder failed: {reason}");
            Err(ImageError::Damaged { path: path.into(), format, reason })
        }
    })
}

/// The file with its end, and a note if that was missing. A JPEG decoder fills missing data silently with grey, so
/// that a JPEG that lacks data is an error here; the decoders of other formats find it out.
fn ended(
    bytes: &Arc<[u8]>,
    kind: Kind,
    context: &Context<'_>,
) -> Result<(Arc<[u8]>, Option<Note>), ImageError> {
    match kind {
        Kind::Image(ImageFormat::Jpeg) => match jpeg::unusual(bytes) {
            Some(kind) => Err(context.unread(kind, None)),
            None => jpeg_end::ended(bytes, context),
        },
        Kind::Image(ImageFormat::Png) => Ok(png::ended(bytes)),
        _ => Ok((bytes.clone(), None)),
    }
}

/// Returns the recipe embedded in the picture at `path`, if any: the text that was given to [`save`](crate::save).
/// Pixels are not decoded.
///
/// # Errors
/// The errors of [`read`], [`ImageError::Empty`], [`ImageError::UnknownContent`], [`ImageError::TooSlow`].
pub fn read_recipe(path: &Path, limits: &Limits) -> Result<Option<String>, ImageError> {
    recipe_of_bytes(read(path, limits)?, path, limits)
}

/// Returns the recipe embedded in the bytes of a picture, if any; `path` stands for the file in errors.
///
/// # Errors
/// [`ImageError::Empty`], [`ImageError::UnknownContent`], [`ImageError::TooSlow`].
pub fn recipe_of_bytes(bytes: Arc<[u8]>, path: &Path, limits: &Limits) -> Result<Option<String>, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty { path: path.into() });
    }
    let (kind, _) = sniff(&bytes).map_err(|unread| unread.of(path))?;
    let Some(format) = kind.of_image() else { return Ok(None) };
    match guarded(limits.time, move || raster::recipe(&bytes, format)) {
        Ok(recipe) => Ok(recipe),
        Err(Stopped::Late(limit)) => Err(ImageError::TooSlow { path: path.into(), limit }),
        // A file that makes the reader panic holds no recipe of ours.
        Err(Stopped::Panic(_)) => Ok(None),
    }
}

/// The file that is decoded, for limits and errors.
struct Context<'a> {
    path: &'a Path,
    /// The name of the format.
    format: &'static str,
    limits: &'a Limits,
}

impl Context<'_> {
    /// Checks limits; must be called before anything of that size is allocated.
    fn check(&self, size: (u32, u32), bytes: u64) -> Result<(), ImageError> {
        self.limits.check(size, bytes, self.path)
    }

    /// Limits for decoders that count their allocations.
    fn memory(&self) -> image::Limits {
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(self.limits.memory);
        limits
    }

    fn damaged(&self, reason: impl Into<String>) -> ImageError {
        ImageError::Damaged { path: self.path.into(), format: self.format, reason: reason.into() }
    }

    fn ends_too_early(&self) -> ImageError {
        self.damaged("the file ends too early")
    }

    /// The error for a sound file of a kind that is not read, with advice where the usual one is wrong.
    fn unread(&self, kind: impl Into<String>, advice: Option<&'static str>) -> ImageError {
        ImageError::UnreadKind { path: self.path.into(), kind: kind.into(), advice }
    }

    fn failed(&self, error: image::ImageError) -> ImageError {
        match error {
            image::ImageError::Limits(_) => self.limits.memory_exceeded(self.path),
            // The decoder's own words, without the prefix that the `image` crate puts before them.
            error => self.damaged(
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string),
            ),
        }
    }
}

/// Upright pixels.
enum Pixels {
    /// As the `image` crate gives them.
    Image(DynamicImage),
    Planes(Planes),
}

/// The output of a decoder.
struct Raw {
    pixels: Pixels,
    /// The model of its numbers, if it is not the obvious one.
    model: Option<Model>,
    /// The coding of the numbers, if the file states it without a profile. It goes before a profile.
    coding: Option<Coding>,
    /// Whether colours were multiplied with alpha.
    is_premultiplied: bool,
    icc_profile: Option<Vec<u8>>,
    metadata: Metadata,
    is_one_of_several: bool,
    notes: Vec<Note>,
}

impl Raw {
    /// Numbers with the obvious meaning.
    fn of(pixels: Pixels) -> Raw {
        Raw {
            pixels,
            model: None,
            coding: None,
            is_premultiplied: false,
            icc_profile: None,
            metadata: Metadata::default(),
            is_one_of_several: false,
            notes: Vec::new(),
        }
    }
}

fn finish(mut raw: Raw, context: &Context<'_>) -> Result<Decoded, ImageError> {
    let Planes { size: (width, height), samples } = match raw.pixels {
        Pixels::Planes(planes) => planes,
        Pixels::Image(image) => {
            let size = (image.width() as usize, image.height() as usize);
            Planes { size, samples: separate(image, raw.model) }
        }
    };
    if width == 0 || height == 0 {
        return Err(context.damaged("it has no pixels"));
    }
    let Samples { depth, model, mut colours, mut alpha } = samples;
    if depth == Depth::Float {
        raw.notes.extend(numbers::only(&mut colours, model.channels(), alpha.as_deref_mut(), context)?);
    }
    if let Some(alpha) = alpha.as_deref().filter(|_| raw.is_premultiplied) {
        for plane in colours.chunks_exact_mut(alpha.len()) {
            let visible = plane.iter_mut().zip(alpha).filter(|(_, alpha)| **alpha > 0.0);
            visible.for_each(|(value, alpha)| *value /= alpha);
        }
    }
    if depth == Depth::Float {
        raw.notes.extend(numbers::bounded(&mut colours));
    }
    let (conversion, space) = match &raw.coding {
        Some(coding) => coding.reading(),
        None => reading(model, raw.icc_profile.as_deref()),
    };
    let mut rgb = conversion.apply(model, colours);
    let clamp = |values: &mut [f32]| values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    clamp(&mut rgb);
    if let Some(alpha) = &mut alpha {
        clamp(alpha);
    }
    if let Some(alpha) = &alpha {
        fill(&mut rgb, alpha, width)
            .map_err(|_| ImageError::FullyTransparent { path: context.path.into() })?;
    }
    Ok(Decoded {
        picture: Picture::new(width, height, rgb).ok_or_else(|| context.damaged("it has no pixels"))?,
        space,
        alpha: alpha.and_then(|data| Plane::new(width, height, data)),
        depth,
        // A profile that colours cannot be written with is useless.
        icc_profile: raw.icc_profile.filter(|profile| {
            raw.coding.is_none() && model == Model::Rgb && writing(space, profile).is_some()
        }),
        metadata: raw.metadata,
        is_one_of_several: raw.is_one_of_several,
        notes: raw.notes,
    })
}
