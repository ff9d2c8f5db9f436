//! JPEG XL, by jxl-oxide. Its adapter to the `image` crate gives of a file that is cut off what there is; half a picture must not
//! pass for one.

use std::io::Cursor;
use std::sync::Arc;

use image::{DynamicImage, ImageDecoder};
use jxl_oxide::integration::JxlDecoder;
use jxl_oxide::{AllocTracker, JxlImage};

use super::{Context, Raw};
use crate::ImageError;
use crate::metadata::{Metadata, density_of, described, recipe_of};

pub(super) fn read(bytes: &Arc<[u8]>, context: &Context<'_>) -> Result<Raw, ImageError> {
    let mut decoder = JxlDecoder::new(Cursor::new(bytes.clone())).map_err(|error| context.failed(error))?;
    context.check(decoder.dimensions(), decoder.total_bytes())?;
    decoder.set_limits(context.memory()).map_err(|error| context.failed(error))?;
    let tracker = AllocTracker::with_limit(usize::try_from(context.limits.memory).unwrap_or(usize::MAX));
    let whole = JxlImage::builder().alloc_tracker(tracker).read(Cursor::new(bytes.clone()));
    let Some(whole) = whole.ok().filter(JxlImage::is_loading_done) else {
        return Err(context.damaged("the file ends too early"));
    };
    let exif = decoder.exif_metadata().ok().flatten();
    let xmp = whole.aux_boxes().first_xml();
    let metadata = Metadata {
        exif: exif.as_deref().and_then(described),
        density: exif.as_deref().and_then(density_of),
        recipe: xmp.has_data().then(|| recipe_of(xmp.unwrap())).flatten(),
    };
    let is_one_of_several = whole.image_header().metadata.animation.is_some();
    let icc_profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(|error| context.failed(error))?;
    // This decoder turns the picture itself.
    Ok(Raw { icc_profile, metadata, is_one_of_several, ..Raw::of(image) })
}
