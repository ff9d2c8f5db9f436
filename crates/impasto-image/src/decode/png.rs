//! Facts about PNG files that the `image` crate does not report: the coding of their numbers, and whether only their
//! end is missing. Source: Portable Network Graphics (PNG) Specification, third edition (W3C).

use std::sync::Arc;

use super::Note;
use crate::coding::{Coding, Curve};
use crate::primaries::Primaries;
use crate::profile::parsed;

/// Begins each file (clause 5.2).
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A kind of file that is not read, and the advice on it.
pub(super) type Refused = (&'static str, &'static str);

/// Advice on pictures in high dynamic range.
pub(super) const HDR_ADVICE: &str =
    "export it in standard dynamic range (SDR) with the profile of sRGB or of Display P3";

/// The coding of the numbers; `None` if they are sRGB or have a profile that can be read. Clause 4.3 has the precedence
/// of the chunks: cICP, iCCP, sRGB, and then gAMA with cHRM.
pub(super) fn coding(info: &png::Info<'_>) -> Result<Option<Coding>, Refused> {
    let is_grey = matches!(info.color_type, png::ColorType::Grayscale | png::ColorType::GrayscaleAlpha);
    // Grey has the colour of white, whatever the primaries.
    let in_its_model = |coding: Coding| match is_grey {
        true => Coding { primaries: Primaries::SRGB, ..coding },
        false => coding,
    };
    if let Some(codes) = info.coding_independent_code_points {
        match codes.transfer_function {
            16 => return Err(("a PNG in high dynamic range (PQ)", HDR_ADVICE)),
            18 => return Err(("a PNG in high dynamic range (HLG)", HDR_ADVICE)),
            _ if !codes.is_video_full_range_image => {
                return Err(("a PNG with the range of video", "export it with full range (PC levels)"));
            }
            _ => {}
        }
        // Unknown codes leave the decision to the other chunks.
        if let Some(coding) = Coding::of_codes(codes.color_primaries, codes.transfer_function) {
            return Ok(Some(in_its_model(coding)));
        }
    }
    let has_profile = info.icc_profile.as_deref().is_some_and(|icc| parsed(icc).is_some());
    if has_profile || info.srgb.is_some() {
        return Ok(None);
    }
    let primaries = info.chrm_chunk.map(|given| {
        let place = |(x, y): (png::ScaledFloat, png::ScaledFloat)| (x.into_value(), y.into_value());
        let [red, green, blue, white] = [given.red, given.green, given.blue, given.white].map(place);
        Primaries { red, green, blue, white }
    });
    let gamma = info.gama_chunk.map(png::ScaledFloat::into_scaled);
    Ok(of_gamma(gamma, primaries).map(in_its_model))
}

/// The coding by gAMA, in units of 1/100000, and cHRM. Gammas from 1/10 to 10 count as valid.
fn of_gamma(gamma: Option<u32>, primaries: Option<Primaries>) -> Option<Coding> {
    // Clause 11.3.2.5 has 45455 as the gamma of sRGB for decoders that do not know its curve. Programs round it.
    const SRGB: std::ops::RangeInclusive<u32> = 45_000..=45_910;
    const VALID: std::ops::RangeInclusive<u32> = 10_000..=1_000_000;
    let has_srgb_primaries = primaries.is_none_or(|primaries| primaries.is(Primaries::SRGB));
    let curve = match gamma.filter(|gamma| VALID.contains(gamma)) {
        None => Curve::Srgb,
        Some(gamma) if SRGB.contains(&gamma) && has_srgb_primaries => Curve::Srgb,
        Some(100_000) => Curve::Light,
        Some(gamma) => Curve::Power(1e5 / gamma as f32),
    };
    let primaries = primaries.filter(|_| !has_srgb_primaries).unwrap_or(Primaries::SRGB);
    (curve != Curve::Srgb || !has_srgb_primaries).then_some(Coding { curve, primaries })
}

/// A chunk (clause 5.3). It is whole if its data and its checksum are there.
struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    is_whole: bool,
}

/// The chunks up to the first IEND.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, after) = rest.split_first_chunk::<8>()?;
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let is_whole = after.len().checked_sub(4).is_some_and(|most| length <= most);
        rest = match is_whole && &kind != b"IEND" {
            true => &after[length + 4..],
            false => &[],
        };
        Some(Chunk { kind, data: &after[..length.min(after.len())], is_whole })
    })
}

/// Appends a chunk with its checksum.
fn push(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(data);
    let mut sum = flate2::Crc::new();
    sum.update(&file[start..]);
    file.extend(sum.sum().to_be_bytes());
}

/// The file with an end, and a note, if it ends too early. It may lack pixels nevertheless: the decoder finds that out.
pub(super) fn ended(bytes: &Arc<[u8]>) -> (Arc<[u8]>, Option<Note>) {
    let is_whole = |chunk: Chunk<'_>| &chunk.kind == b"IEND" && chunk.is_whole;
    if chunks(bytes).last().is_none_or(is_whole) {
        return (bytes.clone(), None);
    }
    let mut file = SIGNATURE.to_vec();
    let mut at = SIGNATURE.len();
    for chunk in chunks(bytes) {
        let end = at + 12 + chunk.data.len();
        match chunk.is_whole {
            // Its checksum is the decoder's to check.
            true => file.extend(&bytes[at..end]),
            false if &chunk.kind == b"IDAT" => push(&mut file, chunk.kind, chunk.data),
            false => {}
        }
        at = end;
    }
    push(&mut file, *b"IEND", &[]);
    (file.into(), Some(Note::EndIsMissing))
}

/// A file as Xcode "optimises" it for Apple's devices, as an ordinary one; `None` for any other. The chunk CgBI marks
/// such files: their compressed data lack the head and the checksum of zlib. Their numbers are BGRA, multiplied with
/// alpha. Source: https://theapplewiki.com/wiki/PNG_CgBI_Format.
pub(super) fn without_cgbi(bytes: &[u8]) -> Option<Arc<[u8]>> {
    const ZLIB_HEAD: [u8; 2] = [0x78, 0x01];
    chunks(bytes).next().filter(|chunk| &chunk.kind == b"CgBI")?;
    let mut file = SIGNATURE.to_vec();
    let mut is_first = true;
    for chunk in chunks(bytes).skip(1) {
        match &chunk.kind {
            b"IDAT" if is_first => {
                push(&mut file, chunk.kind, &[&ZLIB_HEAD, chunk.data].concat());
                is_first = false;
            }
            _ => push(&mut file, chunk.kind, chunk.data),
        }
    }
    Some(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_srgb_means_its_curve() {
        for gamma in [None, Some(45_455), Some(45_000), Some(0), Some(3)] {
            assert_eq!(of_gamma(gamma, None), None, "{gamma:?}");
            assert_eq!(of_gamma(gamma, Some(Primaries::SRGB)), None, "{gamma:?}");
        }
        let light = Coding { curve: Curve::Light, primaries: Primaries::SRGB };
        assert_eq!(of_gamma(Some(100_000), None), Some(light));
        let adobe = Primaries { green: (0.21, 0.71), ..Primaries::SRGB };
        let coding = of_gamma(Some(45_455), Some(adobe)).unwrap();
        assert!(matches!(coding.curve, Curve::Power(power) if (power - 2.2).abs() < 1e-3));
        assert_eq!(of_gamma(None, Some(adobe)), Some(Coding { curve: Curve::Srgb, primaries: adobe }));
    }

    #[test]
    fn checksums_are_those_of_the_specification() {
        // The chunk IEND is the same in all files.
        let mut file = Vec::new();
        push(&mut file, *b"IEND", &[]);
        assert_eq!(file, b"\0\0\0\0IEND\xae\x42\x60\x82");
    }
}
