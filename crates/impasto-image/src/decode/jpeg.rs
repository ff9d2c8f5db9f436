//! Facts that JPEG decoders do not report: the kind of JPEG, whether Adobe's programs wrote it, whether it has a gain
//! map, its print size. Source: ITU-T T.81, annex B.

use crate::metadata::Density;

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// A segment: its marker and its content.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    pub(super) content: &'a [u8],
    /// The coded data, for a scan.
    pub(super) coded: &'a [u8],
    /// The place behind all that.
    pub(super) end: usize,
}

/// The segments of the file itself, up to its end marker. What stands inside of other segments, such as thumbnails, is
/// not among them. The end marker is a segment without content.
pub(super) fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8").unwrap_or_default();
    std::iter::from_fn(move || {
        // Decoders skip what is not a marker, and any number of fill bytes may precede one.
        let at = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
        let (marker, after) = (rest[at + 1], &rest[at + 2..]);
        let mut segment = Segment { marker, content: &[], coded: &[], end: 0 };
        if marker == END_OF_IMAGE {
            rest = &[];
        } else if matches!(marker, 0x01 | 0xd0..=0xd8) {
            rest = after;
        } else {
            let length = usize::from(u16::from_be_bytes(*after.first_chunk()?)).max(2);
            let (content, after) = after.split_at_checked(length)?;
            segment.content = &content[2..];
            let coded = if marker == START_OF_SCAN { end_of_scan(after) } else { 0 };
            (segment.coded, rest) = after.split_at(coded);
        }
        segment.end = bytes.len() - rest.len();
        Some(segment)
    })
}

/// The length of the coded data: up to the next marker that is not part of it.
fn end_of_scan(bytes: &[u8]) -> usize {
    // A zero after 0xff stands for 0xff as data; d0 to d7 are restart markers within the data.
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
    bytes.windows(2).position(is_marker).unwrap_or(bytes.len())
}

/// The segments before the first scan.
fn header(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    segments(bytes).take_while(|segment| segment.marker != START_OF_SCAN)
}

/// Whether the file ends before its end marker.
pub(super) fn is_cut_off(bytes: &[u8]) -> bool {
    !segments(bytes).any(|segment| segment.marker == END_OF_IMAGE)
}

/// The kind of a JPEG that is not read (table B.1); `None` if it is of a usual kind.
pub(super) fn unusual(bytes: &[u8]) -> Option<&'static str> {
    header(bytes).find_map(|Segment { marker, content, .. }| match (marker, content.first()) {
        (0xc0..=0xc2, Some(12)) => Some(Some("a JPEG of 12 bits")),
        (0xc0..=0xc2, _) => Some(None),
        (0xc3, _) => Some(Some("a lossless JPEG (SOF3)")),
        (0xc9 | 0xca, _) => Some(Some("a JPEG with arithmetic coding")),
        (0xcb, _) => Some(Some("a lossless JPEG with arithmetic coding")),
        (0xc5..=0xc7 | 0xcd..=0xcf | 0xde, _) => Some(Some("a hierarchical JPEG")),
        // ITU-T T.87, annex C.
        (0xf7, _) => Some(Some("a JPEG-LS picture")),
        _ => None,
    })?
}

/// Whether a segment of Adobe's (APP14) precedes the picture.
pub(super) fn is_by_adobe(bytes: &[u8]) -> bool {
    header(bytes).any(|segment| segment.marker == 0xee && segment.content.starts_with(b"Adobe"))
}

/// Whether the file has a gain map for bright screens: Ultra HDR, ISO 21496-1, or Apple's. The map is a second JPEG
/// behind the first; its header or that of the file says what it is.
pub(super) fn has_gain_map(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [
        b"http://ns.adobe.com/hdr-gain-map/",
        b"urn:iso:std:iso:ts:21496:-1",
        b"http://ns.apple.com/HDRGainMap/",
    ];
    let says = |segment: Segment<'_>| {
        let holds = |name: &[u8]| segment.content.windows(name.len()).any(|window| window == name);
        matches!(segment.marker, 0xe1 | 0xe2) && NAMES.into_iter().any(holds)
    };
    let is_extended = header(bytes).any(|segment| {
        segment.marker == 0xe2
            && (segment.content.starts_with(b"MPF\0") || segment.content.starts_with(b"urn:iso"))
    });
    header(bytes).any(says) || is_extended && second(bytes).is_some_and(|second| header(second).any(says))
}

/// The JPEG behind the end marker, as in files of several pictures (CIPA DC-007).
fn second(bytes: &[u8]) -> Option<&[u8]> {
    let last = segments(bytes).filter(|segment| segment.marker == START_OF_SCAN).last()?;
    let rest = &bytes[last.end..];
    let start = rest.windows(3).position(|window| window == b"\xff\xd8\xff")?;
    Some(&rest[start..])
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
        assert_eq!(second(&file), None);
        file.extend(b"\xff\xd8\xff\xd9");
        assert_eq!(second(&file), Some(&b"\xff\xd8\xff\xd9"[..]));
    }

    #[test]
    fn only_segments_of_the_file_count() {
        let adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0";
        let inside = [b"\xff\xd8\xff\xe1\0\x12".as_slice(), adobe, b"\xff\xda\0\x02\xff\xd9"].concat();
        assert!(!is_by_adobe(&inside));
        let far = vec![0; 65_000];
        let other = [b"\xff\xe2\xfd\xea".as_slice(), &far].concat();
        let behind = [b"\xff\xd8".as_slice(), &other.repeat(20), adobe, b"\xff\xda\0\x02\xff\xd9"].concat();
        assert!(behind.len() > 1 << 20 && is_by_adobe(&behind));
        let after = [b"\xff\xd8\xff\xda\0\x02a".as_slice(), adobe, b"\xff\xd9"].concat();
        assert!(!is_by_adobe(&after), "it does not precede the picture");
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
