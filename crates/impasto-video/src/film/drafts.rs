//! The drafts of frames: of the painting's size, and steadied along the motion.

use impasto::image::{Averaging, Filter, Picture, Plane, resize};
use impasto::{DraftMemory, Error};

use super::motion::Motion;
use super::painter::Painter;
use super::planes::{mixed, soft};
use super::state::State;
use crate::warp;

/// The share of the drafts before in a steadied draft.
const STEADY: f32 = 0.8;

/// How far a frame of effort draft goes towards its own draft, coarsely, where it is held.
const TOWARDS_DRAFT: f32 = 0.15;

impl Painter {
    /// The draft of a frame at the size of the painting, if frames have one.
    pub(super) fn draft(
        &mut self,
        seen: &Picture,
        alpha: Option<&Plane>,
        memory: &mut DraftMemory,
    ) -> Result<Option<Picture>, Error> {
        let Some(draft) = &mut self.draft else { return Ok(None) };
        draft.set_content(seen, alpha);
        let small = draft.following(memory)?;
        if small.size() == seen.size() {
            return Ok(Some(small));
        }
        // The draft is smaller, so it gets the frame's own detail.
        let (width, height) = seen.size();
        let grown = |picture: &Picture| resize(picture, width, height, Filter::Bicubic, Averaging::Light);
        let coarse = resize(seen, small.width(), small.height(), Filter::Bicubic, Averaging::Light);
        let (mut picture, coarse) = (grown(&small), grown(&coarse));
        for ((to, fine), coarse) in picture.rgb_mut().iter_mut().zip(seen.rgb()).zip(coarse.rgb()) {
            *to = (*to + fine - coarse).clamp(0.0, 1.0);
        }
        Ok(Some(picture))
    }

    /// The draft of the next frame, with a mean of the drafts before along the motion.
    pub(super) fn steadied_draft(
        &mut self,
        state: &mut State,
        motion: &Motion,
        now: &Picture,
        alpha: Option<&Plane>,
    ) -> Result<Option<Picture>, Error> {
        state.drift = warp::compose(&motion.back, &state.drift);
        state.memory.grain = self.grain.as_ref().map(|grain| grain.seen(&state.drift));
        let fresh = self.draft(now, alpha, &mut state.memory)?;
        let (Some(fresh), Some(before)) = (&fresh, &state.draft) else { return Ok(fresh) };
        let before = warp::picture(before, &motion.back);
        let share: Vec<f32> = motion.confidence.iter().map(|c| STEADY * c).collect();
        Ok(Some(mixed(fresh.clone(), &before, &share)))
    }
}

/// Paint that is wet goes to the coarse colours of the frame's draft. Paint that comes into view column by column
/// begins in the colours around it, which are those of the edge, and knows nothing yet of what follows.
pub(super) fn coloured_like(start: Picture, draft: &Picture, wet: &[f32]) -> Picture {
    /// Deviation, in pixels, of the blur that leaves the coarse part.
    const COARSE: f32 = 3.0;
    /// The part of the way that wholly wet paint goes in a frame.
    const GOES: f32 = 0.15;
    if wet.iter().all(|wet| *wet == 0.0) {
        return start;
    }
    let (mine, aim) = (soft(&start, COARSE), soft(draft, COARSE));
    let (mut picture, area) = (start, wet.len());
    for (at, (value, (mine, aim))) in
        picture.rgb_mut().iter_mut().zip(mine.rgb().iter().zip(aim.rgb())).enumerate()
    {
        *value = (*value + GOES * wet[at % area] * (aim - mine)).clamp(0.0, 1.0);
    }
    picture
}

/// A frame of effort draft: the target, whose coarse part goes a little towards the frame's own draft. Where the styles
/// change, all of it goes there, as far as the paint is `loose`.
pub(super) fn towards(start: Picture, draft: &Picture, held: &[f32], loose: f32) -> Picture {
    /// Deviation, in pixels, of the blur that parts coarse from fine.
    const SPLIT: f32 = 6.0;
    let (coarse, goal) = (soft(&start, SPLIT), soft(draft, SPLIT));
    let mut picture = start;
    for ((value, coarse), goal) in picture.rgb_mut().iter_mut().zip(coarse.rgb()).zip(goal.rgb()) {
        *value += TOWARDS_DRAFT * (goal - coarse);
    }
    let free: Vec<f32> = held.iter().map(|held| 1.0 - held * (1.0 - loose * TOWARDS_DRAFT)).collect();
    mixed(picture, draft, &free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wet_paint_takes_the_colours_of_the_draft_and_keeps_its_strokes() {
        let stroke = |at: usize| if (at / 2).is_multiple_of(2) { 0.1 } else { -0.1 };
        let paint = |base: f32| {
            Picture::new(64, 32, (0..6144).map(|at| base + stroke(at)).collect::<Vec<f32>>()).unwrap()
        };
        let wet: Vec<f32> = (0..2048).map(|at| if at % 64 < 32 { 1.0 } else { 0.0 }).collect();
        let mut picture = paint(0.4);
        for _ in 0..25 {
            picture = coloured_like(picture, &Picture::filled(64, 32, [0.7; 3]), &wet);
        }
        let row = &picture.rgb()[16 * 64..17 * 64];
        let (mean, contrast) = (row[8..24].iter().sum::<f32>() / 16.0, row[10] - row[8]);
        assert!((mean - 0.7).abs() < 0.02, "{mean}");
        assert!((contrast.abs() - 0.2).abs() < 0.03, "{contrast}");
        assert!(row[32..].iter().zip(&paint(0.4).rgb()[32..64]).all(|(a, b)| a == b));
    }
}
