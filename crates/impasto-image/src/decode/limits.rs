//! Limits on a file's demands. A few bytes can describe a picture that fills any memory, so sizes are checked before
//! anything of that size is allocated.

use std::path::Path;
use std::time::Duration;

use crate::ImageError;

/// Limits on reading one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of the picture.
    pub pixels: u64,
    /// Pixels along a side.
    pub side: u32,
    /// Bytes of the file.
    pub file: u64,
    /// Bytes that decoding may take, before the conversion to `f32`.
    pub memory: u64,
    /// Time for reading and decoding; `None` for no limit. Reading standard input is not limited in time.
    pub time: Option<Duration>,
}

impl Default for Limits {
    /// 100 megapixels, 30 000 pixels a side, files of 64 MB, 512 MB for decoding, 8 seconds.
    fn default() -> Self {
        Self {
            pixels: 100_000_000,
            side: 30_000,
            file: 64_000_000,
            memory: 512_000_000,
            time: Some(Duration::from_secs(8)),
        }
    }
}

impl Limits {
    /// No limits, for your own files. Sizes that overflow are still errors.
    pub const NONE: Limits =
        Limits { pixels: u64::MAX, side: u32::MAX, file: u64::MAX, memory: u64::MAX, time: None };

    /// Checks the size that a file declares.
    pub(crate) fn check(
        &self,
        (width, height): (u32, u32),
        bytes: u64,
        path: &Path,
    ) -> Result<(), ImageError> {
        let found = format!("{width}x{height} pixels");
        if width > self.side || height > self.side {
            Err(too_large(path, found, format!("{} pixels a side", self.side)))
        } else if u64::from(width) * u64::from(height) > self.pixels {
            Err(too_large(path, found, format!("{} megapixels", self.pixels as f64 / 1e6)))
        } else if bytes > self.memory {
            let found = format!("{found} in {} of memory", megabytes(bytes));
            Err(too_large(path, found, megabytes(self.memory)))
        } else {
            Ok(())
        }
    }

    pub(crate) fn check_file(&self, bytes: u64, path: &Path) -> Result<(), ImageError> {
        if bytes <= self.file {
            return Ok(());
        }
        Err(too_large(path, format!("a file of over {}", megabytes(self.file)), megabytes(self.file)))
    }

    /// The error for a decoder that needs more memory than allowed.
    pub(crate) fn memory_exceeded(&self, path: &Path) -> ImageError {
        too_large(path, "more memory than allowed".to_owned(), megabytes(self.memory))
    }
}

fn too_large(path: &Path, found: String, limit: String) -> ImageError {
    ImageError::TooLarge { path: path.into(), found, limit }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_held_against_limits() {
        let path = Path::new("x.png");
        let limits = Limits::default();
        assert!(limits.check((10_000, 10_000), 300_000_000, path).is_ok());
        for (size, bytes) in [((30_001, 1), 3), ((20_000, 5_001), 1), ((10_000, 10_000), 600_000_000)] {
            let error = limits.check(size, bytes, path).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }) && error.hint().is_some());
            assert!(Limits::NONE.check(size, bytes, path).is_ok());
        }
        assert!(limits.check_file(64_000_000, path).is_ok());
        let error = limits.check_file(64_000_001, path).unwrap_err();
        assert_eq!(error.to_string(), "x.png: too large: a file of over 64 MB, the limit is 64 MB");
    }
}
