//! The directories of a TIFF file (TIFF 6.0, section 2), and of a BigTIFF file, whose offsets have 64 bits.

use std::collections::BTreeSet;

/// The most directories that are read. Files with more pages are rare; hostile ones are not.
const MOST: usize = 4096;

/// Numbers of tags.
pub(super) mod tag {
    pub(in super::super) const SUBFILE: u16 = 254;
    pub(in super::super) const WIDTH: u16 = 256;
    pub(in super::super) const HEIGHT: u16 = 257;
    pub(in super::super) const BITS: u16 = 258;
    pub(in super::super) const COMPRESSION: u16 = 259;
    pub(in super::super) const PHOTOMETRIC: u16 = 262;
    pub(in super::super) const FILL_ORDER: u16 = 266;
    pub(in super::super) const STRIP_OFFSETS: u16 = 273;
    pub(in super::super) const ORIENTATION: u16 = 274;
    pub(in super::super) const SAMPLES: u16 = 277;
    pub(in super::super) const ROWS_PER_STRIP: u16 = 278;
    pub(in super::super) const STRIP_BYTES: u16 = 279;
    pub(in super::super) const X_DENSITY: u16 = 282;
    pub(in super::super) const Y_DENSITY: u16 = 283;
    pub(in super::super) const PLANAR: u16 = 284;
    pub(in super::super) const FAX_OPTIONS: u16 = 292;
    pub(in super::super) const DENSITY_UNIT: u16 = 296;
    pub(in super::super) const PREDICTOR: u16 = 317;
    pub(in super::super) const COLOUR_MAP: u16 = 320;
    pub(in super::super) const TILE_WIDTH: u16 = 322;
    pub(in super::super) const TILE_HEIGHT: u16 = 323;
    pub(in super::super) const TILE_OFFSETS: u16 = 324;
    pub(in super::super) const TILE_BYTES: u16 = 325;
    pub(in super::super) const SUB_DIRECTORIES: u16 = 330;
    pub(in super::super) const INK_SET: u16 = 332;
    pub(in super::super) const EXTRA: u16 = 338;
    pub(in super::super) const FORMAT: u16 = 339;
    pub(in super::super) const JPEG_TABLES: u16 = 347;
    pub(in super::super) const OLD_JPEG: u16 = 513;
    pub(in super::super) const OLD_JPEG_BYTES: u16 = 514;
    pub(in super::super) const YCC_FACTORS: u16 = 529;
    pub(in super::super) const YCC_SUBSAMPLING: u16 = 530;
    pub(in super::super) const REFERENCE: u16 = 532;
    pub(in super::super) const XMP: u16 = 700;
    pub(in super::super) const ICC: u16 = 34675;
    pub(in super::super) const DNG_VERSION: u16 = 50706;
}

/// The bytes of a file and their order.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    bytes: &'a [u8],
    pub(super) is_big_endian: bool,
    /// BigTIFF.
    is_long: bool,
}

/// An entry: a tag, and where its values are.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u16,
    kind: u16,
    count: usize,
    /// Position of the values.
    at: usize,
}

/// One directory.
pub(super) struct Directory<'a> {
    file: File<'a>,
    entries: Vec<Entry>,
}

impl<'a> File<'a> {
    /// `None` for a file that is no TIFF.
    fn of(bytes: &'a [u8]) -> Option<File<'a>> {
        let is_big_endian = bytes.starts_with(b"MM");
        let file = File { bytes, is_big_endian, is_long: false };
        (is_big_endian || bytes.starts_with(b"II")).then_some(())?;
        match file.number(2, 2)? {
            42 => Some(file),
            43 if file.number(4, 2)? == 8 => Some(File { is_long: true, ..file }),
            _ => None,
        }
    }

    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn part(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    /// A whole number of `size` bytes, at most 8.
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let part = self.part(at, size)?;
        let join = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.is_big_endian { part.iter().fold(0, join) } else { part.iter().rev().fold(0, join) })
    }

    fn position(&self, at: usize) -> Option<usize> {
        usize::try_from(self.number(at, if self.is_long { 8 } else { 4 })?).ok()
    }

    /// The directory at a position, and the position of the next one; 0 after the last.
    fn directory(self, at: usize) -> Option<(Directory<'a>, usize)> {
        let (head, size, inline) = if self.is_long { (8, 20, 8) } else { (2, 12, 4) };
        let count = usize::try_from(self.number(at, head)?).ok()?;
        let first = at.checked_add(head)?;
        let end = first.checked_add(count.checked_mul(size)?)?;
        self.part(first, end - first)?;
        let entry = |index: usize| {
            let at = first + index * size;
            let (tag, kind) = (self.number(at, 2)? as u16, self.number(at + 2, 2)? as u16);
            let count = usize::try_from(self.number(at + 4, inline)?).ok()?;
            let value = at + 4 + inline;
            let fits = size_of_kind(kind)?.checked_mul(count)? <= inline;
            let at = if fits { value } else { self.position(value)? };
            self.part(at, size_of_kind(kind)? * count)?;
            Some(Entry { tag, kind, count, at })
        };
        // An entry that cannot be read counts as absent.
        let entries = (0..count).filter_map(entry).collect();
        Some((Directory { file: self, entries }, self.position(end).unwrap_or(0)))
    }
}

/// Bytes of a value; `None` for an unknown kind.
fn size_of_kind(kind: u16) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

/// The directories in the order of the file. Empty for a file that is no TIFF or has none.
pub(super) fn directories(bytes: &[u8]) -> Vec<Directory<'_>> {
    let mut all = Vec::new();
    let Some(file) = File::of(bytes) else { return all };
    let (mut seen, mut at) = (BTreeSet::new(), file.position(if file.is_long { 8 } else { 4 }).unwrap_or(0));
    while at != 0 && all.len() < MOST && seen.insert(at) {
        let Some((directory, next)) = file.directory(at) else { break };
        all.push(directory);
        at = next;
    }
    all
}

impl<'a> Directory<'a> {
    pub(super) fn file(&self) -> File<'a> {
        self.file
    }

    /// The directories that this one names: thumbnails, or the picture itself in some camera raw files.
    pub(super) fn children(&self) -> Vec<Directory<'a>> {
        let at = self.numbers(tag::SUB_DIRECTORIES).unwrap_or_default();
        let directory = |at: u64| Some(self.file.directory(usize::try_from(at).ok()?)?.0);
        at.into_iter().take(MOST).filter_map(directory).collect()
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entries.iter().any(|entry| entry.tag == tag)
    }

    /// The whole numbers of a tag.
    pub(super) fn numbers(&self, tag: u16) -> Option<Vec<u64>> {
        let Entry { kind, count, at, .. } = *self.entries.iter().find(|entry| entry.tag == tag)?;
        let size = size_of_kind(kind)?;
        if !matches!(kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            return None;
        }
        (0..count).map(|index| self.file.number(at + index * size, size)).collect()
    }

    /// The first number of a tag.
    pub(super) fn number(&self, tag: u16) -> Option<u64> {
        let Entry { kind, count, at, .. } = *self.entries.iter().find(|entry| entry.tag == tag)?;
        if count == 0 || !matches!(kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            return None;
        }
        self.file.number(at, size_of_kind(kind)?)
    }

    /// The fractions of a tag.
    pub(super) fn fractions(&self, tag: u16) -> Option<Vec<f64>> {
        let Entry { kind: 5, count, at, .. } = *self.entries.iter().find(|entry| entry.tag == tag)? else {
            return None;
        };
        let fraction = |index: usize| {
            let (above, below) =
                (self.file.number(at + 8 * index, 4)?, self.file.number(at + 8 * index + 4, 4)?);
            (below > 0).then(|| above as f64 / below as f64)
        };
        (0..count).map(fraction).collect()
    }

    /// The bytes of a tag.
    pub(super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let Entry { kind, count, at, .. } = *self.entries.iter().find(|entry| entry.tag == tag)?;
        self.file.part(at, size_of_kind(kind)? * count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_both_orders_and_sizes_are_read() {
        let little = b"II*\0\x08\0\0\0\x01\0\x00\x01\x03\0\x01\0\0\0\x07\0\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\0\0\x03\0\0\0\x01\0\x07\0\0\0\0\0\0";
        let long = [
            &b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x00\x01\x03\0\x01\0\0\0\0\0\0\0"[..],
            b"\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ]
        .concat();
        for bytes in [&little[..], big, &long] {
            let all = directories(bytes);
            assert_eq!(all.iter().map(|one| one.number(tag::WIDTH)).collect::<Vec<_>>(), [Some(7)]);
        }
    }

    #[test]
    fn a_directory_that_follows_itself_is_read_once() {
        let bytes = b"II*\0\x08\0\0\0\x01\0\x00\x01\x03\0\x01\0\0\0\x07\0\0\0\x08\0\0\0";
        assert_eq!(directories(bytes).len(), 1);
        assert!(directories(&bytes[..12]).is_empty());
        assert!(directories(b"IX*\0").is_empty());
    }
}
