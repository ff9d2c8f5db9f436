//! A picture that follows another: a frame of a film, painted from the frame before.
//!
//! The run begins with a given target, the painting before as it moved, and stays tied to it. After each step of Adam a
//! pixel goes a part of the way back to the target. This tie is decoupled from the gradient, as AdamW decouples its
//! decay (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019). Ruder, Dosovitskiy and Brox ("Artistic
//! style transfer for videos", 2016) add a quadratic term to the loss instead; Adam would divide its gradient by a
//! moment that it enlarges itself. In the steady state a pixel is at most `rate * pace / pull` from its target.
//!
//! Adam's second moments move along with the painting, and the correction of their bias does not begin anew. A fresh
//! Adam moves every pixel by its whole rate in the first step, whatever the gradient, and a finished picture would
//! flicker.
//!
//! The style loss sees a mean of the moments of the frames so far. Otherwise an object that enters would repaint all of
//! the rest, because the rest would have to make up for the object's colours.

use impasto_image::{Picture, Plane};
use rayon::prelude::*;

use crate::margin::Canvas;
use crate::objective::MeanMoments;
use crate::optimiser::{Adam, Optimiser};
use crate::{Error, Session};

/// The steps that Adam's carried moments count as having seen. After so many, no bias is left to correct.
const SEASONED: u64 = 10_000;

/// Pixels that a thread moves at a time.
const PIECE: usize = 1 << 14;

/// The tie of a run to the picture before it. All planes have the size of the result.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The picture that the run begins with and is tied to: encoded RGB in 0..1.
    pub target: Picture,
    /// The part of the way back to the target that each pixel goes after a step, from 0 to 1.
    pub pull: Plane,
    /// The factor of each pixel's steps, from 0 to 1.
    pub pace: Plane,
    /// The picture that the content term holds, such as a draft; `None` for the content itself.
    pub kept: Option<Picture>,
    /// The trace of the run before, moved to where its pixels are now; `None` for a fresh optimiser.
    pub trace: Option<Trace>,
    /// The share of the earlier moments in those that the style loss sees, from 0 to below 1.
    pub pooled: f64,
}

/// The trace that a run leaves for the picture that follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Adam's second moments: planar `[3, height, width]`, at the size of the result.
    pub second: Vec<f32>,
    /// The mean moments that the style loss saw last, for each style layer and region.
    pub moments: Vec<Vec<MeanMoments>>,
}

impl Follow {
    /// Refuses planes of another size, and shares out of range.
    pub(crate) fn check(&self, size: (usize, usize)) -> Result<(), Error> {
        let sizes = [self.target.size(), self.pull.size(), self.pace.size()];
        let kept = self.kept.as_ref().map(Picture::size);
        if let Some(other) = sizes.into_iter().chain(kept).find(|other| *other != size) {
            return Err(Error::invalid(
                "follow",
                format!("expected planes of {size:?} pixels, found {other:?}"),
            ));
        }
        let expected = 3 * size.0 * size.1;
        if let Some(found) =
            self.trace.as_ref().map(|trace| trace.second.len()).filter(|len| *len != expected)
        {
            return Err(Error::invalid(
                "follow",
                format!("expected {expected} second moments, found {found}"),
            ));
        }
        if !(0.0..1.0).contains(&self.pooled) {
            let problem = format!("expected a share from 0 to below 1, found {}", self.pooled);
            return Err(Error::invalid("follow", problem));
        }
        Ok(())
    }

    /// The tie on a canvas, with the margin's mirror image.
    pub(crate) fn tie(&self, canvas: Canvas) -> Tie {
        Tie {
            target: canvas.mirrored(self.target.rgb()),
            pull: canvas.mirrored(self.pull.data()),
            pace: canvas.mirrored(self.pace.data()),
        }
    }

    /// Gives an optimiser the moments that were carried along.
    pub(crate) fn season(&self, canvas: Canvas, optimiser: &mut Optimiser) {
        if let (Some(trace), Optimiser::Adam(adam)) = (&self.trace, optimiser) {
            adam.second = canvas.mirrored(&trace.second).into();
            adam.steps = SEASONED;
        }
    }
}

/// The tie with the margin: planes of the canvas's outer size.
pub(crate) struct Tie {
    target: Vec<f32>,
    pull: Vec<f32>,
    pace: Vec<f32>,
}

impl Tie {
    /// Shortens the step from `before` to `image`, and pulls the image to its target.
    pub(crate) fn hold(&self, before: &[f32], image: &mut [f32]) {
        let area = self.pull.len();
        let planes =
            image.chunks_exact_mut(area).zip(before.chunks_exact(area)).zip(self.target.chunks_exact(area));
        for ((image, before), target) in planes {
            let pieces =
                image.par_chunks_mut(PIECE).zip(before.par_chunks(PIECE)).zip(target.par_chunks(PIECE));
            let ties = self.pull.par_chunks(PIECE).zip(self.pace.par_chunks(PIECE));
            pieces.zip(ties).for_each(|(((image, before), target), (pull, pace))| {
                for i in 0..image.len() {
                    let moved = before[i] + pace[i] * (image[i] - before[i]);
                    image[i] = moved + pull[i] * (target[i] - moved);
                }
            });
        }
    }
}

impl Session {
    /// The trace that this run leaves for a picture that [follows](Follow). It is kept if the run was asked for it
    /// ([`StyleTransfer::trace`](crate::StyleTransfer::trace)), and complete when the run is.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Keeps the second moments, with their bias corrected, before the optimiser's state is freed.
    pub(crate) fn keep_second(&mut self) -> std::io::Result<()> {
        let canvas = self.inputs.canvas(self.inputs.scales[self.scale]);
        if let (true, Optimiser::Adam(Adam { second, steps, settings, .. })) =
            (self.inputs.traced, &self.optimiser)
            && !second.is_empty()
        {
            let mut values = vec![0.0; second.len()];
            second.read(0, &mut values)?;
            let seen = 1.0 - settings.beta2.powi((*steps).clamp(1, SEASONED) as i32);
            values.iter_mut().for_each(|value| *value /= seen as f32);
            self.trace.second = canvas.cropped(&values);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use impasto_image::{Picture, Plane};

    use super::*;
    use crate::{Iterations, Overrides, Preset, Pyramid, Recipe, Smallest, StyleTransfer};

    const SIZE: (usize, usize) = (48, 40);

    fn picture(step: usize) -> Picture {
        let rgb = (0..3 * SIZE.0 * SIZE.1).map(|i| (i * step % 17) as f32 / 17.0).collect();
        Picture::new(SIZE.0, SIZE.1, rgb).unwrap()
    }

    fn plane(value: f32) -> Plane {
        Plane::filled(SIZE.0, SIZE.1, value)
    }

    fn recipe(iterations: usize) -> Recipe {
        let recipe = Preset::named("impasto").unwrap().recipe();
        let pyramid = Pyramid {
            smallest: Smallest::Single,
            iterations: Iterations::each(iterations),
            ..recipe.pyramid.clone()
        };
        Recipe { pyramid, ..recipe }
    }

    /// Runs a frame to its end.
    fn frame(follow: Follow, iterations: usize) -> (Picture, Trace) {
        let mut session = StyleTransfer::new(picture(5))
            .style(picture(7))
            .model("random:vgg19?width=1/16")
            .recipe(recipe(iterations))
            .overrides(Overrides::default())
            .follow(follow)
            .build()
            .unwrap();
        while session.step().unwrap().is_some() {}
        (session.picture().unwrap(), session.trace().clone())
    }

    fn free() -> Follow {
        Follow {
            target: picture(3),
            pull: plane(0.0),
            pace: plane(1.0),
            kept: None,
            trace: None,
            pooled: 0.0,
        }
    }

    fn distance(a: &Picture, b: &Picture) -> f32 {
        a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    fn mean_distance(a: &Picture, b: &Picture) -> f32 {
        let sum: f32 = a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).sum();
        sum / a.rgb().len() as f32
    }

    #[test]
    fn a_picture_that_is_held_stays_and_one_that_is_free_moves() {
        let (moved, _) = frame(free(), 6);
        assert!(distance(&moved, &picture(3)) > 0.05, "{}", distance(&moved, &picture(3)));
        let (still, _) = frame(Follow { pace: plane(0.0), ..free() }, 6);
        assert!(distance(&still, &picture(3)) < 1e-6);
        // Adam's step is at most about three times its rate here, so the bound is rate * 3 * (1 - pull) / pull.
        let rate = recipe(6).adam.rate as f32;
        let (tied, _) = frame(Follow { pull: plane(0.9), ..free() }, 6);
        let bound = 3.0 * rate * 0.1 / 0.9;
        assert!(distance(&tied, &picture(3)) <= bound, "{} {bound}", distance(&tied, &picture(3)));
    }

    #[test]
    fn the_tie_acts_where_its_planes_say() {
        let left = |i: usize| if i % SIZE.0 < SIZE.0 / 2 { 0.0 } else { 1.0 };
        let pace = Plane::new(SIZE.0, SIZE.1, (0..SIZE.0 * SIZE.1).map(left).collect()).unwrap();
        let (half, _) = frame(Follow { pace, ..free() }, 4);
        let target = picture(3);
        for (i, (a, b)) in half.rgb().iter().zip(target.rgb()).enumerate() {
            assert!(left(i % (SIZE.0 * SIZE.1)) > 0.0 || (a - b).abs() < 1e-6, "{i}: {a} {b}");
        }
        assert!(distance(&half, &target) > 0.02);
    }

    #[test]
    fn carried_moments_take_gentle_first_steps() {
        let (_, trace) = frame(free(), 6);
        assert_eq!(trace.second.len(), 3 * SIZE.0 * SIZE.1);
        let fresh = mean_distance(&frame(free(), 1).0, &picture(3));
        let carried = mean_distance(&frame(Follow { trace: Some(trace), ..free() }, 1).0, &picture(3));
        assert!(carried < 0.5 * fresh, "{carried} {fresh}");
    }

    #[test]
    fn moments_are_pooled_over_frames() {
        let (_, before) = frame(free(), 3);
        let pooled = Follow { trace: Some(before.clone()), pooled: 0.75, ..free() };
        let (_, alone) = frame(Follow { trace: Some(before.clone()), ..free() }, 1);
        let (_, mixed) = frame(pooled, 1);
        for ((before, alone), mixed) in before.moments.iter().zip(&alone.moments).zip(&mixed.moments) {
            for ((before, alone), mixed) in before[0].mean.iter().zip(&alone[0].mean).zip(&mixed[0].mean) {
                assert!((mixed - (0.75 * before + 0.25 * alone)).abs() < 1e-9, "{mixed}");
            }
        }
    }

    #[test]
    fn planes_of_another_size_are_refused() {
        let follow = Follow { pull: Plane::filled(3, 3, 0.0), ..free() };
        let built = StyleTransfer::new(picture(5)).style(picture(7)).recipe(recipe(1)).follow(follow).build();
        assert!(built.err().unwrap().to_string().contains("(48, 40)"));
    }
}
