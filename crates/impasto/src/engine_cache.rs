//! Data that consecutive runs with one model can share: the engine with its transformed weights, and the moments of
//! the styles at each size.

use std::collections::VecDeque;

use impasto_encoder::Tap;
use impasto_engine::{Cancel, Engine, Network, Tiled};
use impasto_image::Averaging;

use crate::Recipe;
use crate::draft::Drafter;
use crate::margin::Canvas;
use crate::objective::MeanMoments;
use crate::plan::{GivenSizes, Planner};

/// The reusable parts of a finished session, for the next session with the same model and recipe.
pub struct EngineCache {
    /// Name of the backend that made the engine.
    pub(crate) backend: String,
    pub(crate) engine: Tiled,
    pub(crate) styles: StyleMoments,
    /// Present if a run begins with a draft.
    pub(crate) drafter: Option<Drafter>,
}

impl EngineCache {
    /// A cache with an engine and no moments yet.
    pub(crate) fn new(backend: &str, engine: Tiled) -> EngineCache {
        EngineCache { backend: backend.into(), engine, styles: StyleMoments::default(), drafter: None }
    }

    /// Replaces the cancellation flag: the flag of the previous run may be set.
    pub(crate) fn set_cancel(&mut self, cancel: &Cancel) {
        self.engine.set_cancel(cancel.clone());
        if let Some(drafter) = &mut self.drafter {
            drafter.set_cancel(cancel);
        }
    }

    pub(crate) fn planner<'a>(
        &'a self,
        recipe: &'a Recipe,
        given: &'a GivenSizes,
        threads: usize,
    ) -> Planner<'a> {
        Planner { recipe, engine: &self.engine, given, drafter: self.drafter.as_ref(), threads }
    }

    /// Whether the engine runs this network on this backend.
    pub(crate) fn suits(&self, network: &Network, backend: &str) -> bool {
        self.engine.network() == network && self.backend == backend
    }
}

/// Moments of styles, by picture, size, taps and tiles.
#[derive(Debug, Default)]
pub(crate) struct StyleMoments {
    /// Known moments; those used last are at the end.
    known: VecDeque<(Key, Vec<MeanMoments>)>,
    /// Bytes that the moments may take. The moments used last are kept even if they exceed it.
    pub(crate) budget: usize,
}

/// Everything that moments depend on, to the last bit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Digest of the picture in its original size.
    pub(crate) picture: String,
    pub(crate) canvas: Canvas,
    pub(crate) taps: Vec<Tap>,
    pub(crate) window: Option<usize>,
    pub(crate) averaging: Averaging,
    pub(crate) half: bool,
}

impl StyleMoments {
    /// An empty cache that may take `budget` bytes.
    pub(crate) fn within(budget: usize) -> StyleMoments {
        StyleMoments { budget, ..StyleMoments::default() }
    }

    /// The moments for a key; computed by `take` if they are not known.
    pub(crate) fn get<E>(
        &mut self,
        key: Key,
        take: impl FnOnce() -> Result<Vec<MeanMoments>, E>,
    ) -> Result<Vec<MeanMoments>, E> {
        let at = self.known.iter().position(|(known, _)| *known == key);
        let moments = match at.and_then(|at| self.known.remove(at)) {
            Some((_, moments)) => moments,
            None => take()?,
        };
        self.known.push_back((key, moments.clone()));
        self.trim();
        Ok(moments)
    }

    /// Drops the least recently used moments until the rest fits into the budget.
    pub(crate) fn trim(&mut self) {
        let mut total: usize = self.known.iter().map(|(_, moments)| bytes(moments)).sum();
        while total > self.budget
            && self.known.len() > 1
            && let Some((_, oldest)) = self.known.pop_front()
        {
            total -= bytes(&oldest);
        }
    }
}

fn bytes(moments: &[MeanMoments]) -> usize {
    moments.iter().map(|tap| size_of::<f64>() * (tap.mean.len() + tap.second.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let key = |picture: &str| Key {
            picture: picture.into(),
            canvas: Canvas::new((1, 1), 0),
            taps: Vec::new(),
            window: None,
            averaging: Averaging::Light,
            half: false,
        };
        // Each has 16 bytes.
        let one = || vec![MeanMoments { channels: 1, mean: vec![0.0], second: vec![0.0] }];
        let mut moments = StyleMoments { budget: 40, ..StyleMoments::default() };
        let mut taken = Vec::new();
        for picture in ["a", "b", "a", "c", "a", "b"] {
            let take = || {
                taken.push(picture);
                Ok::<_, ()>(one())
            };
            moments.get(key(picture), take).unwrap();
        }
        // b had to make room for c, because a had been used since.
        assert_eq!(taken, ["a", "b", "c", "b"]);
    }
}
