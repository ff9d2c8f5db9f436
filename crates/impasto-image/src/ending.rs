//! What the ending of a name says of a file. A file's content says more, but is not always there to be read.

use std::ffi::OsStr;
use std::path::Path;

const PICTURES: [&str; 23] = [
    "png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif", "qoi", "ppm", "pgm", "pbm", "pnm", "pam",
    "tga", "jpe", "jfif", "exr", "jxl", "heic", "heif", "hif", "avif",
];

const FILMS: [&str; 12] =
    ["3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "webm", "wmv"];

/// A kind of file that a name can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The ending of a picture that is read, in some builds at least.
    Picture,
    /// The ending of a film.
    Film,
}

impl Ending {
    /// The kind that a name tells, in letters of any case. `None` for all other endings, and without one.
    pub fn of(name: impl AsRef<Path>) -> Option<Ending> {
        let ending = name.as_ref().extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
        let is_in = |list: &[&str]| list.contains(&ending.as_str());
        match (is_in(&PICTURES), is_in(&FILMS)) {
            (true, _) => Some(Ending::Picture),
            (_, true) => Some(Ending::Film),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_known_in_any_case() {
        assert_eq!(Ending::of("a/b.JPG"), Some(Ending::Picture));
        assert_eq!(Ending::of("b.heic"), Some(Ending::Picture));
        assert_eq!(Ending::of("b.c.MP4"), Some(Ending::Film));
        assert_eq!([Ending::of("b"), Ending::of("b.txt"), Ending::of(".png")], [None; 3]);
    }
}
