//! Values of files in floating point that are no colours: not numbers, infinite, or outside 0..1.

use super::{Context, Note};
use crate::ImageError;

/// In so many pixels, one may be not a number. Renderers leave such pixels here and there; a file with more of them is
/// damaged.
const PIXELS: usize = 1000;

/// The largest value of half precision; sums of it stay finite.
const LARGEST: f32 = 65504.0;

/// Makes pixels that are not numbers black and opaque, and returns a note on them. Infinities become the largest value,
/// for infinite light is brighter than white.
///
/// # Errors
/// Too many such pixels.
pub(super) fn only(
    colours: &mut [f32],
    channels: usize,
    mut alpha: Option<&mut [f32]>,
    context: &Context<'_>,
) -> Result<Option<Note>, ImageError> {
    let finite = |value: &mut f32| {
        if value.is_infinite() {
            *value = LARGEST.copysign(*value);
        }
    };
    colours.iter_mut().for_each(finite);
    alpha.iter_mut().flat_map(|alpha| alpha.iter_mut()).for_each(finite);
    let is_nan = |values: &[f32]| values.iter().any(|value| value.is_nan());
    if !is_nan(colours) && !alpha.as_deref().is_some_and(is_nan) {
        return Ok(None);
    }
    let area = colours.len() / channels;
    let mut pixels = 0;
    for at in 0..area {
        let is_lost = colours[at..].iter().step_by(area).any(|value| value.is_nan())
            || alpha.as_deref().is_some_and(|alpha| alpha[at].is_nan());
        if is_lost {
            pixels += 1;
            colours[at..].iter_mut().step_by(area).for_each(|value| *value = 0.0);
            alpha.iter_mut().for_each(|alpha| alpha[at] = 1.0);
        }
    }
    if pixels * PIXELS > area {
        return Err(context.damaged(format!("{pixels} of its {area} pixels are not numbers")));
    }
    Ok(Some(Note::NotNumbers { pixels }))
}

/// Brings values so near that sums of them are finite, and returns a note if some are outside 0..1 by more than
/// rounding.
pub(super) fn bounded(colours: &mut [f32]) -> Option<Note> {
    const ROUNDING: f32 = 1e-3;
    let lowest = colours.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = colours.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    colours.iter_mut().for_each(|value| *value = value.clamp(-LARGEST, LARGEST));
    (lowest < -ROUNDING || highest > 1.0 + ROUNDING).then_some(Note::CutTo01 { lowest, highest })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Limits;

    #[test]
    fn few_pixels_may_be_no_numbers() {
        let limits = Limits::default();
        let context = Context { path: Path::new("a"), format: "OpenEXR", limits: &limits };
        let (mut colours, mut alpha) = (vec![0.5; 3 * 2000], vec![0.5; 2000]);
        (colours[0], colours[2000], alpha[7]) = (f32::NAN, f32::NAN, f32::NAN);
        (colours[1], colours[2]) = (f32::INFINITY, f32::NEG_INFINITY);
        let note = only(&mut colours, 3, Some(&mut alpha), &context).unwrap();
        assert_eq!(note, Some(Note::NotNumbers { pixels: 2 }));
        assert_eq!((colours[4000], colours[4007], alpha[0], alpha[7]), (0.0, 0.0, 1.0, 1.0));
        assert_eq!((colours[1], colours[2], colours[3]), (LARGEST, -LARGEST, 0.5));
        colours[..3].fill(f32::NAN);
        assert!(matches!(only(&mut colours, 3, None, &context), Err(ImageError::Damaged { .. })));
        assert_eq!(only(&mut [0.0, 7.0, 1.0], 3, None, &context).unwrap(), None);
    }

    #[test]
    fn only_what_is_cut_off_is_noted() {
        assert_eq!(bounded(&mut [0.0, 1.000_1]), None);
        assert_eq!(bounded(&mut [0.5, 2.0]), Some(Note::CutTo01 { lowest: 0.5, highest: 2.0 }));
        assert_eq!(bounded(&mut [-1.0, 0.5]), Some(Note::CutTo01 { lowest: -1.0, highest: 0.5 }));
    }
}
