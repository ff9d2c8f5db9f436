//! What a picture is judged by: content, style and smoothness; small matrices in f64, the same for every engine.

mod covariance;
mod gram;
mod matrix;
mod mean_std;
mod moments;
mod statistic;
mod tv;
mod wasserstein;

use impasto_encoder::{Tap, Topology};
use impasto_engine::{Cotangents, Engine, Observation, Pixels, Plane, Request};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use moments::{Judged, MeanMoments};
pub use statistic::{GramScale, Mixture, Statistic};
pub use tv::TvForm;
pub(crate) use wasserstein::relative_distance;

use crate::{Error, Recipe};
use statistic::Aim;

/// The terms of a loss, after all weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// Per content layer.
    #[serde(with = "as_map")]
    pub content: Vec<(String, f64)>,
    /// Per style layer.
    #[serde(with = "as_map")]
    pub style: Vec<(String, f64)>,
    /// Total variation.
    pub tv: f64,
    /// The sum of all terms.
    pub total: f64,
}

/// Terms by their names, in their order.
mod as_map {
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::{SerializeMap, Serializer};

    type Terms = Vec<(String, f64)>;

    pub(super) fn serialize<S: Serializer>(
        terms: &[(String, f64)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(terms.len()))?;
        for (name, value) in terms {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Terms, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Terms;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("terms of a loss")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Terms, A::Error> {
                let mut terms = Vec::new();
                while let Some(term) = map.next_entry()? {
                    terms.push(term);
                }
                Ok(terms)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A loss with its targets, ready to judge pictures of one size.
pub(crate) struct Objective {
    request: Request,
    content: Vec<(String, f64)>,
    style: Vec<StyleTerm>,
    tv: Option<(f64, TvForm)>,
}

struct StyleTerm {
    layer: String,
    weight: f64,
    aim: Aim,
}

impl Objective {
    /// Captures the content's features. With `weight`, of the content's size, positions count by it.
    ///
    /// `styles` are moments at the style layers, as [`style_moments`] takes them, with their shares of the mixture, which sum
    /// to 1.
    pub(crate) fn new(
        recipe: &Recipe,
        engine: &mut dyn Engine,
        content: &Pixels,
        weight: Option<Plane>,
        styles: &[(f64, Vec<MeanMoments>)],
    ) -> Result<Objective, Error> {
        let topology = engine.network().encoder.topology().clone();
        let content_layers = layers(&topology, &recipe.content_layers)?;
        let style_layers = layers(&topology, &recipe.style_layers)?;
        let regions = weight.iter().cloned().collect();
        let mut request = Request { regions, residual_weight: weight, ..Request::default() };
        for (tap, ..) in &content_layers {
            request.residuals.push(engine.capture(content, request.edges, *tap)?);
        }
        request.moments = style_layers.iter().map(|(tap, ..)| *tap).collect();
        let style = if style_layers.is_empty() {
            Vec::new()
        } else {
            let targets = blended(styles, request.moments.len())?;
            let aims: Vec<Option<Aim>> =
                targets.par_iter().map(|target| recipe.statistic.aim(target)).collect();
            let named = style_layers.into_iter().zip(aims);
            named
                .map(|((_, layer, weight), aim)| {
                    let aim = aim.ok_or_else(|| Error::TargetNotFinite { layer: layer.clone() })?;
                    Ok(StyleTerm { layer, weight: weight * recipe.style_weight, aim })
                })
                .collect::<Result<_, Error>>()?
        };
        let content = content_layers
            .into_iter()
            .map(|(_, layer, weight)| (layer, weight * recipe.content_weight))
            .collect();
        let tv = (recipe.tv_weight > 0.0).then_some((recipe.tv_weight, recipe.tv_form));
        Ok(Objective { request, content, style, tv })
    }

    /// Loss and gradient by RGB 0..1 of a picture.
    pub(crate) fn evaluate(
        &self,
        engine: &mut dyn Engine,
        image: &Pixels,
    ) -> Result<(Losses, Pixels), Error> {
        let seen = engine.observe(image, &self.request)?;
        let (mut losses, cotangents) = self.judge(&seen)?;
        let mut gradient = engine.pull_back(image, &cotangents)?;
        if let Some((weight, form)) = self.tv {
            losses.tv = form.judge(image, weight, Some(&mut gradient));
            losses.total += losses.tv;
        }
        // Without a way out of the inner loop, which it would keep from being vectorised.
        let finite = |values: &[f32]| values.iter().fold(true, |all, value| all & value.is_finite());
        if !losses.total.is_finite() || !gradient.data.par_chunks(1 << 14).all(finite) {
            return Err(Error::NotFinite { layer: "the gradient by the pixels".into() });
        }
        Ok((losses, gradient))
    }

    /// Content and style terms, and the derivatives by the observation.
    fn judge(&self, seen: &Observation) -> Result<(Losses, Cotangents), Error> {
        let mut cotangents = Cotangents { moments: Vec::new(), residuals: Vec::new() };
        let mut losses = Losses { content: Vec::new(), style: Vec::new(), tv: 0.0, total: 0.0 };
        for ((layer, weight), residual) in self.content.iter().zip(&seen.residuals) {
            let factor = weight / (residual.weight * residual.channels as f64);
            let value = factor * residual.sum;
            if !value.is_finite() {
                return Err(Error::NotFinite { layer: layer.clone() });
            }
            losses.content.push((layer.clone(), value));
            losses.total += value;
            cotangents.residuals.push(factor);
        }
        // One task per layer: with full width the eigendecompositions are what takes time here.
        let judged: Vec<Option<Judged>> = self
            .style
            .par_iter()
            .zip(&seen.moments)
            .map(|(term, regions)| term.aim.judge(&MeanMoments::from_sums(&regions[0])))
            .collect();
        for ((term, regions), judged) in self.style.iter().zip(&seen.moments).zip(judged) {
            let judged = judged.ok_or_else(|| Error::NotFinite { layer: term.layer.clone() })?;
            let value = term.weight * judged.value;
            losses.style.push((term.layer.clone(), value));
            losses.total += value;
            cotangents.moments.push(vec![judged.by_sums(regions[0].weight, term.weight)]);
        }
        Ok((losses, cotangents))
    }
}

/// Resolves names to taps, in the order given.
pub(crate) fn layers(topology: &Topology, named: &[(String, f64)]) -> Result<Vec<(Tap, String, f64)>, Error> {
    named.iter().map(|(name, weight)| Ok((topology.tap(name)?, name.clone(), *weight))).collect()
}

/// Moments of a style picture at each style layer of a recipe; with `weight`, positions count by it.
pub(crate) fn style_moments(
    recipe: &Recipe,
    engine: &mut dyn Engine,
    picture: &Pixels,
    weight: Option<Plane>,
) -> Result<Vec<MeanMoments>, Error> {
    let taps = style_taps(recipe, engine.network().encoder.topology())?;
    if taps.is_empty() {
        return Ok(Vec::new());
    }
    let regions = weight.into_iter().collect();
    let seen = engine.observe(picture, &Request { moments: taps, regions, ..Request::default() })?;
    Ok(seen.moments.iter().map(|regions| MeanMoments::from_sums(&regions[0])).collect())
}

/// The taps of a recipe's style layers.
pub(crate) fn style_taps(recipe: &Recipe, topology: &Topology) -> Result<Vec<Tap>, Error> {
    Ok(layers(topology, &recipe.style_layers)?.into_iter().map(|(tap, ..)| tap).collect())
}

/// Moments of the mixture of the styles, per tap.
fn blended(styles: &[(f64, Vec<MeanMoments>)], taps: usize) -> Result<Vec<MeanMoments>, Error> {
    let of_tap = |tap: usize| -> Vec<(f64, MeanMoments)> {
        styles.iter().map(|(share, moments)| (*share, moments[tap].clone())).collect()
    };
    (0..taps).map(|tap| MeanMoments::blend(&of_tap(tap)).ok_or(Error::NoStyle)).collect()
}
