//! Tells a file's format by its first bytes. Also recognises files that are not weights: people have error pages,
//! pointers and archives under the names of weights.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::Format;
use super::protobuf::{self, Kind};
use crate::EncoderError;

/// Bytes that are examined.
const HEAD: u64 = 2048;

/// The text that begins a pointer of git-lfs (its specification 1.0).
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The format of a file, and the opened file, rewound.
pub(super) fn sniff(path: &Path) -> Result<(Format, File), EncoderError> {
    let file = path.display().to_string();
    let failed = |source| EncoderError::Io { file: file.clone(), source };
    let not_weights = |(found, advice): (&str, &'static str)| EncoderError::NotWeights {
        file: file.clone(),
        found: found.into(),
        advice,
    };
    let mut opened = match File::open(path) {
        // Some systems refuse to open a folder, with an error that does not say it is one.
        Err(_) if path.is_dir() => return Err(not_weights(FOLDER)),
        opened => opened.map_err(failed)?,
    };
    let about = opened.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(not_weights(FOLDER));
    }
    if !about.is_file() {
        // A pipe cannot seek.
        return Err(not_weights(("not a regular file", "copy it to a file first")));
    }
    let mut head = Vec::new();
    (&mut opened).take(HEAD).read_to_end(&mut head).map_err(failed)?;
    opened.rewind().map_err(failed)?;
    if let Some(format) = by_magic(&head, about.len()) {
        return Ok((format, opened));
    }
    if let Some(other) = known_other(&head) {
        return Err(not_weights(other));
    }
    // Protocol buffers have no magic number: a file is one if it can be walked to its end as one.
    let kind = protobuf::kind(&mut io::BufReader::new(&opened), about.len()).map_err(failed)?;
    opened.rewind().map_err(failed)?;
    match kind {
        Some(Kind::Onnx) => Ok((Format::Onnx, opened)),
        Some(Kind::Caffe) => Ok((Format::Caffe, opened)),
        Some(Kind::CutOff) => Err(not_weights((
            "a Caffe or ONNX model that is cut off",
            "the download may have ended early: fetch it again",
        ))),
        None => Err(not_weights((
            "an unknown format",
            match cfg!(feature = "foreign-formats") {
                true => {
                    "safetensors, PyTorch (.pth), Keras (.h5), Caffe, ONNX, MatConvNet (.mat) and NumPy (.npz) are read"
                }
                false => "safetensors and NumPy (.npz) are read; others with the feature foreign-formats",
            },
        ))),
    }
}

type Other = (&'static str, &'static str);

const FOLDER: Other = ("a folder", "name the file in it");

fn by_magic(head: &[u8], length: u64) -> Option<Format> {
    if head.starts_with(b"\x89HDF\r\n\x1a\n")
        || [512, 1024].iter().any(|&place| {
            // HDF5 may follow a user block. MATLAB's files have one; they are recognised below.
            !head.starts_with(b"MATLAB")
                && head.get(place..).is_some_and(|rest| rest.starts_with(b"\x89HDF\r\n\x1a\n"))
        })
    {
        return Some(Format::Keras);
    }
    if head.starts_with(b"MATLAB 5.0 MAT-file") {
        return Some(Format::MatConvNet);
    }
    if head.starts_with(b"PK\x03\x04") {
        // `torch.save` writes the pickle first; NumPy writes arrays only.
        let name = head.get(30..).unwrap_or_default();
        let length = usize::from(u16::from_le_bytes([head.get(26).copied()?, head.get(27).copied()?]));
        let name = &name[..length.min(name.len())];
        return Some(if name.ends_with(b".npy") { Format::Npz } else { Format::TorchZip });
    }
    let (&first, &second) = (head.first()?, head.get(1)?);
    // A pickle of protocol 2 to 5. A safetensors header of 0x280 bytes begins with the same bytes, but a brace follows
    // its length.
    let brace = head.get(8) == Some(&b'{');
    if first == 0x80 && (2..=5).contains(&second) && !brace {
        return Some(Format::TorchLegacy);
    }
    let header = u64::from_le_bytes(head.get(..8)?.try_into().ok()?);
    (brace && header >> 40 == 0 && length > 8).then_some(Format::Safetensors)
}

/// Recognises files that are often mistaken for weights.
fn known_other(head: &[u8]) -> Option<Other> {
    const UNPACK: &str = "unpack it first";
    const AGAIN: &str = "the download may have ended early: fetch it again";
    let text = head.trim_ascii_start().to_ascii_lowercase();
    let page = |start: &[u8]| text.starts_with(start);
    if head.is_empty() {
        return Some(("an empty file", AGAIN));
    }
    if head.starts_with(LFS) {
        return Some((
            "a pointer of git-lfs, not the file itself",
            "run `git lfs pull` in its repository, or download the file from its page",
        ));
    }
    if page(b"<!doctype") || page(b"<html") || page(b"<?xml") || page(b"<head") {
        return Some((
            "a web page, which a download saved in place of the file",
            "download it again; the address may be out of date, or ask for a confirmation in the browser",
        ));
    }
    Some(match head {
        [0x1f, 0x8b, ..] => ("a gzip archive", UNPACK),
        [b'B', b'Z', b'h', ..] => ("a bzip2 archive", UNPACK),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => ("an xz archive", UNPACK),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("a zstandard archive", UNPACK),
        [b'7', b'z', 0xbc, 0xaf, ..] => ("a 7z archive", UNPACK),
        [b'P', b'K', 5, 6, ..] => ("an empty zip archive", AGAIN),
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => {
            ("a picture", "name a file of weights")
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            ("a single array of NumPy", "save all arrays into one file with numpy.savez")
        }
        _ if head.starts_with(b"MATLAB 7.3") => {
            ("a MAT file of version 7.3", "save it in MATLAB with the option -v7")
        }
        _ if head.get(257..262) == Some(b"ustar") => {
            ("a tar archive (or a file of PyTorch before 0.1.10)", UNPACK)
        }
        // Torch7 begins with the type of its first value, a table or an object, as a number, and its index.
        [3 | 4, 0, 0, 0, 1, 0, 0, 0, ..] => {
            ("a Torch7 file (Lua)", "look for the same network as .pth or .safetensors")
        }
        // JSON, the answer of a server.
        [b'{' | b'[', ..] => ("text (JSON)", "download it again"),
        _ => return None,
    })
}
