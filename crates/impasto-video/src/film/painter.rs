//! Paints the frames of a shot, one from the other.

use impasto::image::{Picture, Plane};
use impasto::{
    Colour, Draft, DraftMemory, EngineCache, Error, Follow, Init, Iterations, Overrides, Pyramid, Recipe,
    Regions, Session, Smallest, StyleTransfer, Trace, coloured, make_grey,
};

use impasto_job::Guarded;

use super::anchor::Anchor;
use super::drafts::{coloured_like, towards};
use super::effort::Tuning;
use super::grain::Grain;
use super::guard::{self, Colours};
use super::layout::{self, Change};
use super::motion::{self, Motion, Reference};
use super::planes::{mean, mixed, moved, rounded};
use super::renew;
use super::state::State;
use super::styles::{followed, loosened};
use super::target::{Target, filled, target, unseen};
use crate::flow::{self, Flow};
use crate::warp;

/// The share of the earlier frames in the moments that drafts are mapped from.
const DRAFT_MEMORY: f64 = 0.8;

/// The share of still pixels above which a frame is copied whole.
const ALL_STILL: f32 = 0.998;

/// A frame gets all further iterations if a third of it is new or not yet dry.
const MORE_FOR: f32 = 3.0;

/// A frame to paint, at the size of the painting.
#[derive(Clone)]
pub struct Frame {
    /// The picture: encoded RGB in 0..1.
    pub picture: Picture,
    /// Its opacity, 1 for opaque.
    pub alpha: Option<Plane>,
    /// Seconds since the frame before.
    pub seconds: f64,
    /// The weight of each style; none if the weights never change.
    pub styles: Vec<f64>,
    /// The regions, if there are masks: always as many.
    pub regions: Option<Regions>,
}

/// A painted frame.
pub struct Painted {
    /// The painting with the colours that were asked for, in values of 16 bits.
    pub picture: Picture,
    /// Iterations at the full size; those of a first frame are of all sizes.
    pub iterations: usize,
    /// The share of the frame that the frame before does not show.
    pub unseen: f32,
    /// What the guards found and did; `None` for the first frame of a shot.
    pub guarded: Option<Guarded>,
}

/// The first frame of a film that loops: its painting and its input.
#[derive(Clone)]
pub struct Opening {
    /// The painting.
    pub painting: Picture,
    /// The input.
    pub input: Picture,
}

/// Paints frames. It holds what all frames share; what changes from frame to frame is in a [`State`].
pub struct Painter {
    transfer: StyleTransfer,
    colour: Colour,
    still: Recipe,
    cache: Option<EngineCache>,
    pub(super) draft: Option<Draft>,
    pub(super) grain: Option<Grain>,
    tuning: Tuning,
    life: Option<f64>,
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
        Ok(Painter { transfer, colour, still, cache: Some(session.into_cache()), draft, grain, tuning, life })
    }

    /// Paints the first frame of a shot, and lets the painting settle: without that, the next frames would go on with
    /// an unfinished optimisation, and the film would drift.
    ///
    /// # Errors
    /// The errors of [`Session::step`].
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
    /// The errors of [`Session::step`].
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
            false => self.moved(state, motion, now, (frame, closing, loose, change))?,
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
        let part = painted_part(frame);
        let aim = Colours::of(draft.as_ref().unwrap_or(&seen), part.as_deref());
        let colours = Colours::of(&painting, part.as_deref()).beside(&aim);
        State {
            detail: guard::energy(&painting),
            loose: vec![0.0; width * height],
            colours,
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
            layout: layout_of(frame),
            styles: frame.styles.clone(),
        }
    }

    /// A target, drawn to the opening of a film that loops, where both show the same.
    fn drawn(&self, target: Picture, opening: &Opening, now: &Picture, weight: f32) -> Picture {
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

    /// A frame in which something changes.
    fn moved(
        &mut self,
        mut state: State,
        motion: Motion,
        now: Picture,
        (frame, closing, loose, change): Around,
    ) -> Result<(Done, State), Error> {
        let Target { mut picture, held, free, renewal, light } =
            target(&mut state, &motion, &now, (frame.seconds, self.life, loose));
        if let Some((opening, weight)) = closing {
            picture = self.drawn(picture, opening, &now, weight);
        }
        let [mut detail, eased, _] = moved([&state.detail, &state.loose, &state.loose], &motion.back);
        let eased: Vec<f32> = eased
            .iter()
            .zip(&light)
            .map(|(eased, light)| guard::lit(*light).max(guard::LASTS * eased))
            .collect();
        let draft = self.steadied_draft(&mut state, &motion, &now, frame.alpha.as_ref())?;
        let firm = |at: usize| {
            let firm = renew::dryness(renewal.age[at], self.life) * renew::firmness(renewal.inwards[at]);
            held[at] * firm * (1.0 - loose) * guard::hold(eased[at])
        };
        let firm: Vec<f32> = (0..held.len()).map(firm).collect();
        let mut start = filled(picture, &free, &now, draft.as_ref());
        if let Some((change, draft)) = change.as_ref().zip(draft.as_ref()) {
            // Paint of another region begins in its own style, whatever is around it.
            start = mixed(start, draft, &change.anew);
        }
        if let Some(draft) = &draft {
            let wet = |at: usize| {
                1.0 - renew::dryness(renewal.age[at], self.life) * renew::firmness(renewal.inwards[at])
            };
            start = coloured_like(start, draft, &(0..held.len()).map(wet).collect::<Vec<f32>>());
        }
        let (unseen, free_share) = (unseen(&held), 1.0 - mean(&firm));
        let iterations = match self.tuning.iterations {
            0 => 0,
            few => few + (self.tuning.more as f32 * (MORE_FOR * free_share).min(1.0)).round() as usize,
        };
        let (painting, trace) = match (&draft, iterations) {
            (Some(draft), 0) => {
                let painting = towards(start, draft, &held, loose);
                (self.kept(painting, &now, frame), Trace::default())
            }
            _ => {
                let follow = self.tie(start, &firm, &free, draft.clone(), carried(&state.trace, &motion));
                let follow = Follow { pooled: follow.pooled * f64::from(1.0 - loose), ..follow };
                self.follow(&now, frame.alpha.clone(), follow, iterations)?
            }
        };
        let mut painting = painting;
        let (aim, part) = (draft.as_ref().unwrap_or(&now), painted_part(frame));
        let usual = (state.colours, loose > 0.0);
        let (drift, pulled, colours) = guarded_colours(&mut painting, aim, usual, part.as_deref());
        let mut painting = rounded(painting);
        if closing.is_none() && loose == 0.0 {
            let eased: Vec<f32> = renewal
                .free
                .iter()
                .zip(&eased)
                .map(|(free, eased)| if *eased < guard::TIGHT { *free } else { 1.0 })
                .collect();
            hold_still(&mut painting, &state.painting, &motion.still, &eased);
        }
        let fresh = |at: usize| {
            let kept = part.as_ref().map_or(0.0, |part| 1.0 - part[at]);
            renew::freshness(renewal.age[at], renewal.free[at]).max(loose).max(0.1 * eased[at]).max(kept)
        };
        let (sharpness, weak) = guard::sharpness(&mut detail, &guard::energy(&painting), fresh);
        let loosened = mean(&eased);
        let guarded = Some(Guarded { sharpness, drift, loosened, pulled });
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
            anchor,
            age: renewal.age,
            growth: renewal.growth,
            depth: renewal.depth,
            detail,
            loose: eased.iter().zip(&weak).map(|(eased, weak)| eased.max(*weak)).collect(),
            colours,
            layout: change.map_or(Vec::new(), |change| change.layout),
            styles: followed(&state.styles, &frame.styles),
        };
        Ok((Done { iterations, unseen, guarded }, state))
    }

    /// A painting of effort draft, with the protected parts as they are in the frame.
    fn kept(&self, painting: Picture, now: &Picture, frame: &Frame) -> Picture {
        let held = frame.regions.as_ref().and_then(|regions| regions.held(now.size()));
        match held {
            Some(held) => mixed(painting, now, held.data()),
            None => painting,
        }
    }

    fn tie(
        &self,
        target: Picture,
        held: &[f32],
        free: &[f32],
        kept: Option<Picture>,
        trace: Trace,
    ) -> Follow {
        let (width, height) = target.size();
        let plane = |of: &dyn Fn(usize) -> f32| {
            let values = (0..held.len()).map(of).collect();
            Plane::new(width, height, values).unwrap_or_else(|| Plane::filled(width, height, 0.0))
        };
        Follow {
            pull: plane(&|at| self.tuning.pull * held[at] * (1.0 - free[at])),
            pace: plane(&|at| 1.0 - self.tuning.calm * held[at] * (1.0 - free[at])),
            target,
            kept,
            trace: (!trace.second.is_empty()).then_some(trace),
            pooled: self.tuning.pooled,
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

    /// A still: the first frame's painting.
    fn still(&mut self, seen: &Picture, alpha: Option<Plane>) -> Result<(Picture, Trace, usize), Error> {
        let transfer = self.transfer.clone().content(seen.clone(), alpha).trace();
        let (session, iterations) = self.run(transfer)?;
        let (picture, trace) = (session.picture()?, session.trace().clone());
        self.cache = Some(session.into_cache());
        Ok((picture, trace, iterations))
    }

    fn follow(
        &mut self,
        seen: &Picture,
        alpha: Option<Plane>,
        follow: Follow,
        iterations: usize,
    ) -> Result<(Picture, Trace), Error> {
        let still = &self.still;
        let mut adam = still.adam;
        adam.rate *= self.tuning.rate;
        let recipe = Recipe {
            init: Init::Picture,
            adam,
            average_decay: self.tuning.average,
            plateau: 0.0,
            pyramid: Pyramid {
                smallest: Smallest::Single,
                iterations: Iterations::each(iterations),
                ..still.pyramid.clone()
            },
            ..still.clone()
        };
        let transfer = self.transfer.clone().content(seen.clone(), alpha);
        let transfer = transfer.recipe(recipe).overrides(Overrides::default()).follow(follow);
        let (session, _) = self.run(transfer)?;
        let (picture, trace) = (session.picture()?, session.trace().clone());
        self.cache = Some(session.into_cache());
        Ok((picture, trace))
    }

    fn run(&mut self, transfer: StyleTransfer) -> Result<(Session, usize), Error> {
        let mut session = transfer.build_with(self.cache.take())?;
        let mut iterations = 0;
        while session.step()?.is_some() {
            iterations += 1;
        }
        Ok((session, iterations))
    }
}

/// What surrounds a frame in which something changes: the frame, the opening of a film that loops, how loose the paint
/// is, and the change of regions.
type Around<'a> = (&'a Frame, Option<(&'a Opening, f32)>, f32, Option<Change>);

/// Guards the colours of a painting. Returns how far they were from their place, whether they were pulled back, and
/// their place from now on. While styles change, the place changes with them.
fn guarded_colours(
    painting: &mut Picture,
    aim: &Picture,
    (usual, free): (Colours, bool),
    part: Option<&[f32]>,
) -> (f32, bool, Colours) {
    let now = Colours::of(painting, part);
    let place = now.beside(&Colours::of(aim, part));
    match free {
        true => (0.0, false, place),
        false => {
            let (drift, pulled) = guard::pull(painting, (&now, &place), &usual, part);
            (drift, pulled, usual)
        }
    }
}

/// How much of each pixel of a frame is painted, 0..1; `None` if all of it is.
fn painted_part(frame: &Frame) -> Option<Vec<f32>> {
    let held = frame.regions.as_ref()?.held(frame.picture.size())?;
    Some(held.into_data().into_iter().map(|held| 1.0 - held).collect())
}

/// The regions of a frame.
fn layout_of(frame: &Frame) -> Vec<Plane> {
    frame.regions.as_ref().map_or(Vec::new(), |regions| regions.layout(frame.picture.size()))
}

/// The work that was done for a frame.
struct Done {
    iterations: usize,
    unseen: f32,
    guarded: Option<Guarded>,
}

/// Second moments moved along the flow; where the place before is not known, the mean of their plane.
fn carried(trace: &Trace, motion: &Motion) -> Trace {
    let area = motion.confidence.len();
    if trace.second.len() != 3 * area {
        return trace.clone();
    }
    let plane = |at: usize| &trace.second[at * area..(at + 1) * area];
    let planes = moved([plane(0), plane(1), plane(2)], &motion.back);
    let mut second = Vec::with_capacity(3 * area);
    for (at, along) in planes.into_iter().enumerate() {
        let usual = mean(plane(at));
        second.extend(
            along.iter().zip(&motion.confidence).map(|(along, c)| (usual + c * (along - usual)).max(0.0)),
        );
    }
    Trace { second, moments: trace.moments.clone() }
}

/// Copies the pixels that stand still and are not renewed.
fn hold_still(painting: &mut Picture, before: &Picture, still: &[bool], renewed: &[f32]) {
    let area = still.len();
    for (now, before) in painting.rgb_mut().chunks_exact_mut(area).zip(before.rgb().chunks_exact(area)) {
        for (at, now) in now.iter_mut().enumerate().filter(|(at, _)| still[*at] && renewed[*at] == 0.0) {
            *now = before[at];
        }
    }
}
