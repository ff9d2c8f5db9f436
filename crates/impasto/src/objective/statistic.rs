//! Style statistics: the functions of the moments that compare styles, and weighted sums of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::metric::Metric;
use super::moments::MeanMoments;
use super::style_target::StyleTarget;
use crate::{Error, Setting};

/// The divisor of a Gram matrix F F^T before differences are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GramScale {
    /// The number of positions H W times the number of channels C: neural-style and its descendants, and in effect
    /// the authors' release.
    PositionsAndChannels,
    /// The number of positions H W only: the TensorFlow tutorial.
    Positions,
}

/// A style statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistic {
    /// Gram matrices: MSE over C^2 entries.
    Gram(GramScale),
    /// Means and standard deviations of each channel.
    MeanStd,
    /// Covariance matrices, divided by C as Gram matrices are.
    Covariance,
    /// Gaussian Wasserstein-2 distance, exact.
    Wasserstein,
    /// Gaussian Wasserstein-2 distance with the roots of style-transfer-pytorch: 12 Newton-Schulz steps.
    WassersteinNewton,
}

impl Statistic {
    /// All statistics, in the order of the documentation.
    pub const ALL: &'static [Statistic] = &[
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
pub struct StyleLoss(Vec<(f64, Statistic)>);

impl StyleLoss {
    /// A sum of statistics with their weights. A single statistic with weight 1 is the plain statistic.
    pub fn new(parts: Vec<(f64, Statistic)>) -> StyleLoss {
        StyleLoss(parts)
    }

    /// The weights and their statistics.
    pub fn parts(&self) -> &[(f64, Statistic)] {
        &self.0
    }

    /// Computes everything that depends on the target alone. The target's moments are under the metric; the moments
    /// to compare later are those of the features themselves. `None` if the moments are not finite.
    pub(super) fn target(&self, target: &MeanMoments, metric: &Metric) -> Option<StyleTarget> {
        StyleTarget::new(&self.0, target, metric)
    }
}

impl From<Statistic> for StyleLoss {
    fn from(statistic: Statistic) -> StyleLoss {
        StyleLoss(vec![(1.0, statistic)])
    }
}

impl fmt::Display for StyleLoss {
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

impl FromStr for StyleLoss {
    type Err = Error;

    fn from_str(text: &str) -> Result<StyleLoss, Error> {
        text.split('+')
            .map(|part| {
                let (name, weight) = part.split_once(':').unwrap_or((part, "1"));
                let statistic = Statistic::ALL.iter().copied().find(|statistic| statistic.name() == name);
                let statistic = statistic.ok_or_else(|| {
                    Error::unknown("statistic", name, Statistic::ALL.iter().map(|statistic| statistic.name()))
                })?;
                match weight.parse::<f64>() {
                    Ok(weight) if weight.is_finite() && weight > 0.0 => Ok((weight, statistic)),
                    _ => Err(Error::invalid(
                        Setting::Statistic,
                        format!("expected a positive weight after {name}:, found {weight:?}"),
                    )),
                }
            })
            .collect::<Result<_, _>>()
            .map(StyleLoss)
    }
}

impl Serialize for StyleLoss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StyleLoss {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<StyleLoss, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::super::moments::tests::{features, moments};
    use super::*;

    /// Step of the central differences. The smallest eigenvalues are the 1e-4 of `wasserstein`'s regularisation.
    const STEP: f64 = 1e-6;

    /// Tolerance for a derivative, relative to the largest one. It is the error from the third derivative at this
    /// step, where roots are taken of eigenvalues of 1e-4.
    const DERIVATIVE: f64 = 1e-4;

    /// Tolerance for a distance and its derivatives at the minimum: roots of eigenvalues of 1e-8 next to ones of 1.
    const MINIMUM: f64 = 1e-6;

    /// Losses whose derivative is that of their value. `wasserstein-newton` is left out by design; see
    /// `wasserstein`.
    fn smooth() -> impl Iterator<Item = StyleLoss> {
        [
            "gram",
            "gram-hw",
            "mean-std",
            "covariance",
            "wasserstein",
            "gram:3+mean-std:0.5",
            "wasserstein:2+gram-hw",
        ]
        .into_iter()
        .map(|text| text.parse().unwrap())
    }

    /// Full rank, rank 3 of 7, and a dead channel in the picture, in the target, and in both.
    fn cases() -> Vec<(&'static str, MeanMoments, MeanMoments)> {
        let random = |seed, channels, positions, dead| moments(&features(seed, channels, positions, dead));
        vec![
            ("full rank", random(1, 5, 40, None), random(2, 5, 30, None)),
            ("wide", random(3, 8, 60, None), random(4, 8, 50, None)),
            ("rank-deficient", random(5, 7, 4, None), random(6, 7, 40, None)),
            ("rank-deficient target", random(7, 6, 40, None), random(8, 6, 3, None)),
            ("both rank-deficient", random(9, 7, 4, None), random(10, 7, 3, None)),
            ("dead", random(11, 6, 40, Some(DEAD)), random(12, 6, 40, None)),
            ("dead target", random(13, 6, 40, None), random(14, 6, 40, Some(DEAD))),
            ("both dead", random(15, 6, 40, Some(DEAD)), random(16, 6, 40, Some(DEAD))),
        ]
    }

    const DEAD: usize = 4;

    fn largest(values: &[f64]) -> f64 {
        values.iter().fold(0.0, |most, value| f64::max(most, value.abs()))
    }

    #[test]
    fn derivatives_are_those_of_central_differences() {
        for (case, seen, target) in cases() {
            let c = seen.channels;
            for mixture in smooth() {
                let aim = mixture.target(&target, &Metric::NONE).unwrap();
                let loss = aim.loss_and_gradient(&seen).unwrap();
                let slope = |change: &dyn Fn(&mut MeanMoments, f64)| {
                    let at = |step| {
                        let mut moved = seen.clone();
                        change(&mut moved, step);
                        aim.loss_and_gradient(&moved).unwrap().value
                    };
                    (at(STEP) - at(-STEP)) / (2.0 * STEP)
                };
                for i in 0..c {
                    let (expected, found) = (slope(&|m, step| m.mean[i] += step), loss.by_mean[i]);
                    let error = (found - expected).abs();
                    assert!(
                        error <= DERIVATIVE * largest(&loss.by_mean),
                        "{case}, {mixture}, by mean {i}: {found} {expected}"
                    );
                    for j in 0..=i {
                        // The root of a variance has no derivative at 0.
                        if seen.second[i * c + i] == 0.0 && i == j && mixture.to_string().contains("mean-std")
                        {
                            assert!(loss.by_second[i * c + i].is_finite());
                            continue;
                        }
                        // The second moments stay symmetric, so both entries change.
                        let expected = slope(&|m, step| {
                            m.second[i * c + j] += step;
                            m.second[j * c + i] = m.second[i * c + j];
                        });
                        let (found, twin) = (loss.by_second[i * c + j], loss.by_second[j * c + i]);
                        assert_eq!(found, twin, "{case}, {mixture}: not symmetric");
                        let found = if i == j { found } else { found + twin };
                        assert!(
                            (found - expected).abs() <= DERIVATIVE * largest(&loss.by_second),
                            "{case}, {mixture}, by second {i} {j}: {found} {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_channel_that_is_dead_in_both_is_left_alone() {
        for (case, seen, target) in cases() {
            let c = seen.channels;
            for &statistic in Statistic::ALL {
                let loss = StyleLoss::from(statistic)
                    .target(&target, &Metric::NONE)
                    .unwrap()
                    .loss_and_gradient(&seen)
                    .unwrap();
                let values = [&loss.by_mean[..], &loss.by_second[..]].concat();
                assert!(values.iter().all(|value| value.is_finite()), "{case}, {statistic:?}");
                // The unconverged roots do not cancel on a variance of 1e-4 next to ones of 1.
                if case == "both dead" && statistic != Statistic::WassersteinNewton {
                    assert!(loss.by_mean[DEAD].abs() < MINIMUM, "{statistic:?}");
                    let row = &loss.by_second[DEAD * c..][..c];
                    assert!(largest(row) < MINIMUM * largest(&loss.by_second), "{statistic:?} {row:?}");
                }
                if case == "dead" && statistic == Statistic::MeanStd {
                    assert_eq!(loss.by_second[DEAD * c + DEAD], 0.0);
                }
            }
        }
    }

    #[test]
    fn every_distance_is_above_zero_and_zero_at_the_target() {
        for (case, seen, target) in cases() {
            for &statistic in Statistic::ALL {
                let aim = StyleLoss::from(statistic).target(&target, &Metric::NONE).unwrap();
                let (away, there) =
                    (aim.loss_and_gradient(&seen).unwrap(), aim.loss_and_gradient(&target).unwrap());
                // With unconverged roots, the distance of the target to itself is above 0.
                if statistic != Statistic::WassersteinNewton {
                    assert!(
                        there.value.abs() < MINIMUM * away.value,
                        "{case}, {statistic:?}: {}",
                        there.value
                    );
                    assert!(largest(&there.by_mean) < MINIMUM, "{case}, {statistic:?}");
                    assert!(largest(&there.by_second) < MINIMUM, "{case}, {statistic:?}");
                }
                assert!(away.value > there.value, "{case}, {statistic:?}: {} {}", away.value, there.value);
            }
        }
    }

    #[test]
    fn moments_that_are_not_finite_are_found_out() {
        let good = moments(&features(1, 5, 40, None));
        for bad in [f64::NAN, f64::INFINITY] {
            let mut bad_mean = good.clone();
            bad_mean.mean[1] = bad;
            let mut bad_second = good.clone();
            bad_second.second[12] = bad;
            for &statistic in Statistic::ALL {
                let mixture = StyleLoss::from(statistic);
                let aim = mixture.target(&good, &Metric::NONE).unwrap();
                for moments in [&bad_mean, &bad_second] {
                    assert!(mixture.target(moments, &Metric::NONE).is_none(), "{statistic:?}: {moments:?}");
                    assert!(aim.loss_and_gradient(moments).is_none(), "{statistic:?}: {moments:?}");
                }
            }
        }
    }

    #[test]
    fn mixtures_are_written_as_they_are_read() {
        for text in ["wasserstein", "gram:1000+mean-std:10000", "gram-hw:0.5", "covariance+mean-std"] {
            assert_eq!(text.parse::<StyleLoss>().unwrap().to_string(), text);
        }
        for &statistic in Statistic::ALL {
            assert_eq!(statistic.name().parse::<StyleLoss>().unwrap(), statistic.into());
        }
    }
}
