//! The check of engines that judge by themselves ([`Engine::step_judged`]): losses and derivatives against plain loops
//! in f64 over the sums that the same engine gives out.

use std::collections::BTreeMap;
use std::sync::Arc;

use impasto_encoder::Pooling;
use impasto_engine::painting::{AdamStep, Home, Painting, PixelTerm, TvForm, Values};
use impasto_engine::{
    Aim, Cancel, Cotangents, Edges, Engine, Judged, Judging, Moments, MomentsCotangent, Network, Observation,
    Padding, ROUNDING_OF_VARIANCES, Request, Size, TapLoss,
};

use crate::drawn::{Random, network_of, picture, plane, relative, request};
use crate::tested::Tested;

/// Relative error of a value: squares of differences of f32 sums.
const VALUE: f64 = 1e-4;

/// Relative L2 error of the gradient, beyond that of the sums themselves: differences of moments, and four products
/// with a metric, in f32.
const GRADIENT: f64 = 1e-4;

/// The message of the check when the engine returns an error.
const RUNS: &str = "an engine judges what is sound";

/// A small square matrix, row-major.
type Square = Vec<f64>;

fn times(a: &Square, b: &Square, n: usize) -> Square {
    (0..n * n).map(|at| (0..n).map(|k| a[at / n * n + k] * b[k * n + at % n]).sum()).collect()
}

fn turned(a: &Square, n: usize) -> Square {
    (0..n * n).map(|at| a[at % n * n + at / n]).collect()
}

/// Moments under a metric.
struct Seen {
    mean: Vec<f64>,
    second: Square,
}

impl Seen {
    fn of(sums: &Moments, metric: &Square) -> Seen {
        let n = sums.first.len();
        let second: Square = sums.second.iter().map(|sum| sum / sums.weight).collect();
        let mean: Vec<f64> = sums.first.iter().map(|sum| sum / sums.weight).collect();
        Seen {
            mean: (0..n).map(|i| (0..n).map(|j| metric[i * n + j] * mean[j]).sum()).collect(),
            second: times(&times(metric, &second, n), &turned(metric, n), n),
        }
    }

    fn covariance(&self, i: usize, j: usize) -> f64 {
        self.second[i * self.mean.len() + j] - self.mean[i] * self.mean[j]
    }

    fn deviation(&self, i: usize) -> f64 {
        let (variance, square) = (self.covariance(i, i), self.second[i * self.mean.len() + i]);
        if variance > ROUNDING_OF_VARIANCES * square { variance.sqrt() } else { 0.0 }
    }
}

/// The loss of a region, and its derivatives by its mean moments under the metric.
fn loss(seen: &Seen, aim: &Aim) -> (f64, MomentsCotangent) {
    let n = seen.mean.len();
    let (mut value, mut first, mut second) = (0.0, vec![0.0; n], vec![0.0; n * n]);
    for i in 0..n {
        for j in 0..n {
            let gram = seen.second[i * n + j] - aim.second[i * n + j];
            let spread = seen.covariance(i, j) - (aim.second[i * n + j] - aim.mean[i] * aim.mean[j]);
            value += aim.gram * gram.powi(2) + aim.covariance * spread.powi(2);
            second[i * n + j] += 2.0 * aim.gram * gram + 2.0 * aim.covariance * spread;
            first[i] -= 2.0 * aim.covariance * spread * seen.mean[j];
            first[j] -= 2.0 * aim.covariance * spread * seen.mean[i];
        }
        let (mean, deviation) = (seen.mean[i] - aim.mean[i], seen.deviation(i));
        let wide = deviation - aim.deviation[i];
        value += aim.mean_std * (mean.powi(2) + wide.powi(2));
        first[i] += 2.0 * aim.mean_std * mean;
        if deviation > 0.0 {
            first[i] -= 2.0 * aim.mean_std * wide * seen.mean[i] / deviation;
            second[i * n + i] += aim.mean_std * wide / deviation;
        }
    }
    (value, MomentsCotangent { first, second })
}

/// The losses and derivatives of an observation, in double precision.
fn judge(
    network: &Network,
    request: &Request,
    judging: &Judging,
    seen: &Observation,
) -> (Judged, Cotangents) {
    let (mut judged, mut by) = (Judged::default(), Cotangents::default());
    for (weight, residual) in judging.content.iter().zip(&seen.residuals) {
        let factor = weight / (residual.weight * residual.channels as f64);
        judged.content.push(factor * residual.sum);
        by.residuals.push(factor);
    }
    for ((tap, loss_of_tap), regions) in request.moments.iter().zip(&judging.style).zip(&seen.moments) {
        let n = network.encoder.topology().channels(*tap);
        let metric: Square = match network.encoder.metric(*tap) {
            Some(values) => values.iter().map(|&value| f64::from(value)).collect(),
            None => (0..n * n).map(|at| if at / n == at % n { 1.0 } else { 0.0 }).collect(),
        };
        let all: f64 = regions.iter().map(|region| region.weight).sum();
        let (mut value, mut of_tap) = (0.0, Vec::new());
        for (sums, aim) in regions.iter().zip(&loss_of_tap.aims) {
            let nothing = MomentsCotangent { first: vec![0.0; n], second: vec![0.0; n * n] };
            of_tap.push(match aim {
                Some(aim) if sums.weight > 0.0 => {
                    let (part, by) = loss(&Seen::of(sums, &metric), aim);
                    let share = loss_of_tap.weight * sums.weight / all;
                    value += share * part;
                    let back = times(&times(&turned(&metric, n), &by.second, n), &metric, n);
                    let mean = |i: usize| (0..n).map(|j| metric[j * n + i] * by.first[j]).sum::<f64>();
                    MomentsCotangent {
                        first: (0..n).map(|i| share / sums.weight * mean(i)).collect(),
                        second: back.iter().map(|value| share / sums.weight * value).collect(),
                    }
                }
                _ => nothing,
            });
        }
        judged.style.push(value);
        by.moments.push(of_tap);
    }
    (judged, by)
}

/// A network of which every second tap has a metric, one of them wider than a block of 64 channels.
fn with_metrics(random: &mut Random) -> Network {
    let network =
        network_of(random, &[vec![7, 16], vec![70, 18], vec![33]], Pooling::Average, 1.0, Padding::Zero);
    let topology = network.encoder.topology().clone();
    let metrics: BTreeMap<_, _> = topology
        .taps()
        .step_by(2)
        .map(|tap| {
            let n = topology.channels(tap);
            let value = |at: usize, random: &mut Random| {
                (random.value() - 0.5) as f32 / (n as f32).sqrt() + f32::from(u8::from(at / n == at % n))
            };
            (tap, (0..n * n).map(|at| value(at, random)).collect())
        })
        .collect();
    let encoder = network.encoder.clone().with_metrics(metrics).expect("metrics of these widths fit");
    Network { encoder, ..network }
}

/// Aims near the moments of another picture; a third of them is missing where there are regions.
fn aims(random: &mut Random, engine: &mut dyn Engine, request: &Request, size: Size, kind: usize) -> Judging {
    let other = picture(random, size);
    let seen = engine.observe(&other, &Request { residuals: Vec::new(), ..request.clone() }).expect(RUNS);
    let network = engine.network().clone();
    let style = request.moments.iter().zip(&seen.moments).enumerate().map(|(at, (tap, regions))| {
        let n = network.encoder.topology().channels(*tap);
        let metric: Square = match network.encoder.metric(*tap) {
            Some(values) => values.iter().map(|&value| f64::from(value)).collect(),
            None => (0..n * n).map(|at| if at / n == at % n { 1.0 } else { 0.0 }).collect(),
        };
        let aim = |(region, sums): (usize, &Moments)| {
            let seen = Seen::of(sums, &metric);
            let factor = |which: usize, value: f64| if kind == which || kind == 3 { value } else { 0.0 };
            (region != 1 || at % 2 == 0).then(|| Aim {
                deviation: (0..n).map(|i| seen.deviation(i)).collect(),
                gram: factor(0, 1.0 / (n as f64).powi(2)),
                covariance: factor(1, 3.0 / (n as f64).powi(2)),
                mean_std: factor(2, 1.0 / n as f64),
                mean: seen.mean,
                second: seen.second,
            })
        };
        TapLoss { weight: 1.0 + at as f64, aims: regions.iter().enumerate().map(aim).collect() }
    });
    Judging { content: vec![0.7; request.residuals.len()], style: style.collect() }
}

/// One step from the same beginning, judged by the engine or by the loops above: values, picture and gradient, which is
/// Adam's first moment where it forgets at once. `None` from an engine that leaves judging to the host.
fn step(
    engine: &mut dyn Engine,
    start: &[f32],
    size: Size,
    request: &Request,
    judging: &Arc<Judging>,
    host: bool,
) -> Option<(Judged, Vec<f32>, Vec<f32>)> {
    let home = engine.pixel_memory().map_or(Home::Memory, Home::Engine);
    let keep = |values: Vec<f32>| home.keep(values).expect("memory for a small picture");
    let zeros = || keep(vec![0.0; start.len()]);
    let (mut image, mut first, mut second, mut average) = (keep(start.to_vec()), zeros(), zeros(), zeros());
    let terms = [PixelTerm::TotalVariation { form: TvForm::NinePoint, weight: 0.5 }];
    let mut painting =
        Painting { size, picture: &mut image, over: None, terms: &terms, margin: 0, level: false };
    let mut adam = AdamStep {
        beta1: 0.0,
        beta2: 0.0,
        rate: 0.02,
        epsilon: 0.05,
        bounded: false,
        first: &mut first,
        second: &mut second,
        average: &mut average,
        average_decay: 0.9,
    };
    let judged = if host {
        let (seen, terms) = engine.observe_painting(&mut painting, request).expect(RUNS);
        let (judged, by) = judge(&engine.network().clone(), request, judging, &seen);
        engine.step_painting(&mut painting, &by, &mut adam).expect(RUNS);
        Judged { terms, ..judged }
    } else {
        engine.step_judged(&mut painting, request, judging, &mut adam).expect(RUNS)?
    };
    let [image, first] =
        [image, first].map(|values: Values| values.into_vec().expect("memory that can be read"));
    Some((judged, image, first))
}

pub(crate) fn judged(backend: &Tested) {
    for seed in 0..12 {
        let mut random = Random(seed);
        let network = with_metrics(&mut random);
        let topology = network.encoder.topology().clone();
        let size = Size::new(40 + seed as usize, 52 - 2 * seed as usize);
        let mut engine = backend.prepare(network, Cancel::default()).expect(RUNS);
        let mut request = request(&mut random, &topology, size, Edges::default());
        // All taps, so that every width is judged, with a metric and without.
        request.moments = topology.taps().collect();
        if seed == 5 {
            let mut empty = plane(&mut random, size);
            empty.data.fill(0.0);
            request.regions = vec![plane(&mut random, size), empty, plane(&mut random, size)];
        }
        let content = picture(&mut random, size);
        let tap = request.moments[2];
        request.residuals = vec![engine.capture(&content, Edges::default(), tap).expect(RUNS)];
        let judging = Arc::new(aims(&mut random, engine.as_mut(), &request, size, seed as usize % 4));
        let start = picture(&mut random, size).data;
        let Some(own) = step(engine.as_mut(), &start, size, &request, &judging, false) else {
            assert_eq!(engine.judging_bytes(&request), 0, "memory for judging, which is left to the host");
            return;
        };
        assert!(engine.judging_bytes(&request) > 0, "judging takes no memory");
        let (expected, image, gradient) =
            step(engine.as_mut(), &start, size, &request, &judging, true).expect("the host judges all");
        let name = backend.name();
        let pairs = [
            (&own.0.content, &expected.content),
            (&own.0.style, &expected.style),
            (&own.0.terms, &expected.terms),
        ];
        for (found, expected) in pairs {
            assert_eq!(found.len(), expected.len(), "{name}, {seed}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= VALUE * expected,
                    "{name}, {seed}: {found}, expected {expected}"
                );
            }
        }
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let error = relative(wide(&own.2), wide(&gradient));
        assert!(error <= GRADIENT, "{name}, {seed}: the gradient is off by {error:e}");
        assert!(own.1 != start && image != start, "{name}, {seed}: nothing moves");
        let again = step(engine.as_mut(), &start, size, &request, &judging, false).expect("it judged before");
        assert!(again == own, "{name}, {seed}: not the same bytes again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tolerance of central differences with a step of 1e-5, for values near 1.
    const DIFFERENCES: f64 = 1e-6;

    #[test]
    fn derivatives_are_those_of_central_differences() {
        let n = 4;
        let moments = |seed: u64| {
            let mut random = Random(seed);
            let rows: Vec<Vec<f64>> = (0..9).map(|_| (0..n).map(|_| random.value()).collect()).collect();
            let mean = (0..n).map(|i| rows.iter().map(|row| row[i]).sum::<f64>() / 9.0).collect();
            let entry = |at: usize| rows.iter().map(|row| row[at / n] * row[at % n]).sum::<f64>() / 9.0;
            Seen { mean, second: (0..n * n).map(entry).collect() }
        };
        let (seen, target) = (moments(1), moments(2));
        let aim = Aim {
            deviation: (0..n).map(|i| target.deviation(i)).collect(),
            mean: target.mean,
            second: target.second,
            gram: 0.5,
            covariance: 0.7,
            mean_std: 0.3,
        };
        let by = loss(&seen, &aim).1;
        let slope = |change: &dyn Fn(&mut Seen, f64)| {
            let at = |step: f64| {
                let mut moved = Seen { mean: seen.mean.clone(), second: seen.second.clone() };
                change(&mut moved, step);
                loss(&moved, &aim).0
            };
            (at(1e-5) - at(-1e-5)) / 2e-5
        };
        for i in 0..n {
            assert!((slope(&|seen, step| seen.mean[i] += step) - by.first[i]).abs() < DIFFERENCES);
            for j in 0..n {
                let found = slope(&|seen, step| seen.second[i * n + j] += step);
                assert!((found - by.second[i * n + j]).abs() < DIFFERENCES, "{i} {j}");
            }
        }
    }
}
