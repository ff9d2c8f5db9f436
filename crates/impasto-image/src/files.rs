//! Reads and writes pictures in one call, if only the colours of [`Decoded`](crate::Decoded) are needed.

use std::path::Path;

use crate::{Encoding, ImageError, Picture, Space, open, save};

impl Picture {
    /// Reads a file of any format that [`open`] reads, and converts it to sRGB. Opacity and metadata are dropped.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Picture, ImageError> {
        let mut decoded = open(path.as_ref())?;
        decoded.bring_to(Space::Srgb);
        Ok(decoded.picture)
    }

    /// Writes the picture as sRGB with 8 bits, in the format that the extension names. The file appears complete or not
    /// at all.
    ///
    /// # Errors
    /// As [`save`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ImageError> {
        save(path.as_ref(), self, None, &Encoding::default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing test
    use super::*;

    #[test]
    fn a_picture_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let values = (0..3 * 5 * 4).map(|i| (i * 4) as f32 / 255.0).collect();
        let picture = Picture::new(5, 4, values).unwrap();
        let path = folder.path().join("picture.png");
        picture.save(&path).unwrap();
        assert_eq!(Picture::open(&path).unwrap(), picture);
        assert!(picture.save(folder.path().join("picture.xyz")).is_err());
        assert!(Picture::open(folder.path().join("none.png")).is_err());
    }
}
