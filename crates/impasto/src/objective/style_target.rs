//! The target of a style loss at one layer: the statistics with the values that they need from a style's moments.

use impasto_engine::Aim;

use super::metric::Metric;
use super::moments::{LossGradient, MeanMoments};
use super::statistic::{GramScale, Statistic};
use super::wasserstein::{Roots, Target};
use super::{covariance, gram, mean_std};

/// The target of a style loss at one layer.
#[derive(Clone, Debug)]
pub(super) struct StyleTarget {
    target: MeanMoments,
    metric: Metric,
    parts: Vec<(f64, Part)>,
}

/// One statistic of a style loss, with the values it needs from its target.
#[derive(Clone, Debug)]
enum Part {
    /// The target contains the metric.
    Transport(Box<Target>),
    Gram(GramScale),
    MeanStd,
    Covariance,
}

impl StyleTarget {
    /// The target of a weighted sum of statistics. `None` if the moments are not finite.
    pub(super) fn new(
        statistics: &[(f64, Statistic)],
        target: &MeanMoments,
        metric: &Metric,
    ) -> Option<StyleTarget> {
        if !target.is_finite() {
            return None;
        }
        let parts = statistics.iter().map(|&(weight, statistic)| {
            let part = match statistic {
                Statistic::Wasserstein => {
                    Part::Transport(Box::new(Target::new(Roots::Exact, target, metric)?))
                }
                Statistic::WassersteinNewton => {
                    Part::Transport(Box::new(Target::new(Roots::NewtonSchulz, target, metric)?))
                }
                Statistic::Gram(scale) => Part::Gram(scale),
                Statistic::MeanStd => Part::MeanStd,
                Statistic::Covariance => Part::Covariance,
            };
            Some((weight, part))
        });
        Some(StyleTarget {
            target: target.clone(),
            metric: metric.clone(),
            parts: parts.collect::<Option<_>>()?,
        })
    }

    /// The distance of `seen`, the moments of the features themselves, from the target, with its derivatives.
    /// `None` if the moments are not finite.
    pub(super) fn loss_and_gradient(&self, seen: &MeanMoments) -> Option<LossGradient> {
        // Not every statistic reveals this: an infinite variance, for one, counts as rounding.
        if !seen.is_finite() {
            return None;
        }
        let mut loss = LossGradient::zero(seen.channels);
        for (weight, part) in &self.parts {
            if let Part::Transport(target) = part {
                loss.add(*weight, &target.loss_and_gradient(seen)?);
            }
        }
        // The other statistics need the moments mapped by the metric, and the derivatives mapped back.
        if !self.parts.iter().all(|(_, part)| matches!(part, Part::Transport(_))) {
            let mapped = self.metric.moments(seen);
            let mut by_mapped = LossGradient::zero(seen.channels);
            for (weight, part) in &self.parts {
                let loss = match part {
                    Part::Transport(_) => continue,
                    Part::Gram(scale) => gram::loss_and_gradient(*scale, &mapped, &self.target),
                    Part::MeanStd => mean_std::loss_and_gradient(&mapped, &self.target),
                    Part::Covariance => covariance::loss_and_gradient(&mapped, &self.target),
                };
                by_mapped.add(*weight, &loss);
            }
            loss.add(1.0, &self.metric.pulled_back(by_mapped));
        }
        loss.value.is_finite().then_some(loss)
    }

    /// The aim of an engine that judges by itself; `None` if the loss has roots of matrices.
    pub(super) fn aim(&self) -> Option<Aim> {
        let target = &self.target;
        let mut aim = Aim {
            mean: target.mean.clone(),
            second: target.second.clone(),
            deviation: target.variance().iter().map(|variance| variance.sqrt()).collect(),
            gram: 0.0,
            covariance: 0.0,
            mean_std: 0.0,
        };
        for (weight, part) in &self.parts {
            match part {
                Part::Transport(_) => return None,
                Part::Gram(scale) => aim.gram += weight * gram::factor(*scale, target.channels),
                Part::Covariance => aim.covariance += weight * covariance::factor(target.channels),
                Part::MeanStd => aim.mean_std += weight / target.channels as f64,
            }
        }
        Some(aim)
    }
}
