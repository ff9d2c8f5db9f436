//! Evaluations of one picture as a run makes them, for measurements. In an engine with a memory of its own the picture
//! stays there, so an evaluation ends with a step of Adam, whose length is 0.

use impasto_engine::painting::{Home, Painting, Values};
use impasto_engine::{Engine, Pixels, Size};

use crate::objective::Objective;
use crate::optimiser::{Adam, AdamSettings, Average};
use crate::{Error, Recipe};

/// A picture, and what steps need in an engine's memory.
pub(crate) struct Trial {
    size: Size,
    image: Values,
    steps: Option<(Adam, Average)>,
}

impl Trial {
    /// `stays`: whether the picture is in the engine's memory, if there is one. L-BFGS has it on the host.
    pub(crate) fn new(
        recipe: &Recipe,
        engine: &dyn Engine,
        picture: Pixels,
        stays: bool,
    ) -> Result<Trial, Error> {
        let Pixels { size, data } = picture;
        let Some(memory) = engine.pixel_memory().filter(|_| stays) else {
            return Ok(Trial { size, image: data.into(), steps: None });
        };
        let home = Home::Engine(memory);
        let begin = || {
            let average = Average::new(recipe.average_decay, &data, &home)?;
            let settings = AdamSettings { rate: 0.0, ..recipe.adam_settings() };
            let adam = Adam::new(settings, data.len(), &home)?;
            Ok((home.keep(data.clone())?, adam, average))
        };
        let (image, adam, average) = begin().map_err(Error::stream)?;
        Ok(Trial { size, image, steps: Some((adam, average)) })
    }

    /// One evaluation: observation, loss and derivative.
    pub(crate) fn evaluate(&mut self, engine: &mut dyn Engine, objective: &Objective) -> Result<(), Error> {
        let Some((adam, average)) = &mut self.steps else {
            return objective.evaluate(engine, self.size, &mut self.image).map(drop);
        };
        let picture = &mut self.image;
        let terms = objective.terms();
        let mut painting = Painting { size: self.size, picture, over: None, terms, margin: 0, level: false };
        let mut step = adam.next(average);
        if objective.step_by_engine(engine, &mut painting, &mut step)?.is_none() {
            let (_, cotangents) = objective.observe(engine, &mut painting)?;
            engine.step_painting(&mut painting, &cotangents, &mut step)?;
        }
        Ok(())
    }
}
