//! One iteration: the objective is evaluated, and the optimiser moves the pixels. Also undoes a step after which
//! the loss is not finite.

use std::io;

use impasto_engine::{Pixels, Tiled};

use crate::colour::{Colour, level};
use crate::objective::{Losses, Objective};
use crate::optimiser::vector::all_finite;
use crate::optimiser::{Average, Home, Optimiser, Values};
use crate::prepare::prepare_scale;
use crate::protected_content::ProtectedContent;
use crate::recipe::{Keep, OptimizerKind};
use crate::run_inputs::RunInputs;
use crate::scale_up::{home, new_optimiser};
use crate::{Error, Recipe, Session};

impl Session {
    pub(crate) fn evaluate_and_move(&mut self) -> Result<Losses, Error> {
        let home = home(&self.inputs, &self.engine, self.scale);
        if self.objective.is_none() && self.inputs.recipe.holds_draft() {
            self.paint_draft()?;
        }
        let Session {
            inputs,
            draft,
            engine,
            styles,
            pool,
            image,
            average,
            before,
            best,
            optimiser,
            objective,
            protected,
            scale,
            ..
        } = self;
        pool.install(|| {
            let objective = match objective {
                Some(objective) => objective,
                None => {
                    let prepared = prepare_scale(inputs, draft.as_ref(), *scale, engine, styles, protected)?;
                    objective.insert(prepared)
                }
            };
            let (losses, gradient) =
                gradient_of_picture(inputs, *scale, (objective, engine), image, protected.as_ref())?;
            let is_best = best.as_ref().is_none_or(|(lowest, _)| losses.total < *lowest);
            if inputs.recipe.keep == Keep::Best && *scale + 1 == inputs.scales.len() && is_best {
                // The old copy goes first: both may be large.
                *best = None;
                *best = Some((losses.total, home.copied(&image.data).map_err(Error::stream)?));
            }
            let painted = Painted { image, average, before, optimiser };
            match painted.step(&inputs.recipe, *scale, (&gradient, losses.total), &home) {
                Ok(true) => Ok(losses),
                Ok(false) => Err(Error::NotFinite { layer: "the pixels".into() }),
                Err(source) => Err(Error::stream(source)),
            }
        })
    }

    /// Undoes the last step.
    pub(crate) fn go_back(&mut self) -> io::Result<()> {
        if let Some((image, average)) = self.before.take() {
            (self.image.data, self.average) = (image.into_vec()?, average);
        }
        Ok(())
    }
}

/// Losses and gradient by what is painted: the objective sees it with the protected content and the margin.
fn gradient_of_picture(
    inputs: &RunInputs,
    scale: usize,
    (objective, engine): (&Objective, &mut Tiled),
    image: &Pixels,
    protected: Option<&ProtectedContent>,
) -> Result<(Losses, Pixels), Error> {
    let shown = protected.map(|protected| protected.over(image));
    let (losses, mut gradient) = objective.evaluate(engine, shown.as_ref().unwrap_or(image))?;
    drop(shown);
    if let Some(protected) = protected {
        protected.through(&mut gradient);
    }
    inputs.canvas(inputs.scales[scale]).tie(&mut gradient.data);
    if inputs.colour == Colour::Luminance {
        level(&mut gradient.data);
    }
    Ok((losses, gradient))
}

/// What an optimiser moves.
struct Painted<'a> {
    image: &'a mut Pixels,
    average: &'a mut Average,
    before: &'a mut Option<(Values, Average)>,
    optimiser: &'a mut Optimiser,
}

impl Painted<'_> {
    /// Moves the pixels. Returns whether all of them are finite.
    fn step(
        self,
        recipe: &Recipe,
        scale: usize,
        (gradient, loss): (&Pixels, f64),
        home: &Home,
    ) -> io::Result<bool> {
        let Painted { image, average, before, optimiser } = self;
        if average.sum.is_empty() {
            *average = Average::new(recipe.average_decay, &image.data, home)?;
            *optimiser = new_optimiser(recipe, scale, image.data.len(), home)?;
        }
        let bounded = recipe.optimizer == OptimizerKind::Adam && recipe.adam.bounded;
        *before = None;
        if !bounded {
            let sum = home.copied(&average.sum)?;
            *before = Some((home.copied(&image.data)?, average.with(sum)));
        }
        optimiser.step(image, gradient, loss)?;
        let finite = all_finite(&image.data);
        if finite {
            average.add(&image.data)?;
        }
        Ok(finite)
    }
}

#[cfg(test)]
mod tests {
    use impasto_image::{Picture, Plane};

    use crate::recipe::{Init, OptimizerKind};
    use crate::{Colour, Overrides, Preset, Regions, StyleTransfer};

    fn stripes(width: usize, height: usize, step: usize) -> Picture {
        let rgb = (0..3 * width * height).map(|i| (i * step % 17) as f32 / 17.0).collect();
        Picture::new(width, height, rgb).unwrap()
    }

    /// Holds for every beginning and every optimiser. Only then is the derivative by the margin a derivative by the
    /// picture.
    #[test]
    fn the_margin_stays_the_mirror_image_of_the_picture() {
        let inits = [Init::Content, Init::Noise, Init::Gray, Init::StyleStats];
        for (init, optimizer) in inits
            .map(|init| (init, OptimizerKind::Adam))
            .into_iter()
            .chain([(Init::Noise, OptimizerKind::Lbfgs)])
        {
            let overrides = Overrides {
                init: Some(init.clone()),
                optimizer: Some(optimizer),
                min_size: Some(24),
                strength: Some(if init == Init::Content { 0.5 } else { 1.0 }),
                iterations: Some(3),
                ..Overrides::default()
            };
            let mask = Plane::new(40, 30, (0..40 * 30).map(|i| (i % 40) as f32 / 39.0).collect());
            let mut session = StyleTransfer::new(stripes(40, 30, 5))
                .style(stripes(33, 31, 7))
                .preset(Preset::named("impasto").unwrap())
                .model("random:vgg19?width=1/16")
                .regions(Regions::default().protect(mask))
                .colour(if init == Init::Gray { Colour::Luminance } else { Colour::Style })
                .overrides(overrides)
                .build()
                .unwrap();
            let first = session.image.data.clone();
            let mut steps = 0;
            loop {
                let canvas = session.inputs.canvas(session.inputs.scales[session.scale]).painted();
                assert!(canvas.margin > 0, "nothing to see");
                let image = &session.image.data;
                assert_eq!(canvas.mirrored(&canvas.cropped(image)), *image, "{init:?} {optimizer:?} {steps}");
                if session.step().unwrap().is_none() {
                    break;
                }
                steps += 1;
            }
            assert!(steps == 6 && session.image.data != first, "{steps} steps");
        }
    }
}
