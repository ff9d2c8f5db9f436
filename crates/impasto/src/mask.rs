//! Masks: pictures that select parts of a picture. A grey mask gives each position a weight. In a mask with
//! colours, each colour is a region, which is painted with the part of a style whose mask has the same colour.

use std::borrow::Cow;
use std::fmt;

use impasto_image::{Picture, Plane};
use serde::{Deserialize, Serialize};

use crate::{Error, MaskLevels};

/// The contents of a mask picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Mask {
    /// A weight for each position, from 0 (black) to 1 (white).
    Grey(Plane),
    /// Regions by colour.
    Colours(ColourMask),
}

/// A mask in which every position belongs to the region of one colour, or to none.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourMask {
    size: (usize, usize),
    colours: Vec<MaskColour>,
    /// Index of a colour for each position, or [`NONE`].
    labels: Vec<u8>,
}

/// A colour of 8 bits a channel: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MaskColour(pub [u8; 3]);

/// The label of transparent positions, which belong to no region.
const NONE: u8 = u8::MAX;

/// The largest number of regions. A picture with more colours is likely a photograph.
pub(crate) const MOST: usize = 24;

/// Colours closer than this are the same, because compression and smoothed edges change colours slightly. The value
/// is a Euclidean distance in RGB, in 8-bit steps.
const SAME: f64 = 48.0;

/// The smallest share of a mask that makes a colour a region.
const LEAST: f64 = 1e-3;

/// The largest difference between the channels of a grey; compression changes them.
const GREY: u8 = 24;

impl Mask {
    /// Reads a mask from a picture of encoded RGB in 0..1. If more than a thousandth of it has a colour, the mask
    /// consists of regions; otherwise its grey values are weights. Positions that `alpha` makes transparent belong
    /// to no region and have no weight. The values of a picture of 0 and 1 ([`MaskLevels::Booleans`]) are black and
    /// white.
    ///
    /// # Errors
    /// [`Error::Labels`] if the picture has labels instead of brightness ([`MaskLevels::Labels`]).
    pub fn new(picture: &Picture, alpha: Option<&Plane>) -> Result<Mask, Error> {
        let picture = match MaskLevels::of(picture) {
            MaskLevels::Labels { count, largest, of } => return Err(Error::Labels { count, largest, of }),
            MaskLevels::Booleans { of } => brightened(picture, of),
            MaskLevels::Brightness => Cow::Borrowed(picture),
        };
        let pixels = labelled_pixels(&picture, alpha);
        Ok(match is_coloured(&pixels) {
            true => Mask::Colours(ColourMask::new(picture.size(), &pixels)),
            false => Mask::Grey(grey_weights(&picture, alpha)),
        })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        match self {
            Mask::Grey(plane) => plane.size(),
            Mask::Colours(mask) => mask.size,
        }
    }
}

impl ColourMask {
    pub(crate) fn new(size: (usize, usize), pixels: &[Option<MaskColour>]) -> ColourMask {
        // Colours are counted in boxes of 16 steps: every colour of a mask fills some of them almost completely.
        let mut boxes = vec![(0_usize, [0_u64; 3]); 1 << 12];
        for MaskColour(rgb) in flat(size, pixels) {
            let index = rgb.iter().fold(0, |index, &value| index << 4 | usize::from(value >> 4));
            let (count, sums) = &mut boxes[index];
            *count += 1;
            sums.iter_mut().zip(rgb).for_each(|(sum, value)| *sum += u64::from(value));
        }
        boxes.retain(|(count, _)| *count > 0);
        // The most frequent first. Equal counts are ordered by colour, so that the order is always the same.
        boxes.sort_by_key(|(count, sums)| (std::cmp::Reverse(*count), *sums));
        let total: usize = boxes.iter().map(|(count, _)| count).sum();
        let mut colours: Vec<MaskColour> = Vec::new();
        for (count, sums) in boxes {
            let colour = MaskColour(sums.map(|sum| (sum / count as u64) as u8));
            let known = colours.iter().any(|other| other.is_same(colour));
            if !known && count as f64 >= LEAST * total as f64 && colours.len() < MOST {
                colours.push(colour);
            }
        }
        ColourMask::with(size, colours, pixels)
    }

    /// The mask whose positions belong to the nearest of these colours.
    pub(crate) fn with(
        size: (usize, usize),
        colours: Vec<MaskColour>,
        pixels: &[Option<MaskColour>],
    ) -> ColourMask {
        let nearest = |pixel: &Option<MaskColour>| {
            let pixel = (*pixel)?;
            let distances = colours.iter().map(|colour| colour.distance(pixel)).enumerate();
            distances.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, _)| index as u8)
        };
        let labels = pixels.iter().map(|pixel| nearest(pixel).unwrap_or(NONE)).collect();
        ColourMask { size, colours, labels }
    }

    /// The colours of the mask, those of the largest regions first.
    pub fn colours(&self) -> &[MaskColour] {
        &self.colours
    }

    /// The colour of the mask that matches `colour`; `None` if there is none.
    pub fn nearest(&self, colour: MaskColour) -> Option<MaskColour> {
        self.label(colour).map(|label| self.colours[usize::from(label)])
    }

    /// The share of the mask that has this colour, 0 to 1.
    pub fn share(&self, colour: MaskColour) -> f64 {
        let label = self.label(colour);
        let count = self.labels.iter().filter(|&&other| Some(other) == label).count();
        count as f64 / self.labels.len() as f64
    }

    /// A plane of the mask's size: 1 where the mask has this colour, 0 elsewhere. `None` if no colour of the mask
    /// matches.
    pub fn region(&self, colour: MaskColour) -> Option<Plane> {
        let label = self.label(colour)?;
        let data = self.labels.iter().map(|&other| if other == label { 1.0 } else { 0.0 }).collect();
        Plane::new(self.size.0, self.size.1, data)
    }

    /// Index of the nearest colour of the mask, if it counts as the same.
    fn label(&self, colour: MaskColour) -> Option<u8> {
        let distances = self.colours.iter().map(|other| other.distance(colour)).enumerate();
        let (nearest, distance) = distances.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        (distance < SAME).then_some(nearest as u8)
    }
}

impl MaskColour {
    const NAMES: [(&str, [u8; 3]); 11] = [
        ("black", [0, 0, 0]),
        ("white", [255, 255, 255]),
        ("red", [255, 0, 0]),
        ("lime", [0, 255, 0]),
        ("green", [0, 128, 0]),
        ("blue", [0, 0, 255]),
        ("yellow", [255, 255, 0]),
        ("cyan", [0, 255, 255]),
        ("magenta", [255, 0, 255]),
        ("grey", [128, 128, 128]),
        ("gray", [128, 128, 128]),
    ];

    /// Parses `#ff0000` or one of a few CSS names; `None` for anything else.
    pub fn parse(text: &str) -> Option<MaskColour> {
        let text = text.to_ascii_lowercase();
        if let Some((_, rgb)) = MaskColour::NAMES.iter().find(|(name, _)| *name == text) {
            return Some(MaskColour(*rgb));
        }
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(MaskColour([channel(0)?, channel(2)?, channel(4)?]))
    }

    fn distance(self, other: MaskColour) -> f64 {
        let squares = self.0.iter().zip(other.0).map(|(&a, b)| (f64::from(a) - f64::from(b)).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// Whether both are the colour of one region.
    pub(crate) fn is_same(self, other: MaskColour) -> bool {
        self.distance(other) < SAME
    }

    fn is_grey(self) -> bool {
        let [r, g, b] = self.0;
        r.max(g).max(b) - r.min(g).min(b) <= GREY
    }
}

impl fmt::Display for MaskColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// The colour of each pixel; `None` where `alpha` makes it transparent.
pub(crate) fn labelled_pixels(picture: &Picture, alpha: Option<&Plane>) -> Vec<Option<MaskColour>> {
    let area = picture.width() * picture.height();
    let seen = |at: usize| alpha.is_none_or(|alpha| alpha.data()[at] >= 0.5);
    let colour = |at: usize| MaskColour([0, 1, 2].map(|plane| byte(picture.rgb()[plane * area + at])));
    (0..area).map(|at| seen(at).then(|| colour(at))).collect()
}

/// Pixels with the same colour as their four neighbours. This excludes the mixed colours along a smoothed edge,
/// which are not regions.
fn flat((width, height): (usize, usize), pixels: &[Option<MaskColour>]) -> impl Iterator<Item = MaskColour> {
    let near = move |colour: MaskColour, x: usize, y: usize| {
        pixels[y * width + x].is_none_or(|other| other.distance(colour) < SAME)
    };
    pixels.iter().enumerate().filter_map(move |(at, pixel)| {
        let (colour, x, y) = ((*pixel)?, at % width, at / width);
        let (right, below) = ((x + 1).min(width - 1), (y + 1).min(height - 1));
        let beside = near(colour, x.saturating_sub(1), y) && near(colour, right, y);
        (beside && near(colour, x, y.saturating_sub(1)) && near(colour, x, below)).then_some(colour)
    })
}

/// Whether so much of a mask has a colour that it consists of regions.
pub(crate) fn is_coloured(pixels: &[Option<MaskColour>]) -> bool {
    let coloured = pixels.iter().flatten().filter(|colour| !colour.is_grey()).count();
    coloured as f64 >= (LEAST * pixels.len() as f64).max(1.0)
}

/// The weights of a grey mask.
pub(crate) fn grey_weights(picture: &Picture, alpha: Option<&Plane>) -> Plane {
    let area = picture.width() * picture.height();
    let seen = |at: usize| alpha.map_or(1.0, |alpha| alpha.data()[at]);
    let mut plane = Plane::filled(picture.width(), picture.height(), 0.0);
    for (at, value) in plane.data_mut().iter_mut().enumerate() {
        let [r, g, b] = [0, 1, 2].map(|plane| picture.rgb()[plane * area + at]);
        *value = (seen(at) * (r + g + b) / 3.0).clamp(0.0, 1.0);
    }
    plane
}

/// The picture in which the number `white` is white; 1 if it is white already.
pub(crate) fn brightened(picture: &Picture, white: u32) -> Cow<'_, Picture> {
    if white == 1 {
        return Cow::Borrowed(picture);
    }
    let mut picture = picture.clone();
    picture.rgb_mut().iter_mut().for_each(|value| *value *= white as f32);
    Cow::Owned(picture)
}

fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize, colour: impl Fn(usize, usize) -> [f32; 3]) -> Picture {
        let mut rgb = vec![0.0; 3 * width * height];
        for at in 0..width * height {
            for (plane, value) in colour(at % width, at / width).into_iter().enumerate() {
                rgb[plane * width * height + at] = value;
            }
        }
        Picture::new(width, height, rgb).unwrap()
    }

    #[test]
    fn grey_is_a_weight_and_transparent_weighs_nothing() {
        let ramp = picture(10, 2, |x, _| [x as f32 / 9.0; 3]);
        let alpha = Plane::new(10, 2, [vec![1.0; 10], vec![0.0; 10]].concat()).unwrap();
        let Ok(Mask::Grey(plane)) = Mask::new(&ramp, Some(&alpha)) else { panic!("no grey") };
        assert!((plane.data()[9] - 1.0).abs() < 1e-6 && (plane.data()[3] - 1.0 / 3.0).abs() < 1e-6);
        assert!(plane.data()[10..].iter().all(|&value| value == 0.0));
    }

    #[test]
    fn colours_are_regions_in_spite_of_noise_and_soft_edges() {
        // Two halves below a stripe, with noise as JPEG makes it and a smoothed edge between red and blue.
        let mask = picture(60, 40, |x, y| {
            let noise = ((x * 7 + y * 13) % 11) as f32 / 255.0;
            match (x, y) {
                (_, 0..4) => [1.0 - noise; 3],
                (0..30, _) => [1.0 - noise, noise, 0.0],
                (30, _) => [0.5, 0.0, 0.5],
                _ => [0.0, noise, 1.0 - noise],
            }
        });
        let Ok(Mask::Colours(mask)) = Mask::new(&mask, None) else { panic!("no colours") };
        assert_eq!(mask.colours().len(), 3, "{:?}", mask.colours());
        let red = mask.region(MaskColour([255, 0, 0])).unwrap();
        assert_eq!(red.data().iter().sum::<f32>(), 31.0 * 36.0, "the edge goes to one of both");
        assert!(mask.region(MaskColour([0, 255, 0])).is_none());
        assert!((mask.share(MaskColour([255, 255, 255])) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn zero_and_one_are_black_and_white() {
        for white in [255.0, 65_535.0] {
            let grey = picture(8, 2, |x, _| [if x < 3 { 1.0 / white } else { 0.0 }; 3]);
            let Ok(Mask::Grey(plane)) = Mask::new(&grey, None) else { panic!("no grey") };
            assert!(plane.data()[..3].iter().all(|value| (value - 1.0).abs() < 1e-5));
            assert!(plane.data()[3..8].iter().all(|value| *value == 0.0));
            let colours =
                picture(8, 8, |x, _| if x < 4 { [1.0 / white, 0.0, 0.0] } else { [0.0, 0.0, 1.0 / white] });
            let Ok(Mask::Colours(mask)) = Mask::new(&colours, None) else { panic!("no colours") };
            assert!(mask.region(MaskColour([255, 0, 0])).is_some());
            let labels = picture(8, 2, |x, _| [(x / 3) as f32 / white; 3]);
            assert!(matches!(Mask::new(&labels, None), Err(Error::Labels { count: 3, largest: 2, .. })));
        }
    }

    #[test]
    fn colours_have_names_and_digits() {
        assert_eq!(MaskColour::parse("Red"), Some(MaskColour([255, 0, 0])));
        assert_eq!(MaskColour::parse("#0a1B2c"), Some(MaskColour([10, 27, 44])));
        assert_eq!(MaskColour([10, 27, 44]).to_string(), "#0a1b2c");
        for bad in ["", "#", "#12345", "#gggggg", "#12345é", "orange?"] {
            assert_eq!(MaskColour::parse(bad), None, "{bad}");
        }
    }
}
