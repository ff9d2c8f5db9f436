//! The runs of the optimiser that paint a frame: a whole still for the first one, a few iterations that are tied to a
//! target for every other.

use impasto::image::{Picture, Plane};
use impasto::{
    EngineCache, Error, Follow, Init, Iterations, Overrides, Pyramid, Recipe, Session, Smallest,
    StyleTransfer, Trace,
};

use super::motion::Motion;
use super::painter::Painter;
use super::planes::mean;
use crate::warp;

impl Painter {
    /// A still: the first frame's painting.
    pub(super) fn still(
        &mut self,
        seen: &Picture,
        alpha: Option<Plane>,
    ) -> Result<(Picture, Trace, usize), Error> {
        let transfer = self.transfer.clone().content(seen.clone(), alpha).trace();
        let (session, iterations) = run(transfer, self.cache.take())?;
        let (picture, trace) = (session.picture()?, session.trace().clone());
        self.cache = Some(session.into_cache());
        Ok((picture, trace, iterations))
    }

    /// A further frame, tied to a target. It may be smaller than the film.
    pub(super) fn follow(
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
        let transfer = self.transfer.clone().size(seen.long_edge()).content(seen.clone(), alpha);
        let transfer = transfer.recipe(recipe).overrides(Overrides::default()).follow(follow);
        let is_small = seen.long_edge() < self.size;
        let cache = if is_small { self.small_cache.take() } else { self.cache.take() };
        let (session, _) = run(transfer, cache)?;
        let (picture, trace) = (session.picture()?, session.trace().clone());
        *(if is_small { &mut self.small_cache } else { &mut self.cache }) = Some(session.into_cache());
        Ok((picture, trace))
    }

    /// The tie of each pixel to its target: `held` says how firm it is, `free` where the paint is renewed.
    pub(super) fn tie(
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
}

/// Runs to the end. Returns the session and its iterations.
fn run(transfer: StyleTransfer, cache: Option<EngineCache>) -> Result<(Session, usize), Error> {
    let mut session = transfer.build_with(cache)?;
    let mut iterations = 0;
    while session.step()?.is_some() {
        iterations += 1;
    }
    Ok((session, iterations))
}

/// Second moments moved along the flow; where the place before is not known, the mean of their plane.
pub(super) fn carried(trace: &Trace, motion: &Motion) -> Trace {
    let area = motion.confidence.len();
    if trace.second.len() != 3 * area {
        return trace.clone();
    }
    let plane = |at: usize| &trace.second[at * area..(at + 1) * area];
    let planes = warp::planes([plane(0), plane(1), plane(2)], &motion.back);
    let mut second = Vec::with_capacity(3 * area);
    for (at, along) in planes.into_iter().enumerate() {
        let usual = mean(plane(at));
        second.extend(
            along.iter().zip(&motion.confidence).map(|(along, c)| (usual + c * (along - usual)).max(0.0)),
        );
    }
    Trace { second, moments: trace.moments.clone() }
}
