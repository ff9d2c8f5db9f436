//! The numbers in the unpacked rows of a strip or tile: bits, byte order, and differences (the predictors of TIFF 6.0,
//! section 14, and of technical note 3 for floating point).

use half::f16;

use super::page::{Format, Page, Unread};

/// Rows become numbers in 0..1, or as they are in floating point.
pub(super) struct Numbers {
    bits: u32,
    format: Format,
    is_big_endian: bool,
    /// Numbers of a pixel.
    samples: usize,
    differences: Differences,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Differences {
    None,
    /// Differences to the number of the same channel in the pixel before.
    Whole,
    /// Differences of bytes. The most significant bytes of all numbers come first.
    Float,
}

impl Numbers {
    pub(super) fn of(page: &Page, is_big_endian: bool) -> Result<Numbers, Unread> {
        let Page { bits, format, predictor, .. } = *page;
        // Predictors belong to LZW, Deflate and Zstandard; elsewhere the tag means nothing.
        let has = matches!(page.compression, 5 | 8 | 32946 | 50000);
        let differences = match (predictor, format) {
            (1, _) => Differences::None,
            _ if !has => Differences::None,
            (2, Format::Whole) => Differences::Whole,
            (3, Format::Float) => Differences::Float,
            (number, _) => {
                return Err(Unread::Damaged(format!("its predictor, {number}, does not fit its numbers")));
            }
        };
        // JPEG and WebP give bytes.
        Ok(Numbers { bits, format, is_big_endian, samples: page.samples_of_chunk(), differences })
    }

    /// Whole numbers of a row, as they are stored; for palettes.
    pub(super) fn codes(&self, row: &[u8], to: &mut Vec<u32>) {
        let Numbers { bits, samples, .. } = *self;
        to.clear();
        match bits {
            8 => to.extend(row.iter().map(|byte| u32::from(*byte))),
            16 => to.extend(row.as_chunks().0.iter().map(|two| u32::from(self.sixteen(*two)))),
            32 => to.extend(row.as_chunks().0.iter().map(|four| self.thirty_two(*four))),
            _ => to.extend(packed(row, bits as usize)),
        }
        if self.differences == Differences::Whole {
            let mask = if bits == 32 { u32::MAX } else { (1 << bits) - 1 };
            for at in samples..to.len() {
                to[at] = to[at].wrapping_add(to[at - samples]) & mask;
            }
        }
    }

    /// Numbers of a row in 0..1, or as they are in floating point. `codes` is space to work in.
    pub(super) fn values(&self, row: &mut [u8], codes: &mut Vec<u32>, to: &mut Vec<f32>) {
        to.clear();
        if self.format == Format::Whole {
            self.codes(row, codes);
            let white = (u64::MAX >> (64 - self.bits)) as f64;
            match self.bits {
                // One division in single precision, as everywhere for these depths.
                0..=16 => to.extend(codes.iter().map(|code| *code as f32 / white as f32)),
                _ => to.extend(codes.iter().map(|code| (f64::from(*code) / white) as f32)),
            }
            return;
        }
        let size = self.bits as usize / 8;
        let ordered = if self.differences == Differences::Float {
            Some(without_differences(row, size, self.samples))
        } else {
            None
        };
        // After this predictor the most significant byte comes first.
        let (row, is_big) = (ordered.as_deref().unwrap_or(row), ordered.is_some() || self.is_big_endian);
        let whole = |bytes: &[u8]| -> u64 {
            let join = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
            if is_big { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
        };
        to.extend(row.chunks_exact(size).map(|bytes| match size {
            2 => f16::from_bits(whole(bytes) as u16).to_f32(),
            4 => f32::from_bits(whole(bytes) as u32),
            _ => f64::from_bits(whole(bytes)) as f32,
        }));
    }

    fn sixteen(&self, bytes: [u8; 2]) -> u16 {
        if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn thirty_two(&self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

/// Numbers of any number of bits, the most significant bit first.
fn packed(row: &[u8], bits: usize) -> impl Iterator<Item = u32> {
    (0..row.len() * 8 / bits).map(move |index| {
        let (first, end) = (index * bits, (index + 1) * bits);
        let bytes = &row[first / 8..end.div_ceil(8)];
        let all = bytes.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let below = bytes.len() * 8 - (end - first / 8 * 8);
        (all >> below & (u64::MAX >> (64 - bits))) as u32
    })
}

/// Adds up differences of bytes, and brings the bytes of each number together, the most significant first.
fn without_differences(row: &mut [u8], size: usize, samples: usize) -> Vec<u8> {
    for at in samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - samples]);
    }
    let count = row.len() / size;
    (0..count * size).map(|at| row[at % size * count + at / size]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_few_bits() {
        assert_eq!(packed(&[0b1010_0111, 0b0000_1111], 4).collect::<Vec<_>>(), [10, 7, 0, 15]);
        assert_eq!(packed(&[0b10_01_11_00], 2).collect::<Vec<_>>(), [2, 1, 3, 0]);
        assert_eq!(packed(&[0xab, 0xcd, 0xef], 12).collect::<Vec<_>>(), [0xabc, 0xdef]);
        assert_eq!(packed(&[0xff, 0, 0xff, 0x80], 10).collect::<Vec<_>>(), [0x3fc, 0x00f, 0x3e0]);
    }

    #[test]
    fn bytes_of_numbers_are_brought_together() {
        // 1.0 and 2.0 in single precision, most significant bytes first, then as differences of bytes.
        let mut row = [0x3f, 0x40 - 0x3f, 0x80 - 0x40, 0x80, 0, 0, 0, 0];
        // 3f 40 80 00 00 00 00 00 after the sums.
        let bytes = without_differences(&mut row, 4, 1);
        assert_eq!(bytes, [0x3f, 0x80, 0, 0, 0x40, 0, 0, 0]);
    }
}
