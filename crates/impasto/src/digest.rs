//! SHA-256 of what a result depends on: pictures, planes.

use impasto_image::{Picture, Plane};
use sha2::{Digest, Sha256};

/// Number of values that are converted to bytes at a time.
const CHUNK: usize = 1 << 14;

/// The digest as hexadecimal text.
pub(crate) fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a picture's size, its values and its opacity.
pub(crate) fn picture_digest(picture: &Picture, alpha: Option<&Plane>) -> String {
    let mut digest = Sha256::new();
    for edge in [picture.width(), picture.height()] {
        digest.update((edge as u64).to_le_bytes());
    }
    for values in [picture.rgb()].into_iter().chain(alpha.map(Plane::data)) {
        each_bytes(values, |bytes| digest.update(bytes));
    }
    hexadecimal(digest)
}

/// SHA-256 of a plane's size and values.
pub(crate) fn plane_digest(plane: &Plane) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{:?}", plane.size()));
    each_bytes(plane.data(), |bytes| digest.update(bytes));
    hexadecimal(digest)
}

/// Passes the values to `take` as little-endian bytes, one chunk at a time.
pub(crate) fn each_bytes(values: &[f32], mut take: impl FnMut(&[u8])) {
    let mut bytes = Vec::with_capacity(4 * CHUNK);
    for chunk in values.chunks(CHUNK) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
        take(&bytes);
    }
}
