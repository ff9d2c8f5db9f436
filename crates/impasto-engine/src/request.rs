//! The request of an observation: taps, targets and weights.

use impasto_encoder::{Tap, Topology};

use crate::{Edges, EngineError, Plane, Size};

/// A content target that an engine keeps: the features of a captured image at a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub(crate) index: usize,
    pub(crate) tap: Tap,
}

impl Target {
    /// For engines: number `index` of the targets that an engine keeps, captured at a tap.
    pub fn new(index: usize, tap: Tap) -> Target {
        Target { index, tap }
    }

    /// Its index in the engine that keeps it.
    pub fn index(self) -> usize {
        self.index
    }

    /// A target that no engine holds, for a request that is planned and not run.
    pub fn unheld(tap: Tap) -> Target {
        Target { index: usize::MAX, tap }
    }

    /// The tap where the features were captured.
    pub fn tap(self) -> Tap {
        self.tap
    }
}

/// The taps of an observation, and the weight of each position.
///
/// A position weight belongs to a pixel. On the grid of a tap it is the mean over the pixels that pooling joins.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Style taps: moments are summed here, for each region.
    pub moments: Vec<Tap>,
    /// Content targets: residuals are summed here.
    pub residuals: Vec<Target>,
    /// Taps whose features the observation gives out, for losses that are no function of sums. A pull-back then takes
    /// derivatives by these features. They cost memory: each is a whole map.
    pub features: Vec<Tap>,
    /// Weights of the regions, each of the image's size. Empty: one region with weight 1 everywhere.
    pub regions: Vec<Plane>,
    /// Weights of the content residuals, of the image's size. `None`: 1 everywhere.
    pub residual_weight: Option<Plane>,
    /// Which sides are true edges of the image.
    pub edges: Edges,
}

impl Request {
    /// The deepest tap of the request.
    pub fn deepest(&self) -> Option<Tap> {
        self.taps().max()
    }

    /// All taps of the request, in its order; a tap may come several times.
    pub fn taps(&self) -> impl Iterator<Item = Tap> + '_ {
        let residuals = self.residuals.iter().map(|target| target.tap);
        self.moments.iter().copied().chain(residuals).chain(self.features.iter().copied())
    }

    /// Checks a request; every engine calls this before it runs.
    ///
    /// # Errors
    /// When the request is empty, a tap is not the network's, the image is too small, or position weights have another
    /// size.
    pub fn check(&self, topology: &Topology, size: Size) -> Result<(), EngineError> {
        let deepest = self.deepest().ok_or(EngineError::NothingToObserve)?;
        check_size(topology, deepest, size)?;
        match self.regions.iter().chain(&self.residual_weight).find(|plane| plane.size != size) {
            Some(plane) => {
                Err(EngineError::SizesDiffer { what: "position weights", expected: size, found: plane.size })
            }
            None => Ok(()),
        }
    }
}

pub(crate) fn check_size(topology: &Topology, deepest: Tap, size: Size) -> Result<(), EngineError> {
    if deepest.conv() >= topology.convs().len() {
        return Err(EngineError::NoSuchTap { conv: deepest.conv(), convs: topology.convs().len() });
    }
    let smallest = topology.smallest_image(deepest);
    if size.width.min(size.height) < smallest {
        return Err(EngineError::TooSmall { layer: topology.tap_name(deepest), smallest, found: size });
    }
    Ok(())
}

/// Position weights on the grid of each block, from block 1 on.
pub(crate) fn pyramid(plane: &Plane, blocks: usize) -> Vec<Plane> {
    let mut levels = vec![plane.clone()];
    for _ in 1..blocks {
        let next = levels[levels.len() - 1].halved();
        levels.push(next);
    }
    levels
}
