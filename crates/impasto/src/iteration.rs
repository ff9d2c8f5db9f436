//! One iteration: the objective is evaluated, and the optimiser moves the pixels. Also undoes a step after which
//! the loss is not finite.

use std::io;

use impasto_engine::painting::{Home, Painting, Values};
use impasto_engine::{Cotangents, Engine, Size};

use crate::colour::Colour;
use crate::follow::Tie;
use crate::magnitude::check_cotangents;
use crate::objective::{Losses, Objective};
use crate::optimiser::vector::all_finite;
use crate::optimiser::{Average, Optimiser};
use crate::prepare::prepare_scale;
use crate::recipe::{Keep, OptimizerKind};
use crate::scale_up::{home, new_optimiser};
use crate::{Error, Recipe, Session};

impl Session {
    pub(crate) fn evaluate_and_move(&mut self) -> Result<Losses, Error> {
        let mut home = home(&self.inputs, &self.engine, self.scale);
        if self.inputs.follow.is_some() && matches!(home, Home::Engine(_)) {
            // The tie acts on the host.
            home = Home::Memory;
        }
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
            tie,
            trace,
            ..
        } = self;
        pool.install(|| {
            let objective = match objective {
                Some(objective) => objective,
                None => {
                    let mut prepared =
                        prepare_scale(inputs, draft.as_ref(), *scale, engine, styles, protected)?;
                    if let Some(follow) = &inputs.follow {
                        prepared.pool(follow.pooled, follow.trace.as_ref());
                    }
                    objective.insert(prepared)
                }
            };
            bring_home(&home, image).map_err(Error::stream)?;
            let canvas = inputs.canvas(inputs.scales[*scale]);
            let painting = Painting {
                size: Size::new(canvas.outer().0, canvas.outer().1),
                picture: image,
                over: protected.as_ref().map(|protected| &protected.blend),
                terms: objective.terms(),
                margin: canvas.margin,
                level: inputs.colour == Colour::Luminance,
            };
            if let Some(follow) = inputs.follow.as_ref().filter(|_| tie.is_none()) {
                *tie = Some(follow.tie(canvas));
            }
            let begins = average.sum.is_empty();
            let keeps_best = inputs.recipe.keep == Keep::Best && *scale + 1 == inputs.scales.len();
            let mut moving = Moving { painting, average, before, optimiser, tie: tie.as_ref() };
            let by_engine = matches!(home, Home::Engine(_))
                && objective.engines_may_judge()
                && is_bounded(&inputs.recipe)
                && !keeps_best
                && !inputs.traced;
            if by_engine {
                moving.prepare(&inputs.recipe, *scale, &home).map_err(Error::stream)?;
                if let Some(losses) = moving.step_by_engine(engine, objective)? {
                    return Ok(losses);
                }
            }
            let seen = inputs.traced.then_some(&mut trace.moments);
            let (losses, cotangents) = objective.observe_and_keep(engine, &mut moving.painting, seen)?;
            if keeps_best && best.as_ref().is_none_or(|(lowest, _)| losses.total < *lowest) {
                // The old copy goes first: both may be large.
                *best = None;
                let copy = home.copied(&*moving.painting.picture).map_err(Error::stream)?;
                *best = Some((losses.total, copy));
            }
            check_cotangents(&cotangents, moving.painting.terms)?;
            moving.prepare(&inputs.recipe, *scale, &home).map_err(Error::stream)?;
            if let Some(follow) = inputs.follow.as_ref().filter(|_| begins) {
                follow.season(canvas, moving.optimiser);
            }
            moving.step(engine, &cotangents, losses.total)?;
            Ok(losses)
        })
    }

    /// Undoes the last step.
    pub(crate) fn go_back(&mut self) -> io::Result<()> {
        if let Some((image, average)) = self.before.take() {
            (self.image, self.average) = (image.into_vec()?.into(), average);
        }
        Ok(())
    }
}

/// Moves a picture to the engine's memory, if that is the home of vectors.
fn bring_home(home: &Home, image: &mut Values) -> io::Result<()> {
    if matches!(home, Home::Engine(_)) && !image.is_in_engine() {
        *image = home.keep(std::mem::take(image).into_vec()?)?;
    }
    Ok(())
}

/// Whether every step keeps pixels in 0..1. Then no step is ever undone. A step that may be undone needs the picture of
/// the step before until its loss is known, so no engine makes it together with the next one.
fn is_bounded(recipe: &Recipe) -> bool {
    recipe.optimizer == OptimizerKind::Adam && recipe.adam.bounded
}

/// A painting, and all that a step changes with it.
struct Moving<'a> {
    painting: Painting<'a>,
    average: &'a mut Average,
    before: &'a mut Option<(Values, Average)>,
    optimiser: &'a mut Optimiser,
    tie: Option<&'a Tie>,
}

impl Moving<'_> {
    /// Begins the average and the optimiser at the first step, and keeps what undoes the step.
    fn prepare(&mut self, recipe: &Recipe, scale: usize, home: &Home) -> io::Result<()> {
        let Moving { painting, average, before, optimiser, .. } = self;
        if average.sum.is_empty() {
            **average = painting.picture.lend(|image| Average::new(recipe.average_decay, image, home))??;
            **optimiser = new_optimiser(recipe, scale, painting.picture.len(), home)?;
        }
        **before = None;
        if !is_bounded(recipe) {
            let sum = home.copied(&average.sum)?;
            **before = Some((home.copied(&*painting.picture)?, average.with(sum)));
        }
        Ok(())
    }

    /// Does all of an iteration in the engine, if it can.
    fn step_by_engine(
        &mut self,
        engine: &mut dyn Engine,
        objective: &Objective,
    ) -> Result<Option<Losses>, Error> {
        let Optimiser::Adam(adam) = &mut *self.optimiser else { return Ok(None) };
        let moved = objective.step_by_engine(engine, &mut self.painting, &mut adam.next(self.average))?;
        if moved.is_some() {
            adam.count();
            self.average.count();
        }
        Ok(moved)
    }

    /// Moves the pixels, and adds them to the average.
    fn step(&mut self, engine: &mut dyn Engine, cotangents: &Cotangents, loss: f64) -> Result<(), Error> {
        let Moving { painting, average, optimiser, tie, .. } = self;
        match optimiser {
            Optimiser::Adam(adam) if let Some(tie) = tie => {
                let gradient = engine.pull_back_painting(painting, cotangents)?;
                let moved = painting.picture.change_all(|image| {
                    let before = image.to_vec();
                    adam.next(&mut Average::none(0.0)).make(image, &gradient.data)?;
                    tie.hold(&before, image);
                    let finite = all_finite(image);
                    if finite {
                        average.add(image)?;
                    }
                    Ok(finite)
                });
                adam.count();
                finite(moved)
            }
            Optimiser::Adam(adam) => {
                engine.step_painting(painting, cotangents, &mut adam.next(average))?;
                adam.count();
                average.count();
                Ok(())
            }
            Optimiser::Lbfgs(lbfgs) => {
                let gradient = engine.pull_back_painting(painting, cotangents)?;
                let moved = painting.picture.change_all(|image| {
                    lbfgs.step(image, &gradient.data, loss)?;
                    let finite = all_finite(image);
                    if finite {
                        average.add(image)?;
                    }
                    Ok(finite)
                });
                finite(moved)
            }
        }
    }
}

/// An error for a picture that is not finite after a step.
fn finite(moved: io::Result<io::Result<bool>>) -> Result<(), Error> {
    match moved.and_then(|finite| finite).map_err(Error::stream)? {
        true => Ok(()),
        false => Err(Error::NotFinite { layer: "the pixels".into() }),
    }
}

#[cfg(test)]
mod tests {
    use impasto_image::{Picture, Plane};

    use crate::recipe::{Init, OptimizerKind};
    use crate::{Colour, Overrides, Preset, Regions, Session, StyleTransfer};

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
            let pixels = |session: &Session| {
                let mut data = vec![0.0; session.image.len()];
                session.image.read(0, &mut data).unwrap();
                data
            };
            let first = pixels(&session);
            let mut steps = 0;
            loop {
                let canvas = session.inputs.canvas(session.inputs.scales[session.scale]).painted();
                assert!(canvas.margin > 0, "nothing to see");
                let image = pixels(&session);
                assert!(canvas.mirrored(&canvas.cropped(&image)) == image, "{init:?} {optimizer:?} {steps}");
                if session.step().unwrap().is_none() {
                    break;
                }
                steps += 1;
            }
            assert!(steps == 6 && pixels(&session) != first, "{steps} steps");
        }
    }
}
