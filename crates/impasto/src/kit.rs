//! What runs with one model can share, one after the other: the engine with its transformed weights, and what the styles'
//! moments are at each size.

use std::collections::HashMap;

use impasto_encoder::Tap;
use impasto_engine::{Engine, InstructionSet, Network, Size, Tiled};

use crate::objective::MeanMoments;

/// Taken from a session that is done, for the next with the same model and recipe.
pub struct Kit {
    pub(crate) engine: Tiled,
    pub(crate) styles: StyleMoments,
}

impl Kit {
    /// Whether its engine is one for this network on this instruction set.
    pub(crate) fn suits(&self, network: &Network, set: InstructionSet) -> bool {
        self.engine.network() == network && self.engine.instruction_set() == set.name()
    }
}

/// Moments of styles, by picture, size, taps, and the tiles that they were taken in.
#[derive(Debug, Default)]
pub(crate) struct StyleMoments(HashMap<Key, Vec<MeanMoments>>);

/// What moments depend on, to the last bit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Digest of the picture as it was given.
    pub(crate) picture: String,
    pub(crate) size: Size,
    pub(crate) taps: Vec<Tap>,
    pub(crate) window: Option<usize>,
}

/// Moments that are kept at once: enough for the scales of two styles, and 75 MB with VGG-19.
const MOST: usize = 16;

impl StyleMoments {
    /// The moments at a size, which are taken if they are not there yet.
    pub(crate) fn get<E>(
        &mut self,
        key: Key,
        take: impl FnOnce() -> Result<Vec<MeanMoments>, E>,
    ) -> Result<Vec<MeanMoments>, E> {
        if let Some(moments) = self.0.get(&key) {
            return Ok(moments.clone());
        }
        let moments = take()?;
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key, moments.clone());
        Ok(moments)
    }
}
