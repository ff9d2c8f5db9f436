//! TIFF 6.0: 8 or 16 bits or floating point, in strips, not compressed; BigTIFF beyond 4 GB. The fields of EXIF are in
//! the picture's directory and in two of their own.

use exif::{Context, Field, Value};
use tiff::Directory;
use tiff::encoder::colortype::{self, ColorType};
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard, TiffValue};
use tiff::tags::{ExtraSamples, Tag, Type};

use super::{Failed, Source, Tags};
use crate::metadata::{fields_for, is_little_endian};
use crate::{Depth, Sink};

const XMP: Tag = Tag::Unknown(700);

/// The largest file with 32-bit offsets, less the space for other data.
const LARGE: u64 = 4_000_000_000;

pub(super) fn write(
    file: &mut dyn Sink,
    source: &Source<'_>,
    depth: Depth,
    tags: &Tags<'_>,
) -> Result<(), Failed> {
    let (width, height) = source.size();
    let bytes = u64::from(width) * u64::from(height) * 4 * 4;
    if bytes < LARGE {
        of_kind(TiffEncoder::<_, TiffKindStandard>::new(file)?, source, depth, tags)
    } else {
        of_kind(TiffEncoder::<_, TiffKindBig>::new_generic(file)?, source, depth, tags)
    }
}

fn of_kind<K: TiffKind>(
    encoder: TiffEncoder<&mut dyn Sink, K>,
    source: &Source<'_>,
    depth: Depth,
    tags: &Tags<'_>,
) -> Result<(), Failed>
where
    K::OffsetType: TiffValue,
{
    // Alpha is a fourth sample of each type.
    match depth {
        Depth::Eight => strips::<colortype::RGB8, K>(encoder, source, tags, |rows| source.eight(rows)),
        Depth::Sixteen => strips::<colortype::RGB16, K>(encoder, source, tags, |rows| source.sixteen(rows)),
        Depth::Float => strips::<colortype::RGB32Float, K>(encoder, source, tags, |rows| source.floats(rows)),
    }
}

fn strips<C: ColorType, K: TiffKind>(
    mut encoder: TiffEncoder<&mut dyn Sink, K>,
    source: &Source<'_>,
    tags: &Tags<'_>,
    samples: impl Fn(std::ops::Range<usize>) -> Vec<C::Inner>,
) -> Result<(), Failed>
where
    [C::Inner]: TiffValue,
    K::OffsetType: TiffValue,
{
    let (width, height) = source.size();
    let mut fields = fields_for(&tags.exif);
    if tags
        .exif
        .metadata
        .exif
        .as_deref()
        .is_some_and(|exif| is_little_endian(exif) != cfg!(target_endian = "little"))
    {
        fields.retain_mut(turned);
    }
    let mut directories = Vec::new();
    for (context, pointer) in [(Context::Exif, Tag::ExifDirectory), (Context::Gps, Tag::GpsDirectory)] {
        let mut inside = fields.iter().filter(|field| field.tag.context() == context).peekable();
        if inside.peek().is_some() {
            let mut directory = encoder.extra_directory()?;
            put(&mut directory, inside)?;
            directories.push((pointer, directory.finish_with_offsets()?.offset));
        }
    }
    let mut image = encoder.new_image::<C>(width, height)?;
    image.rows_per_strip(source.band() as u32)?;
    if source.alpha.is_some() {
        image.extra_samples(&[ExtraSamples::UnassociatedAlpha])?;
    }
    let directory = image.encoder();
    put(directory, fields.iter().filter(|field| field.tag.context() == Context::Tiff))?;
    for (pointer, offset) in directories {
        directory.write_tag(pointer, offset)?;
    }
    if let Some(profile) = tags.icc_profile {
        let entry = directory.write_entry_bytes(Type::UNDEFINED, profile)?;
        directory.extend_from(&Directory::from_iter([(Tag::IccProfile, entry)]));
    }
    if let Some(packet) = &tags.xmp {
        directory.write_tag(XMP, packet.as_bytes())?;
    }
    for rows in source.bands() {
        image.write_strip(&samples(rows))?;
    }
    Ok(image.finish()?)
}

fn put<'f, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, &mut dyn Sink, K>,
    fields: impl Iterator<Item = &'f Field>,
) -> Result<(), Failed> {
    let mut entries = Vec::new();
    for field in fields {
        if let Some((kind, bytes)) = value_of(&field.value) {
            let entry = directory.write_entry_bytes(kind, &bytes)?;
            entries.push((Tag::from_u16_exhaustive(field.tag.number()), entry));
        }
    }
    directory.extend_from(&Directory::from_iter(entries));
    Ok(())
}

/// Swaps bytes that are in the byte order of the source file; `false` for values that cannot be swapped without knowing
/// their structure.
fn turned(field: &mut Field) -> bool {
    const UNICODE: &[u8] = b"UNICODE\0";
    match (&mut field.value, field.tag) {
        (_, exif::Tag::OECF | exif::Tag::SpatialFrequencyResponse) => false,
        (_, exif::Tag::CFAPattern | exif::Tag::DeviceSettingDescription) => false,
        (Value::Undefined(bytes, _), exif::Tag::UserComment) if bytes.starts_with(UNICODE) => {
            bytes[UNICODE.len()..].chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
            true
        }
        _ => true,
    }
}

/// A value in the byte order of the machine, which is also that of written files.
fn value_of(value: &Value) -> Option<(Type, Vec<u8>)> {
    fn bytes<const N: usize, T: Copy>(values: &[T], of: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|value| of(*value)).collect()
    }
    let pair = |a: [u8; 4], b: [u8; 4]| a.into_iter().chain(b);
    Some(match value {
        Value::Byte(values) => (Type::BYTE, values.clone()),
        Value::Ascii(texts) => {
            (Type::ASCII, texts.iter().flat_map(|text| text.iter().copied().chain([0])).collect())
        }
        Value::Short(values) => (Type::SHORT, bytes(values, u16::to_ne_bytes)),
        Value::Long(values) => (Type::LONG, bytes(values, u32::to_ne_bytes)),
        Value::Rational(values) => {
            let parts = values.iter().flat_map(|part| pair(part.num.to_ne_bytes(), part.denom.to_ne_bytes()));
            (Type::RATIONAL, parts.collect())
        }
        Value::SByte(values) => (Type::SBYTE, bytes(values, i8::to_ne_bytes)),
        Value::Undefined(values, _) => (Type::UNDEFINED, values.clone()),
        Value::SShort(values) => (Type::SSHORT, bytes(values, i16::to_ne_bytes)),
        Value::SLong(values) => (Type::SLONG, bytes(values, i32::to_ne_bytes)),
        Value::SRational(values) => {
            let parts = values.iter().flat_map(|part| pair(part.num.to_ne_bytes(), part.denom.to_ne_bytes()));
            (Type::SRATIONAL, parts.collect())
        }
        Value::Float(values) => (Type::FLOAT, bytes(values, f32::to_ne_bytes)),
        Value::Double(values) => (Type::DOUBLE, bytes(values, f64::to_ne_bytes)),
        Value::Unknown(..) => return None,
    })
}
