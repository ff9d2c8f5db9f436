//! Notes on how a picture was read, for the user.

use std::fmt;

/// A fact about a file that was read, but not as it stands. The text is a predicate: the name of the file, which the
/// reader of the note knows, is its subject.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// The file ends too early, but behind its last pixel.
    EndIsMissing,
    /// A file in floating point has values that are no colours of a picture.
    CutTo01 {
        /// The lowest value.
        lowest: f32,
        /// The highest value. Infinite ones count as 65504, the largest number of half precision.
        highest: f32,
    },
    /// Some pixels of a file in floating point are not numbers.
    NotNumbers {
        /// How many.
        pixels: usize,
    },
    /// The file is an animation; its first picture is taken.
    FirstOf {
        /// The number of pictures.
        pictures: u64,
    },
    /// The file holds several pictures, of which it names a main one, and that is taken.
    MainOf {
        /// The number of the picture that is taken, from 1 on.
        number: usize,
        /// The number of pictures.
        pictures: usize,
    },
    /// The file has several pages, the first of which is not the picture: it is smaller, or marked as reduced.
    LargestOf {
        /// The number of the page that is taken, from 1 on.
        number: usize,
        /// The number of pages.
        pages: usize,
    },
    /// The file has a gain map, which is not applied.
    GainMap,
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::EndIsMissing => write!(out, "lacks its end; all pixels are there"),
            Note::CutTo01 { lowest, highest } => {
                let [lowest, highest] = [lowest, highest].map(|value| (value * 1e3).round() / 1e3);
                write!(out, "has values from {lowest} to {highest}; they are cut to 0..1")
            }
            Note::NotNumbers { pixels: 1 } => write!(out, "has one pixel that is not a number; it is black"),
            Note::NotNumbers { pixels } => {
                write!(out, "has {pixels} pixels that are not numbers; they are black")
            }
            Note::FirstOf { pictures } => {
                write!(out, "holds several pictures; the first is taken (1 of {pictures})")
            }
            Note::MainOf { number, pictures } => {
                write!(out, "holds several pictures; the main one is taken ({number} of {pictures})")
            }
            Note::LargestOf { number, pages } => {
                write!(out, "holds several pages; the largest is taken ({number} of {pages})")
            }
            Note::GainMap => write!(out, "has a gain map for bright screens (Ultra HDR), which is dropped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_predicates() {
        let range = |lowest, highest| Note::CutTo01 { lowest, highest }.to_string();
        assert_eq!(range(-0.5, 7.251_66), "has values from -0.5 to 7.252; they are cut to 0..1");
        assert_eq!(range(0.0, 65504.0), "has values from 0 to 65504; they are cut to 0..1");
        let pixels = |pixels| Note::NotNumbers { pixels }.to_string();
        assert_eq!(pixels(1), "has one pixel that is not a number; it is black");
        assert_eq!(pixels(3), "has 3 pixels that are not numbers; they are black");
    }
}
