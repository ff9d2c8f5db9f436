//! Unpacks a strip or tile of a TIFF file. The compressions are those of other crates; PackBits is a few lines.

use std::io::{Cursor, Read};

use fax::decoder::{Group3Decoder, Group4Decoder, pels};
use image_webp::WebPDecoder;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::page::{Page, Unread};

/// The size of an unpacked strip or tile, and what its compression needs besides.
pub(super) struct Wanted<'a> {
    pub(super) bytes_of_row: usize,
    pub(super) rows: usize,
    /// Tables that all JPEG streams of the page share.
    pub(super) jpeg_tables: Option<&'a [u8]>,
    /// Options of Group 3.
    pub(super) fax_options: u64,
}

fn damaged<T>(reason: impl Into<String>) -> Result<T, Unread> {
    Err(Unread::Damaged(reason.into()))
}

const TOO_SHORT: &str = "the file ends too early";

/// Unpacks `packed` into `to`, which becomes as long as is wanted.
pub(super) fn unpack(page: &Page, packed: &[u8], wanted: &Wanted, to: &mut Vec<u8>) -> Result<(), Unread> {
    let length = wanted.bytes_of_row * wanted.rows;
    to.clear();
    to.resize(length, 0);
    let reversed: Vec<u8>;
    let packed = match page.is_reversed && !page.is_jpeg() && page.compression != 50001 {
        true => {
            reversed = packed.iter().map(|byte| byte.reverse_bits()).collect();
            &reversed[..]
        }
        false => packed,
    };
    let filled = match page.compression {
        1 => copy(packed, to),
        3 => fax3(page, packed, wanted, to)?,
        4 => fax4(page, packed, wanted, to)?,
        5 => lzw(packed, to),
        6 | 7 => return jpeg(page, packed, wanted, to),
        8 | 32946 => fill(&mut flate2::read::ZlibDecoder::new(packed), to),
        32773 => pack_bits(packed, to),
        50000 => fill_by_zstd(packed, to)?,
        50001 => return webp(page, packed, wanted, to),
        2 => return Err(Unread::Unusual("a TIFF file packed by CCITT's modified Huffman codes".into())),
        34661 => return Err(Unread::Unusual("a TIFF file packed by JBIG".into())),
        33003 | 33005 | 34712 => return Err(Unread::Unusual("a TIFF file packed by JPEG 2000".into())),
        34887 => return Err(Unread::Unusual("a TIFF file packed by LERC".into())),
        34925 => return Err(Unread::Unusual("a TIFF file packed by LZMA".into())),
        50002 | 52546 => return Err(Unread::Unusual("a TIFF file packed by JPEG XL".into())),
        number => return damaged(format!("its packing, {number}, is unknown")),
    };
    if filled < length { damaged(TOO_SHORT) } else { Ok(()) }
}

fn copy(packed: &[u8], to: &mut [u8]) -> usize {
    let length = packed.len().min(to.len());
    to[..length].copy_from_slice(&packed[..length]);
    length
}

/// Reads as much as there is, at most all that is wanted. Returns the length.
fn fill(from: &mut impl Read, to: &mut [u8]) -> usize {
    let mut filled = 0;
    while let Ok(more) = from.read(&mut to[filled..]) {
        filled += more;
        if more == 0 {
            break;
        }
    }
    filled
}

fn fill_by_zstd(packed: &[u8], to: &mut [u8]) -> Result<usize, Unread> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(packed);
    decoder
        .map_or_else(|_| damaged("its Zstandard data are damaged"), |mut decoder| Ok(fill(&mut decoder, to)))
}

fn lzw(packed: &[u8], to: &mut [u8]) -> usize {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let (mut read, mut filled) = (0, 0);
    while filled < to.len() {
        let result = decoder.decode_bytes(&packed[read..], &mut to[filled..]);
        read += result.consumed_in;
        filled += result.consumed_out;
        if result.status.is_err() || (result.consumed_in, result.consumed_out) == (0, 0) {
            break;
        }
    }
    filled
}

/// TIFF 6.0, section 9: a count, then that many bytes as they are, or one byte that many times.
fn pack_bits(packed: &[u8], to: &mut [u8]) -> usize {
    let (mut at, mut filled) = (0, 0);
    while let Some(&count) = packed.get(at).filter(|_| filled < to.len()) {
        at += 1;
        match count as i8 {
            -128 => {}
            count if count >= 0 => {
                let length = (count as usize + 1).min(to.len() - filled);
                let Some(bytes) = packed.get(at..at + length) else { break };
                to[filled..filled + length].copy_from_slice(bytes);
                (at, filled) = (at + count as usize + 1, filled + length);
            }
            count => {
                let length = (1 - count as isize) as usize;
                let Some(byte) = packed.get(at) else { break };
                let end = (filled + length).min(to.len());
                to[filled..end].fill(*byte);
                (at, filled) = (at + 1, end);
            }
        }
    }
    filled
}

/// Puts a line of runs, the first of which is white, into bits: 1 is black.
fn put_line(runs: &[u16], width: u16, to: &mut [u8]) {
    for (x, colour) in pels(runs, width).enumerate() {
        if colour == fax::Color::Black {
            to[x / 8] |= 0x80 >> (x % 8);
        }
    }
}

/// The width in numbers that the fax decoders take.
fn fax_width(page: &Page) -> Result<u16, Unread> {
    match (page.bits, page.samples_of_chunk(), u16::try_from(page.chunk.0)) {
        (1, 1, Ok(width)) => Ok(width),
        _ => damaged("fax codes hold one bit for a pixel, and at most 65535 pixels in a row"),
    }
}

fn fax3(page: &Page, packed: &[u8], wanted: &Wanted, to: &mut [u8]) -> Result<usize, Unread> {
    const TWO_DIMENSIONS: u64 = 1;
    if wanted.fax_options & TWO_DIMENSIONS != 0 {
        return Err(Unread::Unusual("a TIFF file packed by CCITT Group 3 in two dimensions".into()));
    }
    let width = fax_width(page)?;
    let bytes = packed.iter().map(|byte| Ok::<u8, std::convert::Infallible>(*byte));
    let Ok(mut decoder) = Group3Decoder::new(bytes) else {
        return damaged("its fax codes begin with no line");
    };
    let mut rows = to.chunks_exact_mut(wanted.bytes_of_row);
    let mut done = 0;
    // The last line may lack the mark after it; its runs are there all the same.
    for row in &mut rows {
        let more = decoder.advance();
        if decoder.transitions().is_empty() && more.is_err() {
            break;
        }
        put_line(decoder.transitions(), width, row);
        done += wanted.bytes_of_row;
        if more.is_err() {
            break;
        }
    }
    Ok(done)
}

fn fax4(page: &Page, packed: &[u8], wanted: &Wanted, to: &mut [u8]) -> Result<usize, Unread> {
    let width = fax_width(page)?;
    let bytes = packed.iter().map(|byte| Ok::<u8, std::convert::Infallible>(*byte));
    let Ok(mut decoder) = Group4Decoder::new(bytes, width);
    for (index, row) in to.chunks_exact_mut(wanted.bytes_of_row).enumerate() {
        match decoder.advance() {
            Ok(fax::decoder::DecodeStatus::Incomplete) => put_line(decoder.transition(), width, row),
            // White lines before the end may be left out.
            Ok(fax::decoder::DecodeStatus::End) => break,
            Err(_) => return Ok(index * wanted.bytes_of_row),
        }
    }
    Ok(to.len())
}

/// A JPEG stream of its own. Its colours stay as they are stored: the page says what they mean.
fn jpeg(page: &Page, packed: &[u8], wanted: &Wanted, to: &mut [u8]) -> Result<(), Unread> {
    // The tables are a stream without a picture. Its end and the picture's beginning are left out between them.
    let whole: Vec<u8> = match wanted.jpeg_tables {
        Some(tables) if tables.len() >= 4 && packed.len() >= 2 => {
            [&tables[..tables.len() - 2], &packed[2..]].concat()
        }
        _ => packed.to_vec(),
    };
    let failed = |error: zune_jpeg::errors::DecodeErrors| Unread::Damaged(error.to_string());
    let options = DecoderOptions::default().set_strict_mode(false);
    let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&whole[..]), options);
    decoder.decode_headers().map_err(failed)?;
    let (Some((width, height)), Some(stored)) = (decoder.dimensions(), decoder.input_colorspace()) else {
        return damaged("a strip or tile has no size");
    };
    let (samples, columns) = (page.samples_of_chunk(), page.chunk.0);
    if page.bits != 8 || stored.num_components() != samples || width < columns.min(page.width) {
        return damaged("a strip or tile does not fit the page");
    }
    if width.saturating_mul(height) > 4 * columns * page.chunk.1.max(wanted.rows) {
        return damaged("a strip or tile is larger than the page says");
    }
    if height < wanted.rows {
        return damaged(TOO_SHORT);
    }
    decoder.set_options(options.jpeg_set_out_colorspace(stored));
    let pixels = decoder.decode().map_err(failed)?;
    let rows = to.chunks_exact_mut(wanted.bytes_of_row).zip(pixels.chunks_exact(width * samples));
    for (to, from) in rows {
        let length = to.len().min(from.len());
        to[..length].copy_from_slice(&from[..length]);
    }
    Ok(())
}

fn webp(page: &Page, packed: &[u8], wanted: &Wanted, to: &mut [u8]) -> Result<(), Unread> {
    let failed = |error: image_webp::DecodingError| Unread::Damaged(error.to_string());
    let mut decoder = WebPDecoder::new(Cursor::new(packed)).map_err(failed)?;
    let (width, height) = decoder.dimensions();
    let stored = if decoder.has_alpha() { 4 } else { 3 };
    let samples = page.samples_of_chunk();
    let fits = width as usize == page.chunk.0 && (height as usize) <= page.chunk.1.max(wanted.rows);
    if page.bits != 8 || samples < 3 || !fits || (height as usize) < wanted.rows {
        return damaged("a strip or tile does not fit the page");
    }
    let mut pixels = vec![0; width as usize * height as usize * stored];
    decoder.read_image(&mut pixels).map_err(failed)?;
    for (to, from) in to.chunks_exact_mut(samples).zip(pixels.chunks_exact(stored)) {
        to.fill(255);
        let length = samples.min(stored);
        to[..length].copy_from_slice(&from[..length]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_bytes() {
        // The example of TIFF 6.0, section 9.
        let packed =
            [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let expected = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        let mut to = [0; 24];
        assert_eq!(pack_bits(&packed, &mut to), 24);
        assert_eq!(to, expected);
        assert_eq!(pack_bits(&packed[..5], &mut to), 3, "cut off");
    }
}
