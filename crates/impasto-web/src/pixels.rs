//! Pixels of a canvas in and out: rows of R, G, B and opacity in bytes, encoded by the curve of sRGB.

use impasto::Picture;
use impasto::image::{
    Averaging, Decoded, Filter, Numbers, Plane, RawPicture, fit_long_edge, resize, resize_plane,
};

use crate::Problem;

/// The longest edge of a result. A picture of this size takes a good half of the memory that a phone gives to a page.
pub const LARGEST: usize = 1600;

/// The most pixels of a picture that is taken in. The page reduces larger ones before.
pub const MOST_PIXELS: usize = 12_000_000;

/// A picture as the painter keeps it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The name of its file, for the recipe.
    pub name: String,
    /// The colours.
    pub picture: Picture,
    /// The opacity, unless all of it is opaque.
    pub alpha: Option<Plane>,
}

impl Given {
    /// Takes the pixels of a canvas, shrunk to an edge of [`LARGEST`] pixels.
    ///
    /// # Errors
    /// For more than [`MOST_PIXELS`] pixels, for none, for bytes that are not four for each, and if nothing is visible.
    pub fn new(name: &str, (width, height): (usize, usize), rgba: Vec<u8>) -> Result<Given, Problem> {
        let pixels = width.saturating_mul(height);
        if pixels > MOST_PIXELS {
            let millions = |pixels: usize| pixels.div_ceil(1_000_000);
            let (found, most) = (millions(pixels), millions(MOST_PIXELS));
            return Err(Problem::new(format!(
                "the picture has {found} million pixels, and the most are {most}"
            )));
        }
        if rgba.len() != 4 * pixels {
            let message = format!("{} bytes are no picture of {width} x {height} pixels", rgba.len());
            return Err(Problem::new(message));
        }
        let raw = RawPicture {
            size: (width, height),
            numbers: Numbers::Eight(rgba),
            icc_profile: None,
            exif: None,
        };
        let Decoded { picture, alpha, .. } =
            raw.decode(name).map_err(|error| Problem::new(error.to_string()))?;
        Ok(Given { name: name.into(), picture, alpha }.within(LARGEST))
    }

    fn within(self, longest: usize) -> Given {
        if self.picture.long_edge() <= longest {
            return self;
        }
        let from = self.picture.size();
        let (width, height) = fit_long_edge(from, longest);
        let picture = resize(&self.picture, width, height, Filter::Bicubic, Averaging::Light);
        let alpha = self.alpha.map(|plane| resized(&plane, (width, height)));
        Given { picture, alpha, ..self }
    }
}

/// A plane at another size.
pub(crate) fn resized(plane: &Plane, to: (usize, usize)) -> Plane {
    let data = resize_plane(plane.data(), plane.size(), to, Filter::Bilinear);
    Plane::new(to.0, to.1, data).unwrap_or_else(|| Plane::filled(to.0, to.1, 1.0))
}

/// A picture for a canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// R, G, B and opacity of each pixel, row by row.
    pub rgba: Vec<u8>,
}

impl Image {
    /// Rounds a picture to bytes, with an opacity of any size.
    pub fn new(picture: &Picture, alpha: Option<&Plane>) -> Image {
        let (width, height) = picture.size();
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        let mut rgba = vec![u8::MAX; 4 * width * height];
        for (channel, plane) in picture.rgb().chunks_exact(width * height).enumerate() {
            for (pixel, value) in rgba.chunks_exact_mut(4).zip(plane) {
                pixel[channel] = byte(*value);
            }
        }
        if let Some(alpha) = alpha.map(|alpha| resized(alpha, (width, height))) {
            for (pixel, value) in rgba.chunks_exact_mut(4).zip(alpha.data()) {
                pixel[3] = byte(*value);
            }
        }
        Image { width, height, rgba }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back_as_they_were() {
        let rgba: Vec<u8> = (0..=255).map(|i: u8| if i % 4 == 3 { i } else { i.wrapping_mul(7) }).collect();
        let given = Given::new("ramp.png", (8, 8), rgba.clone()).unwrap();
        assert_eq!(Image::new(&given.picture, given.alpha.as_ref()), Image { width: 8, height: 8, rgba });
    }

    #[test]
    fn opaque_pictures_have_no_opacity_and_large_ones_shrink() {
        let given = Given::new("white", (2 * LARGEST, 10), vec![255; 4 * 2 * LARGEST * 10]).unwrap();
        assert_eq!((given.picture.size(), given.alpha), ((LARGEST, 5), None));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for (size, bytes) in [((0, 4), 0), ((2, 2), 15), ((2, 2), 17), ((2, 0), 4)] {
            assert!(Given::new("x", size, vec![9; bytes]).is_err(), "{size:?}");
        }
        let problem = Given::new("x", (4000, 4000), Vec::new()).unwrap_err();
        assert_eq!(problem.message, "the picture has 16 million pixels, and the most are 12");
    }
}
