//! TGA files without the footer of version 2, which is the only signature of the format. They are recognised if all
//! fields of their header are plausible, and their pixels end where the file ends. Source: Truevision TGA File Format
//! Specification, version 2.0.

/// Whether this can be nothing but a TGA file.
pub(super) fn is_plausible(bytes: &[u8]) -> bool {
    pixels_end(bytes) == Some(bytes.len())
}

/// The place behind the pixels; `None` if the header is implausible or pixels are missing.
fn pixels_end(bytes: &[u8]) -> Option<usize> {
    let &[name, has_map, kind, m0, m1, n0, n1, entry, _, _, _, _, w0, w1, h0, h1, depth, descriptor] =
        bytes.first_chunk::<18>()?;
    let number = |low, high| usize::from(u16::from_le_bytes([low, high]));
    let (first, entries, area) = (number(m0, m1), number(n0, n1), number(w0, w1) * number(h0, h1));
    let is_map = match has_map {
        0 => first == 0 && entries == 0 && matches!(entry, 0 | 24 | 32),
        1 => entries > 0 && matches!(entry, 15 | 16 | 24 | 32),
        _ => false,
    };
    let is_depth = match kind & !8 {
        1 => has_map == 1 && matches!(depth, 8 | 16),
        2 => matches!(depth, 15 | 16 | 24 | 32),
        3 => matches!(depth, 8 | 16),
        _ => false,
    };
    // The lowest four bits count those of alpha; the two highest are unused.
    let is_alpha = match descriptor & 15 {
        0 => true,
        1 => matches!(depth, 15 | 16) || kind & !8 == 1,
        8 => matches!(depth, 16 | 32) || kind & !8 == 1,
        _ => false,
    };
    if !(is_map && is_depth && is_alpha && kind <= 11 && area > 0 && descriptor < 64) {
        return None;
    }
    let start = 18 + usize::from(name) + entries * usize::from(entry).div_ceil(8);
    let each = usize::from(depth).div_ceil(8);
    match kind < 8 {
        true => Some(start + area * each),
        false => packets_end(bytes, start, area, each),
    }
}

/// The place behind run-length packets for so many pixels of so many bytes.
fn packets_end(bytes: &[u8], mut at: usize, area: usize, each: usize) -> Option<usize> {
    let mut pixels = 0;
    while pixels < area {
        let head = *bytes.get(at)?;
        let count = usize::from(head & 127) + 1;
        at += 1 + each * if head > 127 { 1 } else { count };
        pixels += count;
    }
    (pixels == area).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_plausible_to_the_last_byte() {
        let header = |kind: u8, depth: u8| [0, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 0, depth, 0];
        let plain = [&header(2, 24)[..], &[7; 18]].concat();
        assert!(is_plausible(&plain));
        assert!(!is_plausible(&plain[..35]) && !is_plausible(&[&plain[..], b"x"].concat()));
        // A run of five and one pixel by itself.
        let runs = [&header(11, 8)[..], &[0x84, 1, 0, 9]].concat();
        assert!(is_plausible(&runs) && !is_plausible(&runs[..20]));
        assert!(!is_plausible(&[&header(11, 8)[..], &[0x86, 1]].concat()), "a run beyond the picture");
        for (at, value) in [(1, 2), (2, 4), (2, 0x42), (3, 1), (7, 13), (12, 0), (16, 7), (17, 0x40), (17, 3)]
        {
            let mut odd = plain.clone();
            odd[at] = value;
            assert!(!is_plausible(&odd), "{value} at {at}");
        }
        assert!(!is_plausible(&[0; 1000]) && !is_plausible(b""));
    }
}
