//! The file formats that can be written, and what each can hold.

use std::path::Path;
use std::str::FromStr;

use crate::{Depth, ImageError};

/// A file format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// 8 or 16 bits, alpha, colour profile, metadata; lossless.
    Png,
    /// 8 bits, colour profile, metadata; lossy.
    Jpeg,
    /// 8 or 16 bits or floating point, alpha, colour profile, metadata; not compressed.
    Tiff,
    /// 8 bits, alpha, colour profile, metadata; always written lossless.
    WebP,
    /// Light in floating point, alpha, and the primaries of its colours; lossless.
    OpenExr,
    /// 8 bits, alpha; nothing else.
    Qoi,
    /// 8 bits, alpha; nothing else.
    Bmp,
}

/// Every extension that [`Format::of`] takes, in lower case.
const EXTENSIONS: [(&str, Format); 10] = [
    ("png", Format::Png),
    ("jpg", Format::Jpeg),
    ("jpeg", Format::Jpeg),
    ("jfif", Format::Jpeg),
    ("tif", Format::Tiff),
    ("tiff", Format::Tiff),
    ("webp", Format::WebP),
    ("exr", Format::OpenExr),
    ("qoi", Format::Qoi),
    ("bmp", Format::Bmp),
];

impl FromStr for Format {
    type Err = String;

    /// Parses an extension, in upper or lower case, of a format that this build writes.
    fn from_str(extension: &str) -> Result<Self, String> {
        Format::known(extension).filter(|format| format.is_written()).ok_or_else(|| {
            let known: Vec<&str> = Format::all().map(Format::extension).collect();
            format!("expected one of {}", known.join(", "))
        })
    }
}

impl Format {
    /// The format for the extension of `path`, in upper or lower case.
    ///
    /// # Errors
    /// [`ImageError::UnknownExtension`], [`ImageError::LeftOut`].
    pub fn of(path: &Path) -> Result<Self, ImageError> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref().and_then(Format::known) {
            Some(format) => format.written(path),
            None => Err(ImageError::UnknownExtension { path: path.into(), extension }),
        }
    }

    /// The format of an extension, in upper or lower case.
    fn known(extension: &str) -> Option<Format> {
        let extension = extension.to_ascii_lowercase();
        EXTENSIONS.iter().find(|(known, _)| extension == *known).map(|&(_, format)| format)
    }

    /// The format itself, if this build writes it.
    pub(super) fn written(self, path: &Path) -> Result<Self, ImageError> {
        match self.is_written() {
            true => Ok(self),
            false => Err(ImageError::LeftOut {
                path: path.into(),
                does: "writes",
                format: self.name(),
                feature: self.extension(),
            }),
        }
    }

    /// Whether this build writes it; OpenEXR needs the feature `exr`.
    fn is_written(self) -> bool {
        cfg!(feature = "exr") || self != Self::OpenExr
    }

    /// All formats that this build writes.
    pub fn all() -> impl Iterator<Item = Format> {
        use Format::*;
        [Png, Jpeg, Tiff, WebP, OpenExr, Qoi, Bmp].into_iter().filter(|format| format.is_written())
    }

    /// The name for display.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::OpenExr => "OpenEXR",
            Self::Qoi => "QOI",
            Self::Bmp => "BMP",
        }
    }

    /// The usual extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Tiff => "tif",
            Self::WebP => "webp",
            Self::OpenExr => "exr",
            Self::Qoi => "qoi",
            Self::Bmp => "bmp",
        }
    }

    /// The formats with some property, as extensions for a hint: `.png, .tif or .webp`.
    pub fn those(can: impl Fn(Format) -> bool) -> String {
        let names: Vec<String> = Self::all()
            .filter(|format| can(*format))
            .map(|format| format!(".{}", format.extension()))
            .collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }

    /// Whether it can hold transparency.
    pub fn holds_alpha(self) -> bool {
        self != Self::Jpeg
    }

    /// The depths that it can be written with, the fewest bits first.
    pub fn depths(self) -> &'static [Depth] {
        match self {
            Self::Png => &[Depth::Eight, Depth::Sixteen],
            Self::Tiff => &[Depth::Eight, Depth::Sixteen, Depth::Float],
            Self::OpenExr => &[Depth::Float],
            Self::Jpeg | Self::WebP | Self::Qoi | Self::Bmp => &[Depth::Eight],
        }
    }

    /// The depth to write with, if `asked` should be kept: the same, or the next deeper, or the deepest that it has.
    pub fn depth(self, asked: Depth) -> Depth {
        let depths = self.depths();
        depths.iter().copied().find(|depth| *depth >= asked).unwrap_or(depths[depths.len() - 1])
    }

    /// Whether it can hold a colour profile; the others are written without.
    pub fn holds_profile(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Tiff | Self::WebP)
    }

    /// Whether it can hold colours outside sRGB.
    pub fn holds_wide_gamut(self) -> bool {
        self.holds_profile() || self == Self::OpenExr
    }

    /// Whether it can hold EXIF.
    pub fn holds_exif(self) -> bool {
        self.holds_profile()
    }

    /// Whether it can hold a recipe.
    pub fn holds_recipe(self) -> bool {
        self.holds_wide_gamut()
    }

    /// Whether it can hold this recipe: JPEG has no room for very long ones.
    pub fn fits_recipe(self, recipe: &str) -> bool {
        self.holds_recipe() && (self != Self::Jpeg || super::jpeg::fits(recipe))
    }

    /// The longest side that a file of this format can have, in pixels.
    pub fn longest_side(self) -> usize {
        match self {
            Self::Jpeg => 65_535,
            Self::WebP => 16_384,
            Self::Png | Self::Tiff | Self::OpenExr | Self::Qoi | Self::Bmp => i32::MAX as usize,
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
        assert!(Format::all().all(|format| format.extension().parse() == Ok(format)));
        for bad in ["png", "a.", "a.gif", ".png", "a.png/"] {
            let found = Format::of(Path::new(bad));
            // A trailing slash is not part of a file name for `Path`; the folder check catches it.
            assert_eq!(found.is_err(), bad != "a.png/", "{bad}");
        }
        let error = Format::of(Path::new("a.gif")).unwrap_err();
        assert!(error.to_string().contains("gif") && error.hint().unwrap().contains("webp"), "{error}");
    }

    #[test]
    fn depths_are_kept_where_they_can_be() {
        assert_eq!(Format::Png.depth(Depth::Eight), Depth::Eight);
        assert_eq!(Format::Png.depth(Depth::Float), Depth::Sixteen);
        assert_eq!(Format::OpenExr.depth(Depth::Eight), Depth::Float);
        assert_eq!(Format::those(|format| format.depths().contains(&Depth::Sixteen)), ".png or .tif");
        let wide = if cfg!(feature = "exr") {
            ".png, .jpg, .tif, .webp or .exr"
        } else {
            ".png, .jpg, .tif or .webp"
        };
        assert_eq!(Format::those(Format::holds_wide_gamut), wide);
    }
}
