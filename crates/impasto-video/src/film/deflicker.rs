//! Frames that another program painted, one by one, made steady.
//!
//! Each frame is solved for the detail of the painted frame and the values of the steadied frame before, moved along
//! the motion of the original film ([`super::poisson`]). As in a film of our own, fine detail of the frame before comes
//! from an anchor, because a chain of resamplings would blur it. A mean of paintings has less detail than each of them,
//! so it gets back the energy that the painted frame has.

use impasto_image::Picture;

use super::anchor::{Anchor, strengthened};
use super::motion::{self, Reference};
use super::planes::{rounded, smoothstep};
use super::poisson;
use super::target::HELD;
use crate::flow::{Flow, Preset};

/// How firmly a pixel whose motion is trusted is held to the frame before, beside the tie to its neighbours, which is
/// 1. Of detail that changes from frame to frame, a wave of six pixels, a sixteenth is left.
const HOLD: f32 = 16.0;

/// How firmly a pixel is held that the anchor does not show, as a part of others. It came into view line by line, from
/// paintings that differ, and a mean of them has no strokes. So it follows its paintings until the next anchor.
const NEW: f32 = 0.05;

/// The most by which detail is strengthened.
const GAIN: f32 = 1.3;

/// The state that is carried from a frame to the next.
pub struct Steadied {
    /// The original.
    original: Picture,
    /// The steadied frame, in values of 16 bits.
    shown: Picture,
    anchor: Anchor,
    reference: Reference,
    flows: Option<[Flow; 2]>,
}

impl Steadied {
    /// Begins after a frame: the first of a shot, which is shown as it was painted, or one that is steadied already.
    pub fn after(original: Picture, shown: Picture) -> Steadied {
        Steadied {
            anchor: Anchor::new(shown.clone()),
            reference: Reference::new(original.clone()),
            original,
            shown,
            flows: None,
        }
    }

    /// The next frame, steadied. All pictures have one size. `strength` 0 leaves the frame as it is.
    pub fn next(&mut self, original: Picture, painted: &Picture, strength: f32) -> Picture {
        let before = (&self.original, Some(&self.reference));
        let motion = motion::between(before, &original, Preset::Fine, self.flows.as_ref());
        let trusted: Vec<f32> = motion.confidence.iter().map(|c| smoothstep(*c, HELD.0, HELD.1)).collect();
        self.anchor = self.anchor.clone().moved(&motion.back, &trusted);
        let target = self.anchor.sharpened(&self.shown, &motion.back);
        let anchored = |at: usize| NEW + (1.0 - NEW) * self.anchor.confidence[at];
        let held: Vec<f32> =
            (0..trusted.len()).map(|at| HOLD * strength * trusted[at] * anchored(at)).collect();
        let solved = poisson::solve(painted, &target, &held);
        self.shown = rounded(strengthened(solved, painted, GAIN));
        if self.anchor.is_spent() {
            self.anchor = Anchor::new(self.shown.clone());
        }
        self.reference = self.reference.clone().after(&original, &motion);
        self.original = original;
        self.flows = Some(motion.found);
        self.shown.clone()
    }
}
