//! HEIF, the container of HEIC (pictures coded by HEVC) and AVIF (by AV1). Sources: ISO/IEC 23008-12 (HEIF), ISO/IEC
//! 23000-22 (MIAF), AV1 Image File Format (AOMedia).
//!
//! A file holds items. The primary item is the picture: it is coded, or a grid of coded tiles, or the same as another.
//! Its properties crop and turn it; EXIF's orientation repeats that, and is not applied. Opacity is an item of its own.

#[cfg(all(feature = "avif", not(target_arch = "wasm32")))]
mod av1;
mod colours;
mod frame;
mod grid;
#[cfg(feature = "heic")]
mod hevc;
mod several;
mod upright;

use heifer_isobmff::boxes::{ColorInfo, Property};
use heifer_isobmff::{Error, HeifFile, ItemId};

use super::planes::Planes;
use super::png::HDR_ADVICE;
use super::samples::Samples;
use super::sniff::AVIF;
use super::{Context, Pixels, Raw};
use crate::ImageError;
use crate::coding::{Coding, Curve};
use crate::colour::Model;
use crate::metadata::{Metadata, density_of, described, recipe_of};
use crate::primaries::Primaries;
use crate::profile::parsed;
use colours::{opacity, rgb};
use frame::{Codes, Frame};

/// Items that are the same as others may follow each other this often.
const CHAIN: usize = 4;

/// Properties that a reader must know before it shows an item, and that are known here, besides those that the
/// container's crate reads. The last two choose a layer of a picture in layers: the best one is taken.
const KNOWN: [&[u8; 4]; 4] = [b"av1C", b"pasp", b"lsel", b"a1op"];

pub(super) fn read(bytes: &[u8], context: &Context<'_>) -> Result<Raw, ImageError> {
    let file = HeifFile::parse(bytes).map_err(|error| match error {
        Error::MissingBox(kind) if &kind.0 == b"meta" && several::frames(bytes).is_some() => {
            unread(context, "that is a sequence without a still picture")
        }
        error => of_container(error, context),
    })?;
    let reader = Reader { file: &file, context };
    let id = file.primary_id;
    let icc_profile = file.icc_profile(id).ok().flatten().map(<[u8]>::to_vec);
    let picture = reader.picture(id, icc_profile.as_deref())?;
    let exif = file.exif(id).ok().flatten();
    let xmp = file.xmp(id).ok().flatten();
    let (is_one_of_several, notes) = several::notes(bytes, &file);
    Ok(Raw {
        coding: picture.coding,
        is_premultiplied: picture.is_premultiplied,
        icc_profile,
        metadata: Metadata {
            exif: exif.as_deref().and_then(described),
            density: exif.as_deref().and_then(density_of),
            recipe: xmp.as_deref().and_then(recipe_of),
        },
        is_one_of_several,
        notes,
        ..Raw::of(Pixels::Planes(picture.planes))
    })
}

fn name(context: &Context<'_>) -> &'static str {
    if context.format == AVIF { "an AVIF picture" } else { "a HEIC picture" }
}

/// The error for a kind of file that is not read, such as "a HEIC picture with this or that".
fn unread(context: &Context<'_>, what: &str) -> ImageError {
    context.unread(format!("{} {what}", name(context)), None)
}

/// The error for a container that cannot be read.
fn of_container(error: Error, context: &Context<'_>) -> ImageError {
    match error {
        Error::UnexpectedEof => context.ends_too_early(),
        Error::Unimplemented(what) => unread(context, &format!("with an unusual container ({what})")),
        error => context.damaged(error.to_string()),
    }
}

/// An upright picture.
struct Upright {
    planes: Planes,
    coding: Option<Coding>,
    is_premultiplied: bool,
}

/// The file that is read.
struct Reader<'a> {
    file: &'a HeifFile<'a>,
    context: &'a Context<'a>,
}

impl Reader<'_> {
    fn unread(&self, what: &str) -> ImageError {
        unread(self.context, what)
    }

    fn failed(&self, error: Error) -> ImageError {
        of_container(error, self.context)
    }

    fn properties(&self, id: ItemId) -> Result<Vec<&Property>, ImageError> {
        Ok(self.file.item_properties(id).map_err(|error| self.failed(error))?.collect())
    }

    /// The primary picture with its opacity.
    fn picture(&self, id: ItemId, icc: Option<&[u8]>) -> Result<Upright, ImageError> {
        // An item may be the same as another, but turned. The properties of the inner item come first.
        let mut chain = vec![id];
        while self.kind(chain[0])? == *b"iden" {
            match self.file.referenced_items(chain[0], b"dimg") {
                [source] if chain.len() < CHAIN => chain.insert(0, *source),
                _ => return Err(self.context.damaged("its picture is the same as none or many")),
            }
        }
        let source = chain[0];
        let frame = self.frame(source)?;
        let codes = self.codes(source)?.unwrap_or(frame.codes);
        let coding = self.coding(codes, &frame, icc)?;
        let alpha_id = chain.iter().find_map(|id| self.alpha_of(*id));
        let alpha = match alpha_id {
            Some(alpha) => {
                let frame = self.frame(alpha)?;
                let range = self.codes(alpha)?.map_or(frame.codes.is_full, |codes| codes.is_full);
                Some((frame, range))
            }
            None => None,
        };
        let is_premultiplied = alpha_id.is_some_and(|alpha| {
            chain.iter().any(|id| self.file.referenced_items(*id, b"prem").contains(&alpha))
        });
        let size = frame.size;
        let (depth, model) = (frame.depth(), frame.model());
        let alpha = alpha.map(|(alpha, is_full)| opacity(&alpha, is_full, size));
        let alpha = alpha.filter(|alpha| alpha.iter().any(|value| *value != 1.0));
        let colours = rgb(frame, codes).map_err(|what| self.unread(&what))?;
        let mut planes = Planes { size, samples: Samples { depth, model, colours, alpha } };
        for id in chain {
            planes = self.upright(id, planes)?;
        }
        Ok(Upright { planes, coding, is_premultiplied })
    }

    fn kind(&self, id: ItemId) -> Result<[u8; 4], ImageError> {
        Ok(self.file.item(id).map_err(|error| self.failed(error))?.item_type.0)
    }

    /// The item that holds the opacity of another.
    fn alpha_of(&self, id: ItemId) -> Option<ItemId> {
        const ALPHA: [&str; 2] =
            ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1"];
        self.file.referencing_items(id, b"auxl").into_iter().find(|item| {
            self.file.item_properties(*item).is_ok_and(|mut properties| {
                properties.any(|property| {
                    matches!(property, Property::AuxiliaryType(kind) if ALPHA.contains(&kind.as_str()))
                })
            })
        })
    }

    /// The code points that the container states, for an item or for the first tile of a grid. They go before those of
    /// the coded picture.
    fn codes(&self, id: ItemId) -> Result<Option<Codes>, ImageError> {
        let stated = self.properties(id)?.into_iter().find_map(|property| match *property {
            Property::Color(ColorInfo::Nclx { primaries, transfer, matrix, full_range }) => {
                Some(Codes { primaries, transfer, matrix, is_full: full_range })
            }
            _ => None,
        });
        match (stated, self.file.referenced_items(id, b"dimg").first()) {
            (None, Some(tile)) if self.kind(id)? == *b"grid" && self.kind(*tile)? != *b"grid" => {
                self.codes(*tile)
            }
            _ => Ok(stated),
        }
    }

    /// The coding of the numbers, if there is no profile. Programs show numbers with the curve of ITU-R BT.709 or none
    /// as if they had that of sRGB (libheif, libavif, browsers), so that phones' pictures look as they should.
    fn coding(&self, codes: Codes, frame: &Frame, icc: Option<&[u8]>) -> Result<Option<Coding>, ImageError> {
        let hdr = match codes.transfer {
            16 => "in high dynamic range (PQ)",
            18 => "in high dynamic range (HLG)",
            _ => "",
        };
        if !hdr.is_empty() {
            let kind = format!("{} {hdr}", name(self.context));
            return Err(self.context.unread(kind, Some(HDR_ADVICE)));
        }
        let code = |code: u16| u8::try_from(code).unwrap_or(0);
        let curve = match codes.transfer {
            1 | 2 | 6 | 14 | 15 => 13,
            transfer => code(transfer),
        };
        // Grey has the colour of white, whatever the primaries.
        let primaries = if frame.model() == Model::Grey { 1 } else { code(codes.primaries) };
        let coding = Coding::of_codes(primaries, curve).or_else(|| Coding::of_codes(1, curve));
        let is_srgb = Coding { curve: Curve::Srgb, primaries: Primaries::SRGB };
        Ok(coding.filter(|coding| *coding != is_srgb && icc.and_then(parsed).is_none()))
    }

    /// The decoded picture of an item, before it is cropped and turned.
    fn frame(&self, id: ItemId) -> Result<Frame, ImageError> {
        match &self.kind(id)? {
            b"grid" => self.grid(id),
            b"iovl" => Err(self.unread("that is laid together from several (an overlay)")),
            b"tmap" => Err(self.unread("in high dynamic range (a tone map)")),
            _ => {
                let size = self.size(id)?;
                self.coded(id, size)
            }
        }
    }

    /// The size that an item states, within the limits.
    fn size(&self, id: ItemId) -> Result<(usize, usize), ImageError> {
        let size = self.file.image_size(id).map_err(|error| self.failed(error))?;
        let (width, height) = size.ok_or_else(|| self.context.damaged("a picture in it has no size"))?;
        if width == 0 || height == 0 {
            return Err(self.context.damaged("it has no pixels"));
        }
        self.check((width, height))?;
        Ok((width as usize, height as usize))
    }

    /// Checks a size against the limits. Decoders hold a picture of up to three numbers of 16 bits a pixel twice.
    fn check(&self, (width, height): (u32, u32)) -> Result<(), ImageError> {
        let pixels = u64::from(width) * u64::from(height);
        self.context.check((width, height), pixels.saturating_mul(6))
    }

    /// Decodes an item that is coded, in a size that its coding may exceed.
    fn coded(&self, id: ItemId, size: (usize, usize)) -> Result<Frame, ImageError> {
        let item = self.file.item(id).map_err(|error| self.failed(error))?;
        for (association, property) in
            item.properties.iter().filter(|a| a.index > 0).zip(self.properties(id)?)
        {
            if let Property::Unknown(kind, _) = property
                && association.essential
                && !KNOWN.contains(&&kind.0)
            {
                return Err(self.unread(&format!("with an unknown property ({kind})")));
            }
        }
        // Coded pictures are multiples of blocks, of 64 pixels at most.
        let most = (size.0 as u64 + 64) * (size.1 as u64 + 64);
        let frame = match &item.item_type.0 {
            b"hvc1" | b"hev1" => self.hevc(id, most),
            b"av01" => self.av1(id, most),
            b"avc1" => Err(self.unread("coded by H.264")),
            b"vvc1" | b"vvi1" => Err(self.unread("coded by H.266")),
            b"jpeg" => Err(self.unread("coded as JPEG")),
            b"j2k1" => Err(self.unread("coded as JPEG 2000")),
            b"unci" => Err(self.unread("without compression")),
            _ => Err(self.unread(&format!("of the kind {}", item.item_type))),
        }?;
        frame.cut(size).ok_or_else(|| self.context.damaged("a picture in it is smaller than it says"))
    }

    #[cfg(feature = "heic")]
    fn hevc(&self, id: ItemId, most: u64) -> Result<Frame, ImageError> {
        let stream = self.file.hevc_bitstream(id).map_err(|error| self.failed(error))?;
        hevc::decode(&stream, most).map_err(|error| match error {
            hevc::Error::UnexpectedEof => self.context.ends_too_early(),
            hevc::Error::Unimplemented(what) => self.unread(&format!("in an unusual coding ({what})")),
            error => self.context.damaged(error.to_string()),
        })
    }

    #[cfg(not(feature = "heic"))]
    fn hevc(&self, _: ItemId, _: u64) -> Result<Frame, ImageError> {
        Err(super::sniff::HEIC_LEFT_OUT.of(self.context.path))
    }

    #[cfg(all(feature = "avif", not(target_arch = "wasm32")))]
    fn av1(&self, id: ItemId, most: u64) -> Result<Frame, ImageError> {
        let stream = self.file.item_data(id).map_err(|error| self.failed(error))?;
        av1::decode(stream.into_owned(), most).map_err(|reason| self.context.damaged(reason))
    }

    #[cfg(not(all(feature = "avif", not(target_arch = "wasm32"))))]
    fn av1(&self, _: ItemId, _: u64) -> Result<Frame, ImageError> {
        Err(super::sniff::AVIF_LEFT_OUT.of(self.context.path))
    }
}
