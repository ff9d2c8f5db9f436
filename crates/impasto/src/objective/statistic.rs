//! Which function of the moments makes two pictures alike in style, and weighted sums of several.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::moments::{Judged, MeanMoments};
use super::wasserstein::{Roots, Target};
use super::{covariance, gram, mean_std};
use crate::Error;

/// By what a Gram matrix F F^T is divided before differences are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GramScale {
    /// By the positions H W and the channels C: neural-style and its kin; the authors' release, in effect.
    PositionsAndChannels,
    /// By the positions H W only: the TensorFlow tutorial.
    Positions,
}

/// One style statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Gram matrices: MSE over C^2 entries.
    Gram(GramScale),
    /// Means and standard deviations per channel.
    MeanStd,
    /// Covariance matrices, divided by C as Gram matrices are.
    Covariance,
    /// Gaussian Wasserstein-2, exact.
    Wasserstein,
    /// Gaussian Wasserstein-2 with the roots of style-transfer-pytorch: 12 Newton-Schulz steps.
    WassersteinNewton,
}

impl Statistic {
    /// All of them, in the order of the documentation.
    pub const ALL: [Statistic; 6] = [
        Statistic::Gram(GramScale::PositionsAndChannels),
        Statistic::Gram(GramScale::Positions),
        Statistic::MeanStd,
        Statistic::Covariance,
        Statistic::Wasserstein,
        Statistic::WassersteinNewton,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Statistic::Gram(GramScale::PositionsAndChannels) => "gram",
            Statistic::Gram(GramScale::Positions) => "gram-hw",
            Statistic::MeanStd => "mean-std",
            Statistic::Covariance => "covariance",
            Statistic::Wasserstein => "wasserstein",
            Statistic::WassersteinNewton => "wasserstein-newton",
        }
    }
}

/// A weighted sum of statistics: `wasserstein`, or `gram:1000+mean-std:10000`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture(Vec<(f64, Statistic)>);

impl Mixture {
    /// Several statistics with their weights; the first with weight 1 alone is the plain statistic.
    pub fn new(parts: Vec<(f64, Statistic)>) -> Mixture {
        Mixture(parts)
    }

    /// The statistics and their weights.
    pub fn parts(&self) -> &[(f64, Statistic)] {
        &self.0
    }

    /// Takes everything from the target that does not change during a run. `None` when its moments are not finite.
    pub(super) fn aim(&self, target: &MeanMoments) -> Option<Aim> {
        let parts = self.0.iter().map(|&(weight, statistic)| {
            let prepared = match statistic {
                Statistic::Wasserstein => Some(Target::new(Roots::Exact, target)?),
                Statistic::WassersteinNewton => Some(Target::new(Roots::NewtonSchulz, target)?),
                _ => None,
            };
            Some((weight, statistic, prepared))
        });
        Some(Aim { target: target.clone(), parts: parts.collect::<Option<_>>()? })
    }
}

impl From<Statistic> for Mixture {
    fn from(statistic: Statistic) -> Mixture {
        Mixture(vec![(1.0, statistic)])
    }
}

impl fmt::Display for Mixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (weight, statistic)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            f.write_str(statistic.name())?;
            if *weight != 1.0 {
                write!(f, ":{weight}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Mixture {
    type Err = Error;

    fn from_str(text: &str) -> Result<Mixture, Error> {
        text.split('+')
            .map(|part| {
                let (name, weight) = part.split_once(':').unwrap_or((part, "1"));
                let statistic = Statistic::ALL.into_iter().find(|statistic| statistic.name() == name);
                let statistic = statistic.ok_or_else(|| {
                    Error::unknown("statistic", name, Statistic::ALL.iter().map(|statistic| statistic.name()))
                })?;
                match weight.parse::<f64>() {
                    Ok(weight) if weight.is_finite() && weight > 0.0 => Ok((weight, statistic)),
                    _ => Err(Error::invalid(
                        "statistic",
                        format!("expected a positive weight after {name}:, found {weight:?}"),
                    )),
                }
            })
            .collect::<Result<_, _>>()
            .map(Mixture)
    }
}

impl Serialize for Mixture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A mixture's target at one layer.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    target: MeanMoments,
    parts: Vec<(f64, Statistic, Option<Target>)>,
}

impl Aim {
    /// Distance of `seen` from the target, with its derivatives. `None` when the moments are not finite.
    pub(super) fn judge(&self, seen: &MeanMoments) -> Option<Judged> {
        let mut judged = Judged::zero(seen.channels);
        for (weight, statistic, prepared) in &self.parts {
            let part = match (statistic, prepared) {
                (_, Some(target)) => target.judge(seen)?,
                (Statistic::Gram(scale), None) => gram::judge(*scale, seen, &self.target),
                (Statistic::Covariance, None) => covariance::judge(seen, &self.target),
                (_, None) => mean_std::judge(seen, &self.target),
            };
            judged.add(*weight, &part);
        }
        judged.value.is_finite().then_some(judged)
    }
}
