//! Runs an image through the network to the deepest tap.

use std::collections::HashMap;

use impasto_encoder::Tap;
use rayon::prelude::*;

use super::buffers::Buffers;
use super::conv::Convolution;
use super::kernels::Lanes;
use super::map::Map;
use super::plan::BufferPlan;
use super::prepared::Layout;
use super::source::Source;
use super::stem::{self, FirstTap};
use super::target::Outputs;
use super::{Cpu, half, moments};
use crate::{EngineError, Features, Moments, Observation, Plane, Request, Residual, Stopwatch};

/// Position weights on the grid of each block.
#[derive(Debug, Default)]
pub(super) struct Weights {
    pub(super) regions: Vec<Vec<Plane>>,
    pub(super) residual: Option<Vec<Plane>>,
}

impl Weights {
    /// The weights of each region at a block (counted from 0); one `None` when there are no regions.
    pub(super) fn regions(&self, block: usize) -> Vec<Option<&[f32]>> {
        match self.regions.is_empty() {
            true => vec![None],
            false => self.regions.iter().map(|levels| Some(&levels[block].data[..])).collect(),
        }
    }

    pub(super) fn residual(&self, block: usize) -> Option<&[f32]> {
        self.residual.as_ref().map(|levels| &levels[block].data[..])
    }
}

/// Sums and features taken while the network ran, by their index in the request.
#[derive(Default)]
pub(super) struct Early {
    moments: HashMap<usize, Vec<Moments>>,
    residuals: HashMap<usize, f64>,
    features: HashMap<usize, Features>,
    seconds: f64,
}

impl Cpu {
    /// Runs the convolutions of the plan. The sums of the first tap go to the buffers, the time of each convolution to
    /// `seconds`. If features are kept in half precision, their sums are taken here, before the rounding.
    pub(super) fn forward(
        &self,
        buffers: &mut Buffers,
        request: &Request,
        seconds: &mut Vec<f64>,
    ) -> Result<Early, EngineError> {
        let mut early = Early::default();
        let topology = self.network.encoder.topology().clone();
        let plan = self.plan.as_ref().ok_or(EngineError::NothingToObserve)?;
        seconds.clear();
        // The first convolution adds its own bias; the epilogue must not add it again.
        let zeros = vec![Lanes::ZERO; super::kernels::groups(topology.convs()[0].outputs)];
        for conv in 0..=plan.work.deepest {
            let start = Stopwatch::start();
            let pools = plan.pooled[conv].is_some();
            let before =
                conv.checked_sub(1).and_then(|before| plan.pooled[before].or(plan.activations[before]));
            let lent = buffers.lend(plan, [before, plan.activations[conv], plan.pooled[conv]]);
            let [input, activations, pooled] = lent.maps;
            let prepared = &self.convs[conv];
            let mut outputs = Outputs {
                size: plan.sizes[conv],
                bias: if conv == 0 { &zeros } else { &prepared.bias },
                activations,
                bits: &mut lent.bits[conv],
                pooling: pools.then_some((self.network.pooling, self.network.pool_scale)),
                pooled,
                choices: &mut lent.choices[conv],
            };
            match (&prepared.weights, prepared.forward()) {
                (Layout::First(first), _) if !plan.stem => {
                    stem::first_alone(self.set, (first, &self.image), &mut outputs, &self.cancel)?;
                }
                (Layout::Winograd { .. }, Some(kernels)) => {
                    let source = match &self.convs[0].weights {
                        Layout::First(first) if conv == 1 && plan.stem => Source::First(first, &self.image),
                        _ => Source::Map(Map { size: plan.sizes[conv], groups: kernels.inputs, data: input }),
                    };
                    let borders = self.borders(conv, plan.sizes[conv], request.edges);
                    let direct = prepared.direct(&self.network.encoder.weights()[conv], false);
                    let (set, cancel) = (self.set, &self.cancel);
                    let work = Convolution { set, source, borders, kernels, direct, cancel };
                    if conv == 1 && plan.stem {
                        let tap = first_tap(request, &self.weights, &self.targets);
                        stem::forward(&work, &mut outputs, &tap, lent.sums)?;
                    } else {
                        work.run(&mut outputs, lent.transformed)?;
                    }
                }
                _ => {}
            }
            seconds.push(start.elapsed().as_secs_f64());
            if let (Some(from), Some(to)) = (plan.activations[conv], plan.halves[conv]) {
                let start = Stopwatch::start();
                let mut partials = std::mem::take(&mut buffers.partials);
                self.sum_early(plan, buffers, request, conv, &mut partials, &mut early);
                buffers.partials = partials;
                let lent = buffers.lend(plan, [Some(from), Some(to)]);
                let [from, to] = lent.maps;
                lent.half_scales[conv] = half::shrink(from, to);
                early.seconds += start.elapsed().as_secs_f64();
            }
        }
        Ok(early)
    }

    /// Computes what is requested at a tap before its features are replaced.
    fn sum_early(
        &self,
        plan: &BufferPlan,
        buffers: &Buffers,
        request: &Request,
        conv: usize,
        partials: &mut Vec<Vec<f64>>,
        early: &mut Early,
    ) {
        let Some(activations) = plan.activations[conv] else { return };
        let topology = self.network.encoder.topology();
        let (tap, block) = (Tap::after(conv), topology.convs()[conv].block - 1);
        let channels = topology.channels(tap);
        let groups = super::kernels::groups(channels);
        let map = Map { size: plan.sizes[conv], groups, data: buffers.see(plan, activations) };
        partials.resize(request.moments.len(), Vec::new());
        for (index, _) in request.moments.iter().enumerate().filter(|(_, at)| **at == tap) {
            let partials = &mut partials[index];
            let regions = self.weights.regions(block);
            let sum = |weights: &Option<&[f32]>| moments::sum(self.set, map, channels, *weights, partials);
            early.moments.insert(index, regions.iter().map(sum).collect());
        }
        for (index, target) in request.residuals.iter().enumerate().filter(|(_, target)| target.tap == tap) {
            let (aim, weights) = (self.targets[target.index].map(), self.weights.residual(block));
            early.residuals.insert(index, moments::residual(self.set, map, aim, weights));
        }
        for (index, _) in request.features.iter().enumerate().filter(|(_, at)| **at == tap) {
            early.features.insert(index, map.planar(channels));
        }
    }

    /// Computes the requested sums, and copies the requested features.
    pub(super) fn look(&mut self, request: &Request, mut early: Early) -> Result<Observation, EngineError> {
        let start = Stopwatch::start();
        let topology = self.network.encoder.topology().clone();
        let plan = self.plan.as_ref().ok_or(EngineError::NothingToObserve)?;
        let block = |tap: Tap| topology.convs()[tap.conv()].block - 1;
        let mut observation = Observation::default();
        let first = first_tap(request, &self.weights, &self.targets);
        let groups = super::kernels::groups(topology.convs()[0].outputs);
        let in_stem = |tap: Tap| plan.stem && tap.conv() == 0;
        let mut partials = std::mem::take(&mut self.buffers.partials);
        partials.resize(request.moments.len(), Vec::new());
        let sum = |((index, &tap), partials): ((usize, &Tap), &mut Vec<f64>)| -> Vec<Moments> {
            if let Some(sums) = early.moments.get(&index) {
                return sums.clone();
            }
            let (channels, size) = (topology.channels(tap), plan.sizes[tap.conv()]);
            let regions = self.weights.regions(block(tap));
            let Some(activations) = plan.activations[tap.conv()] else {
                let of = |(region, weights): (usize, &Option<&[f32]>)| {
                    let length = moments::length(groups);
                    let tasks = self.buffers.sums.chunks_exact(first.sums(groups));
                    let parts = tasks.map(|sums| &sums[region * length..][..length]);
                    moments::gather(parts, size.area(), channels, *weights)
                };
                return regions.iter().enumerate().map(of).collect();
            };
            let data = self.buffers.see(plan, activations);
            let map = Map { size, groups: super::kernels::groups(channels), data };
            let sum = |weights: &Option<&[f32]>| moments::sum(self.set, map, channels, *weights, partials);
            regions.iter().map(sum).collect()
        };
        observation.moments = request.moments.par_iter().enumerate().zip(&mut partials).map(sum).collect();
        self.buffers.partials = partials;
        self.cancel.check()?;
        let mut in_first = 0;
        for (index, target) in request.residuals.iter().enumerate() {
            let (tap, aim) = (target.tap, self.targets[target.index].map());
            let size = plan.sizes[tap.conv()];
            let weights = self.weights.residual(block(tap));
            let sum = if let Some(sum) = early.residuals.remove(&index) {
                sum
            } else if in_stem(tap) {
                let at = first.regions.len() * moments::length(groups) + in_first;
                in_first += 1;
                self.buffers.sums.chunks_exact(first.sums(groups)).map(|sums| sums[at]).sum()
            } else {
                let lent = self.buffers.lend(plan, [plan.activations[tap.conv()]]);
                let [data] = lent.maps;
                moments::residual(self.set, Map { size, groups: aim.groups, data }, aim, weights)
            };
            let (weight, channels) = (moments::total(size.area(), weights), topology.channels(tap));
            observation.residuals.push(Residual { weight, channels, sum });
        }
        for (index, tap) in request.features.iter().enumerate() {
            let features = early.features.remove(&index).or_else(|| {
                let (conv, channels) = (tap.conv(), topology.channels(*tap));
                let data = self.buffers.see(plan, plan.activations[conv]?);
                let groups = super::kernels::groups(channels);
                Some(Map { size: plan.sizes[conv], groups, data }.planar(channels))
            });
            observation.features.push(features.ok_or(EngineError::NoObservation)?);
        }
        self.seconds.moments = start.elapsed().as_secs_f64() + early.seconds;
        Ok(observation)
    }

    /// Checks that each target has the size of its tap.
    pub(super) fn check_targets(&self, request: &Request) -> Result<(), EngineError> {
        let Some(plan) = &self.plan else { return Ok(()) };
        for target in &request.residuals {
            let (found, expected) = (self.targets[target.index].size, plan.sizes[target.tap.conv()]);
            if found != expected {
                return Err(EngineError::SizesDiffer {
                    what: "content target",
                    expected: found,
                    found: expected,
                });
            }
        }
        Ok(())
    }
}

/// The sums at the first tap, in the order of the request.
pub(super) fn first_tap<'a>(
    request: &Request,
    weights: &'a Weights,
    targets: &'a [super::map::Owned],
) -> FirstTap<'a> {
    let mut tap = FirstTap::default();
    if request.moments.iter().any(|tap| tap.conv() == 0) {
        tap.regions = weights.regions(0);
    }
    for target in request.residuals.iter().filter(|target| target.tap.conv() == 0) {
        tap.residuals.push((targets[target.index].map(), weights.residual(0)));
    }
    tap
}
