//! The memory of a film's drafts: moments of the frames so far, their colours, and the grain that moves along.

use impasto_image::{Filter, Plane, resize_plane};

use super::extended_plane;
use crate::objective::MeanMoments;

/// The memory of a film's drafts from frame to frame. It is plain data, so that a film can be continued.
///
/// The transport maps of a draft depend on the moments of the whole frame. Frame by frame they would differ a little,
/// and the colours would flicker. A memory mixes the moments of the frames before into those of each frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftMemory {
    /// The share of the earlier frames, from 0 to below 1.
    pub share: f64,
    /// Mean moments at each level and in each region, the deepest level first.
    pub moments: Vec<Vec<MeanMoments>>,
    /// Quantiles of the colours of each region.
    pub palette: Vec<Vec<f32>>,
    /// The grain of flat parts. It is drawn by the first draft; whoever moves it along with the film keeps it from
    /// standing still on the screen. It may have any size.
    pub grain: Option<Plane>,
}

impl DraftMemory {
    /// A memory in which the earlier frames have this share, from 0 to below 1.
    pub fn new(share: f64) -> DraftMemory {
        DraftMemory { share, ..DraftMemory::default() }
    }

    /// Mixes the earlier moments of a level into its own, and remembers the mixture.
    pub(super) fn moments(&mut self, level: usize, own: Vec<MeanMoments>) -> Vec<MeanMoments> {
        let fits = |before: &[MeanMoments]| {
            before.len() == own.len() && before.iter().zip(&own).all(|(a, b)| a.channels == b.channels)
        };
        let mixed = match self.moments.get(level).filter(|before| fits(before)) {
            Some(before) => {
                let mix =
                    |(before, own): (&MeanMoments, MeanMoments)| MeanMoments::pooled(self.share, before, own);
                before.iter().zip(own).map(mix).collect()
            }
            None => own,
        };
        if self.moments.len() <= level {
            self.moments.resize(level + 1, Vec::new());
        }
        self.moments[level].clone_from(&mixed);
        mixed
    }

    /// The earlier quantiles of a region's colours, with their share.
    pub(super) fn palette(&mut self, region: usize) -> (f32, &mut Vec<f32>) {
        if self.palette.len() <= region {
            self.palette.resize(region + 1, Vec::new());
        }
        (self.share as f32, &mut self.palette[region])
    }

    /// The grain for a content of a size, extended to multiples of `step`.
    pub(super) fn grain(
        &mut self,
        size: (usize, usize),
        step: usize,
        draw: impl FnOnce() -> Vec<f32>,
    ) -> Vec<f32> {
        match &self.grain {
            Some(grain) if grain.size() == size => extended_plane(grain.data(), size, step),
            Some(grain) => {
                let resized = resize_plane(grain.data(), grain.size(), size, Filter::Bilinear);
                extended_plane(&resized, size, step)
            }
            None => {
                let drawn = draw();
                let row = size.0.next_multiple_of(step);
                let cut =
                    drawn.chunks_exact(row).take(size.1).flat_map(|row| &row[..size.0]).copied().collect();
                self.grain = Plane::new(size.0, size.1, cut);
                drawn
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_moments_have_their_share() {
        let moments = |value: f64| vec![MeanMoments { channels: 1, mean: vec![value], second: vec![value] }];
        let mut memory = DraftMemory::new(0.75);
        assert_eq!(memory.moments(1, moments(4.0)), moments(4.0));
        assert_eq!(memory.moments(1, moments(8.0)), moments(5.0));
        assert_eq!(memory.moments(1, moments(5.0)), moments(5.0));
        assert_eq!(memory.moments(0, moments(1.0)), moments(1.0));
    }

    #[test]
    fn grain_is_drawn_once() {
        let mut memory = DraftMemory::new(0.5);
        let drawn: Vec<f32> = (0..64).map(|i| i as f32).collect();
        assert_eq!(memory.grain((7, 6), 8, || drawn.clone()), drawn);
        let again = memory.grain((7, 6), 8, || panic!("drawn again"));
        assert_eq!(again[..7], drawn[..7]);
        // The last column mirrors the one before the edge.
        assert_eq!(again[7], drawn[5]);
    }
}
