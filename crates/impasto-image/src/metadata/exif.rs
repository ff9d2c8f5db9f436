//! EXIF (CIPA DC-008): selects the fields to keep, and makes the EXIF of a picture that was made from another.
//!
//! Fields that describe the picture, its author and how it was taken are kept. Fields that are true only of the old
//! file are dropped: orientation (pixels are upright), sizes, strips, thumbnails, and maker notes, which contain
//! offsets into that file.

use std::collections::BTreeSet;
use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Context, Field, In, Rational, Reader, Tag, Value};

use super::budget::is_affordable;
use super::{Density, Metadata};
use crate::Space;

/// Fields of the first directory (the TIFF context) that describe a picture. In a TIFF file most of the others describe
/// how it is stored.
const DESCRIBING: [Tag; 7] =
    [Tag::ImageDescription, Tag::Make, Tag::Model, Tag::Software, Tag::DateTime, Tag::Artist, Tag::Copyright];

/// More such fields: host computer, rating, and Windows' title, comment, author, keywords, subject.
const DESCRIBING_NUMBERS: [u16; 8] = [0x013c, 0x4746, 0x4749, 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f];

/// Fields of the EXIF directory that are about the old file.
const OF_THE_FILE: [Tag; 5] =
    [Tag::PixelXDimension, Tag::PixelYDimension, Tag::ColorSpace, Tag::MakerNote, Tag::RelatedSoundFile];

/// Most bytes of a field; larger ones are not descriptions.
const LARGEST: usize = 1 << 16;

/// Most bytes of a block; a segment of a JPEG file holds no more.
const LARGEST_BLOCK: usize = 64_000;

/// Bytes of a field's entry in the directory.
const ENTRY: usize = 12;

fn is_kept(field: &Field) -> bool {
    let Tag(context, number) = field.tag;
    let kept = match context {
        Context::Tiff => DESCRIBING.contains(&field.tag) || DESCRIBING_NUMBERS.contains(&number),
        Context::Exif => !OF_THE_FILE.contains(&field.tag),
        Context::Gps => true,
        _ => false,
    };
    kept && field.ifd_num == In::PRIMARY && matches!(bytes_of(&field.value), Some(1..=LARGEST))
}

/// The size of a value; `None` for an unknown type.
fn bytes_of(value: &Value) -> Option<usize> {
    Some(match value {
        Value::Byte(values) | Value::Undefined(values, _) => values.len(),
        Value::Ascii(texts) => texts.iter().map(|text| text.len() + 1).sum(),
        Value::Short(values) => 2 * values.len(),
        Value::Long(values) => 4 * values.len(),
        Value::Rational(values) => 8 * values.len(),
        Value::SByte(values) => values.len(),
        Value::SShort(values) => 2 * values.len(),
        Value::SLong(values) => 4 * values.len(),
        Value::SRational(values) => 8 * values.len(),
        Value::Float(values) => 4 * values.len(),
        Value::Double(values) => 8 * values.len(),
        Value::Unknown(..) => return None,
    })
}

/// All fields of a block, or of a whole TIFF file. From a damaged block, the readable fields; from one that was made to
/// fill the memory, none.
fn fields(block: &[u8]) -> Vec<Field> {
    // Some writers of WebP and PNG add the prefix that JPEG uses.
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    if !is_affordable(block) {
        return Vec::new();
    }
    let read = Reader::new().continue_on_error(true).read_raw(block.to_vec());
    let read = read.or_else(|error| error.distill_partial_result(|_| {}));
    let mut seen = BTreeSet::new();
    let fields = read.map(|exif| exif.fields().cloned().collect::<Vec<_>>()).unwrap_or_default();
    fields
        .into_iter()
        .filter(|field| seen.insert((field.ifd_num.index(), context_order(field.tag), field.tag.number())))
        .collect()
}

fn context_order(Tag(context, _): Tag) -> u8 {
    match context {
        Context::Tiff => 0,
        Context::Exif => 1,
        Context::Gps => 2,
        _ => 3,
    }
}

/// Whether a block is little-endian. Opaque values may be in the byte order of their file, so that order is kept.
pub(crate) fn is_little_endian(block: &[u8]) -> bool {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block).starts_with(b"II")
}

fn block_of(fields: &[Field], little_endian: bool) -> Option<Vec<u8>> {
    if fields.is_empty() {
        return None;
    }
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, little_endian).ok()?;
    Some(block.into_inner())
}

/// The fields of a file's EXIF (or of a whole TIFF file) that describe its picture, as a new block.
pub(crate) fn described(block: &[u8]) -> Option<Vec<u8>> {
    let mut kept: Vec<Field> = fields(block).into_iter().filter(is_kept).collect();
    let size = |field: &Field| bytes_of(&field.value).unwrap_or(0) + ENTRY;
    let mut whole: usize = kept.iter().map(size).sum();
    // The largest are dropped first.
    kept.sort_by_key(size);
    while whole > LARGEST_BLOCK {
        whole -= kept.pop().as_ref().map_or(whole, size);
    }
    block_of(&kept, is_little_endian(block))
}

/// The density that a file's EXIF gives.
pub(crate) fn density_of(block: &[u8]) -> Option<Density> {
    let fields = fields(block);
    let find = |tag| fields.iter().find(|field| field.tag == tag && field.ifd_num == In::PRIMARY);
    let number = |tag| match &find(tag)?.value {
        Value::Rational(values) => values.first().map(Rational::to_f64),
        _ => None,
    };
    let unit = find(Tag::ResolutionUnit).and_then(|field| field.value.get_uint(0)).unwrap_or(2);
    let per_inch = match unit {
        2 => 1.0,
        3 => 2.54,
        _ => return None,
    };
    Density::per_inch(number(Tag::XResolution)? * per_inch, number(Tag::YResolution)? * per_inch)
}

/// The EXIF of a file to be written.
pub(crate) struct Block<'a> {
    pub(crate) metadata: &'a Metadata,
    /// Whether to keep the location where it was taken.
    pub(crate) keep_gps: bool,
    pub(crate) size: (usize, usize),
    /// The colour space; `None` if a profile describes the colours.
    pub(crate) space: Option<Space>,
}

/// The fields to write; empty if there is nothing to say.
pub(crate) fn fields_for(block: &Block<'_>) -> Vec<Field> {
    let Metadata { exif, density, .. } = block.metadata;
    let mut fields = exif.as_deref().map(fields).unwrap_or_default();
    fields.retain(|field| is_kept(field) && (block.keep_gps || field.tag.context() != Context::Gps));
    let has_exif = !fields.is_empty();
    let mut add = |tag, value| fields.push(Field { tag, ifd_num: In::PRIMARY, value });
    if let Some(Density { x, y }) = density {
        add(Tag::XResolution, rational(*x));
        add(Tag::YResolution, rational(*y));
        add(Tag::ResolutionUnit, Value::Short(vec![2]));
    }
    if has_exif {
        let uncalibrated = 0xffff;
        add(Tag::Orientation, Value::Short(vec![1]));
        add(Tag::PixelXDimension, Value::Long(vec![block.size.0 as u32]));
        add(Tag::PixelYDimension, Value::Long(vec![block.size.1 as u32]));
        add(
            Tag::ColorSpace,
            Value::Short(vec![if block.space == Some(Space::Srgb) { 1 } else { uncalibrated }]),
        );
    }
    fields
}

impl Block<'_> {
    /// The bytes of the block, which begin like a TIFF file; `None` if there is nothing to say.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        block_of(&fields_for(self), self.metadata.exif.as_deref().is_some_and(is_little_endian))
    }
}

fn rational(value: f64) -> Value {
    const PARTS: f64 = 1000.0;
    let whole = value.fract() == 0.0;
    let (num, denom) = if whole { (value, 1) } else { ((value * PARTS).round(), PARTS as u32) };
    Value::Rational(vec![Rational { num: num as u32, denom }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(tag: Tag, value: Value) -> Field {
        Field { tag, ifd_num: In::PRIMARY, value }
    }

    fn text(text: &str) -> Value {
        Value::Ascii(vec![text.as_bytes().to_vec()])
    }

    fn has(block: &[u8], tag: Tag) -> bool {
        fields(block).iter().any(|field| field.tag == tag)
    }

    fn a_photograph() -> Vec<u8> {
        stored(true)
    }

    fn stored(little_endian: bool) -> Vec<u8> {
        let fields = [
            field(Tag::Make, text("Maker")),
            field(Tag::Orientation, Value::Short(vec![6])),
            field(Tag::XResolution, rational(300.0)),
            field(Tag::YResolution, rational(300.5)),
            field(Tag::ImageWidth, Value::Long(vec![4000])),
            field(Tag::FNumber, Value::Rational(vec![Rational { num: 28, denom: 10 }])),
            field(Tag::MakerNote, Value::Undefined(vec![1; 5000], 0)),
            field(Tag::UserComment, Value::Undefined(vec![b'x'; 70_000], 0)),
            field(Tag::CFAPattern, Value::Undefined(vec![0, 2, 0, 2], 0)),
            field(Tag::GPSLatitudeRef, text("N")),
        ];
        block_of(&fields, little_endian).unwrap()
    }

    #[test]
    fn what_describes_the_picture_is_kept() {
        let block = described(&a_photograph()).unwrap();
        for (tag, kept) in [
            (Tag::Make, true),
            (Tag::FNumber, true),
            (Tag::GPSLatitudeRef, true),
            (Tag::Orientation, false),
            (Tag::ImageWidth, false),
            (Tag::MakerNote, false),
            (Tag::UserComment, false),
        ] {
            assert_eq!(has(&block, tag), kept, "{tag}");
        }
        assert!(block.len() <= LARGEST_BLOCK);
        assert_eq!(density_of(&a_photograph()), Some(Density { x: 300.0, y: 300.5 }));
        assert_eq!(described(&[b"Exif\0\0", &a_photograph()[..]].concat()), Some(block));
        assert_eq!(described(b"nonsense"), None);
    }

    #[test]
    fn the_order_of_bytes_is_kept_with_what_depends_on_it() {
        for little_endian in [true, false] {
            let block = described(&stored(little_endian)).unwrap();
            assert_eq!(is_little_endian(&block), little_endian);
            let metadata = Metadata { exif: Some(block), ..Metadata::default() };
            let written = Block { metadata: &metadata, keep_gps: false, size: (3, 2), space: None }.bytes();
            assert_eq!(is_little_endian(&written.unwrap()), little_endian);
        }
    }

    #[test]
    fn large_fields_go_first() {
        let comment = |tag, size| field(tag, Value::Undefined(vec![7; size], 0));
        let fields = [
            field(Tag::Make, text("Maker")),
            comment(Tag::UserComment, 40_000),
            comment(Tag::OECF, 50_000),
            comment(Tag::CFAPattern, 10_000),
        ];
        let block = described(&block_of(&fields, false).unwrap()).unwrap();
        assert!(has(&block, Tag::Make) && has(&block, Tag::UserComment) && has(&block, Tag::CFAPattern));
        assert!(!has(&block, Tag::OECF) && block.len() < 65_000);
    }

    #[test]
    fn a_written_block_is_upright_and_knows_no_place() {
        let metadata = Metadata {
            exif: described(&a_photograph()),
            density: Density::per_inch(72.0, 72.0),
            recipe: None,
        };
        let block =
            |keep_gps| Block { metadata: &metadata, keep_gps, size: (30, 20), space: Some(Space::Srgb) };
        let written = block(false).bytes().unwrap();
        assert!(
            !has(&written, Tag::GPSLatitudeRef) && has(&block(true).bytes().unwrap(), Tag::GPSLatitudeRef)
        );
        let value = |tag| {
            let fields = fields(&written);
            fields.iter().find(|field| field.tag == tag).and_then(|field| field.value.get_uint(0))
        };
        assert_eq!(value(Tag::Orientation), Some(1));
        assert_eq!(value(Tag::PixelXDimension), Some(30));
        assert_eq!(density_of(&written), Density::per_inch(72.0, 72.0));
        let nothing = Metadata::default();
        assert_eq!(Block { metadata: &nothing, ..block(true) }.bytes(), None);
    }
}
