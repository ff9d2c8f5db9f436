//! A frame in which something changes: its target, the picture that its run begins from, the run, and the guards after
//! it.

use impasto::image::Picture;
use impasto::{Error, Follow, Trace};
use impasto_job::Guarded;

use super::anchor::Anchor;
use super::drafts::{coloured_like, towards};
use super::frame::{Frame, Opening};
use super::ground;
use super::guard;
use super::layout::Change;
use super::motion::Motion;
use super::optimise::carried;
use super::painter::Painter;
use super::planes::{mean, mixed, rounded};
use super::renew::{self, Renewal};
use super::state::State;
use super::styles::followed;
use super::target::{Target, filled, target, unseen};
use crate::warp;

/// A frame gets all further iterations if a third of it is new or not yet dry.
const MORE_FOR: f32 = 3.0;

/// The share of its detail and its colours that wholly loosened paint gives up in a frame.
const FOLLOWS_LIGHT: f32 = 0.1;

/// The surroundings of a frame in which something changes.
pub(super) struct Around<'a> {
    pub(super) frame: &'a Frame,
    /// The opening of a film that loops, and the weight that draws the frame to it.
    pub(super) closing: Option<(&'a Opening, f32)>,
    /// How loose the paint is because styles change, 0..1.
    pub(super) loose: f32,
    /// The change of regions.
    pub(super) change: Option<Change>,
}

/// The work that was done for a frame.
pub(super) struct Done {
    pub(super) iterations: usize,
    pub(super) unseen: f32,
    pub(super) guarded: Option<Guarded>,
}

impl Painter {
    /// Paints the frame, and returns the state after it.
    pub(super) fn changed(
        &mut self,
        mut state: State,
        motion: Motion,
        now: Picture,
        around: Around,
    ) -> Result<(Done, State), Error> {
        let Around { frame, closing, loose, change } = around;
        let Target { mut picture, held, free, renewal, light } =
            target(&mut state, &motion, &now, (frame.seconds, self.life, loose));
        if let Some((opening, weight)) = closing {
            picture = self.drawn(picture, opening, &now, weight);
        }
        let [mut detail, eased] = warp::planes([&state.detail, &state.loose], &motion.back);
        let eased: Vec<f32> = eased
            .iter()
            .zip(&light)
            .map(|(eased, light)| guard::lit(*light).max(guard::LASTS * eased))
            .collect();
        let draft = self.steadied_draft(&mut state, &motion, &now, frame.alpha.as_ref())?;
        let dry = self.dry(&renewal);
        let firm: Vec<f32> =
            (0..held.len()).map(|at| held[at] * dry[at] * (1.0 - loose) * guard::hold(eased[at])).collect();
        let start =
            start(filled(picture, &free, &now, draft.as_ref()), draft.as_ref(), change.as_ref(), &dry);
        let (unseen, iterations) = (unseen(&held), self.iterations(&firm));
        let (mut painting, trace) = match (&draft, iterations) {
            (Some(draft), 0) => {
                let painting = towards(start, draft, &held, loose);
                (self.kept(painting, &now, frame), Trace::default())
            }
            _ => {
                let alpha = frame.alpha.as_ref();
                let start = self.roughed(start, (&now, alpha), draft.as_ref(), &firm)?;
                let follow = self.tie(start, &firm, &free, draft.clone(), carried(&state.trace, &motion));
                let follow = Follow { pooled: follow.pooled * f64::from(1.0 - loose), ..follow };
                self.follow(&now, frame.alpha.clone(), follow, iterations)?
            }
        };
        // A draft has its own colours, and the end of a loop those of the beginning.
        let given_up =
            if iterations == 0 { 1.0 } else { closing.map_or(loose, |(_, weight)| weight.max(loose)) };
        let fresh = self.fresh(frame, &renewal, &eased, given_up);
        let mut ground = ground::moved(&state.ground, &motion.back, &light);
        let drift = ground::hold(&mut painting, &mut ground, &fresh);
        let mut painting = rounded(painting);
        if closing.is_none() && loose == 0.0 {
            let renewed = |at: usize| if eased[at] < guard::TIGHT { renewal.free[at] } else { 1.0 };
            hold_still(&mut painting, &state.painting, &motion.still, renewed);
        }
        let (sharpness, weak) = guard::sharpness(&mut detail, &guard::energy(&painting), &fresh);
        let guarded = Some(Guarded { sharpness, drift, loosened: mean(&eased) });
        let anchor = match state.anchor.is_spent() {
            true => Anchor::new(painting.clone()),
            false => state.anchor,
        };
        let state = State {
            painting,
            reference: state.reference.after(&now, &motion),
            input: now,
            alpha: frame.alpha.clone(),
            flows: Some(motion.found),
            trace,
            memory: state.memory,
            drift: state.drift,
            draft,
            ground,
            anchor,
            age: renewal.age,
            growth: renewal.growth,
            depth: renewal.depth,
            detail,
            loose: eased.iter().zip(&weak).map(|(eased, weak)| eased.max(*weak)).collect(),
            layout: change.map_or(Vec::new(), |change| change.layout),
            styles: followed(&state.styles, &frame.styles),
        };
        Ok((Done { iterations, unseen, guarded }, state))
    }

    /// How dry the paint of each pixel is: wet paint, which is new or near an edge that it came in by, is not held.
    fn dry(&self, renewal: &Renewal) -> Vec<f32> {
        let dry =
            |at: usize| renew::dryness(renewal.age[at], self.life) * renew::firmness(renewal.inwards[at]);
        (0..renewal.age.len()).map(dry).collect()
    }

    /// How far the paint of each pixel is still being made, 0..1: its detail and its colours are not kept yet.
    fn fresh(&self, frame: &Frame, renewal: &Renewal, eased: &[f32], loose: f32) -> Vec<f32> {
        let part = frame.painted();
        let fresh = |at: usize| {
            let made = renew::freshness(renewal.age[at], renewal.free[at]);
            let comes = 1.0 - renew::firmness(renewal.inwards[at]);
            let kept = part.as_ref().map_or(0.0, |part| 1.0 - part[at]);
            made.max(comes).max(loose).max(FOLLOWS_LIGHT * eased[at]).max(kept)
        };
        (0..eased.len()).map(fresh).collect()
    }

    /// The iterations for a frame: more of them, the less of it is firm.
    fn iterations(&self, firm: &[f32]) -> usize {
        match self.tuning.iterations {
            0 => 0,
            few => {
                few + (self.tuning.more as f32 * (MORE_FOR * (1.0 - mean(firm))).min(1.0)).round() as usize
            }
        }
    }
}

/// The picture that a run begins from: the target, with paint of another region in its own style, whatever is around
/// it, and wet paint in the draft's coarse colours.
fn start(filled: Picture, draft: Option<&Picture>, change: Option<&Change>, dry: &[f32]) -> Picture {
    let Some(draft) = draft else { return filled };
    let start = match change {
        Some(change) => mixed(filled, draft, &change.anew),
        None => filled,
    };
    coloured_like(start, draft, &dry.iter().map(|dry| 1.0 - dry).collect::<Vec<f32>>())
}

/// Copies the pixels that stand still and are not renewed.
fn hold_still(painting: &mut Picture, before: &Picture, still: &[bool], renewed: impl Fn(usize) -> f32) {
    let area = still.len();
    for (now, before) in painting.rgb_mut().chunks_exact_mut(area).zip(before.rgb().chunks_exact(area)) {
        for (at, now) in now.iter_mut().enumerate().filter(|(at, _)| still[*at] && renewed(*at) == 0.0) {
            *now = before[at];
        }
    }
}
