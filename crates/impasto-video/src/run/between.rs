//! Frames between two painted ones (`every`): each is made of both neighbours, moved along the motion.
//!
//! Coarse parts are blended by time and confidence. Fine parts come from one neighbour at a time, because the mean of
//! two paintings has less detail than either.

use impasto::image::{Picture, Plane};

use super::begin::Film;
use crate::film::{Frame, State, blend_between};

/// The frames between two painted ones.
pub(super) struct Between {
    before: Option<usize>,
    key: usize,
    /// Whether they are painted; otherwise the frame before is shown in their place.
    made: bool,
    frames: Vec<(usize, Frame)>,
}

impl Between {
    pub(super) fn new(film: &Film, before: Option<usize>, key: usize) -> Between {
        Between { before, key, made: film.spec.film.every.is_some(), frames: Vec::new() }
    }

    /// The frames to make.
    pub(super) fn ticks(&self) -> Vec<usize> {
        match self.before {
            Some(before) if self.made => (before + 1..self.key).collect(),
            _ => Vec::new(),
        }
    }

    /// Takes the input of a frame.
    pub(super) fn add(&mut self, tick: usize, frame: Frame) {
        self.frames.push((tick, frame));
    }

    /// Makes the frames, from the painting before with its state, and from the painting after.
    pub(super) fn make(
        &self,
        before: Option<(&Picture, &State)>,
        painting: &Picture,
        after: &Frame,
    ) -> Vec<(usize, Picture, Option<Plane>)> {
        let (Some((shown, state)), Some(first)) = (before, self.before) else { return Vec::new() };
        let length = (self.key - first) as f32;
        let made = self.frames.iter().map(|(tick, frame)| {
            let part = (tick - first) as f32 / length;
            let (left, right) = ((shown, &state.input), (painting, &after.picture));
            (*tick, blend_between(left, right, &frame.picture, part), frame.alpha.clone())
        });
        made.collect()
    }
}
