//! Inputs from numbers in memory that are not in a file, such as an array.

use std::fmt::Write;
use std::path::PathBuf;

use impasto::image::{Decoded, Numbers, RawPicture};
use sha2::{Digest, Sha256};

use super::{Input, InputSummary};
use crate::JobError;

impl Input {
    /// Reads a picture from numbers. Reports and recipes know it by `name` and by the digest of its size and numbers.
    ///
    /// # Errors
    /// When the numbers do not make a picture, or all of it is transparent.
    pub fn from_raw(name: &str, raw: RawPicture) -> Result<Input, JobError> {
        let sha256 = digest(&raw);
        Ok(Input::from_decoded(name, sha256, raw.decode(name)?))
    }

    /// An input that is decoded already. `sha256` is a digest of the data that it was decoded from.
    pub fn from_decoded(name: &str, sha256: String, decoded: Decoded) -> Input {
        let (width, height) = decoded.picture.size();
        let summary = InputSummary { path: name.into(), sha256, width, height };
        Input { path: PathBuf::from(name), decoded, summary }
    }

    /// The input with another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Input {
        self.summary.path = name.into();
        self.path = name.into();
        self
    }
}

/// SHA-256 of the size, the kind of numbers, the numbers in little-endian order, and the profile.
fn digest(raw: &RawPicture) -> String {
    let mut digest = Sha256::new();
    let (width, height) = raw.size;
    match &raw.numbers {
        Numbers::Eight(numbers) => {
            digest.update(format!("u8 {width}x{height} {} ", numbers.len()));
            digest.update(numbers);
        }
        Numbers::Sixteen(numbers) => {
            digest.update(format!("u16 {width}x{height} {} ", numbers.len()));
            chunks(&mut digest, numbers, |number| number.to_le_bytes());
        }
        Numbers::Float(numbers) => {
            digest.update(format!("f32 {width}x{height} {} ", numbers.len()));
            chunks(&mut digest, numbers, |number| number.to_le_bytes());
        }
    }
    digest.update(raw.icc_profile.as_deref().unwrap_or_default());
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Adds numbers to a digest, without a second copy of all of them.
fn chunks<T: Copy, const N: usize>(digest: &mut Sha256, numbers: &[T], bytes: impl Fn(T) -> [u8; N]) {
    for chunk in numbers.chunks(1 << 14) {
        digest.update(chunk.iter().flat_map(|number| bytes(*number)).collect::<Vec<u8>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_tell_sizes_and_kinds_apart() {
        let raw = |size, numbers| RawPicture { size, numbers, icc_profile: None, exif: None };
        let of = |size, numbers| Input::from_raw("array", raw(size, numbers)).unwrap().summary.sha256;
        let all = [
            of((2, 1), Numbers::Eight(vec![1; 6])),
            of((1, 2), Numbers::Eight(vec![1; 6])),
            of((2, 1), Numbers::Eight(vec![2; 6])),
            of((2, 1), Numbers::Sixteen(vec![1; 6])),
            of((2, 1), Numbers::Float(vec![1.0; 6])),
        ];
        assert_eq!(all[0], of((2, 1), Numbers::Eight(vec![1; 6])));
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
        assert_eq!(all[0].len(), 64);
    }
}
