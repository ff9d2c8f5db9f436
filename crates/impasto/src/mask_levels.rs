//! The levels of a mask picture. Programs save masks with small numbers, too: arrays of booleans as 0 and 1 instead of
//! black and white, and labels as 0, 1, 2 and so on. Read as brightness, such a mask is black.

use impasto_image::Picture;

/// The meaning of the values of a mask picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskLevels {
    /// Brightness or colours: the usual kind.
    Brightness,
    /// Only the numbers 0 and 1: black and white were meant.
    Booleans {
        /// The number that stands for white in such a file: 255 or 65535.
        of: u32,
    },
    /// Few small numbers that look like labels. Brightness is not meant.
    Labels {
        /// Number of different colours.
        count: usize,
        /// The largest number.
        largest: u32,
        /// The number that stands for white in such a file: 255 or 65535.
        of: u32,
    },
}

/// The most labels. A dark picture with more colours may be one with soft edges.
const MOST: usize = 16;

/// The largest label. Brighter masks are visible, and were probably drawn.
const LARGEST: u32 = 31;

/// The numbers for white: 8 and 16 bits.
pub(crate) const WHITES: [u32; 2] = [65_535, 255];

impl MaskLevels {
    /// Finds the meaning of a picture's values. Its encoded RGB is in 0..1.
    pub fn of(picture: &Picture) -> MaskLevels {
        let mut numbers = Numbers::default();
        numbers.add(picture);
        numbers.levels()
    }
}

/// The values of a picture as whole numbers, or those of all frames of a mask that moves.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) brightest: f32,
    /// The different colours for each number that may be white; `None` if there are too many, or if a value is too
    /// large or no whole number.
    colours: [Option<Vec<[u32; 3]>>; WHITES.len()],
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers { brightest: 0.0, colours: [const { Some(Vec::new()) }; WHITES.len()] }
    }
}

impl Numbers {
    /// Takes in a picture.
    pub(crate) fn add(&mut self, picture: &Picture) {
        self.brightest = picture.rgb().iter().copied().fold(self.brightest, f32::max);
        for (colours, white) in self.colours.iter_mut().zip(WHITES) {
            let fits = self.brightest * white as f32 <= LARGEST as f32 + 0.5;
            *colours = colours.take().filter(|_| fits).and_then(|known| with_colours(known, picture, white));
        }
    }

    /// The meaning of the values.
    pub(crate) fn levels(&self) -> MaskLevels {
        let fits = |white: u32| (0.5..=LARGEST as f32 + 0.5).contains(&(self.brightest * white as f32));
        let found = WHITES.into_iter().zip(&self.colours).find(|(white, _)| fits(*white));
        let Some((of, Some(colours))) = found else { return MaskLevels::Brightness };
        let largest = colours.iter().flatten().copied().max().unwrap_or(0);
        match (largest, colours.len()) {
            (1, _) => MaskLevels::Booleans { of },
            // A single grey is a weight for the whole picture.
            (_, count @ 2..) => MaskLevels::Labels { count, largest, of },
            _ => MaskLevels::Brightness,
        }
    }
}

/// Adds the different colours of a picture as whole numbers; `None` if there are too many, or if a value is no whole
/// number.
fn with_colours(mut colours: Vec<[u32; 3]>, picture: &Picture, white: u32) -> Option<Vec<[u32; 3]>> {
    /// Values of files are whole numbers, up to the rounding of the decoder.
    const ROUNDING: f32 = 0.05;
    let area = picture.width() * picture.height();
    for at in 0..area {
        let values = [0, 1, 2].map(|plane| picture.rgb()[plane * area + at] * white as f32);
        if values.iter().any(|value| (value - value.round()).abs() > ROUNDING) {
            return None;
        }
        let colour = values.map(|value| value.round() as u32);
        if colours.last() != Some(&colour) && !colours.contains(&colour) {
            if colours.len() == MOST {
                return None;
            }
            colours.push(colour);
        }
    }
    Some(colours)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels of a picture that repeats these colours.
    fn levels(colours: &[[u32; 3]], white: u32) -> MaskLevels {
        let area = 6 * colours.len();
        let rgb = (0..3 * area).map(|i| colours[i % area % colours.len()][i / area] as f32 / white as f32);
        MaskLevels::of(&Picture::new(6, colours.len(), rgb.collect()).unwrap())
    }

    fn grey(values: impl IntoIterator<Item = u32>, white: u32) -> MaskLevels {
        levels(&values.into_iter().map(|value| [value; 3]).collect::<Vec<_>>(), white)
    }

    #[test]
    fn small_numbers_are_booleans_or_labels() {
        for of in [255, 65_535] {
            assert_eq!(grey([0, 1], of), MaskLevels::Booleans { of });
            assert_eq!(grey([1], of), MaskLevels::Booleans { of });
            assert_eq!(levels(&[[1, 0, 0], [0, 1, 0]], of), MaskLevels::Booleans { of });
            assert_eq!(grey([0, 1, 2], of), MaskLevels::Labels { count: 3, largest: 2, of });
            assert_eq!(grey([0, 31], of), MaskLevels::Labels { count: 2, largest: 31, of });
            assert_eq!(grey(0..16, of), MaskLevels::Labels { count: 16, largest: 15, of });
        }
    }

    #[test]
    fn brightness_stays_brightness() {
        // Black, white, a soft edge, a dark picture with a soft edge, one weight for all, and 8 bits kept in 16.
        for (values, white) in [
            (vec![0], 255),
            (vec![0, 255], 255),
            (vec![0, 32], 255),
            ((0..32).collect(), 255),
            (vec![20], 255),
            (vec![0, 257 * 200], 65_535),
            (vec![0, 300, 900], 65_535),
        ] {
            assert_eq!(grey(values.clone(), white), MaskLevels::Brightness, "{values:?} of {white}");
        }
        assert_eq!(grey([0, 257], 65_535), MaskLevels::Booleans { of: 255 });
    }
}
