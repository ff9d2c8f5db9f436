//! AV1, by re_rav1d: dav1d translated to Rust, behind a safe interface.

use std::panic::{AssertUnwindSafe, catch_unwind};

use re_rav1d::{Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings};

use super::frame::{Chroma, Codes, Frame, Upsampling};

/// Calls until a picture comes. One is enough for files in use.
const CALLS: usize = 64;

/// Decodes the first picture of at most so many pixels, and of its layers the best. The error is the reason.
pub(super) fn decode(stream: Vec<u8>, most: u64) -> Result<Frame, String> {
    const TOO_EARLY: &str = "the file ends too early";
    if stream.is_empty() {
        return Err(TOO_EARLY.into());
    }
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(most).unwrap_or(u32::MAX));
    let failed = |error: Error| match error {
        Error::UnsupportedBitstream => "its coding is unusual".to_owned(),
        Error::NotEnoughMemory => "it needs more memory than there is".to_owned(),
        _ => "its coded picture is damaged, or larger than it says".to_owned(),
    };
    let mut decoder = Decoder::with_settings(&settings).map_err(failed)?;
    let mut sent = decoder.send_data(stream, None, None, None);
    for _ in 0..CALLS {
        match (decoder.get_picture(), sent) {
            (Ok(picture), _) => return frame(&picture),
            (Err(Error::Again), Err(Error::Again)) => sent = decoder.send_pending_data(),
            (Err(Error::Again), Ok(())) => return Err(TOO_EARLY.into()),
            (Err(Error::Again), Err(error)) | (Err(error), _) => return Err(failed(error)),
        }
    }
    Err(TOO_EARLY.into())
}

fn frame(picture: &Picture) -> Result<Frame, String> {
    let size = (picture.width() as usize, picture.height() as usize);
    let chroma = match picture.pixel_layout() {
        PixelLayout::I400 => Chroma::None,
        PixelLayout::I420 => Chroma::Quarter,
        PixelLayout::I422 => Chroma::Half,
        PixelLayout::I444 => Chroma::Full,
    };
    let bits = picture.bits_per_component().map_or(0, |bits| bits.0 as u8);
    if !matches!(bits, 8 | 10 | 12) {
        return Err(format!("it has {bits} bits"));
    }
    let plane = |component, (width, height): (usize, usize)| {
        let (plane, stride) = (picture.plane(component), picture.stride(component) as usize);
        let mut numbers = Vec::with_capacity(width * height);
        for row in plane.chunks(stride).take(height) {
            match bits {
                8 => numbers.extend(row[..width].iter().map(|byte| u16::from(*byte))),
                _ => numbers.extend(row.as_chunks().0[..width].iter().map(|pair| u16::from_ne_bytes(*pair))),
            }
        }
        numbers
    };
    let mut planes = [plane(PlanarImageComponent::Y, size), Vec::new(), Vec::new()];
    if chroma != Chroma::None {
        planes[1] = plane(PlanarImageComponent::U, chroma.size(size));
        planes[2] = plane(PlanarImageComponent::V, chroma.size(size));
    }
    let (bits, codes) = ([bits; 2], codes(picture));
    Ok(Frame { size, chroma, upsampling: Upsampling::Linear, bits, planes, codes })
}

/// The code points that the stream states. The library panics at those that no standard defines; they count as
/// unspecified.
fn codes(picture: &Picture) -> Codes {
    let stated = catch_unwind(AssertUnwindSafe(|| Codes {
        primaries: picture.color_primaries() as u16,
        transfer: picture.transfer_characteristic() as u16,
        matrix: picture.matrix_coefficients() as u16,
        is_full: false,
    }));
    // The type is of a crate of the library's, and has no other values than "limited" and "full".
    let is_full = picture.color_range() as u8 != 0;
    let stated = stated.unwrap_or(Codes { primaries: 2, transfer: 2, matrix: 2, is_full });
    Codes { is_full, ..stated }
}
