//! The formats that the `image` crate reads, and the facts that it does not report: further pictures in the file, print
//! size, premultiplied alpha, and the primaries of light.

use std::io::Cursor;
use std::sync::Arc;

#[cfg(feature = "exr")]
use exr::meta::MetaData;
#[cfg(feature = "exr")]
use exr::meta::attribute::{AttributeValue, Text};
use gif::DecodeOptions;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use image_webp::WebPDecoder;

use super::inks::{self, Inks};
#[cfg(feature = "exr")]
use super::openexr;
use super::png::{self, Refused};
use super::{Context, Note, Pixels, Raw, jpeg, tiff};
use crate::ImageError;
use crate::coding::Coding;
use crate::metadata::{Density, Metadata, density_of, described, recipe_of};
#[cfg(feature = "exr")]
use crate::primaries::Primaries;

/// Most bytes that profiles and texts beside the pixels of a PNG file may decompress to.
const BESIDE: usize = 32 << 20;

pub(super) fn read(bytes: &Arc<[u8]>, format: ImageFormat, context: &Context<'_>) -> Result<Raw, ImageError> {
    if format == ImageFormat::Tiff {
        return tiff::read(bytes, context);
    }
    let cgbi = (format == ImageFormat::Png).then(|| png::without_cgbi(bytes)).flatten();
    let (is_cgbi, bytes) = (cgbi.is_some(), cgbi.as_ref().unwrap_or(bytes));
    let beside = Beside::of(bytes, format);
    if let Some((kind, advice)) = beside.refused {
        return Err(context.unread(kind, Some(advice)));
    }
    let inks = match format {
        ImageFormat::Jpeg => inks::jpeg(bytes, context)?,
        #[cfg(feature = "exr")]
        ImageFormat::OpenExr => openexr::luminance(bytes, context)?,
        _ => None,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes.clone()), format);
    let mut limits = context.memory();
    if format == ImageFormat::Png {
        // Its decoder counts only the data beside the pixels; pixels are checked below.
        limits.max_alloc = limits.max_alloc.map(|memory| memory.min(BESIDE as u64));
    }
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| context.failed(error));
    let (mut raw, exif, xmp) = match inks {
        Some(Inks { mut image, model, icc_profile, orientation }) => {
            // The usual decoder may still read the metadata of a file in inks.
            let (exif, xmp) = decoder.map_or((None, None), |mut decoder| texts(&mut decoder));
            image.apply_orientation(orientation);
            (Raw { model: Some(model), icc_profile, ..Raw::of(Pixels::Image(image)) }, exif, xmp)
        }
        None => {
            let mut decoder = decoder?;
            context.check(decoder.dimensions(), decoder.total_bytes())?;
            let (exif, xmp) = texts(&mut decoder);
            // A picture with broken metadata is still a picture.
            let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
            let profile = decoder.icc_profile();
            let mut image = DynamicImage::from_decoder(decoder).map_err(|error| context.failed(error))?;
            image.apply_orientation(orientation);
            (Raw { icc_profile: profile.ok().flatten(), ..Raw::of(Pixels::Image(image)) }, exif, xmp)
        }
    };
    if let Pixels::Image(image) = &mut raw.pixels {
        if is_cgbi {
            swap_red_and_blue(image);
        }
        if matches!(format, ImageFormat::Bmp | ImageFormat::Tga) {
            make_opaque(image);
        }
    }
    let exif = exif.as_deref();
    raw.metadata = Metadata {
        exif: exif.and_then(described),
        density: beside.density.or_else(|| exif.and_then(density_of)),
        recipe: beside.recipe.or_else(|| xmp.as_deref().and_then(recipe_of)),
    };
    raw.is_one_of_several = beside.is_one_of_several;
    raw.is_premultiplied = beside.is_premultiplied || is_cgbi;
    raw.notes = beside.notes;
    raw.coding = beside.coding;
    Ok(raw)
}

/// The embedded recipe, without decoding pixels.
pub(super) fn recipe(bytes: &Arc<[u8]>, format: ImageFormat) -> Option<String> {
    if format == ImageFormat::Tiff {
        return tiff::recipe(bytes);
    }
    Beside::of(bytes, format).recipe.or_else(|| {
        let decoder = ImageReader::with_format(Cursor::new(bytes.clone()), format).into_decoder();
        recipe_of(&texts(&mut decoder.ok()?).1?)
    })
}

/// Exchanges the first and the third of three or four numbers.
fn swap_red_and_blue(image: &mut DynamicImage) {
    match image {
        DynamicImage::ImageRgb8(image) => image.pixels_mut().for_each(|pixel| pixel.0.swap(0, 2)),
        DynamicImage::ImageRgba8(image) => image.pixels_mut().for_each(|pixel| pixel.0.swap(0, 2)),
        _ => {}
    }
}

/// Makes a picture opaque if all of it is transparent. BMP and TGA have a fourth number that many programs leave at 0.
fn make_opaque(image: &mut DynamicImage) {
    if let DynamicImage::ImageRgba8(image) = image
        && image.pixels().all(|pixel| pixel.0[3] == 0)
    {
        image.pixels_mut().for_each(|pixel| pixel.0[3] = 255);
    }
}

/// EXIF and XMP.
fn texts(decoder: &mut impl ImageDecoder) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    (decoder.exif_metadata().ok().flatten(), decoder.xmp_metadata().ok().flatten())
}

/// Data in a file beside what `image` reads. Data that cannot be read counts as absent.
#[derive(Default)]
struct Beside {
    is_one_of_several: bool,
    density: Option<Density>,
    is_premultiplied: bool,
    /// The coding of the numbers, for files that state it without a profile.
    coding: Option<Coding>,
    recipe: Option<String>,
    notes: Vec<Note>,
    /// The kind of the file, if it is one that is not read.
    refused: Option<Refused>,
}

impl Beside {
    fn of(bytes: &[u8], format: ImageFormat) -> Beside {
        let known = match format {
            ImageFormat::Png => Beside::of_png(bytes),
            ImageFormat::Jpeg => Some(Beside::of_jpeg(bytes)),
            ImageFormat::Gif => Beside::of_gif(bytes),
            ImageFormat::WebP => WebPDecoder::new(Cursor::new(bytes)).ok().and_then(|decoder| {
                decoder.is_animated().then(|| Beside::first_of(u64::from(decoder.num_frames())))
            }),
            #[cfg(feature = "exr")]
            ImageFormat::OpenExr => Some(Beside::of_exr(bytes)),
            _ => None,
        };
        known.unwrap_or_default()
    }

    /// The first picture of an animation; no note if there is only one.
    fn first_of(pictures: u64) -> Beside {
        let is_one_of_several = pictures > 1;
        let notes = Vec::from_iter(is_one_of_several.then_some(Note::FirstOf { pictures }));
        Beside { is_one_of_several, notes, ..Beside::default() }
    }

    fn of_jpeg(bytes: &[u8]) -> Beside {
        let notes = Vec::from_iter(jpeg::has_gain_map(bytes).then_some(Note::GainMap));
        Beside { density: jpeg::density(bytes), notes, ..Beside::default() }
    }

    fn of_png(bytes: &[u8]) -> Option<Beside> {
        let reader = ::png::Decoder::new_with_limits(Cursor::new(bytes), ::png::Limits { bytes: BESIDE })
            .read_info()
            .ok()?;
        let info = reader.info();
        let metres = info.pixel_dims.filter(|dims| dims.unit == ::png::Unit::Meter);
        let frames = info.animation_control.map_or(1, |control| u64::from(control.num_frames));
        let coding = png::coding(info);
        Some(Beside {
            density: metres.and_then(|dims| Density::per_metre(dims.xppu, dims.yppu)),
            refused: coding.err(),
            coding: coding.ok().flatten(),
            ..Beside::first_of(frames)
        })
    }

    fn of_gif(bytes: &[u8]) -> Option<Beside> {
        let mut options = DecodeOptions::new();
        options.skip_frame_decoding(true);
        let mut decoder = options.read_info(Cursor::new(bytes)).ok()?;
        let mut frames = 0;
        while decoder.next_frame_info().ok().flatten().is_some() {
            frames += 1;
        }
        Some(Beside::first_of(frames))
    }

    /// The specification of OpenEXR says that colours are multiplied with alpha.
    #[cfg(feature = "exr")]
    fn of_exr(bytes: &[u8]) -> Beside {
        let read = MetaData::read_from_buffered(Cursor::new(bytes), false).ok();
        let headers = read.as_ref().map_or(&[][..], |data| &data.headers);
        let header = headers.first();
        // The reader decides which of the two holds them.
        let other = |name: &str| {
            let name = Text::from(name);
            let header = header?;
            header.own_attributes.other.get(&name).or_else(|| header.shared_attributes.other.get(&name))
        };
        let recipe = match other(super::EXR_XMP) {
            Some(AttributeValue::Text(text)) => recipe_of(text.to_string().as_bytes()),
            _ => None,
        };
        let primaries = header.and_then(|header| header.shared_attributes.chromaticities).map(|given| {
            let [red, green, blue, white] =
                [given.red, given.green, given.blue, given.white].map(|place| (place.0, place.1));
            Primaries { red, green, blue, white }
        });
        let density = header.and_then(|header| header.own_attributes.horizontal_density).map(f64::from);
        Beside {
            is_one_of_several: headers.len() > 1,
            is_premultiplied: true,
            coding: Some(Coding::light(primaries.unwrap_or(Primaries::SRGB))),
            density: density.and_then(|density| Density::per_inch(density, density)),
            recipe,
            ..Beside::default()
        }
    }
}
