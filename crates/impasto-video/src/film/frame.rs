//! A frame on its way in, and a painted one on its way out.

use impasto::Regions;
use impasto::image::{Picture, Plane};
use impasto_job::Guarded;

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
    /// Findings and acts of the guards; `None` for the first frame of a shot.
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

impl Frame {
    /// How much of each pixel is painted, 0..1; `None` if all of it is.
    pub(super) fn painted(&self) -> Option<Vec<f32>> {
        let held = self.regions.as_ref()?.held(self.picture.size())?;
        Some(held.into_data().into_iter().map(|held| 1.0 - held).collect())
    }

    /// The regions; none without masks.
    pub(super) fn layout(&self) -> Vec<Plane> {
        self.regions.as_ref().map_or(Vec::new(), |regions| regions.layout(self.picture.size()))
    }
}
