//! Errors of image files, in words for the user.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::Format;
use crate::missing::{hint_of_missing, reason};

/// Why a picture could not be read or written. Every variant names the file, what was expected and what was found.
/// [`hint`](Self::hint) says what to do about it, if anything is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// There is no such file to read.
    #[error("{}: no such file", path.display())]
    NotFound {
        /// The given path.
        path: PathBuf,
    },
    /// A folder where a file was expected.
    #[error("{}: expected a file, found a folder", path.display())]
    IsFolder {
        /// The given path.
        path: PathBuf,
    },
    /// The file is there but could not be read.
    #[error("{}: could not be read: {}", path.display(), reason(source))]
    Read {
        /// The given path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("{}: expected a picture, found an empty file", path.display())]
    Empty {
        /// The given path.
        path: PathBuf,
    },
    /// The content is not a picture in a format that can be read.
    #[error("{}: expected a picture, found {}", path.display(), found.unwrap_or("content of an unknown format"))]
    UnknownContent {
        /// The given path.
        path: PathBuf,
        /// The format of the content, if it is recognised.
        found: Option<&'static str>,
    },
    /// The format is left out of this build.
    #[error("{}: this build {does} no {format}", path.display())]
    LeftOut {
        /// As it was given.
        path: PathBuf,
        /// "reads" or "writes".
        does: &'static str,
        /// The format.
        format: &'static str,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// The file starts like a picture, but its decoder gave up.
    #[error("{}: damaged or unusual {format} file: {reason}", path.display())]
    Damaged {
        /// The given path.
        path: PathBuf,
        /// The format of the content.
        format: &'static str,
        /// The decoder's reason.
        reason: String,
    },
    /// A sound file, but of a kind that is not read.
    #[error("{}: {kind} cannot be read", path.display())]
    UnreadKind {
        /// The given path.
        path: PathBuf,
        /// The kind, with its article.
        kind: String,
        /// How to convert it, if the usual programs cannot.
        advice: Option<&'static str>,
    },
    /// The file exceeds the limits of decoding.
    #[error("{}: too large: {found}, the limit is {limit}", path.display())]
    TooLarge {
        /// The given path.
        path: PathBuf,
        /// What the file would need.
        found: String,
        /// The limit.
        limit: String,
        /// The limits that would do, such as `megapixels=200,memory=800M`.
        raised: String,
    },
    /// Reading or decoding took longer than allowed.
    #[error("{}: took longer than {limit:?} to read", path.display())]
    TooSlow {
        /// The given path.
        path: PathBuf,
        /// The limit.
        limit: Duration,
    },
    /// Every pixel is fully transparent: there are no colours to work on.
    #[error("{}: every pixel is fully transparent", path.display())]
    FullyTransparent {
        /// The given path.
        path: PathBuf,
    },
    /// The extension of an output names no format that can be written.
    #[error("{}: {}", path.display(), match extension {
        Some(extension) => format!("cannot write files of type \".{extension}\""),
        None => "the file name has no extension, so its format is unknown".to_owned(),
    })]
    UnknownExtension {
        /// The given path.
        path: PathBuf,
        /// The extension in lower case, if there is one.
        extension: Option<String>,
    },
    /// The picture has transparency and the output format cannot hold it.
    #[error("{}: the picture has transparency, which {} cannot hold", path.display(), format.name())]
    NoAlpha {
        /// The given path.
        path: PathBuf,
        /// The format of the output.
        format: Format,
    },
    /// The picture is larger than the output format allows.
    #[error("{}: a side has {side} pixels; {} allows {}", path.display(), format.name(), format.longest_side())]
    TooLargeForFormat {
        /// The given path.
        path: PathBuf,
        /// The format of the output.
        format: Format,
        /// The longest side of the picture.
        side: usize,
    },
    /// The alpha plane and the picture differ in size.
    #[error("{}: alpha of {alpha:?} pixels for a picture of {picture:?}", path.display())]
    AlphaSize {
        /// The given path.
        path: PathBuf,
        /// Width and height of the alpha plane.
        alpha: (usize, usize),
        /// Width and height of the picture.
        picture: (usize, usize),
    },
    /// The folder of an output does not exist.
    #[error("{}: the folder {} does not exist", path.display(), folder.display())]
    NoFolder {
        /// The given path.
        path: PathBuf,
        /// The folder part of the path.
        folder: PathBuf,
    },
    /// The folder of an output is not a folder.
    #[error("{}: {} is a file, not a folder", path.display(), folder.display())]
    NotAFolder {
        /// The given path.
        path: PathBuf,
        /// The folder part of the path.
        folder: PathBuf,
    },
    /// Nothing can be written there; an existing file is unchanged.
    #[error("{}: could not be written: {}", path.display(), reason(source))]
    Write {
        /// The given path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The encoder refused the picture; an existing file is unchanged.
    #[error("{}: could not be encoded as {}: {reason}", path.display(), format.name())]
    Encode {
        /// The given path.
        path: PathBuf,
        /// The format of the output.
        format: Format,
        /// The encoder's reason.
        reason: String,
    },
}

impl ImageError {
    /// What to do about it, as a sentence without a full stop, if anything is known.
    pub fn hint(&self) -> Option<String> {
        const CONVERT: &str = "convert it to PNG or JPEG first, for example by exporting it from a viewer, \
                               or with `magick INPUT OUTPUT.png`";
        let hint = match self {
            Self::NotFound { path } => return Some(hint_of_missing(path)),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "change the permissions of the file so that you may read it"
            }
            Self::IsFolder { .. } => "name a file in that folder",
            Self::Empty { .. } => "a download or a copy may have failed; fetch the file again",
            Self::UnknownContent { found: Some("a web page"), .. } => {
                "the address leads to a page around the picture; save the picture itself"
            }
            Self::UnreadKind { advice, .. } => advice.unwrap_or(CONVERT),
            Self::UnknownContent { found: Some("a camera raw file"), .. } => {
                "develop it first, for example with darktable or RawTherapee, and export it as TIFF, PNG or JPEG"
            }
            Self::UnknownContent { found: Some(_), .. } => CONVERT,
            Self::UnknownContent { found: None, .. } => {
                return Some(format!("these can be read: {}", crate::decode::readable()));
            }
            Self::LeftOut { feature, .. } => {
                return Some(format!("build with the feature {feature}, or convert it to another format"));
            }
            Self::Damaged { .. } => "if a viewer can open it, export it from there as PNG and try that file",
            Self::TooLarge { .. } => {
                "make it smaller first, for example with `magick INPUT -resize 8000x8000 OUTPUT.png`"
            }
            Self::TooSlow { .. } => {
                "if it is a pipe, write something to it; otherwise export it from a viewer as PNG"
            }
            Self::FullyTransparent { .. } => "remove its transparency, or use another picture",
            Self::UnknownExtension { .. } => {
                return Some(format!("end the name in {}", Format::those(|_| true)));
            }
            Self::NoAlpha { .. } => {
                return Some(format!(
                    "end the name in {}, or drop the transparency",
                    Format::those(Format::holds_alpha)
                ));
            }
            Self::TooLargeForFormat { side, .. } => {
                let can = |format: Format| format.longest_side() >= *side;
                return Some(format!("end the name in {}", Format::those(can)));
            }
            Self::NoFolder { folder, .. } => {
                return Some(format!("create the folder {} first", folder.display()));
            }
            Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => "free some space on that disk, or write elsewhere",
                io::ErrorKind::PermissionDenied => {
                    "choose a folder that you may write to, or change the permissions"
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
