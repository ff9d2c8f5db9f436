//! Hashes a file while it passes by, and compares the hash with the published one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::catalogue::Digest;

/// Computes the SHA-256 of the data, and the MD5 when that is what is published.
#[derive(Clone)]
pub(super) struct Hasher {
    sha256: Sha256,
    md5: Option<Md5>,
}

/// The hashes of the data, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hashes {
    pub(super) sha256: String,
    md5: Option<String>,
}

impl Hasher {
    /// A hasher for data that should have this digest.
    pub(super) fn new(expected: Option<Digest>) -> Hasher {
        let md5 = matches!(expected, Some(Digest::Md5(_))).then(Md5::new);
        Hasher { sha256: Sha256::new(), md5 }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    /// Hashes everything from a reader; returns the number of bytes.
    pub(super) fn update_from(&mut self, mut from: impl Read) -> io::Result<u64> {
        let (mut buffer, mut total) = (vec![0; 1 << 18], 0);
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(read) => {
                    self.update(&buffer[..read]);
                    total += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn finish(self) -> Hashes {
        Hashes {
            sha256: crate::hexadecimal(&self.sha256.finalize()),
            md5: self.md5.map(|md5| crate::hexadecimal(&md5.finalize())),
        }
    }
}

impl Hashes {
    /// Compares with the expected digest; an error states both.
    pub(super) fn check(&self, expected: Option<Digest>) -> Result<(), String> {
        let (kind, expected, found) = match expected {
            None => return Ok(()),
            Some(Digest::Sha256(expected)) => ("SHA-256", expected, &self.sha256[..]),
            Some(Digest::Md5(expected)) => ("MD5", expected, self.md5.as_deref().unwrap_or_default()),
        };
        if found.starts_with(expected) {
            return Ok(());
        }
        let dots = if expected.len() < found.len() { "..." } else { "" };
        Err(format!("expected {kind} {expected}{dots}, found {found}"))
    }
}

/// Hashes a file.
pub(super) fn hash_file(path: &Path, expected: Option<Digest>) -> io::Result<Hashes> {
    let mut hasher = Hasher::new(expected);
    hasher.update_from(File::open(path)?)?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of FIPS 180-2 and RFC 1321.
    const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MD5_OF_ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

    #[test]
    fn hashes_are_those_of_the_standards_and_may_be_cut_short() {
        for expected in [
            None,
            Some(Digest::Sha256(SHA256_OF_ABC)),
            Some(Digest::Sha256("ba7816bf")),
            Some(Digest::Md5(MD5_OF_ABC)),
        ] {
            let mut hasher = Hasher::new(expected);
            hasher.update(b"a");
            assert_eq!(hasher.update_from(&b"bc"[..]).unwrap(), 2);
            hasher.finish().check(expected).unwrap();
        }
        let mut hasher = Hasher::new(Some(Digest::Md5(MD5_OF_ABC)));
        hasher.update(b"abd");
        let hashes = hasher.finish();
        assert!(hashes.check(Some(Digest::Md5(MD5_OF_ABC))).unwrap_err().contains("expected MD5 900150"));
        assert!(hashes.check(Some(Digest::Sha256("ba7816bf"))).unwrap_err().contains("ba7816bf..."));
    }
}
