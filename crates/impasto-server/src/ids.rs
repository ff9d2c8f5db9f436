//! The forms of ids: digests of pictures, and UUIDs of jobs.

use rand::TryRng;

/// Whether a text is a SHA-256 in lower-case hexadecimal. It is then also safe as a name of a file.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(is_hexadecimal)
}

/// Whether a text is a UUID in its canonical form: lower case, with hyphens. Another spelling of the same UUID would be
/// another job.
pub(crate) fn is_uuid(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => is_hexadecimal(byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

fn is_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// A new random UUID (version 4).
pub(crate) fn uuid() -> std::io::Result<String> {
    let mut bytes = [0u8; 16];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_ids_are_ids() {
        assert!(is_uuid("0b54ac1e-3a35-4a3e-9d5e-0a5c8d6f7b21") && is_uuid(&uuid().unwrap()));
        for bad in [
            "",
            "0B54AC1E-3a35-4a3e-9d5e-0a5c8d6f7b21",
            "0b54ac1e3a354a3e9d5e0a5c8d6f7b21",
            "{0b54ac1e-3a35-4a3e-9d5e-0a5c8d6f7b21}",
            "0b54ac1e-3a35-4a3e-9d5e-0a5c8d6f7b2/",
        ] {
            assert!(!is_uuid(bad), "{bad}");
        }
        assert!(is_digest(&"a0".repeat(32)));
        for bad in ["", "a0", &"A0".repeat(32), &"../".repeat(22)[..64]] {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
