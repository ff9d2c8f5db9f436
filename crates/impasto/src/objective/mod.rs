//! The objective: content, style and smoothness terms. It works on small f64 matrices, which are the same for every
//! engine.

mod by_engine;
mod covariance;
mod gram;
mod losses;
mod matrix;
mod mean_std;
mod metric;
mod moments;
mod statistic;
mod style_target;
mod wasserstein;

use std::sync::Arc;

use impasto_encoder::{Encoder, Tap, Topology};
use impasto_engine::painting::{Painting, PixelTerm, Values};
use impasto_engine::{
    Cotangents, Edges, Engine, Judging, Moments, Observation, Pixels, Plane, Request, Size,
};
use rayon::prelude::*;

pub use impasto_engine::painting::TvForm;
pub use losses::Losses;
pub(crate) use matrix::{Spectrum, square, symmetric_values};
pub use moments::{LossGradient, MeanMoments};
pub use statistic::{GramScale, Statistic, StyleLoss};

pub(crate) use wasserstein::relative_distance;

use crate::follow::Trace;
use crate::regions::PositionWeights;
use crate::{Error, Recipe};
use metric::Metric;
use style_target::StyleTarget;

/// A loss with its targets, for pictures of one size, and what an engine has to observe for it.
pub(crate) struct Objective {
    request: Request,
    judge: Judge,
    /// The loss for an engine that judges by itself.
    judging: Option<Arc<Judging>>,
}

/// The loss of sums that were observed, wherever that was.
pub(crate) struct Judge {
    content: Vec<(String, f64)>,
    style: Vec<StyleTerm>,
    terms: Vec<PixelTerm>,
    /// Earlier moments for each style layer and region, and their share in what the loss sees.
    pool: Option<(f64, Vec<Vec<MeanMoments>>)>,
}

struct StyleTerm {
    layer: String,
    weight: f64,
    /// Targets for each region; `None` where no style is for the region at this layer.
    targets: Vec<Option<StyleTarget>>,
}

impl Objective {
    /// Captures the features of the content, or of `kept`, the picture that the content term should hold in its
    /// place. The position weights say how much each position counts.
    ///
    /// `targets` has moments for each style layer and region, or `None` where no style is for both.
    pub(crate) fn new(
        recipe: &Recipe,
        engine: &mut dyn Engine,
        (content, kept): (&Pixels, Option<&Pixels>),
        weights: PositionWeights,
        targets: Vec<Vec<Option<MeanMoments>>>,
    ) -> Result<Objective, Error> {
        let encoder = engine.network().encoder.clone();
        let request = request(recipe, engine, kept.unwrap_or(content), weights, Edges::default())?;
        let own = own_sums(recipe, engine, content, &request)?;
        let judge = Judge::new(recipe, &encoder, targets, own.as_ref())?;
        let judging = by_engine::judging(&judge, engine);
        Ok(Objective { request, judge, judging })
    }

    /// The terms on the pixels. A painting must have them when it is observed.
    pub(crate) fn terms(&self) -> &[PixelTerm] {
        self.judge.terms()
    }

    /// The losses of a painting, and the derivatives by the sums over its features.
    pub(crate) fn observe(
        &self,
        engine: &mut dyn Engine,
        painting: &mut Painting,
    ) -> Result<(Losses, Cotangents), Error> {
        let (seen, values) = engine.observe_painting(painting, &self.request)?;
        self.judge.judge(&seen, &values)
    }

    /// Mixes earlier moments into those that the style loss sees, with the given share ([`Judge::pool`]).
    pub(crate) fn pool(&mut self, share: f64, trace: Option<&Trace>) {
        self.judge.pool(share, trace);
        // Sums of earlier frames are mixed in on the host.
        self.judging = None;
    }

    /// Like [`observe`](Objective::observe); also keeps the moments that the style loss saw.
    pub(crate) fn observe_and_keep(
        &self,
        engine: &mut dyn Engine,
        painting: &mut Painting,
        keep: Option<&mut Vec<Vec<MeanMoments>>>,
    ) -> Result<(Losses, Cotangents), Error> {
        let (seen, values) = engine.observe_painting(painting, &self.request)?;
        if let Some(keep) = keep {
            let moments = seen.moments.iter().enumerate();
            *keep = moments.map(|(tap, regions)| self.judge.mixed(tap, regions)).collect();
        }
        self.judge.judge(&seen, &values)
    }

    /// Loss and gradient of a picture as it is, by its RGB values in 0..1.
    pub(crate) fn evaluate(
        &self,
        engine: &mut dyn Engine,
        size: Size,
        picture: &mut Values,
    ) -> Result<(Losses, Pixels), Error> {
        let mut painting =
            Painting { size, picture, over: None, terms: self.terms(), margin: 0, level: false };
        let (losses, cotangents) = self.observe(engine, &mut painting)?;
        Ok((losses, engine.pull_back_painting(&mut painting, &cotangents)?))
    }
}

/// Returns the request to an engine for a recipe. It captures the features of `kept` for the content term.
pub(crate) fn request(
    recipe: &Recipe,
    engine: &mut dyn Engine,
    kept: &Pixels,
    PositionWeights { regions, residual, .. }: PositionWeights,
    edges: Edges,
) -> Result<Request, Error> {
    let topology = engine.network().encoder.topology().clone();
    let mut request = Request { regions, residual_weight: residual, edges, ..Request::default() };
    for (tap, ..) in layers(&topology, &recipe.content_layers)? {
        request.residuals.push(engine.capture(kept, edges, tap)?);
    }
    request.moments = style_taps(recipe, &topology)?;
    Ok(request)
}

/// The content's own sums, observed with the same regions as the picture later. Only a strength below 1 needs them.
pub(crate) fn own_sums(
    recipe: &Recipe,
    engine: &mut dyn Engine,
    content: &Pixels,
    request: &Request,
) -> Result<Option<Observation>, Error> {
    if recipe.strength >= 1.0 || request.moments.is_empty() {
        return Ok(None);
    }
    Ok(Some(engine.observe(content, &Request { residuals: Vec::new(), ..request.clone() })?))
}

impl Judge {
    /// `targets` has moments for each style layer and region, or `None` where no style is for both. `own` has the
    /// content's sums ([`own_sums`]).
    pub(crate) fn new(
        recipe: &Recipe,
        encoder: &Encoder,
        mut targets: Vec<Vec<Option<MeanMoments>>>,
        own: Option<&Observation>,
    ) -> Result<Judge, Error> {
        let content_layers = layers(encoder.topology(), &recipe.content_layers)?;
        let style_layers = layers(encoder.topology(), &recipe.style_layers)?;
        if let Some(own) = own {
            let metrics = style_layers.iter().map(|(tap, ..)| Metric::of(encoder, *tap));
            weaken(&mut targets, own, metrics, recipe.strength);
        }
        let style = style_layers
            .into_par_iter()
            .zip(targets)
            .map(|((tap, layer, weight), targets)| {
                let metric = Metric::of(encoder, tap);
                let target = |target: &Option<MeanMoments>| {
                    let Some(target) = target else { return Ok(None) };
                    let target = recipe.statistic.target(target, &metric);
                    target.map(Some).ok_or_else(|| Error::TargetNotFinite { layer: layer.clone() })
                };
                let targets = targets.par_iter().map(target).collect::<Result<_, Error>>()?;
                Ok(StyleTerm { layer, weight: weight * recipe.style_weight, targets })
            })
            .collect::<Result<_, Error>>()?;
        let content = content_layers
            .into_iter()
            .map(|(_, layer, weight)| (layer, weight * recipe.content_weight))
            .collect();
        Ok(Judge { content, style, terms: pixel_terms(recipe), pool: None })
    }

    /// The terms on the pixels.
    pub(crate) fn terms(&self) -> &[PixelTerm] {
        &self.terms
    }

    /// Mixes earlier moments into those that the style loss sees, with the given share.
    ///
    /// The derivative is that by the whole mixture, not by this picture's part of it: a film's frames move together, so
    /// the balance with the content stays that of a single picture.
    fn pool(&mut self, share: f64, trace: Option<&Trace>) {
        let fits = |moments: &Vec<Vec<MeanMoments>>| moments.len() == self.style.len();
        let moments = trace.map(|trace| trace.moments.clone()).filter(fits);
        self.pool = moments.map(|moments| (share, moments)).filter(|(share, _)| *share > 0.0);
    }

    /// The moments of each region at a style layer, mixed with the earlier ones.
    fn mixed(&self, tap: usize, regions: &[Moments]) -> Vec<MeanMoments> {
        let pool = self.pool.as_ref().map(|(share, moments)| (*share, &moments[tap]));
        let of = |(region, sums): (usize, &Moments)| mixed(sums, pool, region);
        regions.iter().enumerate().map(of).collect()
    }

    /// The losses, and the derivatives by the sums. `values` are the weighted values of the terms on the pixels.
    pub(crate) fn judge(&self, seen: &Observation, values: &[f64]) -> Result<(Losses, Cotangents), Error> {
        let (mut losses, cotangents) = self.loss_and_gradient(seen)?;
        for (term, value) in self.terms.iter().zip(values) {
            if let PixelTerm::TotalVariation { .. } = term {
                losses.tv += value;
            }
            losses.total += value;
        }
        match losses.total.is_finite() {
            true => Ok((losses, cotangents)),
            false => Err(Error::NotFinite { layer: "the terms on the pixels".into() }),
        }
    }

    /// Content and style terms, and the derivatives by the observation.
    fn loss_and_gradient(&self, seen: &Observation) -> Result<(Losses, Cotangents), Error> {
        let mut cotangents = Cotangents::default();
        let mut losses = Losses { content: Vec::new(), style: Vec::new(), tv: 0.0, total: 0.0 };
        for ((layer, weight), residual) in self.content.iter().zip(&seen.residuals) {
            // The weight is 0 if no position of the content counts.
            let seen = if residual.weight > 0.0 { 1.0 / residual.weight } else { 0.0 };
            let factor = weight * seen / residual.channels as f64;
            let value = factor * residual.sum;
            if !value.is_finite() {
                return Err(Error::NotFinite { layer: layer.clone() });
            }
            losses.content.push((layer.clone(), value));
            losses.total += value;
            cotangents.residuals.push(factor);
        }
        // One task per layer and region: with a full-width encoder, the eigendecompositions take most of the time
        // here.
        let loss: Vec<Vec<Option<LossGradient>>> = self
            .style
            .par_iter()
            .zip(&seen.moments)
            .enumerate()
            .map(|(tap, (term, regions))| {
                let pool = self.pool.as_ref().map(|(share, moments)| (*share, &moments[tap]));
                term.loss_and_gradient(regions, pool)
            })
            .collect();
        for ((term, regions), loss) in self.style.iter().zip(&seen.moments).zip(loss) {
            let all: f64 = regions.iter().map(|region| region.weight).sum();
            let (mut value, mut by) = (0.0, Vec::with_capacity(regions.len()));
            for (region, loss) in regions.iter().zip(loss) {
                let loss = loss.ok_or_else(|| Error::NotFinite { layer: term.layer.clone() })?;
                // The quotient is exactly 1 if there is a single region.
                let share = if all > 0.0 { term.weight * (region.weight / all) } else { 0.0 };
                value += share * loss.value;
                by.push(loss.by_sums(region.weight, share));
            }
            losses.style.push((term.layer.clone(), value));
            losses.total += value;
            cotangents.moments.push(by);
        }
        Ok((losses, cotangents))
    }
}

/// The terms on the pixels of a recipe. Total variation keeps a style from becoming noise. It also smooths the
/// content's detail, so it goes down with the strength.
pub(crate) fn pixel_terms(recipe: &Recipe) -> Vec<PixelTerm> {
    let weight = recipe.tv_weight * recipe.strength;
    let tv = PixelTerm::TotalVariation { form: recipe.tv_form, weight };
    if weight > 0.0 { vec![tv] } else { Vec::new() }
}

impl StyleTerm {
    /// The distance of each region from its style; 0 where there is no style, or where the region is empty. `None`
    /// for sums that are not finite.
    fn loss_and_gradient(&self, regions: &[Moments], pool: Option<Pool>) -> Vec<Option<LossGradient>> {
        let judge = |(region, (target, seen)): (usize, (&Option<StyleTarget>, &Moments))| match target {
            Some(target) if seen.weight > 0.0 => target.loss_and_gradient(&mixed(seen, pool, region)),
            _ => Some(LossGradient::zero(seen.first.len())),
        };
        self.targets.par_iter().zip(regions).enumerate().map(judge).collect()
    }
}

/// Earlier moments of each region at one layer, and their share in what the loss sees.
type Pool<'a> = (f64, &'a Vec<MeanMoments>);

/// The mean moments of a region, mixed with the earlier ones.
fn mixed(sums: &Moments, pool: Option<Pool>, region: usize) -> MeanMoments {
    let own = MeanMoments::from_sums(sums);
    let Some((share, earlier)) = pool.and_then(|(share, moments)| Some((share, moments.get(region)?))) else {
        return own;
    };
    MeanMoments::pooled(share, earlier, own)
}

/// Resolves names to taps, in the order given.
pub(crate) fn layers(topology: &Topology, named: &[(String, f64)]) -> Result<Vec<(Tap, String, f64)>, Error> {
    named.iter().map(|(name, weight)| Ok((topology.tap(name)?, name.clone(), *weight))).collect()
}

/// Moments of a style picture at each style layer of a recipe, under the encoder's metrics. `weight` says how much
/// each position counts.
pub(crate) fn style_moments(
    recipe: &Recipe,
    engine: &mut dyn Engine,
    picture: &Pixels,
    weight: Option<Plane>,
) -> Result<Vec<MeanMoments>, Error> {
    let encoder = engine.network().encoder.clone();
    let taps = style_taps(recipe, encoder.topology())?;
    if taps.is_empty() {
        return Ok(Vec::new());
    }
    let regions = weight.into_iter().collect();
    let seen = engine.observe(picture, &Request { moments: taps.clone(), regions, ..Request::default() })?;
    let of = |(tap, regions): (&Tap, &Vec<Moments>)| Metric::of(&encoder, *tap).of_sums(&regions[0]);
    Ok(taps.iter().zip(&seen.moments).map(of).collect())
}

/// The taps of a recipe's style layers.
pub(crate) fn style_taps(recipe: &Recipe, topology: &Topology) -> Result<Vec<Tap>, Error> {
    Ok(layers(topology, &recipe.style_layers)?.into_iter().map(|(tap, ..)| tap).collect())
}

/// Replaces each target by the moments of a mixture: the fraction `strength` of the style, and the rest of the
/// content itself. At strength 0 the content already fulfils all targets. Both are observed at the scale's size, so
/// a strength means the same at every size.
fn weaken(
    targets: &mut [Vec<Option<MeanMoments>>],
    own: &Observation,
    metrics: impl Iterator<Item = Metric>,
    strength: f64,
) {
    for ((targets, own), metric) in targets.iter_mut().zip(&own.moments).zip(metrics) {
        for (target, own) in targets.iter_mut().zip(own) {
            let own = metric.of_sums(own);
            *target = target
                .take()
                .and_then(|style| MeanMoments::blend(&[(strength, &style), (1.0 - strength, &own)]));
        }
    }
}

/// The targets for one style in one region.
pub(crate) fn alone(moments: Vec<MeanMoments>) -> Vec<Vec<Option<MeanMoments>>> {
    moments.into_iter().map(|moments| vec![Some(moments)]).collect()
}

/// Moments of the mixtures of styles, for each tap and region. `seen` has for each style its share, its region, and
/// its moments at the taps; `None` at taps that the style is not for. Shares are relative to those of the other
/// styles for the same region and tap.
pub(crate) fn blended(
    seen: &[(f64, usize, Vec<Option<MeanMoments>>)],
    taps: usize,
    regions: usize,
) -> Vec<Vec<Option<MeanMoments>>> {
    let of = |tap: usize, region: usize| {
        let mine = seen.iter().filter(|(_, other, _)| *other == region);
        let parts: Vec<(f64, &MeanMoments)> =
            mine.filter_map(|(share, _, moments)| Some((*share, moments[tap].as_ref()?))).collect();
        let all: f64 = parts.iter().map(|(share, _)| share).sum();
        let scaled = parts.into_iter().filter(|(share, _)| *share > 0.0);
        MeanMoments::blend(&scaled.map(|(share, moments)| (share / all, moments)).collect::<Vec<_>>())
    };
    (0..taps).map(|tap| (0..regions).map(|region| of(tap, region)).collect()).collect()
}
