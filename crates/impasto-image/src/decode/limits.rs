//! Limits on a file's demands. A few bytes can describe a picture that fills any memory, so sizes are checked before
//! anything of that size is allocated.

use std::fs::Metadata;
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
    /// 100 megapixels, 30 000 pixels a side, files of 400 MB, 1 GB for decoding, 8 seconds. So the files of ordinary
    /// cameras pass: 100 megapixels of RGBA in 8 bits have 400 MB, and 50 megapixels of RGB in 16 bits have 300 MB.
    /// Some decoders take twice that.
    fn default() -> Self {
        Self {
            pixels: 100_000_000,
            side: 30_000,
            file: 400_000_000,
            memory: 1_000_000_000,
            time: Some(Duration::from_secs(8)),
        }
    }
}

impl Limits {
    /// No limits, for your own files. Sizes that overflow are still errors.
    pub const NONE: Limits =
        Limits { pixels: u64::MAX, side: u32::MAX, file: u64::MAX, memory: u64::MAX, time: None };

    /// Checks the size that a file declares, and the bytes that decoding it takes.
    ///
    /// # Errors
    /// [`ImageError`] for a size beyond the limits.
    pub fn check(&self, (width, height): (u32, u32), bytes: u64, path: &Path) -> Result<(), ImageError> {
        let (found, pixels) = (format!("{width}x{height} pixels"), u64::from(width) * u64::from(height));
        let (side, many, heavy) = (width.max(height), pixels > self.pixels, bytes > self.memory);
        let (found, limit) = if side > self.side {
            (found, format!("{} pixels a side", self.side))
        } else if many {
            (found, format!("{} megapixels", self.pixels as f64 / 1e6))
        } else if heavy {
            (format!("{found} in {} of memory", megabytes(bytes)), megabytes(self.memory))
        } else {
            return Ok(());
        };
        // All limits that the file exceeds, so that the next attempt succeeds.
        let raised = [
            (side > self.side).then(|| format!("side={side}")),
            many.then(|| format!("megapixels={}", pixels.div_ceil(1_000_000))),
            heavy.then(|| format!("memory={}", size(bytes))),
        ];
        let raised = raised.into_iter().flatten().collect::<Vec<_>>().join(",");
        Err(too_large(path, found, limit, raised))
    }

    pub(crate) fn check_file(&self, bytes: u64, path: &Path) -> Result<(), ImageError> {
        if bytes <= self.file {
            return Ok(());
        }
        // Reading stops beyond the limit, so the file itself tells its size. A pipe does not.
        let known = std::fs::metadata(path).ok().filter(Metadata::is_file).map(|file| file.len());
        let raised = known.map_or("file=none".to_owned(), |known| format!("file={}", size(known.max(bytes))));
        let found = format!("a file of over {}", megabytes(self.file));
        Err(too_large(path, found, megabytes(self.file), raised))
    }

    /// The error for a decoder that needs more memory than allowed.
    pub(crate) fn memory_exceeded(&self, path: &Path) -> ImageError {
        too_large(path, "more memory than allowed".to_owned(), megabytes(self.memory), "memory=none".into())
    }
}

fn too_large(path: &Path, found: String, limit: String, raised: String) -> ImageError {
    ImageError::TooLarge { path: path.into(), found, limit, raised }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes as f64 / 1e6)
}

/// A size that is at least this large, in whole megabytes: `350M`.
fn size(bytes: u64) -> String {
    format!("{}M", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_held_against_limits() {
        let path = Path::new("x.png");
        let limits = Limits::default();
        // Pictures of cameras: 100 megapixels of RGBA in 8 bits, 24 of RGBA and 50 of RGB in 16 bits.
        for (size, channel_bytes) in [((10_000, 10_000), 4), ((6000, 4000), 8), ((8660, 5774), 6)] {
            let bytes = u64::from(size.0 * size.1) * channel_bytes;
            assert!(limits.check(size, bytes, path).is_ok(), "{size:?}");
            assert!(limits.check_file(bytes.min(400_000_000), path).is_ok(), "{size:?}");
        }
        for (size, bytes) in [((30_001, 1), 3), ((20_000, 5_001), 1), ((10_000, 10_000), 1_200_000_000)] {
            let error = limits.check(size, bytes, path).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }) && error.hint().is_some());
            assert!(Limits::NONE.check(size, bytes, path).is_ok());
        }
        assert!(limits.check_file(400_000_000, path).is_ok());
        let error = limits.check_file(400_000_001, path).unwrap_err();
        assert_eq!(error.to_string(), "x.png: too large: a file of over 400 MB, the limit is 400 MB");
    }

    #[test]
    fn the_limits_that_would_do_are_named() {
        let raised = |error: ImageError| match error {
            ImageError::TooLarge { raised, .. } => raised,
            other => panic!("{other}"),
        };
        let (path, limits) = (Path::new("x.png"), Limits::default());
        let of = |size, bytes| raised(limits.check(size, bytes, path).unwrap_err());
        assert_eq!(of((30_001, 1), 3), "side=30001");
        assert_eq!(of((20_000, 10_001), 1_800_000_001), "megapixels=201,memory=1801M");
        assert_eq!(of((40_000, 40_000), 1), "side=40000,megapixels=1600");
        assert_eq!(of((10_000, 10_000), 1_000_000_001), "memory=1001M");
        // Only a file can tell its size.
        assert_eq!(raised(limits.check_file(400_000_001, path).unwrap_err()), "file=none");
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(2_000_001).unwrap();
        let small = Limits { file: 1_000_000, ..limits };
        assert_eq!(raised(small.check_file(1_000_001, file.path()).unwrap_err()), "file=3M");
    }
}
