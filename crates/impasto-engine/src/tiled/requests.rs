//! The request for a tile, out of the one for the image, and the sums of tiles, added.

use super::Tiled;
use super::cut::cut_plane;
use super::layout::{Layout, Tile};
use crate::{Edges, EngineError, Observation, Plane, Request};

impl Tiled {
    /// The request for a tile's window, with its part of the content targets. `only_core` excludes positions that other
    /// tiles count.
    pub(super) fn request(
        &mut self,
        layout: &Layout,
        tile: &Tile,
        whole: &Request,
        only_core: bool,
    ) -> Result<Request, EngineError> {
        let mut residuals = Vec::with_capacity(whole.residuals.len());
        for (slot, target) in whole.residuals.iter().enumerate() {
            residuals.push(self.lend(layout, tile, slot, *target)?);
        }
        let ones = [None];
        let planes = whole.regions.iter().map(Some);
        let planes: Vec<Option<&Plane>> =
            if whole.regions.is_empty() { ones.to_vec() } else { planes.collect() };
        let cut = |plane: Option<&Plane>| cut_plane(layout.size, tile, plane, only_core);
        let regions = match only_core || !whole.regions.is_empty() {
            true => planes.into_iter().map(cut).collect(),
            false => Vec::new(),
        };
        let weight = whole.residual_weight.as_ref();
        Ok(Request {
            moments: whole.moments.clone(),
            residuals,
            features: whole.features.clone(),
            regions,
            residual_weight: (only_core || weight.is_some()).then(|| cut(weight)),
            edges: both(tile.edges, whole.edges),
        })
    }
}

/// An edge of a window is true if the window ends at the image's side and the image has a true edge there.
pub(super) fn both(window: Edges, image: Edges) -> Edges {
    Edges {
        top: window.top && image.top,
        bottom: window.bottom && image.bottom,
        left: window.left && image.left,
        right: window.right && image.right,
    }
}

/// Adds the sums of a tile.
pub(super) fn add(total: &mut Option<Observation>, seen: Observation) {
    let Some(total) = total else {
        *total = Some(seen);
        return;
    };
    for (to, from) in total.moments.iter_mut().flatten().zip(seen.moments.into_iter().flatten()) {
        to.weight += from.weight;
        to.first.iter_mut().zip(from.first).for_each(|(to, from)| *to += from);
        to.second.iter_mut().zip(from.second).for_each(|(to, from)| *to += from);
    }
    for (to, from) in total.residuals.iter_mut().zip(seen.residuals) {
        to.weight += from.weight;
        to.sum += from.sum;
    }
}
