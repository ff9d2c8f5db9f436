//! Wet paint gets its larger shapes at half the size first, as a still does.
//!
//! A run at one size makes fine strokes and no larger shapes. Paint that comes into view is new, so it needs both. Dry
//! paint is held, and what the small run changes is added where paint is wet.

use impasto::image::{Averaging, Filter, Picture, Plane, resize, resize_plane};
use impasto::{Error, Trace};

use super::painter::Painter;
use super::planes::mean;

/// The share of wet paint below which a frame has no run at half the size.
const WET: f32 = 0.02;

/// The least side of a frame of half the size, in pixels.
const LEAST: usize = 48;

/// Iterations at half the size.
const ITERATIONS: usize = 12;

impl Painter {
    /// The picture that a run begins from, with larger shapes where `firm` says that paint is not held.
    pub(super) fn roughed(
        &mut self,
        start: Picture,
        (seen, alpha): (&Picture, Option<&Plane>),
        draft: Option<&Picture>,
        firm: &[f32],
    ) -> Result<Picture, Error> {
        let (width, height) = start.size();
        let small = (width / 2, height / 2);
        if small.0.min(small.1) < LEAST || mean(firm) > 1.0 - WET {
            return Ok(start);
        }
        let shrunk = |picture: &Picture| resize(picture, small.0, small.1, Filter::Bicubic, Averaging::Light);
        let plane = |values: &[f32]| resize_plane(values, (width, height), small, Filter::Bilinear);
        let held = plane(firm);
        let alpha = alpha.and_then(|alpha| Plane::new(small.0, small.1, plane(alpha.data())));
        let begun = shrunk(&start);
        let free = vec![0.0; held.len()];
        let follow = self.tie(begun.clone(), &held, &free, draft.map(shrunk), Trace::default());
        let (painted, _) = self.follow(&shrunk(seen), alpha, follow, ITERATIONS)?;
        let mut picture = start;
        let planes = painted.rgb().chunks_exact(held.len()).zip(begun.rgb().chunks_exact(held.len()));
        for ((painted, begun), to) in planes.zip(picture.rgb_mut().chunks_exact_mut(width * height)) {
            let change: Vec<f32> =
                painted.iter().zip(begun).map(|(painted, begun)| painted - begun).collect();
            let change = resize_plane(&change, small, (width, height), Filter::Bicubic);
            to.iter_mut().zip(change).zip(firm).for_each(|((to, change), firm)| *to += (1.0 - firm) * change);
        }
        Ok(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::film::{Frame, Tuning};
    use impasto::{Colour, Effort, StyleTransfer};

    fn scene(seed: usize) -> Picture {
        let value = |i: usize| {
            let (x, y) = ((i % 128) as f32, (i / 128 % 96) as f32);
            0.5 + 0.3 * (0.1 * x * (seed + 1) as f32 + 0.05 * y).sin() * (0.13 * y).cos()
        };
        Picture::new(128, 96, (0..3 * 128 * 96).map(value).collect()).unwrap()
    }

    #[test]
    fn wet_paint_changes_and_dry_paint_does_not() {
        let encoder = impasto::encoder::open("random:vgg19?width=1/16").unwrap();
        let transfer = StyleTransfer::new(scene(0)).style(scene(3)).encoder(encoder);
        let frame =
            Frame { picture: scene(0), alpha: None, seconds: 0.04, styles: Vec::new(), regions: None };
        let mut painter =
            Painter::new(transfer, (Colour::Style, Tuning::of(Effort::Normal), None), &frame).unwrap();
        let side = |wet: usize| -> Vec<f32> {
            (0..128 * 96).map(|at| if at % 128 < 128 - wet { 1.0 } else { 0.0 }).collect()
        };
        let mut rough = |wet: usize| {
            let start = scene(1);
            painter.roughed(start, (&frame.picture, None), None, &side(wet)).unwrap()
        };
        let painted = rough(40);
        let start = scene(1);
        let mut most: f32 = 0.0;
        for (at, (now, before)) in painted.rgb().iter().zip(start.rgb()).enumerate() {
            match at % 128 < 88 {
                true => assert_eq!(now, before),
                false => most = most.max((now - before).abs()),
            }
        }
        assert!(most > 0.02, "{most}");
        // A column or two is too little for a run of its own.
        assert!(rough(2).rgb() == start.rgb());
    }
}
