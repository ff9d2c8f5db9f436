//! An image through the network, to the deepest tap.

use std::time::Instant;

use impasto_encoder::Tap;
use rayon::prelude::*;

use super::buffers::Buffers;
use super::conv::{Convolution, Layout, Outputs};
use super::kernels::Lanes;
use super::map::Map;
use super::source::Source;
use super::stem::{self, FirstTap};
use super::{Cpu, moments};
use crate::{EngineError, Moments, Observation, Plane, Request, Residual};

/// Position weights on the grid of each block.
#[derive(Debug, Default)]
pub(super) struct Weights {
    pub(super) regions: Vec<Vec<Plane>>,
    pub(super) residual: Option<Vec<Plane>>,
}

impl Weights {
    /// Of each region at a block (counted from 0); one without weights where there are none.
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

impl Cpu {
    /// Runs the convolutions of the plan; what the first tap sums goes to the buffers, what each took to `seconds`.
    pub(super) fn forward(
        &self,
        buffers: &mut Buffers,
        request: &Request,
        seconds: &mut Vec<f64>,
    ) -> Result<(), EngineError> {
        let topology = self.network.encoder.topology().clone();
        let plan = self.plan.as_ref().ok_or(EngineError::NothingToObserve)?;
        seconds.clear();
        // The first convolution adds its bias itself; what takes its outputs must not add it again.
        let zeros = vec![Lanes::ZERO; super::kernels::groups(topology.convs()[0].outputs)];
        for conv in 0..=plan.work.deepest {
            let start = Instant::now();
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
        }
        Ok(())
    }

    /// Sums what the request asks for.
    pub(super) fn look(&mut self, request: &Request) -> Result<Observation, EngineError> {
        let start = Instant::now();
        let topology = self.network.encoder.topology().clone();
        let plan = self.plan.as_ref().ok_or(EngineError::NothingToObserve)?;
        let block = |tap: Tap| topology.convs()[tap.conv()].block - 1;
        let mut observation = Observation { moments: Vec::new(), residuals: Vec::new() };
        let first = first_tap(request, &self.weights, &self.targets);
        let groups = super::kernels::groups(topology.convs()[0].outputs);
        let in_stem = |tap: Tap| plan.stem && tap.conv() == 0;
        let mut partials = std::mem::take(&mut self.buffers.partials);
        partials.resize(request.moments.len(), Vec::new());
        let sum = |(&tap, partials): (&Tap, &mut Vec<f64>)| -> Vec<Moments> {
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
        observation.moments = request.moments.par_iter().zip(&mut partials).map(sum).collect();
        self.buffers.partials = partials;
        self.cancel.check()?;
        let mut in_first = 0;
        for target in &request.residuals {
            let (tap, aim) = (target.tap, self.targets[target.index].map());
            let size = plan.sizes[tap.conv()];
            let weights = self.weights.residual(block(tap));
            let sum = if in_stem(tap) {
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
        self.seconds.moments = start.elapsed().as_secs_f64();
        Ok(observation)
    }

    /// Whether a target has the size that its tap has now.
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

/// What the first tap sums, in the order of the request.
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
