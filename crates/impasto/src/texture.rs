//! Texture: a picture of a style alone, from noise (Gatys, Ecker and Bethge, "Texture synthesis using convolutional
//! neural networks", NeurIPS 2015).
//!
//! There is no content; statistics, scales and optimiser are those of the preset. In a seamless texture, opposite
//! edges meet in both directions: at every layer the padding repeats the opposite edge, and so does the enlargement
//! from scale to scale. Only the total variation does not cross the edges, which leaves no visible trace.

use impasto_engine::{Engine, Padding};
use impasto_image::Picture;

use crate::colour::Colour;
use crate::recipe::Init;
use crate::sizes::LARGEST_SIZE;
use crate::smallest::least_of_content;
use crate::{Error, Iterations, Recipe, Regions, Scale, Setting, StyleTransfer};

/// The options of a transfer that makes a texture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Texture {
    pub(crate) size: (usize, usize),
    pub(crate) seamless: bool,
}

impl StyleTransfer {
    /// Makes a texture of this size in pixels, without a content: noise becomes a picture of the style. A
    /// `seamless` texture fits itself on all sides. Its width and height must be multiples of 16, the product of
    /// the poolings before the deepest layer.
    ///
    /// Options that concern a content are errors in [`build`](StyleTransfer::build).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a side of 0 or beyond 30000.
    pub fn texture((width, height): (usize, usize), seamless: bool) -> Result<StyleTransfer, Error> {
        if width.min(height) == 0 || width.max(height) > LARGEST_SIZE {
            let problem = format!("expected sides of 1 to {LARGEST_SIZE} pixels, found {width}x{height}");
            return Err(Error::invalid(Setting::Size, problem));
        }
        // This content is never used.
        let mut transfer = StyleTransfer::new(Picture::filled(1, 1, [0.5; 3]));
        transfer.texture = Some(Texture { size: (width, height), seamless });
        Ok(transfer)
    }

    /// Removes the content from the recipe. An option that needs a content is an error.
    pub(crate) fn without_content(&self, recipe: &mut Recipe) -> Result<(), Error> {
        let Some(Texture { seamless, .. }) = self.texture else { return Ok(()) };
        let asked = [
            (Setting::ContentWeight, self.overrides.content_weight.is_some()),
            (Setting::ContentLayers, self.overrides.content_layers.is_some()),
            (Setting::Effort, self.overrides.effort.is_some()),
            (Setting::Strength, self.overrides.strength.is_some()),
            (Setting::Colour, self.colour != Colour::Style),
            (Setting::Mask, self.regions != Regions::default()),
            (Setting::Init, matches!(self.overrides.init, Some(Init::Content | Init::Draft))),
            (Setting::Size, self.size.is_some()),
        ];
        if let Some((setting, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            return Err(Error::invalid(setting, "a texture has no content"));
        }
        (recipe.content_layers, recipe.content_weight) = (Vec::new(), 0.0);
        if matches!(recipe.init, Init::Content | Init::Draft) {
            recipe.init = Init::StyleStats;
        }
        if seamless {
            // A margin is for borders, and a seamless texture has none.
            (recipe.padding, recipe.margin, recipe.bleed) = (Some(Padding::Wrap), 0, 0);
        }
        Ok(())
    }

    /// The scales of a run whose result has this size, from the first that the deepest layer can see on. For a seamless
    /// texture they are rounded to multiples of the poolings.
    pub(crate) fn scales(
        &self,
        recipe: &Recipe,
        engine: &dyn Engine,
        size: (usize, usize),
    ) -> Result<Vec<Scale>, Error> {
        if recipe.padding != Some(Padding::Wrap) {
            let least = least_of_content(recipe, engine.network().encoder.topology())?;
            return Ok(recipe.pyramid.scales_seen(size, least));
        }
        let (scales, step) = (recipe.pyramid.scales(size), step_of(engine));
        if step == 1 {
            return Ok(scales);
        }
        let rounded = |length: usize| (length.div_ceil(step / 2) / 2).max(1) * step;
        let last = scales.len() - 1;
        let fitted = scales.into_iter().enumerate().map(|(index, scale)| match index == last {
            true => scale,
            false => Scale { width: rounded(scale.width), height: rounded(scale.height), ..scale },
        });
        let mut fitted: Vec<Scale> = fitted.collect();
        fitted.dedup_by(|next, before| (next.width, next.height) == (before.width, before.height));
        if let Iterations::Listed(_) = recipe.pyramid.iterations {
            let counts = (0..).map(|scale| recipe.pyramid.iterations.at(scale));
            fitted.iter_mut().zip(counts).for_each(|(scale, count)| scale.iterations = count);
        }
        Ok(fitted)
    }

    /// Checks that the size of a seamless texture is a multiple of the poolings, so that no pixel is left over.
    pub(crate) fn check_ring(
        &self,
        engine: &dyn Engine,
        (width, height): (usize, usize),
    ) -> Result<(), Error> {
        let step = step_of(engine);
        if self.texture.is_some_and(|texture| texture.seamless)
            && !(width.is_multiple_of(step) && height.is_multiple_of(step))
        {
            let problem =
                format!("expected multiples of {step} for a seamless texture, found {width}x{height}");
            return Err(Error::invalid(Setting::Size, problem));
        }
        Ok(())
    }
}

/// The product of the poolings before the deepest layer.
fn step_of(engine: &dyn Engine) -> usize {
    let convs = engine.network().encoder.topology().convs();
    convs.last().map_or(1, |conv| 1 << (conv.block - 1))
}
