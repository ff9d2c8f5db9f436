//! The change from one scale to the next.

use std::io;

use impasto_engine::painting::{Home, Numbers};
use impasto_engine::{Engine, Size, Tiled};
use impasto_image::{Averaging, Filter, Picture, resize};

use crate::margin::Canvas;
use crate::optimiser::{Adam, Average, Lbfgs, Optimiser};
use crate::recipe::OptimizerKind;
use crate::run_inputs::RunInputs;
use crate::{Error, Recipe, Session};

impl Session {
    /// Resizes the picture and Adam's moments to the next scale.
    pub(crate) fn next_scale(&mut self) -> Result<(), Error> {
        let next = self.scale + 1;
        let from = self.inputs.canvas(self.inputs.scales[self.scale]);
        let to = self.inputs.canvas(self.inputs.scales[next]);
        let home = home(&self.inputs, &self.engine, next);
        (self.objective, self.before, self.protected) = (None, None, None);
        self.engine.forget_targets();
        let Session { inputs, pool, image, average, optimiser, .. } = self;
        let (width, height) = to.outer();
        let size = Size::new(width, height);
        let moved = pool.install(|| -> io::Result<(Vec<f32>, Average)> {
            let decay = inputs.recipe.average_decay;
            // The moments come first, while the pictures are still small.
            let without_vectors = optimiser.clone_scalars();
            *optimiser = match std::mem::replace(optimiser, without_vectors) {
                // A scale without iterations has begun no moments.
                Optimiser::Adam(adam) if adam.first.is_empty() => {
                    new_optimiser(&inputs.recipe, next, 3 * size.area(), &home)?
                }
                Optimiser::Adam(adam) => Optimiser::Adam(adam.resized(|moments, smooth| {
                    let filter = if smooth { Filter::Bicubic } else { Filter::Bilinear };
                    from.carried(to, &moments, filter, &home)
                })?),
                // Curvature pairs of another size are of no use.
                Optimiser::Lbfgs(_) => new_optimiser(&inputs.recipe, next, 3 * size.area(), &home)?,
            };
            let carries = inputs.recipe.carry_average && !average.sum.is_empty();
            let last: &dyn Numbers = if carries { average } else { image };
            let mut image = from.carried(to, last, Filter::Bicubic, &Home::Memory)?.into_vec()?;
            // A draft already has this detail, and the content term holds it.
            let bare = inputs.recipe.strength < 1.0 && !inputs.recipe.holds_draft();
            if let Some(content) = inputs.content.as_ref().filter(|_| bare) {
                let detail = detail(content, (from, to), inputs.averaging)?;
                let part = (1.0 - inputs.recipe.strength) as f32;
                image.iter_mut().zip(detail).for_each(|(to, detail)| *to += part * detail);
            }
            // Bicubic enlargement overshoots at edges. The published programs clip here too, with or without
            // bounds.
            clamp(&mut image);
            let average = Average::new(decay, &image, &home)?;
            Ok((image, average))
        });
        let (image, average) = moved.map_err(Error::stream)?;
        (self.image, self.average) = (image.into(), average);
        self.pace.next(self.iteration);
        (self.scale, self.iteration) = (next, 0);
        Ok(())
    }
}

/// The content's detail that the size of a canvas shows and the smaller size before does not. A result with a
/// strength below 1 would lack it.
fn detail(content: &Picture, (from, to): (Canvas, Canvas), averaging: Averaging) -> io::Result<Vec<f32>> {
    let at = |canvas: Canvas| {
        let (width, height) = canvas.inner;
        canvas.mirrored(resize(content, width, height, Filter::Bicubic, averaging).rgb())
    };
    let coarse = from.carried(to, &at(from), Filter::Bicubic, &Home::Memory)?.into_vec()?;
    let mut fine = at(to);
    fine.iter_mut().zip(coarse).for_each(|(to, coarse)| *to -= coarse);
    Ok(fine)
}

/// The place where the vectors of a scale are kept. An engine's own memory is for pictures that are not cut, and for
/// Adam, which engines know.
pub(crate) fn home(inputs: &RunInputs, engine: &Tiled, scale: usize) -> Home {
    let plan = &inputs.run.scales[scale];
    let engines = inputs.recipe.optimizer == OptimizerKind::Adam && plan.tiles == (1, 1);
    match (plan.streamed, engine.pixel_memory().filter(|_| engines)) {
        (true, _) => Home::Folder(engine.tiling().folder()),
        (false, Some(memory)) => Home::Engine(memory),
        (false, None) => Home::Memory,
    }
}

pub(crate) fn new_optimiser(
    recipe: &Recipe,
    scale: usize,
    values: usize,
    home: &Home,
) -> io::Result<Optimiser> {
    Ok(match recipe.optimizer {
        OptimizerKind::Adam => Optimiser::Adam(Adam::new(recipe.adam_settings(), values, home)?),
        OptimizerKind::Lbfgs => {
            let history = if scale == 0 { recipe.lbfgs.history } else { recipe.lbfgs.history_later };
            Optimiser::Lbfgs(Lbfgs::new(recipe.lbfgs, history, home.clone()))
        }
    })
}

/// Clamps all values to 0..1.
pub(crate) fn clamp(image: &mut [f32]) {
    image.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
}
