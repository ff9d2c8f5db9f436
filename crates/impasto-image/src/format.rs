//! The file formats that can be written, and what each of them can hold.

use std::path::Path;

use crate::ImageError;

/// A file format to write, chosen by the extension of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// 8 or 16 bits, alpha, colour profile; lossless.
    Png,
    /// 8 bits, colour profile; lossy.
    Jpeg,
    /// 8 or 16 bits, alpha, colour profile; not compressed.
    Tiff,
    /// 8 bits, alpha, colour profile; always written lossless.
    WebP,
    /// 8 bits, alpha; no colour profile.
    Bmp,
}

/// Every extension that [`Format::of`] takes, in lower case.
const EXTENSIONS: [(&str, Format); 8] = [
    ("png", Format::Png),
    ("jpg", Format::Jpeg),
    ("jpeg", Format::Jpeg),
    ("jfif", Format::Jpeg),
    ("tif", Format::Tiff),
    ("tiff", Format::Tiff),
    ("webp", Format::WebP),
    ("bmp", Format::Bmp),
];

impl Format {
    /// The format that the extension of `path` asks for, in any case.
    ///
    /// # Errors
    /// [`ImageError::UnknownExtension`].
    pub fn of(path: &Path) -> Result<Self, ImageError> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        EXTENSIONS
            .iter()
            .find(|(known, _)| extension.as_deref() == Some(known))
            .map(|&(_, format)| format)
            .ok_or_else(|| ImageError::UnknownExtension { path: path.into(), extension })
    }

    /// The extensions to offer, one for each format.
    pub fn extensions() -> impl Iterator<Item = &'static str> {
        ["png", "jpg", "tif", "webp", "bmp"].into_iter()
    }

    /// The name to show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
        }
    }

    /// Whether it keeps transparency.
    pub fn holds_alpha(self) -> bool {
        self != Self::Jpeg
    }

    /// Whether it keeps 16 bits a channel; the others are written with 8, whatever is asked for.
    pub fn holds_sixteen_bits(self) -> bool {
        matches!(self, Self::Png | Self::Tiff)
    }

    /// Whether it keeps a colour profile; the others are written without.
    pub fn holds_profile(self) -> bool {
        self != Self::Bmp
    }

    /// The longest side that a file of this format can have, in pixels.
    pub fn longest_side(self) -> usize {
        match self {
            Self::Jpeg => 65_535,
            Self::WebP => 16_384,
            Self::Png | Self::Tiff | Self::Bmp => i32::MAX as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_choose_the_format() {
        assert_eq!(Format::of(Path::new("a/b.JPG")).unwrap(), Format::Jpeg);
        assert_eq!(Format::of(Path::new("b.tar.tiff")).unwrap(), Format::Tiff);
        assert!(
            Format::extensions().all(|extension| Format::of(Path::new(&format!("x.{extension}"))).is_ok())
        );
        for bad in ["png", "a.", "a.gif", ".png", "a.png/"] {
            let found = Format::of(Path::new(bad));
            // A trailing slash is not part of a file name for `Path`; the folder check catches it.
            assert_eq!(found.is_err(), bad != "a.png/", "{bad}");
        }
        let error = Format::of(Path::new("a.gif")).unwrap_err();
        assert!(error.to_string().contains("gif") && error.hint().unwrap().contains("webp"), "{error}");
    }
}
