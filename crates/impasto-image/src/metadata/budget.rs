//! Limits what a block of EXIF, or a whole TIFF file, can demand of a reader. Thousands of fields may point at the same
//! bytes, so that some kilobytes expand to gigabytes. Only directories are read here, no values.

/// Most directories of a file, and most fields in all of them.
const DIRECTORIES: usize = 64;
const FIELDS: usize = 4096;

/// Most bytes of texts; a reader makes a list from each.
const TEXT: usize = 1 << 20;

/// Fields that point to further directories: EXIF, GPS, interoperability.
const POINTERS: [u16; 3] = [0x8769, 0x8825, 0xa005];

/// Whether the file could hold all fields of all directories if each had its own bytes.
pub(super) fn is_affordable(block: &[u8]) -> bool {
    let little = block.starts_with(b"II");
    let two = |at: usize| {
        let bytes = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let four = |at: usize| {
        let bytes = block.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize)
    };
    let (mut directories, mut fields, mut bytes, mut text) = (0, 0, 0usize, 0usize);
    let mut waiting: Vec<usize> = four(4).into_iter().collect();
    while let Some(at) = waiting.pop() {
        directories += 1;
        let count = usize::from(two(at).unwrap_or(0));
        fields += count;
        if directories > DIRECTORIES || fields > FIELDS {
            return false;
        }
        for entry in (0..count).map(|i| at + 2 + 12 * i) {
            // The reader refuses fields beyond the end.
            let (Some(tag), Some(kind), Some(count)) = (two(entry), two(entry + 2), four(entry + 4)) else {
                break;
            };
            if POINTERS.contains(&tag) {
                waiting.extend(four(entry + 8));
            }
            let size = count.saturating_mul(size_of_kind(kind));
            bytes = bytes.saturating_add(if size > 4 { size } else { 0 });
            text = text.saturating_add(if kind == ASCII { size } else { 0 });
        }
        waiting.extend(four(at + 2 + 12 * count).filter(|next| *next != 0));
    }
    bytes <= block.len() && text <= TEXT
}

const ASCII: u16 = 2;

/// Bytes of one value (TIFF 6.0, section 2).
fn size_of_kind(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(fields: &[(u16, u16, u32, u32)]) -> Vec<u8> {
        let mut block = b"II*\0\x08\0\0\0".to_vec();
        block.extend((fields.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in fields {
            block.extend(tag.to_le_bytes().into_iter().chain(kind.to_le_bytes()));
            block.extend(count.to_le_bytes().into_iter().chain(value.to_le_bytes()));
        }
        block.extend([0; 4]);
        block
    }

    #[test]
    fn fields_may_not_share_their_bytes() {
        let mut block = directory(&[(0x010f, ASCII, 1000, 100); 3]);
        assert!(!is_affordable(&block));
        block.extend([0; 3000]);
        assert!(is_affordable(&block));
        assert!(!is_affordable(&directory(&[(0x010f, 7, u32::MAX, 0); 2])));
        assert!(!is_affordable(&[directory(&[(0x010f, ASCII, 3 << 20, 100)]), vec![0; 4 << 20]].concat()));
    }

    #[test]
    fn circles_end() {
        assert!(!is_affordable(&directory(&[(POINTERS[0], 4, 1, 8)])));
        let mut block = directory(&[(0x010f, 3, 1, 1)]);
        let end = block.len() - 4;
        block[end] = 8;
        assert!(!is_affordable(&block));
        assert!(is_affordable(b"") && is_affordable(b"MM\0*\xff\xff\xff\xff"));
    }
}
