//! HEVC (ITU-T H.265), by heifer-hevc-dec. Pictures in files are coded without reference to others.

use heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use heifer_hevc_dec::nal::{NalUnit, split_annex_b};
use heifer_hevc_dec::params::{ParameterSets, Vui};

use super::frame::{Chroma, Codes, Frame, Upsampling};

pub(super) use heifer_hevc_dec::Error;

/// Decodes a picture of at most so many pixels.
pub(super) fn decode(stream: &[u8], most: u64) -> Result<Frame, Error> {
    let decoded = decode_picture(stream, DecodeOptions { max_pixels: most, ..DecodeOptions::default() })?;
    let size = (decoded.widths[0] as usize, decoded.heights[0] as usize);
    let chroma = match decoded.chroma_format {
        0 => Chroma::None,
        1 => Chroma::Quarter,
        2 => Chroma::Half,
        _ => Chroma::Full,
    };
    let mut planes = decoded.planes;
    // Chroma of an odd size is rounded down by the crop of the coded picture.
    let expected = chroma.size(size);
    for (plane, (width, height)) in planes[1..]
        .iter_mut()
        .zip([1, 2].map(|plane| (decoded.widths[plane] as usize, decoded.heights[plane] as usize)))
    {
        if chroma == Chroma::None {
            plane.clear();
        } else if (width, height) != expected {
            return Err(Error::Invalid("chroma and luma differ in size"));
        }
    }
    let (bits, codes) = (decoded.bit_depth, codes(stream));
    Ok(Frame { size, chroma, upsampling: Upsampling::Nearest, bits, planes, codes })
}

/// The code points that the stream states: in the range of video and unspecified if it states none.
fn codes(stream: &[u8]) -> Codes {
    let mut sets = ParameterSets::default();
    for unit in split_annex_b(stream).map_while(|unit| NalUnit::parse(unit).ok()) {
        if unit.header.unit_type.is_slice() || sets.add(&unit).is_err() {
            break;
        }
    }
    let stated = sets.sps.into_iter().flatten().find_map(|set| set.vui);
    let unspecified = Vui {
        video_full_range_flag: false,
        colour_primaries: 2,
        transfer_characteristics: 2,
        matrix_coeffs: 2,
    };
    let stated = stated.unwrap_or(unspecified);
    Codes {
        primaries: stated.colour_primaries.into(),
        transfer: stated.transfer_characteristics.into(),
        matrix: stated.matrix_coeffs.into(),
        is_full: stated.video_full_range_flag,
    }
}
