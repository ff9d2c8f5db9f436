//! Pictures that no file holds, such as arrays in memory. They are read as a file with the same numbers would be.

use std::path::Path;

use super::planes::Planes;
use super::samples::{Samples, planes};
use super::{Context, Decoded, Depth, Limits, Pixels, Raw, finish};
use crate::ImageError;
use crate::colour::Model;
use crate::metadata::{Metadata, density_of, described};

/// Interleaved numbers of a picture, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// 0..=255.
    Eight(Vec<u8>),
    /// 0..=65535.
    Sixteen(Vec<u16>),
    /// 0..=1; values beyond are clipped. They say nothing about a depth: results have 8 bits unless they are asked for
    /// more.
    Float(Vec<f32>),
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Numbers::Eight(numbers) => numbers.len(),
            Numbers::Sixteen(numbers) => numbers.len(),
            Numbers::Float(numbers) => numbers.len(),
        }
    }
}

/// A picture in memory: upright, with 1 channel (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha).
#[derive(Clone, Debug, PartialEq)]
pub struct RawPicture {
    /// Width and height in pixels.
    pub size: (usize, usize),
    /// The numbers, `[height, width, channels]`, encoded by the curve of sRGB unless the profile says otherwise.
    pub numbers: Numbers,
    /// The ICC profile that the numbers are meant by, if there is one.
    pub icc_profile: Option<Vec<u8>>,
    /// A block of EXIF. Its orientation is ignored.
    pub exif: Option<Vec<u8>>,
}

impl RawPicture {
    /// Reads the picture. `name` stands for it in errors.
    ///
    /// # Errors
    /// [`ImageError::Damaged`] if there are no pixels or the number of channels is not 1 to 4,
    /// [`ImageError::FullyTransparent`].
    pub fn decode(self, name: &str) -> Result<Decoded, ImageError> {
        let context = Context { path: Path::new(name), format: "raw", limits: &Limits::NONE };
        let ((width, height), length) = (self.size, self.numbers.len());
        let area = width.checked_mul(height).filter(|area| *area > 0);
        let channels = area.filter(|area| length % area == 0).map(|area| length / area);
        let Some(channels @ 1..=4) = channels else {
            return Err(context.damaged(format!("{length} numbers do not make {width}x{height} pixels")));
        };
        let (depth, mut colours) = match self.numbers {
            Numbers::Eight(of) => (Depth::Eight, planes(&of, channels, |value| f32::from(value) / 255.0)),
            Numbers::Sixteen(of) => {
                (Depth::Sixteen, planes(&of, channels, |value| f32::from(value) / 65535.0))
            }
            Numbers::Float(of) => (Depth::Eight, planes(&of, channels, |value| value)),
        };
        let model = if channels < 3 { Model::Grey } else { Model::Rgb };
        let alpha = (channels % 2 == 0).then(|| colours.split_off((channels - 1) * width * height));
        let alpha = alpha.filter(|alpha| alpha.iter().any(|&value| value != 1.0));
        let samples = Samples { depth, model, colours, alpha };
        let exif = self.exif.as_deref();
        let metadata =
            Metadata { exif: exif.and_then(described), density: exif.and_then(density_of), recipe: None };
        let planes = Pixels::Planes(Planes { size: self.size, samples });
        finish(Raw { icc_profile: self.icc_profile, metadata, ..Raw::of(planes) }, &context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, Picture, save};

    fn raw(size: (usize, usize), numbers: Numbers) -> RawPicture {
        RawPicture { size, numbers, icc_profile: None, exif: None }
    }

    #[test]
    fn numbers_are_read_like_those_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.png");
        let bytes: Vec<u8> = (0..3 * 7 * 5).map(|i| (i * 11 % 256) as u8).collect();
        let picture = raw((7, 5), Numbers::Eight(bytes)).decode("array").unwrap();
        save(&path, &picture.picture, None, &Encoding::default()).unwrap();
        assert_eq!(crate::open(&path).unwrap().picture, picture.picture);
    }

    #[test]
    fn channels_are_counted() {
        let grey = raw((2, 1), Numbers::Float(vec![0.25, 2.0])).decode("array").unwrap();
        assert_eq!(grey.picture, Picture::new(2, 1, [0.25, 1.0].repeat(3)).unwrap());
        let both = raw((1, 1), Numbers::Sixteen(vec![65535, 13107])).decode("array").unwrap();
        assert_eq!((both.depth, both.alpha.unwrap().data()), (Depth::Sixteen, &[0.2][..]));
        let opaque = raw((1, 1), Numbers::Eight(vec![1, 2, 3, 255])).decode("array").unwrap();
        assert_eq!(opaque.alpha, None);
        for (size, length) in [((2, 1), 10), ((0, 1), 0), ((2, 1), 3), ((usize::MAX, 2), 6)] {
            assert!(raw(size, Numbers::Eight(vec![0; length])).decode("array").is_err(), "{size:?} {length}");
        }
        assert!(raw((1, 1), Numbers::Eight(vec![1, 2, 3, 0])).decode("array").is_err());
    }
}
