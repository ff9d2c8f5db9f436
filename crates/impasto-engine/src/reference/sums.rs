//! Sums at the taps, and the derivatives by the features from the derivatives by the sums.

use std::collections::BTreeMap;

use impasto_encoder::{Tap, Topology};

use super::layers::Map;
use crate::request::pyramid;
use crate::{Cotangents, EngineError, Features, Moments, Observation, Request, Residual, Size, Target};

pub(super) fn observe(
    request: &Request,
    taps: &BTreeMap<Tap, Map>,
    targets: &[&Map],
    topology: &Topology,
    size: Size,
) -> Result<Observation, EngineError> {
    let weights = Weights::new(request, topology, size);
    let moments = request
        .moments
        .iter()
        .map(|tap| weights.regions(*tap).iter().map(|weights| moments(&taps[tap], weights)).collect())
        .collect();
    let mut residuals = Vec::new();
    for (target, aim) in request.residuals.iter().zip(targets) {
        let map = &taps[&target.tap];
        if aim.size != map.size {
            return Err(EngineError::SizesDiffer {
                what: "content target",
                expected: map.size,
                found: aim.size,
            });
        }
        residuals.push(residual(map, aim, &weights.residual(*target)));
    }
    let features = request.features.iter().map(|tap| {
        let Map { channels, size, data } = taps[tap].clone();
        Features { channels, size, data }
    });
    Ok(Observation { moments, residuals, features: features.collect() })
}

pub(super) fn moments(features: &Map, weights: &[f64]) -> Moments {
    let channels = features.channels;
    let mut second = vec![0.0; channels * channels];
    for row in 0..channels {
        for column in 0..channels {
            second[row * channels + column] = (features.plane(row).iter().zip(features.plane(column)))
                .zip(weights)
                .map(|((f, g), w)| w * f * g)
                .sum();
        }
    }
    let first =
        (0..channels).map(|c| features.plane(c).iter().zip(weights).map(|(f, w)| w * f).sum()).collect();
    Moments { weight: weights.iter().sum(), first, second }
}

fn residual(features: &Map, aim: &Map, weights: &[f64]) -> Residual {
    let mut sum = 0.0;
    for channel in 0..features.channels {
        let pairs = features.plane(channel).iter().zip(aim.plane(channel));
        sum += pairs.zip(weights).map(|((f, a), w)| w * (f - a).powi(2)).sum::<f64>();
    }
    Residual { weight: weights.iter().sum(), channels: features.channels, sum }
}

/// The derivative at each tap: dF = w (2 D F + d) summed over regions, plus 2 c w (F - F*), plus the derivatives by
/// the features themselves.
pub(super) fn pull_back(
    request: &Request,
    cotangents: &Cotangents,
    taps: &BTreeMap<Tap, Map>,
    targets: &[Map],
    topology: &Topology,
) -> BTreeMap<Tap, Map> {
    let mut gradients: BTreeMap<Tap, Map> =
        taps.iter().map(|(&tap, map)| (tap, Map::zeros(map.channels, map.size))).collect();
    let size = request.regions.first().or(request.residual_weight.as_ref()).map(|plane| plane.size);
    let blocks_size = size.unwrap_or(Size::new(0, 0));
    let weights = Weights::new(request, topology, blocks_size);
    for (tap, regions) in request.moments.iter().zip(&cotangents.moments) {
        let map = &taps[tap];
        let (channels, area) = (map.channels, map.size.area());
        let gradient = gradients.get_mut(tap).expect("there is one per tap");
        for (region, by) in regions.iter().enumerate() {
            for channel in 0..channels {
                for i in 0..area {
                    let product: f64 = (0..channels)
                        .map(|other| by.second[channel * channels + other] * map.plane(other)[i])
                        .sum();
                    let weight = weights.region_at(*tap, region, i);
                    gradient.data[channel * area + i] += weight * (2.0 * product + by.first[channel]);
                }
            }
        }
    }
    for (target, by) in request.residuals.iter().zip(&cotangents.residuals) {
        let (map, aim) = (&taps[&target.tap], &targets[target.index]);
        let area = map.size.area();
        let gradient = gradients.get_mut(&target.tap).expect("there is one per tap");
        for (i, value) in gradient.data.iter_mut().enumerate() {
            *value += 2.0 * by * weights.residual_at(*target, i % area) * (map.data[i] - aim.data[i]);
        }
    }
    for (tap, by) in request.features.iter().zip(&cotangents.features) {
        let gradient = gradients.get_mut(tap).expect("there is one per tap");
        gradient.data.iter_mut().zip(&by.data).for_each(|(value, by)| *value += by);
    }
    gradients
}

/// Position weights on the grid of every block; empty means 1 everywhere.
struct Weights<'a> {
    topology: &'a Topology,
    size: Size,
    regions: Vec<Vec<Vec<f64>>>,
    residual: Option<Vec<Vec<f64>>>,
}

impl<'a> Weights<'a> {
    fn new(request: &Request, topology: &'a Topology, size: Size) -> Weights<'a> {
        let blocks = request.deepest().map_or(1, |tap| topology.convs()[tap.conv()].block);
        let levels = |plane| -> Vec<Vec<f64>> {
            let planes = pyramid(plane, blocks);
            planes.iter().map(|plane| plane.data.iter().map(|&w| w as f64).collect()).collect()
        };
        Weights {
            topology,
            size,
            regions: request.regions.iter().map(levels).collect(),
            residual: request.residual_weight.as_ref().map(levels),
        }
    }

    fn level(&self, tap: Tap) -> usize {
        self.topology.convs()[tap.conv()].block - 1
    }

    fn ones(&self, tap: Tap) -> Vec<f64> {
        let (width, height) = self.topology.size_at(tap.conv(), (self.size.width, self.size.height));
        vec![1.0; width * height]
    }

    fn regions(&self, tap: Tap) -> Vec<Vec<f64>> {
        if self.regions.is_empty() {
            return vec![self.ones(tap)];
        }
        self.regions.iter().map(|levels| levels[self.level(tap)].clone()).collect()
    }

    fn region_at(&self, tap: Tap, region: usize, position: usize) -> f64 {
        self.regions.get(region).map_or(1.0, |levels| levels[self.level(tap)][position])
    }

    fn residual(&self, target: Target) -> Vec<f64> {
        match &self.residual {
            Some(levels) => levels[self.level(target.tap)].clone(),
            None => self.ones(target.tap),
        }
    }

    fn residual_at(&self, target: Target, position: usize) -> f64 {
        self.residual.as_ref().map_or(1.0, |levels| levels[self.level(target.tap)][position])
    }
}
