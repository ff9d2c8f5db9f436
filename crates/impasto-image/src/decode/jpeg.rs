//! Facts that JPEG decoders do not report: whether the file is complete (they silently fill missing data with grey),
//! and its print size.

use crate::metadata::Density;

/// Whether the file ends before its end marker. Files with an unexpected structure are left to the decoder.
pub(super) fn is_cut_off(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2; // after the start marker
    loop {
        match bytes.get(at..at + 2) {
            // Any number of fill bytes may precede a marker.
            Some([0xff, 0xff]) => at += 1,
            Some([0xff, END_OF_IMAGE]) => return false,
            Some([0xff, marker]) => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return true };
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
                if *marker == START_OF_SCAN {
                    at = end_of_scan(bytes, at);
                }
            }
            Some(_) => return false,
            None => return true,
        }
    }
}

/// The end of the coded data from `at` on: the next marker that is not part of it.
fn end_of_scan(bytes: &[u8], mut at: usize) -> usize {
    while let Some(pair) = bytes.get(at..at + 2) {
        // A zero after 0xff stands for 0xff as data; d0 to d7 are restart markers within the data.
        if pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The density from the JFIF segment (ITU-T T.871), which is the first segment if there is one.
pub(super) fn density(bytes: &[u8]) -> Option<Density> {
    let segment = bytes.strip_prefix(b"\xff\xd8\xff\xe0")?;
    let &[unit, x1, x0, y1, y0] = segment.get(2..)?.strip_prefix(b"JFIF\0")?.get(2..7)? else { return None };
    let (x, y) = (f64::from(u16::from_be_bytes([x1, x0])), f64::from(u16::from_be_bytes([y1, y0])));
    match unit {
        1 => Density::per_inch(x, y),
        2 => Density::per_inch(2.54 * x, 2.54 * y),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_over_thumbnails_and_coded_data() {
        // An application segment that holds an end marker, then a scan with a stuffed byte, a restart and a
        // fill byte.
        let mut file = b"\xff\xd8\xff\xe1\0\x04\xff\xd9\xff\xda\0\x02ab\xff\0c\xff\xd0d\xff".to_vec();
        assert!(is_cut_off(&file));
        file.extend(b"\xff\xd9");
        assert!(!is_cut_off(&file));
        assert!((2..file.len()).all(|length| is_cut_off(&file[..length])));
        file.extend(b"trailing bytes of some phone");
        assert!(!is_cut_off(&file));
    }

    #[test]
    fn density_of_jfif() {
        let file =
            |unit| [b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02", &[unit, 0, 100, 1, 44, 0, 0][..]].concat();
        assert_eq!(density(&file(1)), Some(Density { x: 100.0, y: 300.0 }));
        assert_eq!(density(&file(2)), Some(Density { x: 254.0, y: 762.0 }));
        assert_eq!(density(&file(0)), None, "only a ratio");
        assert_eq!(density(&file(1)[..14]), None);
    }
}
