//! JPEG files that lack their end marker: whether all pixels are there nevertheless.
//!
//! A decoder needs nothing behind the last coded block. So the file is decoded with different bytes in place of its
//! end: if all data are there, the pixels are the same. The structure tells the rest (ITU-T T.81, annexes B and G):
//! whether all components have a scan, whether a progressive file has all bits of all coefficients, and whether the
//! last scan has all its restart markers.

use std::sync::Arc;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::jpeg::{Segment, is_cut_off, segments};
use super::{Context, Note};
use crate::ImageError;

const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Bytes in place of the end. Two of them may give the same pixels by chance, where few pixels are visible and all of
/// these are black or white. Among six, with short and long codes, one differs.
const FILLS: [u8; 6] = [0x00, 0x55, 0xaa, 0x33, 0xcc, 0xfe];

/// The file with an end marker, and a note, if it has none. A file that lacks data too is an error.
pub(super) fn ended(
    bytes: &Arc<[u8]>,
    context: &Context<'_>,
) -> Result<(Arc<[u8]>, Option<Note>), ImageError> {
    if !is_cut_off(bytes) {
        return Ok((bytes.clone(), None));
    }
    // The first half of a marker is not data.
    let data = bytes.strip_suffix(b"\xff").unwrap_or(bytes);
    let are_equal = || {
        let first = pixels(data, FILLS[0], context)?;
        for fill in &FILLS[1..] {
            if first.is_none() || first != pixels(data, *fill, context)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match has_all_scans(data) && are_equal()? {
        true => Ok(([data, &END_OF_IMAGE].concat().into(), Some(Note::EndIsMissing))),
        false => Err(context.ends_too_early()),
    }
}

/// The pixels of the file with many such bytes in place of its end; `None` if there are none.
fn pixels(data: &[u8], fill: u8, context: &Context<'_>) -> Result<Option<Vec<u8>>, ImageError> {
    const FILL: usize = 1 << 10;
    let file = [data, &[fill; FILL], &END_OF_IMAGE].concat();
    // Errors must not become grey pixels, which would be the same for any bytes.
    let options = DecoderOptions::default().set_strict_mode(true);
    let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&file[..]), options);
    let Ok(()) = decoder.decode_headers() else { return Ok(None) };
    let (Some((width, height)), Some(space)) = (decoder.dimensions(), decoder.input_colorspace()) else {
        return Ok(None);
    };
    let size = width as u64 * height as u64 * space.num_components() as u64;
    context.check((width as u32, height as u32), size)?;
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    Ok(decoder.decode().ok())
}

/// A component of the frame.
struct Component {
    name: u8,
    /// Samples across and down in relation to other components.
    factors: (usize, usize),
    /// The lowest bit of each coefficient that a scan has brought so far.
    bits: [Option<u8>; 64],
}

/// The frame: its size and components (B.2.2).
fn frame(content: &[u8]) -> Option<((usize, usize), Vec<Component>)> {
    let &[_, y1, y0, x1, x0, _, ref components @ ..] = content else { return None };
    let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
    let component = |part: &[u8; 3]| {
        let factors = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
        Component { name: part[0], factors, bits: [None; 64] }
    };
    Some(((side(x1, x0), side(y1, y0)), components.as_chunks().0.iter().map(component).collect()))
}

/// Whether the scans bring all coefficients, and the last one has all restart markers.
fn has_all_scans(bytes: &[u8]) -> bool {
    let (mut found, mut interval, mut is_last_whole) = (None, 0, false);
    for Segment { marker, content, coded, .. } in segments(bytes) {
        match (marker, content, &mut found) {
            (0xc0..=0xc2, ..) => found = frame(content),
            (0xdd, &[high, low], _) => interval = usize::from(u16::from_be_bytes([high, low])),
            (0xda, _, Some((size, components))) => {
                let Some(names) = note_scan(content, components) else { return false };
                let expected = units(*size, components, &names).div_ceil(interval.max(1));
                let is_restart = |pair: &&[u8]| pair[0] == 0xff && matches!(pair[1], 0xd0..=0xd7);
                let restarts = coded.windows(2).filter(is_restart).count();
                is_last_whole = interval == 0 || restarts + 1 >= expected;
            }
            _ => {}
        }
    }
    let is_full = |component: &Component| component.bits.iter().all(|bit| *bit == Some(0));
    found.is_some_and(|(_, components)| is_last_whole && components.iter().all(is_full))
}

/// Notes which bits of coefficients a scan brings (B.2.3), and returns its components.
fn note_scan(content: &[u8], components: &mut [Component]) -> Option<Vec<u8>> {
    let (count, rest) = content.split_first()?;
    let (parts, rest) = rest.split_at_checked(2 * usize::from(*count))?;
    let &[first, last, bits] = rest else { return None };
    let names: Vec<u8> = parts.iter().step_by(2).copied().collect();
    for component in components.iter_mut().filter(|component| names.contains(&component.name)) {
        component.bits.get_mut(usize::from(first)..=usize::from(last))?.fill(Some(bits & 15));
    }
    Some(names)
}

/// The number of units (MCU) of a scan: blocks of a single component, or of several interleaved (A.2).
fn units((width, height): (usize, usize), components: &[Component], names: &[u8]) -> usize {
    let most = |of: fn(&Component) -> usize| components.iter().map(of).max().unwrap_or(1).max(1);
    let (across, down) = (most(|component| component.factors.0), most(|component| component.factors.1));
    let single = components.iter().find(|component| names == [component.name]);
    let (x, y) = single.map_or((1, 1), |component| component.factors);
    let part = |side: usize, factor: usize, most: usize| (side * factor).div_ceil(most).div_ceil(8);
    match single {
        Some(_) => part(width, x, across) * part(height, y, down),
        None => width.div_ceil(8 * across) * height.div_ceil(8 * down),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_scans() {
        let component = |name, factors| Component { name, factors, bits: [None; 64] };
        let components = [component(1, (2, 2)), component(2, (1, 1)), component(3, (1, 1))];
        // 33x17 pixels are 3x2 units of 16x16; luma alone has 5x3 blocks, and a chroma of 17x9 has 3x2.
        let count = |names: &[u8]| units((33, 17), &components, names);
        assert_eq!([count(&[1, 2, 3]), count(&[1]), count(&[2])], [6, 15, 6]);
    }

    #[test]
    fn progressive_scans_bring_bit_after_bit() {
        let mut components = frame(b"\x08\0\x08\0\x08\x01\x07\x11\0").unwrap().1;
        let is_full = |components: &[Component]| components[0].bits.iter().all(|bit| *bit == Some(0));
        for (scan, full) in [
            (b"\x01\x07\0\0\0\0", false),
            (b"\x01\x07\0\x01\x3f\x01", false),
            (b"\x01\x07\0\x01\x3f\x10", true),
        ] {
            assert_eq!(note_scan(scan, &mut components).unwrap(), [7]);
            assert_eq!(is_full(&components), full);
        }
    }
}
