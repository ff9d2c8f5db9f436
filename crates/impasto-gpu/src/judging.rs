//! Judging on the card: from the sums at the style taps to the derivatives by them, without the host in between. The
//! loss is [`Judging`]'s.
//!
//! Numbers are f32, so features are scaled by a power of two that brings the aim near 1, and the factors of the loss by
//! the largest of them. The host multiplies both back, in double precision.

use std::sync::Arc;

use impasto_encoder::{Encoder, Tap};
use impasto_engine::{Aim, EngineError, Judging, ROUNDING_OF_VARIANCES, Request};

use crate::buffer::Buffer;
use crate::engine::GpuEngine;
use crate::layers::{QUAD, TERMS, matrix_rows, row_quads};
use crate::program::{Program, Recorder, SLOT, grid};
use crate::shape::{Role, Shape, blocks};
use crate::sources::Kernel;
use crate::squares::{aim_square, metric_square, side, square_bytes, unit};
use crate::transfers::rounded;

/// Kernels that judge one region of a tap, at most.
const KERNELS: usize = 7;

/// The recorded kernels and buffers that judge a loss.
#[derive(Debug)]
pub(crate) struct Judge {
    /// The loss that this was made for.
    of: Arc<Judging>,
    /// The weights of the regions of each tap, for which it was recorded.
    weights: Vec<Vec<f64>>,
    pub(crate) program: Program,
    /// The parts of the loss: a number for each region and channel of a tap.
    pub(crate) parts: Buffer,
    /// For each tap and region the parts, and the factor of their sum.
    shares: Vec<Vec<Share>>,
    /// Further buffers of the program, held so that their memory is counted.
    _held: Vec<Buffer>,
}

impl Judge {
    /// The number of parts.
    pub(crate) fn floats(&self) -> usize {
        self.shares.iter().flatten().map(|share| share.parts.end).max().unwrap_or(0)
    }

    /// The weighted value of each tap, from all parts.
    pub(crate) fn values(&self, parts: &[f32]) -> Vec<f64> {
        let value = |share: &Share| match share.factor {
            // Nothing is judged, and nothing was written.
            0.0 => 0.0,
            factor => factor * parts[share.parts.clone()].iter().map(|&part| f64::from(part)).sum::<f64>(),
        };
        self.shares.iter().map(|regions| regions.iter().map(value).sum()).collect()
    }
}

/// The parts of the loss of one region, and the factor of their sum.
#[derive(Clone, Debug)]
struct Share {
    parts: std::ops::Range<usize>,
    factor: f64,
}

/// Buffers for the squares of one region after the other.
struct Scratch([Buffer; 2]);

/// Bytes of a request's judging on the card: aims, metrics, two squares, parts, and numbers of kernels. Written
/// buffers count twice, because the driver holds a copy. The parts count twice, because the host reads them.
pub(crate) fn judging_bytes(encoder: &Encoder, request: &Request) -> usize {
    let (topology, sets) = (encoder.topology(), request.regions.len().max(1));
    let of_tap = |tap: &Tap| {
        let (square, channels) = (square_bytes(topology.channels(*tap)), topology.channels(*tap));
        let metrics = usize::from(encoder.metric(*tap).is_some());
        2 * (sets * (square + KERNELS * SLOT + size_of::<f32>() * channels) + metrics * square)
    };
    let largest = request.moments.iter().map(|tap| square_bytes(topology.channels(*tap))).max();
    // The kernels that look whether the parts are finite: those of style, of each content target and of one term.
    let looks = 2 * SLOT * (2 + request.residuals.len());
    request.moments.iter().map(of_tap).sum::<usize>() + 2 * largest.unwrap_or(0) + looks
}

impl GpuEngine {
    /// The weights of the regions of each style tap.
    fn region_weights(&self, shape: &Shape) -> Vec<Vec<f64>> {
        let topology = self.network.encoder.topology();
        let of_tap = |tap: &Tap| {
            let block = topology.convs()[tap.conv()].block - 1;
            let area = shape.size_at(topology, tap.conv()).area() as f64;
            let of = |set| if shape.regions > 0 { self.planes.sum(set, block) } else { area };
            (0..shape.sets()).map(of).collect()
        };
        shape.moments.iter().map(of_tap).collect()
    }

    /// Makes what judges a loss, unless it is there.
    pub(crate) fn prepare_judge(&mut self, shape: &Shape, judging: &Arc<Judging>) -> Result<(), EngineError> {
        let weights = self.region_weights(shape);
        let same = |judge: &Judge| Arc::ptr_eq(&judge.of, judging) && judge.weights == weights;
        if self.judge.as_ref().is_some_and(same) {
            return Ok(());
        }
        // The old one goes first.
        self.judge = None;
        let judge = self.record_judge(shape, judging, weights);
        self.device.check()?;
        self.judge = Some(judge);
        Ok(())
    }

    fn record_judge(&self, shape: &Shape, judging: &Arc<Judging>, weights: Vec<Vec<f64>>) -> Judge {
        let (encoder, device) = (&self.network.encoder, &*self.device);
        let topology = encoder.topology();
        let channels = shape.moments.iter().map(|tap| topology.channels(*tap));
        let scratch = channels.clone().map(square_bytes).max().unwrap_or(0) as u64;
        let scratch = Scratch([device.buffer(rounded(scratch)), device.buffer(rounded(scratch))]);
        let count: usize = channels.map(|channels| shape.sets() * channels).sum();
        let parts = device.buffer((size_of::<f32>() * count) as u64);
        let (mut recorder, mut shares, mut at, mut index) = (Recorder::default(), Vec::new(), 0, 0);
        let mut held = scratch.0.to_vec();
        let starts = shape.sums(topology).moments;
        for ((tap, loss), weights) in shape.moments.iter().zip(&judging.style).zip(&weights) {
            let channels = topology.channels(*tap);
            let all: f64 = weights.iter().sum();
            let metric = encoder.metric(*tap).map(|values| device.filled(&metric_square(values, channels)));
            held.extend(metric.clone());
            let mut of_tap = Vec::new();
            for (aim, &weight) in loss.aims.iter().zip(weights) {
                let aim = aim.as_ref().filter(|_| weight > 0.0);
                let share = if all > 0.0 { loss.weight * (weight / all) } else { 0.0 };
                let region = Region {
                    channels,
                    start: QUAD * starts[index],
                    weight,
                    share,
                    matrix: self.arena.get(Role::Matrix(index)),
                    parts: (&parts, at),
                };
                let sums = self.arena.get(Role::Sums);
                let factor = match aim {
                    Some(aim) => {
                        let square = device.filled(&aim_square(aim, unit(aim)));
                        held.push(square.clone());
                        let metric = metric.as_ref();
                        region.record(&mut recorder, (aim, &square), (sums, metric), &scratch)
                    }
                    None => {
                        region.spread(&mut recorder, &scratch.0[1], None);
                        0.0
                    }
                };
                of_tap.push(Share { parts: at..at + channels, factor });
                (at, index) = (at + channels, index + 1);
            }
            shares.push(of_tap);
        }
        let program = recorder.finish(device);
        Judge { of: judging.clone(), weights, program, parts, shares, _held: held }
    }
}

/// One region of a style tap.
struct Region<'a> {
    channels: usize,
    /// The first number of its sums.
    start: usize,
    /// The sum of its position weights.
    weight: f64,
    /// The weight of its loss.
    share: f64,
    /// Where the derivatives by its sums go.
    matrix: &'a Buffer,
    /// Where the parts of its loss go.
    parts: (&'a Buffer, usize),
}

impl Region<'_> {
    /// Records its judging; returns the factor of the sum of its parts.
    fn record(
        &self,
        recorder: &mut Recorder,
        (aim, square): (&Aim, &Buffer),
        (sums, metric): (&Buffer, Option<&Buffer>),
        Scratch([one, other]): &Scratch,
    ) -> f64 {
        let (channels, side) = (self.channels, side(self.channels));
        let (groups, per_row) = grid(side * side);
        let unit = unit(aim);
        let [second, first] = [unit * unit / self.weight, unit / self.weight].map(bits);
        let numbers = [channels as u32, side as u32, blocks(channels) as u32, self.start as u32];
        let numbers = [&numbers[..], &[second, first, per_row]].concat();
        recorder.add(Kernel::JudgeGather, &numbers, &[sums, one], groups);
        // M S M^T.
        if let Some(metric) = metric {
            product(recorder, side, [metric, one, other], (0, 0));
            product(recorder, side, [other, metric, one], (0, 1));
        }
        let factors = [aim.gram / unit.powi(4), aim.covariance / unit.powi(4), aim.mean_std / unit.powi(2)];
        let most = factors.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let [gram, covariance, mean_std] = factors.map(|factor| bits(factor / most));
        let rounding = bits(ROUNDING_OF_VARIANCES);
        let (parts, start) = self.parts;
        let numbers = [channels as u32, side as u32, gram, covariance, mean_std, rounding, start as u32];
        recorder.add(Kernel::Judge, &numbers, &[one, square, other, parts], (side, 1, 1));
        // M^T B M.
        if let Some(metric) = metric {
            product(recorder, side, [metric, other, one], (1, 0));
            product(recorder, side, [one, metric, other], (0, 0));
        }
        // The tap's kernel expects 2 D. The square holds half of d in a row and half in a column.
        let factor = 2.0 * self.share * most / self.weight;
        self.spread(recorder, other, Some((factor * unit * unit, factor * unit)));
        self.share * most
    }

    /// Records the derivatives by its sums: those by its mean moments times these factors, or zeros.
    fn spread(&self, recorder: &mut Recorder, by: &Buffer, factors: Option<(f64, f64)>) {
        let (channels, side) = (self.channels, side(self.channels));
        let (rows, length) = (matrix_rows(channels), QUAD * row_quads(channels));
        let (groups, per_row) = grid((rows + 1) * length);
        let (second, first) = factors.unwrap_or_default();
        let numbers = [channels, side, length, rows].map(|number| number as u32);
        let judged = u32::from(factors.is_some());
        let numbers = [&numbers[..], &[bits(second), bits(first), judged, per_row]].concat();
        recorder.add(Kernel::JudgeSpread, &numbers, &[by, self.matrix], groups);
    }
}

/// Records the product of two squares, either of which may be transposed, into a third.
fn product(recorder: &mut Recorder, side: usize, buffers: [&Buffer; 3], turned: (u32, u32)) {
    let groups = side / TERMS;
    recorder.add(Kernel::JudgeProduct, &[side as u32, turned.0, turned.1], &buffers, (groups, groups, 1));
}

fn bits(value: f64) -> u32 {
    (value as f32).to_bits()
}
