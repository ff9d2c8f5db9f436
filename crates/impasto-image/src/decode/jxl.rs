//! JPEG XL, by jxl-oxide. For a truncated file, its adapter to the `image` crate returns the part that exists; here
//! that is an error, because half a picture must not pass for a whole one.

use std::io::Cursor;
use std::sync::Arc;

use image::{DynamicImage, ImageDecoder};
use jxl_oxide::integration::JxlDecoder;
use jxl_oxide::{AllocTracker, JxlImage};

use super::{Context, Note, Pixels, Raw};
use crate::ImageError;
use crate::metadata::{Metadata, density_of, described, recipe_of};

pub(super) fn read(bytes: &Arc<[u8]>, context: &Context<'_>) -> Result<Raw, ImageError> {
    let bytes = &without_packed_boxes(bytes);
    let mut decoder = JxlDecoder::new(Cursor::new(bytes.clone())).map_err(|error| context.failed(error))?;
    context.check(decoder.dimensions(), decoder.total_bytes())?;
    decoder.set_limits(context.memory()).map_err(|error| context.failed(error))?;
    let tracker = AllocTracker::with_limit(usize::try_from(context.limits.memory).unwrap_or(usize::MAX));
    let whole = JxlImage::builder().alloc_tracker(tracker).read(Cursor::new(bytes.clone()));
    let Some(whole) = whole.ok().filter(JxlImage::is_loading_done) else {
        return Err(context.ends_too_early());
    };
    let exif = decoder.exif_metadata().ok().flatten();
    let xmp = whole.aux_boxes().first_xml();
    let metadata = Metadata {
        exif: exif.as_deref().and_then(described),
        density: exif.as_deref().and_then(density_of),
        recipe: xmp.has_data().then(|| recipe_of(xmp.unwrap())).flatten(),
    };
    let is_one_of_several = whole.image_header().metadata.animation.is_some();
    let pictures = whole.num_loaded_keyframes() as u64;
    let notes = Vec::from_iter(is_one_of_several.then_some(Note::FirstOf { pictures }));
    let icc_profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(|error| context.failed(error))?;
    // This decoder applies the orientation itself.
    Ok(Raw { icc_profile, metadata, is_one_of_several, notes, ..Raw::of(Pixels::Image(image)) })
}

/// Removes boxes of compressed metadata. The library decompresses them (Brotli) without a limit, so that two kilobytes
/// can become two gigabytes. Boxes exist only in files with a container (ISO/IEC 18181-2, clause 9).
fn without_packed_boxes(file: &Arc<[u8]>) -> Arc<[u8]> {
    const PACKED: &[u8] = b"brob";
    if !file.starts_with(b"\0\0\0\x0cJXL ") || !file.windows(PACKED.len()).any(|window| window == PACKED) {
        return file.clone();
    }
    let mut kept = Vec::with_capacity(file.len());
    let mut rest = &file[..];
    while let Some(&[a, b, c, d, ref kind @ .., _, _, _, _]) = rest.first_chunk::<12>() {
        let size = match u32::from_be_bytes([a, b, c, d]) {
            // The box extends to the end of the file.
            0 => rest.len(),
            // The size follows the kind, in eight bytes.
            1 => match rest.get(8..16).and_then(|size| size.try_into().ok()) {
                Some(size) => usize::try_from(u64::from_be_bytes(size)).unwrap_or(usize::MAX),
                None => rest.len(),
            },
            size => size as usize,
        };
        let (this, next) = rest.split_at(size.clamp(8, rest.len()));
        if kind != PACKED {
            kept.extend_from_slice(this);
        }
        rest = next;
    }
    kept.extend_from_slice(rest);
    kept.into()
}
