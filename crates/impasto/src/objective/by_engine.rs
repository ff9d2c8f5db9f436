//! Steps that an engine judges by itself, where its sums need not cross to the host.

use std::sync::Arc;

use impasto_engine::painting::{AdamStep, PixelTerm};
use impasto_engine::{Aim, Engine, Judged, Judging, TapLoss};

use super::{Judge, Losses, Objective, Painting};
use crate::Error;
use crate::magnitude::LARGEST;

impl Objective {
    /// Whether the loss is one that engines may judge by themselves.
    pub(crate) fn engines_may_judge(&self) -> bool {
        self.judging.is_some()
    }

    /// Observes a painting, judges it and moves it by one step of Adam. Returns `None`, and changes nothing, if the
    /// host must judge.
    pub(crate) fn step_by_engine(
        &self,
        engine: &mut dyn Engine,
        painting: &mut Painting,
        adam: &mut AdamStep,
    ) -> Result<Option<Losses>, Error> {
        let Some(judging) = &self.judging else { return Ok(None) };
        let judged = engine.step_judged(painting, &self.request, judging, adam)?;
        judged.map(|judged| self.judge.losses(judged)).transpose()
    }
}

/// The loss for an engine with a memory of its own; `None` for a loss that only the host knows.
pub(super) fn judging(judge: &Judge, engine: &dyn Engine) -> Option<Arc<Judging>> {
    engine.pixel_memory()?;
    let is_small = |factor: f64| factor.abs() <= LARGEST;
    let tap = |term: &super::StyleTerm| {
        let small = |aim: &Aim| {
            [aim.gram, aim.covariance, aim.mean_std].iter().all(|factor| is_small(term.weight * factor))
        };
        let aims = term.targets.iter().map(|target| match target {
            Some(target) => target.aim().filter(small).map(Some),
            None => Some(None),
        });
        Some(TapLoss { weight: term.weight, aims: aims.collect::<Option<_>>()? })
    };
    // Of the others the host tells what is wrong.
    let weights = judge.content.iter().map(|(_, weight)| *weight);
    if !weights.clone().all(is_small) {
        return None;
    }
    Some(Arc::new(Judging {
        content: weights.collect(),
        style: judge.style.iter().map(tap).collect::<Option<_>>()?,
    }))
}

impl Judge {
    /// The losses that an engine found.
    fn losses(&self, judged: Judged) -> Result<Losses, Error> {
        let named = |layers: Vec<&String>, values: Vec<f64>| -> Result<Vec<(String, f64)>, Error> {
            let pairs = layers.into_iter().cloned().zip(values);
            pairs
                .map(|(layer, value)| match value.is_finite() {
                    true => Ok((layer, value)),
                    false => Err(Error::NotFinite { layer }),
                })
                .collect()
        };
        let content = named(self.content.iter().map(|(layer, _)| layer).collect(), judged.content)?;
        let style = named(self.style.iter().map(|term| &term.layer).collect(), judged.style)?;
        let of_tv = |(term, value): (&PixelTerm, &f64)| match term {
            PixelTerm::TotalVariation { .. } => *value,
            _ => 0.0,
        };
        let tv = self.terms.iter().zip(&judged.terms).map(of_tv).sum();
        let layers = content.iter().chain(&style).map(|(_, value)| value);
        let total: f64 = layers.chain(&judged.terms).sum();
        match total.is_finite() {
            true => Ok(Losses { content, style, tv, total }),
            false => Err(Error::NotFinite { layer: "the terms on the pixels".into() }),
        }
    }
}
