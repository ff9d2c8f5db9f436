//! Names of files in jobs as JSON. On Unix a name is any sequence of bytes, and JSON has only Unicode. A name that is
//! not Unicode is written as `percent-encoded:` and its bytes, and read back exactly.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The beginning of the text for a name that is not Unicode, or that begins like that itself.
const ENCODED: &str = "percent-encoded:";

/// A path, an optional path, or a list of paths.
pub trait Paths: Sized {
    /// The same with texts in place of paths.
    type Texts: Serialize + for<'de> Deserialize<'de>;

    /// The texts; `None` if a name cannot be written on this system.
    fn texts(&self) -> Option<Self::Texts>;

    /// The paths of texts; `None` if a text is damaged.
    fn of_texts(texts: Self::Texts) -> Option<Self>;
}

impl Paths for PathBuf {
    type Texts = String;

    fn texts(&self) -> Option<String> {
        text_of(self)
    }

    fn of_texts(text: String) -> Option<PathBuf> {
        path_of(text)
    }
}

impl Paths for Option<PathBuf> {
    type Texts = Option<String>;

    fn texts(&self) -> Option<Option<String>> {
        self.as_deref().map_or(Some(None), |path| text_of(path).map(Some))
    }

    fn of_texts(text: Option<String>) -> Option<Option<PathBuf>> {
        text.map_or(Some(None), |text| path_of(text).map(Some))
    }
}

impl Paths for Vec<PathBuf> {
    type Texts = Vec<String>;

    fn texts(&self) -> Option<Vec<String>> {
        self.iter().map(|path| text_of(path)).collect()
    }

    fn of_texts(texts: Vec<String>) -> Option<Vec<PathBuf>> {
        texts.into_iter().map(path_of).collect()
    }
}

/// Writes paths, for `serialize_with`.
///
/// # Errors
/// When a name is not Unicode, on systems other than Unix.
pub fn write<T: Paths, S: Serializer>(paths: &T, to: S) -> Result<S::Ok, S::Error> {
    paths.texts().ok_or_else(|| S::Error::custom("the name of a file is not Unicode"))?.serialize(to)
}

/// Reads paths, for `deserialize_with`.
///
/// # Errors
/// When the text of a name is damaged.
pub fn read<'de, T: Paths, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let texts = T::Texts::deserialize(from)?;
    T::of_texts(texts)
        .ok_or_else(|| D::Error::custom(format!("the name of a file after {ENCODED} is damaged")))
}

fn text_of(path: &Path) -> Option<String> {
    match path.to_str().filter(|text| !text.starts_with(ENCODED)) {
        Some(text) => Some(text.to_owned()),
        None => Some(format!("{ENCODED}{}", encoded(path.as_os_str())?)),
    }
}

fn path_of(text: String) -> Option<PathBuf> {
    match text.strip_prefix(ENCODED) {
        Some(encoded) => decoded(encoded).map(PathBuf::from),
        None => Some(text.into()),
    }
}

/// Returns a name in ASCII: other bytes, control characters and `%` become `%` and two digits. `None` for a name that
/// this system has no bytes for.
pub(crate) fn encoded(name: &OsStr) -> Option<String> {
    let plain = |byte: &u8| (*byte == b' ' || byte.is_ascii_graphic()) && *byte != b'%';
    let text = |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    Some(bytes_of(name)?.iter().map(text).collect())
}

/// Returns the name that [`encoded`] made a text of; `None` if the text is damaged.
pub(crate) fn decoded(text: &str) -> Option<OsString> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |digit: u8| char::from(digit).to_digit(16);
                u8::try_from(16 * digit(*high)? + digit(*low)?).ok()?
            }
            (b'%', _) => return None,
            (byte, _) => *byte,
        });
    }
    name_of(bytes)
}

#[cfg(unix)]
fn bytes_of(name: &OsStr) -> Option<&[u8]> {
    Some(std::os::unix::ffi::OsStrExt::as_bytes(name))
}

#[cfg(unix)]
fn name_of(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn bytes_of(name: &OsStr) -> Option<&[u8]> {
    name.to_str().map(str::as_bytes)
}

#[cfg(not(unix))]
fn name_of(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn name(bytes: &[u8]) -> PathBuf {
        name_of(bytes.to_vec()).expect("a name").into()
    }

    #[test]
    fn every_name_comes_back() {
        for bytes in [
            &b"photo.jpg"[..],
            "Stra\u{df}e 50%.png".as_bytes(),
            b"caf\xe9.png",
            b"\xff\xfe/a b%41\n.png",
            b"percent-encoded:x",
            b"percent-encoded:%\xff",
            b"",
        ] {
            let path = name(bytes);
            let text = text_of(&path).unwrap();
            assert_eq!(path_of(text.clone()), Some(path.clone()), "{text}");
            assert_eq!(decoded(&encoded(path.as_os_str()).unwrap()), Some(path.into_os_string()));
        }
        // Unicode stays readable.
        assert_eq!(text_of(Path::new("Stra\u{df}e 50%.png")).unwrap(), "Stra\u{df}e 50%.png");
        assert_eq!(text_of(&name(b"caf\xe9.png")).unwrap(), "percent-encoded:caf%E9.png");
    }

    #[test]
    fn damaged_texts_are_refused() {
        for text in ["percent-encoded:%", "percent-encoded:%4", "percent-encoded:%zz", "percent-encoded:%+1"]
        {
            assert_eq!(path_of(text.into()), None, "{text}");
        }
    }
}
