//! Masks that move: a mask for each frame of a film. A mask with colours has the same regions in all frames, also where
//! a colour is not to be seen for a while. The values of all frames together tell what they mean: a frame that is
//! almost black, as at the beginning of a fade, looks like booleans or labels when it is seen alone.

use impasto_image::{Picture, Plane};
use serde::{Deserialize, Serialize};

use crate::mask::{
    ColourMask, MOST, Mask, MaskColour, brightened, grey_weights, is_coloured, labelled_pixels,
};
use crate::mask_levels::{Numbers, WHITES};
use crate::{Error, MaskLevels};

/// The facts about all frames of a mask that moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskFrames {
    /// The colours of the regions, in the order in which they appeared; none if the mask is grey in all frames.
    pub colours: Vec<MaskColour>,
    /// The number that is white if all frames have only 0 and 1: 255 or 65535. It is 1 for brightness.
    pub white: u32,
    /// The least weight of all frames, if they are grey.
    pub least: f32,
    /// The largest weight of all frames, if they are grey.
    pub most: f32,
}

/// Gathers the facts about a mask that moves from all of its frames.
#[derive(Clone, Debug)]
pub struct MaskPalette {
    numbers: Numbers,
    /// The facts for each number that may be white, as long as the frames are dark enough for it.
    readings: Vec<Reading>,
}

/// The facts for one number that may be white.
#[derive(Clone, Debug)]
struct Reading {
    facts: MaskFrames,
    is_coloured: bool,
}

impl Default for MaskPalette {
    fn default() -> MaskPalette {
        let reading = |white: u32| Reading {
            facts: MaskFrames { colours: Vec::new(), white, least: 1.0, most: 0.0 },
            is_coloured: false,
        };
        MaskPalette {
            numbers: Numbers::default(),
            readings: [1].into_iter().chain(WHITES).map(reading).collect(),
        }
    }
}

impl MaskPalette {
    /// Takes in a frame of the mask.
    ///
    /// # Errors
    /// [`Error::TooManyColours`] if the frames have more colours than a mask.
    pub fn add(&mut self, picture: &Picture, alpha: Option<&Plane>) -> Result<(), Error> {
        self.numbers.add(picture);
        let brightest = self.numbers.brightest;
        self.readings
            .retain(|Reading { facts, .. }| facts.white == 1 || brightest * facts.white as f32 <= 1.5);
        self.readings.iter_mut().try_for_each(|reading| reading.add(picture, alpha))
    }

    /// The facts about all frames.
    ///
    /// # Errors
    /// [`Error::Labels`] if the frames have labels instead of brightness ([`MaskLevels::Labels`]).
    pub fn facts(self) -> Result<MaskFrames, Error> {
        let white = match self.numbers.levels() {
            MaskLevels::Labels { count, largest, of } => return Err(Error::Labels { count, largest, of }),
            MaskLevels::Booleans { of } => of,
            MaskLevels::Brightness => 1,
        };
        let found = self.readings.into_iter().find(|reading| reading.facts.white == white);
        let Some(Reading { facts, is_coloured }) = found else {
            return Ok(MaskFrames { colours: Vec::new(), white, least: 0.0, most: 1.0 });
        };
        Ok(if is_coloured { facts } else { MaskFrames { colours: Vec::new(), ..facts } })
    }
}

impl Reading {
    fn add(&mut self, picture: &Picture, alpha: Option<&Plane>) -> Result<(), Error> {
        let facts = &mut self.facts;
        let picture = brightened(picture, facts.white);
        let pixels = labelled_pixels(&picture, alpha);
        self.is_coloured |= is_coloured(&pixels);
        // The black of a frame without a colour is a region, if other frames have colours.
        for colour in ColourMask::new(picture.size(), &pixels).colours() {
            if !facts.colours.iter().any(|known| known.is_same(*colour)) {
                facts.colours.push(*colour);
            }
        }
        if self.is_coloured && facts.colours.len() > MOST {
            return Err(Error::TooManyColours { most: MOST });
        }
        for weight in grey_weights(&picture, alpha).data() {
            facts.least = facts.least.min(*weight);
            facts.most = facts.most.max(*weight);
        }
        Ok(())
    }
}

impl Mask {
    /// Reads a frame of a mask that moves. With colours, each position belongs to the region of the nearest one;
    /// without, the frame is grey.
    pub fn of_frame(picture: &Picture, alpha: Option<&Plane>, frames: &MaskFrames) -> Mask {
        let picture = brightened(picture, frames.white);
        match frames.colours.is_empty() {
            true => Mask::Grey(grey_weights(&picture, alpha)),
            false => {
                let pixels = labelled_pixels(&picture, alpha);
                Mask::Colours(ColourMask::with(picture.size(), frames.colours.clone(), &pixels))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: [f32; 3] = [0.0; 3];
    const RED: [f32; 3] = [1.0, 0.0, 0.0];
    const BLUE: [f32; 3] = [0.0, 0.0, 1.0];

    /// Two halves of colours.
    fn halves(left: [f32; 3], right: [f32; 3]) -> Picture {
        let at = |i: usize| if i % 8 < 4 { left[i / 64] } else { right[i / 64] };
        Picture::new(8, 8, (0..192).map(at).collect()).unwrap()
    }

    /// Black beside a grey number of 255.
    fn grey(number: u32) -> Picture {
        halves(BLACK, [number as f32 / 255.0; 3])
    }

    fn facts(frames: &[Picture]) -> Result<MaskFrames, Error> {
        let mut palette = MaskPalette::default();
        frames.iter().try_for_each(|frame| palette.add(frame, None))?;
        palette.facts()
    }

    /// The largest weight of a frame.
    fn weight(frame: &Picture, facts: &MaskFrames) -> f32 {
        let Mask::Grey(plane) = Mask::of_frame(frame, None, facts) else { panic!("colours") };
        plane.data().iter().copied().fold(0.0, f32::max)
    }

    #[test]
    fn a_colour_that_is_not_seen_keeps_its_region() {
        let frames = [halves(RED, BLACK), halves(BLACK, BLACK), halves(RED, BLUE)];
        let facts = facts(&frames).unwrap();
        assert_eq!((facts.colours.len(), facts.white), (3, 1));
        let Mask::Colours(mask) = Mask::of_frame(&frames[1], None, &facts) else { panic!("grey") };
        let share = |name: &str| mask.share(MaskColour::parse(name).unwrap());
        assert_eq!([share("black"), share("red"), share("blue")], [1.0, 0.0, 0.0]);
        assert!(mask.region(MaskColour::parse("red").unwrap()).unwrap().data().iter().all(|at| *at == 0.0));
    }

    #[test]
    fn a_mask_without_colours_is_grey_in_each_frame() {
        let frame = halves(BLACK, [0.5; 3]);
        let facts = facts(&[frame.clone(), halves([0.25; 3], [0.75; 3])]).unwrap();
        assert_eq!(facts, MaskFrames { colours: Vec::new(), white: 1, least: 0.0, most: 0.75 });
        assert_eq!(weight(&frame, &facts), 0.5);
    }

    #[test]
    fn dark_frames_of_a_bright_mask_stay_dark() {
        // A mask that fades in: its frames alone look like black, booleans, and labels.
        let frames = [grey(0), grey(1), grey(2), grey(9), grey(255), grey(1)];
        let facts = facts(&frames).unwrap();
        assert_eq!(facts.white, 1);
        for (frame, number) in frames.iter().zip([0.0, 1.0, 2.0, 9.0, 255.0, 1.0]) {
            assert!((weight(frame, &facts) - number / 255.0).abs() < 1e-6, "{number}");
        }
    }

    #[test]
    fn numbers_that_are_small_in_all_frames_are_booleans_or_labels() {
        let facts = |numbers: &[u32]| facts(&numbers.iter().map(|number| grey(*number)).collect::<Vec<_>>());
        let booleans = facts(&[0, 0, 1]).unwrap();
        assert_eq!((booleans.white, booleans.most), (255, 1.0));
        assert_eq!([weight(&grey(0), &booleans), weight(&grey(1), &booleans)], [0.0, 1.0]);
        let labels = facts(&[0, 1, 2]).unwrap_err();
        assert!(matches!(labels, Error::Labels { count: 3, largest: 2, of: 255 }), "{labels}");
        let dark = |[r, g, b]: [f32; 3]| [r / 255.0, g / 255.0, b / 255.0];
        let coloured = super::tests::facts(&[halves(dark(RED), BLACK), halves(BLACK, dark(BLUE))]).unwrap();
        assert_eq!((coloured.white, coloured.colours.len()), (255, 3));
    }

    #[test]
    fn frames_of_more_colours_than_a_mask_has_are_refused() {
        // Each frame has two colours alone.
        let level = |number: usize| (number % 4) as f32 / 3.0;
        let colour = |number: usize| [level(number), level(number / 4), level(number / 16)];
        let frames: Vec<Picture> = (0..32).map(|at| halves(colour(2 * at), colour(2 * at + 1))).collect();
        assert!(facts(&frames[..10]).is_ok());
        let refused = facts(&frames).unwrap_err();
        assert_eq!(refused.to_string(), "found more than 24 colours: expected a mask");
        assert!(refused.hint().unwrap().contains("lossless"));
    }
}
