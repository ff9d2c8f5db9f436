//! Tells a file's format from its first bytes, never from its name.

use std::path::Path;

use image::ImageFormat;

use super::tga;
use crate::ImageError;

/// The formats that can be read, for messages.
pub(crate) fn readable() -> String {
    let optional = [
        (cfg!(feature = "heic"), HEIC),
        (cfg!(all(feature = "avif", not(target_arch = "wasm32"))), AVIF),
        (cfg!(feature = "exr"), "OpenEXR"),
        (cfg!(feature = "jxl"), "JPEG XL"),
    ];
    let always = ["PNG", "JPEG", "TIFF", "WebP", "BMP", "GIF", "QOI", "PNM", "TGA"];
    let optional = optional.into_iter().filter_map(|(is_read, name)| is_read.then_some(name));
    let mut names: Vec<&str> = always.into_iter().chain(optional).collect();
    let last = names.pop().unwrap_or_default();
    format!("{} and {last}", names.join(", "))
}

/// The names of pictures in the container HEIF.
const HEIC: &str = "HEIC";
pub(super) const AVIF: &str = "AVIF";

/// The errors of a build that lacks them. On WebAssembly no feature brings AVIF.
#[cfg(not(feature = "heic"))]
pub(super) const HEIC_LEFT_OUT: Unread = Unread::LeftOut(HEIC, "heic");
#[cfg(not(any(feature = "avif", target_arch = "wasm32")))]
pub(super) const AVIF_LEFT_OUT: Unread = Unread::LeftOut(AVIF, "avif");
#[cfg(target_arch = "wasm32")]
pub(super) const AVIF_LEFT_OUT: Unread = Unread::Other(Some("an AVIF picture"));

/// A decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of the `image` crate.
    Image(ImageFormat),
    #[cfg(feature = "jxl")]
    JpegXl,
    #[cfg(any(feature = "avif", feature = "heic"))]
    Heif,
}

impl Kind {
    /// The format, if the decoder is of the `image` crate.
    pub(super) fn of_image(self) -> Option<ImageFormat> {
        match self {
            Kind::Image(format) => Some(format),
            #[cfg(feature = "jxl")]
            Kind::JpegXl => None,
            #[cfg(any(feature = "avif", feature = "heic"))]
            Kind::Heif => None,
        }
    }
}

/// Why there is no decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// They are something else; what they seem to be, where that is known.
    Other(Option<&'static str>),
    /// This build has none of the format; and the feature that brings it.
    LeftOut(&'static str, &'static str),
}

impl Unread {
    pub(super) fn of(self, path: &Path) -> ImageError {
        match self {
            Unread::Other(found) => ImageError::UnknownContent { path: path.into(), found },
            Unread::LeftOut(format, feature) => {
                ImageError::LeftOut { path: path.into(), does: "reads", format, feature }
            }
        }
    }
}

/// What the bytes are: a format that can be read, with its name, or else what they seem to be.
pub(super) fn sniff(bytes: &[u8]) -> Result<(Kind, &'static str), Unread> {
    if JPEG_XL.iter().any(|magic| bytes.starts_with(magic)) {
        #[cfg(feature = "jxl")]
        return Ok((Kind::JpegXl, "JPEG XL"));
        #[cfg(not(feature = "jxl"))]
        return Err(Unread::LeftOut("JPEG XL", "jxl"));
    }
    let other = |name| Err(Unread::Other(Some(name)));
    if bytes.get(4..8) == Some(b"ftyp") {
        return match iso_media(bytes) {
            #[cfg(all(feature = "avif", not(target_arch = "wasm32")))]
            AVIF => Ok((Kind::Heif, AVIF)),
            #[cfg(not(all(feature = "avif", not(target_arch = "wasm32"))))]
            AVIF => Err(AVIF_LEFT_OUT),
            #[cfg(feature = "heic")]
            HEIC => Ok((Kind::Heif, HEIC)),
            #[cfg(not(feature = "heic"))]
            HEIC => Err(HEIC_LEFT_OUT),
            name => other(name),
        };
    }
    if let Some(name) = foreign(bytes) {
        return other(name);
    }
    let format = match image::guess_format(bytes) {
        Ok(format) => format,
        // BigTIFF.
        Err(_) if bytes.starts_with(b"II+\0\x08\0") || bytes.starts_with(b"MM\0+\0\x08") => ImageFormat::Tiff,
        // The only signature of a TGA file is at its end, and older files have none.
        Err(_) if bytes.ends_with(b"TRUEVISION-XFILE.\0") || tga::is_plausible(bytes) => ImageFormat::Tga,
        Err(_) => return Err(Unread::Other(None)),
    };
    let name = match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Qoi => "QOI",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Tga => "TGA",
        ImageFormat::OpenExr if cfg!(feature = "exr") => "OpenEXR",
        ImageFormat::OpenExr => return Err(Unread::LeftOut("OpenEXR", "exr")),
        ImageFormat::Ico => return other("a Windows icon"),
        ImageFormat::Dds => return other("a DDS texture"),
        ImageFormat::Hdr => return other("a Radiance HDR picture"),
        ImageFormat::Farbfeld => return other("a farbfeld picture"),
        _ => return Err(Unread::Other(None)),
    };
    Ok((Kind::Image(format), name))
}

/// The beginnings of a bare codestream, and of one in a container.
const JPEG_XL: [&[u8]; 2] = [b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"];

/// Common formats that cannot be read here.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 19] = [
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
        (b"8BPS", "a Photoshop document"),
        (b"%PDF", "a PDF document"),
        (b"%!PS", "a PostScript document"),
        (b"FUJIFILM", "a camera raw file"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x01\xda\x00", "an SGI picture"),
        (b"\x01\xda\x01", "an SGI picture"),
        (b"\x59\xa6\x6a\x95", "a Sun raster picture"),
        (b"SDPX", "a DPX picture"),
        (b"XPDS", "a DPX picture"),
        (b"\x80\x2a\x5f\xd7", "a Cineon picture"),
        (b"SIMPLE  =", "a FITS file"),
        (b"/* XPM */", "an XPM picture"),
        (b"PF\n", "a float map (PFM)"),
        (b"Pf\n", "a float map (PFM)"),
        (b"id=ImageMagick", "a MIFF picture"),
        (b"gimp xcf ", "a document of GIMP"),
    ];
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(name);
    }
    if is_camera_raw(bytes) {
        return Some("a camera raw file");
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_ascii_lowercase();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    if !head.starts_with('<') {
        None
    } else if head.contains("<svg") {
        Some("an SVG drawing")
    } else if head.contains("<html") || head.contains("<!doctype html") {
        Some("a web page")
    } else {
        None
    }
}

/// Camera raw files that their first bytes tell apart. Most others are TIFF files, whose directories tell.
fn is_camera_raw(bytes: &[u8]) -> bool {
    // Olympus, Panasonic, Minolta, Sigma.
    const MAGIC: [&[u8]; 6] = [b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0MRM", b"FOVb"];
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
        // Canon: a kind of TIFF, and an older format.
        || bytes.starts_with(b"II*\0") && bytes.get(8..10) == Some(b"CR")
        || bytes.get(6..14) == Some(b"HEAPCCDR")
}

/// HEIC, AVIF and videos share a container; the brands at its start tell them apart. The general brands mif1 to msf1
/// are those of HEIF, whatever the coding. Files with them alone are mostly HEIC.
fn iso_media(bytes: &[u8]) -> &'static str {
    let length = bytes.first_chunk().map_or(0, |&length| u32::from_be_bytes(length) as usize);
    // Major brand at 8, minor version at 12, compatible brands from 16 on.
    let brands = &bytes[8..length.clamp(8, 256).min(bytes.len())];
    let has =
        |names: &[&[u8; 4]]| brands.chunks_exact(4).any(|brand| names.iter().any(|name| brand == *name));
    if has(&[b"avif", b"avis"]) {
        AVIF
    } else if has(&[b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"mif2", b"mif3", b"msf1"])
    {
        HEIC
    } else if has(&[b"crx "]) {
        "a camera raw file"
    } else {
        "a video"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_foreign_formats_apart() {
        for (bytes, name) in [
            (&b"\0\0\0\x18ftypisom\0\0\0\0isommp41"[..], "a video"),
            (b"\0\0\0\x18ftyp", "a video"),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "a camera raw file"),
            (b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
            (b"\xef\xbb\xbf <!DOCTYPE html>", "a web page"),
            (b"%PDF-1.7", "a PDF document"),
            (b"IIU\0\x18\0\0\0", "a camera raw file"),
            (b"II\x1a\0\0\0HEAPCCDR", "a camera raw file"),
        ] {
            assert_eq!(sniff(bytes), Err(Unread::Other(Some(name))), "{bytes:?}");
        }
        assert_eq!(sniff(b"hello"), Err(Unread::Other(None)));
        assert_eq!(sniff(b""), Err(Unread::Other(None)));
    }
    #[test]
    fn brands_tell_pictures_in_a_container() {
        for (bytes, name) in [
            (&b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"[..], AVIF),
            (b"\0\0\0\x18ftypavis\0\0\0\0msf1avif", AVIF),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", HEIC),
            (b"\0\0\0\x14ftypmsf1\0\0\0\0hevc", HEIC),
            (b"\0\0\0\x10ftypheix\0\0\0\0", HEIC),
            (b"\xff\xff\xff\xffftypheic", HEIC),
        ] {
            let found = match sniff(bytes) {
                Ok((_, name)) | Err(Unread::LeftOut(name, _)) => name,
                Err(other) => panic!("{bytes:?}: {other:?}"),
            };
            assert_eq!(found, name, "{bytes:?}");
        }
    }

    #[test]
    fn all_formats_are_listed() {
        let all = readable();
        assert!(all.starts_with("PNG, JPEG, ") && all.contains(" and "), "{all}");
        assert_eq!(all.contains("HEIC"), cfg!(feature = "heic"));
    }
}
