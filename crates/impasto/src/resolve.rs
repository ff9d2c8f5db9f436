//! Resolves the options of a style transfer: the recipe with all overrides, the network, the shares of the styles.

use impasto_encoder::{Encoder, EncoderError, Tap};
use impasto_engine::{EngineError, Network, Padding};

use crate::preset::from_nothing;
use crate::recipe::Init;
use crate::style::shares;
use crate::style_parts::check_layers;
use crate::{Error, Iterations, Recipe, Setting, StyleTransfer};

/// The stroke sizes that are accepted. Smaller strokes look like grain, and larger ones do not fit into the
/// picture.
const STROKE_SIZES: std::ops::RangeInclusive<f64> = 0.1..=4.0;

pub(crate) struct Prepared {
    pub(crate) recipe: Recipe,
    pub(crate) network: Network,
    /// Shares of the styles; they sum to 1.
    pub(crate) shares: Vec<f64>,
}

impl StyleTransfer {
    pub(crate) fn prepare(&self) -> Result<Prepared, Error> {
        let shares = shares(&self.styles)?;
        self.check_pictures()?;
        let mut recipe = self.resolved_recipe()?;
        let encoder = match &self.encoder {
            Some(encoder) => encoder.clone(),
            None => impasto_encoder::open(&self.model)?,
        };
        let deepest = self.deepest_tap(&recipe, &encoder)?;
        let pooling = recipe.pooling.unwrap_or(encoder.pooling());
        recipe.pooling = Some(pooling);
        let padding = recipe.padding.unwrap_or_else(|| Padding::trained(&encoder));
        recipe.padding = Some(padding);
        let network = Network {
            encoder: encoder.truncated(deepest),
            pooling,
            pool_scale: recipe.pool_scales.of(pooling),
            padding,
        };
        Ok(Prepared { recipe, network, shares })
    }

    fn check_pictures(&self) -> Result<(), Error> {
        if !(self.style_scale.is_finite() && self.style_scale > 0.0) {
            let problem = format!("expected a number above 0, found {}", self.style_scale);
            return Err(Error::invalid(Setting::StyleScale, problem));
        }
        let pictures = self.styles.iter().map(|style| (&style.picture, &style.alpha));
        for (picture, alpha) in pictures.chain([(&self.content, &self.alpha)]) {
            if let Some(alpha) = alpha.as_ref().filter(|alpha| alpha.size() != picture.size()) {
                let problem = format!("expected {:?} pixels, found {:?}", picture.size(), alpha.size());
                return Err(Error::invalid("alpha", problem));
            }
        }
        self.check_regions()
    }

    /// The recipe with all overrides, as it suits the pictures.
    fn resolved_recipe(&self) -> Result<Recipe, Error> {
        let mut recipe = self.recipe.clone().unwrap_or_else(|| self.preset.recipe());
        recipe.check()?;
        if self.texture.is_some() && recipe.init == Init::Draft {
            if self.recipe.is_some() {
                return Err(Error::invalid(Setting::Init, "a texture has no content to draft"));
            }
            recipe = from_nothing();
        }
        let mut overrides = self.overrides.clone();
        if self.init_picture.is_some() {
            overrides.init.get_or_insert(Init::Picture);
        }
        let mut recipe = overrides.apply(recipe)?;
        self.without_content(&mut recipe)?;
        self.size_strokes(&mut recipe)?;
        for layers in self.styles.iter().filter_map(|style| style.layers.as_ref()) {
            check_layers(layers, &recipe)?;
        }
        if recipe.strength == 0.0 && matches!(recipe.init, Init::Content | Init::Draft) {
            // With strength 0, the content is already the result.
            (recipe.init, recipe.pyramid.iterations) = (Init::Content, Iterations::each(0));
        }
        if (recipe.init == Init::Picture) != self.init_picture.is_some() {
            let problem = match self.init_picture {
                Some(_) => "expected no picture to begin with for this init, found one",
                None => "expected a picture to begin with, found none",
            };
            return Err(Error::invalid(Setting::Init, problem));
        }
        Ok(recipe)
    }

    /// Larger strokes begin at a smaller scale.
    fn size_strokes(&self, recipe: &mut Recipe) -> Result<(), Error> {
        let Some(size) = self.stroke_size else { return Ok(()) };
        if !STROKE_SIZES.contains(&size) {
            let (least, most) = (STROKE_SIZES.start(), STROKE_SIZES.end());
            return Err(Error::invalid(
                Setting::StrokeSize,
                format!("expected {least} to {most}, found {size}"),
            ));
        }
        if self.overrides.min_size.is_none() {
            recipe.pyramid.smallest = recipe.pyramid.smallest.for_strokes(size);
        }
        Ok(())
    }

    /// Resolves every layer and returns the deepest tap. If the encoder lacks a layer that only the preset asks
    /// for, the error blames the preset.
    fn deepest_tap(&self, recipe: &Recipe, encoder: &Encoder) -> Result<Tap, Error> {
        let (content, style) = (&self.overrides.content_layers, &self.overrides.style_layers);
        let given = [
            (Setting::ContentLayers, &recipe.content_layers, content.is_some()),
            (Setting::StyleLayers, &recipe.style_layers, style.is_some()),
        ];
        let mut deepest = None;
        for (setting, layers, overridden) in given {
            let asked_for = overridden || self.recipe.is_some();
            for (layer, _) in layers {
                let tap = encoder.topology().tap(layer).map_err(|error| match error {
                    EncoderError::UnknownLayer { name, nearest, last } if !asked_for => {
                        Error::PresetNeedsLayer {
                            preset: recipe.preset.clone(),
                            layer: name,
                            last,
                            nearest,
                            setting,
                        }
                    }
                    error => error.into(),
                })?;
                deepest = deepest.max(Some(tap));
            }
        }
        deepest.ok_or(Error::Engine(EngineError::NothingToObserve))
    }
}
