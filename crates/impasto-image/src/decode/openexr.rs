//! OpenEXR files without the channels R, G and B, which the `image` crate refuses: luminance alone is read as grey, and
//! others are named. Source: "Technical Introduction to OpenEXR", sections "Luminance/Chroma Images" and "Deep Data".

use std::io::Cursor;
use std::sync::Arc;

use exr::meta::MetaData;
use exr::meta::header::Header;
use exr::prelude::{ReadChannels, ReadLayers, ReadSpecificChannel, Text, Vec2, read};
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};

use super::Context;
use super::inks::Inks;
use crate::ImageError;
use crate::colour::Model;

/// Advice on files of several layers, which viewers export as they show them.
const LAYERS: &str = "export one of its layers as RGB from the program that made it";

fn has(header: &Header, names: &[&str]) -> bool {
    let has = |name: &&str| header.channels.find_index_of_channel(&Text::from(*name)).is_some();
    names.iter().all(has)
}

/// A file in luminance; `None` for a file in RGB, and for one whose header cannot be read.
///
/// # Errors
/// Files without colours that can be shown.
pub(super) fn luminance(bytes: &Arc<[u8]>, context: &Context<'_>) -> Result<Option<Inks>, ImageError> {
    let Ok(data) = MetaData::read_from_buffered(Cursor::new(&bytes[..]), false) else { return Ok(None) };
    let flat = || data.headers.iter().filter(|header| !header.deep);
    if data.headers.is_empty() || flat().any(|header| has(header, &["R", "G", "B"])) {
        return Ok(None);
    }
    let Some(header) = flat().find(|header| has(header, &["Y"])) else {
        return Err(refused(&data, context));
    };
    if has(header, &["RY"]) || has(header, &["BY"]) {
        let kind = "an OpenEXR picture in luminance and chroma (channels Y, RY and BY)";
        return Err(context.unread(kind, Some("export it as RGB from the program that made it")));
    }
    let window = header.shared_attributes.display_window;
    let (width, height) = (window.size.width(), window.size.height());
    let channels = if has(header, &["A"]) { 4 } else { 3 };
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let size = (width as u64).saturating_mul(height as u64).saturating_mul(4 * channels as u64);
    context.check((side(width), side(height)), size)?;
    // Pixels outside the display window are not shown.
    let offset = header.own_attributes.layer_position - window.position;
    let place = move |at: Vec2<usize>| {
        let (x, y) = (at.x() as i64 + i64::from(offset.x()), at.y() as i64 + i64::from(offset.y()));
        let is_inside = (0..width as i64).contains(&x) && (0..height as i64).contains(&y);
        is_inside.then(|| channels * (y as usize * width + x as usize))
    };
    let image = read()
        .no_deep_data()
        .largest_resolution_level()
        .specific_channels()
        .required("Y")
        .optional("A", 1.0f32)
        .collect_pixels(
            move |_, _| vec![0f32; width * height * channels],
            move |pixels: &mut Vec<f32>, at, (luminance, alpha): (f32, f32)| {
                if let Some(place) = place(at) {
                    let pixel = [luminance, luminance, luminance, alpha];
                    pixels[place..place + channels].copy_from_slice(&pixel[..channels]);
                }
            },
        )
        .first_valid_layer()
        .all_attributes()
        .from_buffered(Cursor::new(&bytes[..]))
        .map_err(|error| context.damaged(error.to_string()))?;
    let pixels = image.layer_data.channel_data.pixels;
    let (width, height) = (side(width), side(height));
    let image = match channels {
        3 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb32F),
        _ => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba32F),
    };
    let image = image.ok_or_else(|| context.ends_too_early())?;
    Ok(Some(Inks { image, model: Model::Rgb, icc_profile: None, orientation: Orientation::NoTransforms }))
}

/// The error for a file that has neither RGB nor luminance.
fn refused(data: &MetaData, context: &Context<'_>) -> ImageError {
    if data.headers.iter().all(|header| header.deep) {
        return context
            .unread("an OpenEXR file with deep data", Some("flatten it in the program that made it"));
    }
    let channels = data.headers.iter().flat_map(|header| &header.channels.list);
    let names: Vec<String> = channels.take(4).map(|channel| channel.name.to_string()).collect();
    let kind = format!("an OpenEXR file without the channels R, G and B (it has {})", names.join(", "));
    context.unread(kind, Some(LAYERS))
}
