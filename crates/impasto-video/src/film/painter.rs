//! Paints the frames of a shot, one from the other.

use impasto::image::{Picture, Plane};
use impasto::{
    Colour, Draft, DraftMemory, EngineCache, Error, Follow, Init, Recipe, StyleTransfer, Trace, coloured,
    make_grey,
};

use super::anchor::Anchor;
use super::changed::{Around, Done};
use super::effort::Tuning;
use super::frame::{Frame, Opening, Painted};
use super::grain::Grain;
use super::ground;
use super::guard;
use super::layout;
use super::motion::{self, Motion, Reference};
use super::planes::{mean, mixed, rounded};
use super::renew;
use super::state::State;
use super::styles::loosened;
use crate::flow::{self, Flow};
use crate::warp;

/// The share of the earlier frames in the moments that drafts are mapped from.
const DRAFT_MEMORY: f64 = 0.8;

/// The share of still pixels above which a frame is copied whole.
const ALL_STILL: f32 = 0.998;

/// Paints frames. It holds what all frames share; what changes from frame to frame is in a [`State`].
pub struct Painter {
    pub(super) transfer: StyleTransfer,
    colour: Colour,
    pub(super) still: Recipe,
    pub(super) cache: Option<EngineCache>,
    /// The engine for frames of half the size.
    pub(super) small_cache: Option<EngineCache>,
    /// The long edge of the film, in pixels.
    pub(super) size: usize,
    pub(super) draft: Option<Draft>,
    pub(super) grain: Option<Grain>,
    pub(super) tuning: Tuning,
    pub(super) life: Option<f64>,
}

impl Painter {
    /// Prepares the frames of a film. `transfer` has the options of a still, with a frame of the film as its content.
    /// `life` is the time after which paint is renewed, in seconds; `None` keeps it as long as it holds.
    ///
    /// # Errors
    /// The errors of [`StyleTransfer::build`].
    pub fn new(
        transfer: StyleTransfer,
        (colour, tuning, life): (Colour, Tuning, Option<f64>),
        frame: &Frame,
    ) -> Result<Painter, Error> {
        let transfer = transfer.size(frame.picture.long_edge()).colour(colour);
        let transfer = transfer.content(frame.picture.clone(), frame.alpha.clone());
        let transfer = transfer.with_styles_prepared(frame.picture.long_edge())?;
        let session = transfer.clone().build()?;
        let still = session.recipe().clone();
        let drafts = tuning.iterations == 0 || (still.init == Init::Draft && still.content_is_draft);
        let draft = if drafts { Some(Draft::new(transfer.clone())?) } else { None };
        let grain = draft.as_ref().map(Grain::of);
        Ok(Painter {
            transfer,
            colour,
            still,
            cache: Some(session.into_cache()),
            small_cache: None,
            size: frame.picture.long_edge(),
            draft,
            grain,
            tuning,
            life,
        })
    }

    /// Paints the first frame of a shot, and lets the painting settle: without that, the next frames would go on with
    /// an unfinished optimisation, and the film would drift.
    ///
    /// # Errors
    /// The errors of [`impasto::Session::step`].
    pub fn first(&mut self, frame: &Frame) -> Result<(Painted, State), Error> {
        self.dress(frame);
        let seen = self.seen(&frame.picture);
        let mut memory = self.memory(&seen);
        let draft = self.draft(&seen, frame.alpha.as_ref(), &mut memory)?;
        let (mut painting, mut trace, mut iterations) = match (&draft, self.tuning.iterations) {
            (Some(draft), 0) => (draft.clone(), Trace::default(), 0),
            _ => self.still(&seen, frame.alpha.clone())?,
        };
        let (width, height) = seen.size();
        for _ in 0..self.tuning.rounds {
            let follow = Follow {
                target: painting.clone(),
                pull: Plane::filled(width, height, 0.0),
                pace: Plane::filled(width, height, 1.0 - self.tuning.calm),
                kept: draft.clone(),
                trace: Some(trace),
                pooled: self.tuning.pooled,
            };
            (painting, trace) = self.follow(&seen, frame.alpha.clone(), follow, self.tuning.iterations)?;
            iterations += self.tuning.iterations;
        }
        let state = self.begun(seen, frame, (rounded(painting), draft), (trace, memory));
        Ok((
            Painted { picture: self.shown(&state.painting, frame), iterations, unseen: 1.0, guarded: None },
            state,
        ))
    }

    /// A state made from a painted frame and its input alone, where no state was kept.
    ///
    /// # Errors
    /// The errors of [`Draft::picture`].
    pub fn adopt(&mut self, frame: &Frame, painting: Picture) -> Result<State, Error> {
        self.dress(frame);
        let seen = self.seen(&frame.picture);
        let mut memory = self.memory(&seen);
        let draft = self.draft(&seen, frame.alpha.as_ref(), &mut memory)?;
        Ok(self.begun(seen, frame, (painting, draft), (Trace::default(), memory)))
    }

    /// Paints the next frame of a shot. `closing` draws it to the opening of a film that loops, with a weight from 0 to
    /// 1.
    ///
    /// # Errors
    /// The errors of [`impasto::Session::step`].
    pub fn next(
        &mut self,
        frame: &Frame,
        state: State,
        closing: Option<(&Opening, f32)>,
    ) -> Result<(Painted, State), Error> {
        self.dress(frame);
        let loose = loosened(&state.styles, &frame.styles);
        let now = self.seen(&frame.picture);
        let mut motion = motion::between(
            (&state.input, Some(&state.reference)),
            &now,
            self.tuning.flow,
            state.flows.as_ref(),
        );
        motion::seen_in_both(
            &mut motion.confidence,
            &motion.back,
            state.alpha.as_ref(),
            frame.alpha.as_ref(),
        );
        let now = flow::steady(&now, &state.input, &motion.back, &motion.confidence, motion.noise);
        let (before, size) = (&state.layout, now.size());
        let regions = frame.regions.iter().flat_map(|regions| regions.layout(size)).collect();
        let change = layout::change(before, regions, &motion.back, &motion.confidence);
        let anew = change.as_ref().map_or(&[][..], |change| &change.anew);
        motion.begin_anew(anew);
        let still = mean(&motion.still.iter().map(|still| f32::from(u8::from(*still))).collect::<Vec<f32>>());
        let rests = still > ALL_STILL && self.life.is_none() && closing.is_none() && loose == 0.0;
        let rests = rests && state.loose.iter().all(|loose| *loose < guard::TIGHT);
        let (painted, state) = match rests {
            true => {
                (Done { iterations: 0, unseen: 0.0, guarded: None }, self.copied(state, motion, now, frame))
            }
            false => self.changed(state, motion, now, Around { frame, closing, loose, change })?,
        };
        let picture = self.shown(&state.painting, frame);
        let Done { iterations, unseen, guarded } = painted;
        Ok((Painted { picture, iterations, unseen, guarded }, state))
    }

    /// Gives the styles the weights that they have at a frame, and their regions.
    fn dress(&mut self, frame: &Frame) {
        if let Some(regions) = &frame.regions {
            self.transfer = self.transfer.clone().regions(regions.clone());
            self.draft.iter_mut().for_each(|draft| draft.set_regions(regions.clone()));
        }
        if !frame.styles.is_empty() {
            self.transfer = self.transfer.clone().style_weights(&frame.styles);
            self.draft.iter_mut().for_each(|draft| draft.set_style_weights(&frame.styles));
        }
    }

    /// The memory of the drafts of a shot that begins.
    fn memory(&self, seen: &Picture) -> DraftMemory {
        let nowhere = Flow::zero(seen.width(), seen.height());
        let grain = self.grain.as_ref().map(|grain| grain.seen(&nowhere));
        DraftMemory { grain, ..DraftMemory::new(DRAFT_MEMORY) }
    }

    /// The state after the first frame of a shot.
    fn begun(
        &self,
        seen: Picture,
        frame: &Frame,
        (painting, draft): (Picture, Option<Picture>),
        (trace, memory): (Trace, DraftMemory),
    ) -> State {
        let (width, height) = seen.size();
        State {
            detail: guard::energy(&painting),
            loose: vec![0.0; width * height],
            ground: ground::of(&painting),
            anchor: Anchor::new(painting.clone()),
            age: renew::first_ages(width, height, self.life),
            growth: vec![0.0; width * height],
            depth: vec![renew::EDGE; width * height],
            reference: Reference::new(seen.clone()),
            input: seen,
            alpha: frame.alpha.clone(),
            flows: None,
            trace,
            memory,
            drift: Flow::zero(width, height),
            draft,
            painting,
            layout: frame.layout(),
            styles: frame.styles.clone(),
        }
    }

    /// A target, drawn to the opening of a film that loops, where both show the same.
    pub(super) fn drawn(&self, target: Picture, opening: &Opening, now: &Picture, weight: f32) -> Picture {
        let motion = motion::between((&self.seen(&opening.input), None), now, self.tuning.flow, None);
        let share: Vec<f32> = motion.confidence.iter().map(|c| weight * c).collect();
        mixed(target, &warp::picture(&opening.painting, &motion.back), &share)
    }

    /// A frame in which nothing changes.
    fn copied(&self, mut state: State, motion: Motion, now: Picture, frame: &Frame) -> State {
        state.age.iter_mut().for_each(|age| *age += frame.seconds as f32);
        let reference = state.reference.after(&now, &motion);
        State { reference, input: now, alpha: frame.alpha.clone(), flows: Some(motion.found), ..state }
    }

    /// A painting of effort draft, with the protected parts as they are in the frame.
    pub(super) fn kept(&self, painting: Picture, now: &Picture, frame: &Frame) -> Picture {
        let held = frame.regions.as_ref().and_then(|regions| regions.held(now.size()));
        match held {
            Some(held) => mixed(painting, now, held.data()),
            None => painting,
        }
    }

    /// The frame as the objective sees it.
    fn seen(&self, picture: &Picture) -> Picture {
        let mut seen = picture.clone();
        if self.colour == Colour::Luminance {
            make_grey(&mut seen);
        }
        seen
    }

    /// The painting with the colours that were asked for.
    fn shown(&self, painting: &Picture, frame: &Frame) -> Picture {
        match self.colour {
            Colour::Keep | Colour::Luminance => rounded(coloured(painting.clone(), &frame.picture)),
            _ => painting.clone(),
        }
    }
}
