//! Masks that move: a mask for each frame of a film. A mask with colours has the same regions in all frames, also where
//! a colour is not to be seen for a while.

use std::borrow::Cow;

use impasto_image::{Picture, Plane};

use crate::mask::{ColourMask, Mask, MaskColour, brightened, labelled_pixels};
use crate::{Error, MaskLevels};

/// The colours of a mask that moves, gathered from all of its frames.
#[derive(Clone, Debug, Default)]
pub struct MaskPalette {
    colours: Vec<MaskColour>,
    is_coloured: bool,
}

impl MaskPalette {
    /// Takes in a frame of the mask.
    ///
    /// # Errors
    /// The errors of [`Mask::new`].
    pub fn add(&mut self, picture: &Picture, alpha: Option<&Plane>) -> Result<(), Error> {
        let mask = match Mask::new(picture, alpha)? {
            Mask::Colours(mask) => {
                self.is_coloured = true;
                mask
            }
            // The black of a frame without a colour is a region, if other frames have colours.
            Mask::Grey(_) => ColourMask::new(picture.size(), &labelled_pixels(&levelled(picture), alpha)),
        };
        for colour in mask.colours() {
            if !self.colours.iter().any(|known| known.is_same(*colour)) {
                self.colours.push(*colour);
            }
        }
        Ok(())
    }

    /// The colours in the order in which they appeared; none if the mask is grey in all frames.
    pub fn colours(self) -> Vec<MaskColour> {
        if self.is_coloured { self.colours } else { Vec::new() }
    }
}

impl Mask {
    /// Reads a frame of a mask that moves. With colours, each position belongs to the region of the nearest one;
    /// without, the frame is grey.
    ///
    /// # Errors
    /// The errors of [`Mask::new`].
    pub fn of_frame(picture: &Picture, alpha: Option<&Plane>, colours: &[MaskColour]) -> Result<Mask, Error> {
        if colours.is_empty() {
            return Mask::new(picture, alpha);
        }
        let pixels = labelled_pixels(&levelled(picture), alpha);
        Ok(Mask::Colours(ColourMask::with(picture.size(), colours.to_vec(), &pixels)))
    }
}

/// The picture with white as 1 if its brightest value is the number 1.
fn levelled(picture: &Picture) -> Cow<'_, Picture> {
    match MaskLevels::of(picture) {
        MaskLevels::Booleans { of } => Cow::Owned(brightened(picture, of as f32)),
        _ => Cow::Borrowed(picture),
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

    #[test]
    fn a_colour_that_is_not_seen_keeps_its_region() {
        let mut palette = MaskPalette::default();
        let frames = [halves(RED, BLACK), halves(BLACK, BLACK), halves(RED, BLUE)];
        frames.iter().for_each(|frame| palette.add(frame, None).unwrap());
        let colours = palette.colours();
        assert_eq!(colours.len(), 3);
        let Mask::Colours(mask) = Mask::of_frame(&frames[1], None, &colours).unwrap() else { panic!("grey") };
        let share = |name: &str| mask.share(MaskColour::parse(name).unwrap());
        assert_eq!([share("black"), share("red"), share("blue")], [1.0, 0.0, 0.0]);
        assert!(mask.region(MaskColour::parse("red").unwrap()).unwrap().data().iter().all(|at| *at == 0.0));
    }

    #[test]
    fn a_mask_without_colours_is_grey_in_each_frame() {
        let mut palette = MaskPalette::default();
        let frame = halves(BLACK, [0.5; 3]);
        palette.add(&frame, None).unwrap();
        assert!(palette.clone().colours().is_empty());
        assert!(matches!(Mask::of_frame(&frame, None, &[]).unwrap(), Mask::Grey(_)));
    }
}
