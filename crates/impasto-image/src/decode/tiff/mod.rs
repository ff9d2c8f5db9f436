//! TIFF and BigTIFF (TIFF 6.0 and its technical notes; BigTIFF as libtiff defines it).
//!
//! The page is the largest of full resolution. Strips and tiles are unpacked one by one, and their numbers go straight
//! to planes in 0..1. Existing decoders refuse much of what scanners and other programs write: palettes, YCbCr, L*a*b*,
//! numbers of 2, 4 or 32 bits, opacity beside grey or inks, inks in planes.

mod colours;
mod directory;
mod numbers;
mod page;
mod unpack;

use image::metadata::Orientation;

use super::planes::Planes;
use super::samples::Samples;
use super::{Context, Pixels, Raw};
use crate::metadata::{Density, Metadata, described, recipe_of};
use crate::{Depth, ImageError, Note};
use colours::{Palette, convert, model, spread};
use directory::{Directory, directories, tag};
use numbers::Numbers;
use page::{Format, Page, Photometric, Unread, choose};
use unpack::{Wanted, unpack};

/// Reads the picture. A block of EXIF has the structure of a TIFF file, so the file is one.
pub(super) fn read(bytes: &[u8], context: &Context<'_>) -> Result<Raw, ImageError> {
    let of = |unread: Unread| match unread {
        Unread::CameraRaw => {
            ImageError::UnknownContent { path: context.path.into(), found: Some("a camera raw file") }
        }
        Unread::Unusual(kind) => context.unread(kind, None),
        Unread::Damaged(reason) => context.damaged(reason),
    };
    let all = directories(bytes);
    let (index, pages) = choose(&all).map_err(of)?;
    let directory = &all[index];
    let mut page = Page::of(directory).map_err(of)?;
    check(&page, context)?;
    page.place(directory).map_err(of)?;
    check(&page, context)?;
    let (samples, size) = (pixels(directory, &page).map_err(of)?, (page.width, page.height));
    let orientation = directory.number(tag::ORIENTATION).and_then(|number| u8::try_from(number).ok());
    let orientation = orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
    let planes = Planes { size, samples }.turned(orientation);
    Ok(Raw {
        metadata: Metadata { exif: described(bytes), density: density(directory), recipe: recipe(bytes) },
        icc_profile: directory.bytes(tag::ICC).map(<[u8]>::to_vec),
        is_one_of_several: pages > 1,
        notes: (index > 0)
            .then_some(Note::LargestOf { number: index + 1, pages: all.len() })
            .into_iter()
            .collect(),
        is_premultiplied: page.alpha.is_some_and(|(_, is_premultiplied)| is_premultiplied),
        ..Raw::of(Pixels::Planes(planes))
    })
}

/// The print size of a page (TIFF 6.0, section 8); `None` without a unit.
fn density(directory: &Directory) -> Option<Density> {
    let first = |tag: u16| directory.fractions(tag)?.first().copied();
    let (x, y) = (first(tag::X_DENSITY)?, first(tag::Y_DENSITY)?);
    match directory.number(tag::DENSITY_UNIT).unwrap_or(2) {
        2 => Density::per_inch(x, y),
        3 => Density::per_inch(2.54 * x, 2.54 * y),
        _ => None,
    }
}

/// The embedded recipe of the first page.
pub(super) fn recipe(bytes: &[u8]) -> Option<String> {
    recipe_of(directories(bytes).first()?.bytes(tag::XMP)?)
}

/// Checks the size of the picture, and that of a tile, which can be much larger once it is known.
fn check(page: &Page, context: &Context<'_>) -> Result<(), ImageError> {
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let area = page.width as u64 * page.height as u64;
    let bytes = area.saturating_mul(page.samples as u64 * u64::from(page.bits)) / 8;
    let tile = (page.bytes_of_row() as u64).saturating_mul(page.chunk.1 as u64);
    context.check((side(page.width), side(page.height)), bytes.max(tile))
}

/// Unpacks all strips or tiles.
fn pixels(directory: &Directory, page: &Page) -> Result<Samples, Unread> {
    let palette = match page.photometric {
        Photometric::Palette => Some(Palette::of(directory, page.bits)?),
        _ => None,
    };
    let may_float =
        matches!(page.photometric, Photometric::WhiteIsZero | Photometric::BlackIsZero | Photometric::Rgb);
    if page.format == Format::Float && !may_float {
        return Err(Unread::Unusual("a TIFF file of inks, YCbCr or L*a*b* in floating point".into()));
    }
    let area = page.width * page.height;
    let model = model(page.photometric);
    let channels = model.channels();
    let mut target = Target {
        page,
        palette: palette.as_ref(),
        planes: vec![0.0; (channels + usize::from(page.alpha.is_some())) * area],
        codes: Vec::new(),
        values: Vec::new(),
    };
    target.fill(directory)?;
    let mut colours = target.planes;
    let alpha = page.alpha.map(|_| colours.split_off(channels * area));
    convert(directory, page.photometric, (page.bits, page.is_jpeg()), &mut colours);
    let is_eight = palette.as_ref().map_or(page.bits <= 8, |palette| palette.is_eight_bit);
    let depth = match (page.format, is_eight) {
        (Format::Float, _) => Depth::Float,
        (Format::Whole, true) => Depth::Eight,
        (Format::Whole, false) => Depth::Sixteen,
    };
    let alpha = alpha.filter(|alpha| alpha.iter().any(|value| *value != 1.0));
    Ok(Samples { depth, model, colours, alpha })
}

/// The planes, while strips and tiles are put into them.
struct Target<'a> {
    page: &'a Page,
    palette: Option<&'a Palette>,
    /// The colours, then opacity.
    planes: Vec<f32>,
    /// Space to work in.
    codes: Vec<u32>,
    values: Vec<f32>,
}

impl Target<'_> {
    fn fill(&mut self, directory: &Directory) -> Result<(), Unread> {
        let page = self.page;
        let numbers = Numbers::of(page, directory.file().is_big_endian)?;
        let blocks = self.blocks(directory)?;
        let tables = directory.bytes(tag::JPEG_TABLES);
        let fax_options = directory.number(tag::FAX_OPTIONS).unwrap_or(0);
        let of_plane = page.chunks.len() / if page.is_planar { page.samples } else { 1 };
        let (mut rows, mut spread_rows) = (Vec::new(), Vec::new());
        for (index, (at, length)) in page.chunks.iter().enumerate() {
            let (plane, index) = (index / of_plane, index % of_plane);
            let (x, y) = (index % page.across() * page.chunk.0, index / page.across() * page.chunk.1);
            let height = if page.is_tiled { page.chunk.1 } else { page.chunk.1.min(page.height - y) };
            let row = page.bytes_of_row();
            let (bytes_of_row, count) = match blocks {
                Some((across, down)) => {
                    (page.chunk.0.div_ceil(across) * (across * down + 2), height.div_ceil(down))
                }
                None => (row, height),
            };
            let wanted = Wanted { bytes_of_row, rows: count, jpeg_tables: tables, fax_options };
            // A size that reaches beyond the file counts to the file's end.
            let file = directory.file();
            let length = (*length).min(file.length().saturating_sub(*at));
            let packed = file.part(*at, length).unwrap_or_default();
            unpack(page, packed, &wanted, &mut rows)?;
            let rows = match blocks {
                Some((across, down)) => {
                    spread_rows.clear();
                    spread_rows.resize(count * down * row, 0);
                    let to = spread_rows.chunks_exact_mut(down * row);
                    let each = rows.chunks_exact(bytes_of_row).zip(to);
                    each.for_each(|(blocks, to)| spread(blocks, (across, down), page.chunk.0, to));
                    &mut spread_rows
                }
                None => &mut rows,
            };
            let visible = height.min(page.height - y);
            for (index, row) in rows.chunks_exact_mut(row).take(visible).enumerate() {
                self.put(&numbers, row, (x, y + index), plane);
            }
        }
        Ok(())
    }

    /// The size of the blocks that share Cb and Cr; `None` where every pixel has its own, as the JPEG decoder gives
    /// them.
    fn blocks(&self, directory: &Directory) -> Result<Option<(usize, usize)>, Unread> {
        let page = self.page;
        if page.photometric != Photometric::YCbCr || page.is_jpeg() || page.compression == 50001 {
            return Ok(None);
        }
        // Without the tag it is 2 x 2. Some writers leave the tag out and the colours whole; the size tells.
        let whole: usize = page.bytes_of_row().saturating_mul(page.height);
        let is_whole = page.compression == 1
            && !page.is_tiled
            && page.chunks.iter().map(|(_, length)| length).sum::<usize>() >= whole;
        let usual = if is_whole { vec![1, 1] } else { vec![2, 2] };
        let found = directory.numbers(tag::YCC_SUBSAMPLING).unwrap_or(usual);
        match (found.as_slice(), page.bits, page.is_planar, page.samples) {
            ([1, 1], ..) => Ok(None),
            ([across @ (1 | 2 | 4), down @ (1 | 2 | 4)], 8, false, 3) => {
                Ok(Some((*across as usize, *down as usize)))
            }
            _ => Err(Unread::Unusual("a TIFF file in YCbCr whose channels have different sizes".into())),
        }
    }

    /// Puts a row of a strip or tile at a position. `plane` is the channel, if each is stored by itself.
    fn put(&mut self, numbers: &Numbers, row: &mut [u8], (x, y): (usize, usize), plane: usize) {
        let page = self.page;
        let (area, samples) = (page.width * page.height, page.samples_of_chunk());
        let count = page.chunk.0.min(page.width - x);
        let start = y * page.width + x;
        if let (Some(palette), 0) = (self.palette, plane) {
            numbers.codes(row, &mut self.codes);
            let codes = self.codes.iter().step_by(samples).take(count);
            for (index, code) in codes.enumerate() {
                let colour = palette.colour(*code);
                (0..3).for_each(|channel| self.planes[channel * area + start + index] = colour[channel]);
            }
        }
        numbers.values(row, &mut self.codes, &mut self.values);
        let channels = model(page.photometric).channels();
        for sample in 0..samples {
            let stored = plane + sample;
            let to = match page.alpha {
                Some((alpha, _)) if alpha == stored => channels,
                _ if self.palette.is_none() && stored < channels => stored,
                _ => continue,
            };
            let to = &mut self.planes[to * area + start..][..count];
            let values = self.values[sample..].iter().step_by(samples);
            to.iter_mut().zip(values).for_each(|(to, value)| *to = *value);
        }
    }
}
