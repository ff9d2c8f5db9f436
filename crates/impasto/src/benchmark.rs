//! Measures how fast evaluations are. An evaluation observes, judges and pulls back a fixed synthetic picture with
//! the objective of a preset. On a graphics card it also makes a step, as all of a run's iteration stays there.

use impasto_encoder::{Conv, Encoder, Tap, Topology};
use impasto_engine::{
    Cancel, Engine, EngineError, LayerSeconds, Network, Pixels, Plane, Request, Size, Stopwatch, Target,
};
use rayon::prelude::*;

use crate::clock::Clock;
use crate::device;
use crate::median::median;
use crate::objective::{Objective, alone, style_moments};
use crate::recipe::OptimizerKind;
use crate::regions::PositionWeights;
use crate::trial::Trial;
use crate::{Error, Preset, Recipe, Setting};

/// The measurements of a benchmark.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Benchmark {
    /// Width of the picture in pixels.
    pub width: usize,
    /// Height of the picture in pixels.
    pub height: usize,
    /// Seconds of each evaluation, in order. The first evaluation warms up and is not listed.
    pub seconds: Vec<f64>,
    /// Floating-point operations of one evaluation, counted as direct convolutions.
    pub flops: f64,
    /// The time of each convolution: medians over the evaluations.
    pub layers: Vec<Layer>,
    /// Seconds of the sums at the taps, except those computed within a convolution; `None` on a graphics card, which
    /// does not tell.
    pub moments: Option<f64>,
    /// Seconds spent on neither convolutions nor sums, mostly on judging; `None` on a graphics card.
    pub rest: Option<f64>,
    /// The instruction set that the engine computes with, or the graphics card.
    pub instruction_set: String,
    /// A note on the device for the user.
    pub note: Option<String>,
    /// Bytes of memory that the engine planned for evaluations.
    pub planned_bytes: usize,
    /// Bytes of the transformed kernels for both directions.
    pub kernel_bytes: usize,
}

/// The time of one convolution with its ReLU and pooling. The backward time includes the derivative of the tap
/// below.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name of the convolution, such as `conv1_1`.
    pub name: String,
    /// Seconds of the forward pass; 0 where the convolution runs together with the next.
    pub forward: f64,
    /// Seconds of the backward pass; 0 where the convolution runs together with the next.
    pub backward: f64,
    /// Floating-point operations in each direction, counted as a direct convolution.
    pub flops: f64,
}

impl Benchmark {
    /// Times `iterations` evaluations of a square picture of `size` pixels, on the threads of the current rayon
    /// pool.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 iterations. Fails if the encoder lacks a layer of the objective, if the picture is
    /// too small, or if the run was cancelled.
    pub fn run(
        encoder: &Encoder,
        preset: Preset,
        size: usize,
        iterations: usize,
        cancel: Cancel,
    ) -> Result<Benchmark, Error> {
        Benchmark::on("cpu", encoder, preset, (size, iterations), cancel)
    }

    /// Like [`run`](Benchmark::run), on a device ([`StyleTransfer::device`](crate::StyleTransfer::device)). Only
    /// processors tell the times of single layers.
    ///
    /// # Errors
    /// The errors of [`run`](Benchmark::run), and those of the device.
    pub fn on(
        device: &str,
        encoder: &Encoder,
        preset: Preset,
        (size, iterations): (usize, usize),
        cancel: Cancel,
    ) -> Result<Benchmark, Error> {
        if iterations == 0 {
            return Err(Error::invalid(Setting::Iterations, "expected at least 1, found 0"));
        }
        let recipe = preset.recipe();
        let topology = encoder.topology();
        let taps =
            recipe.content_layers.iter().chain(&recipe.style_layers).map(|(layer, _)| topology.tap(layer));
        let mut deepest = topology.tap("relu1_1")?;
        for tap in taps {
            deepest = deepest.max(tap?);
        }
        let drawn = |kind| synthetic(size, kind, &cancel);
        let image = drawn(2.0)?;
        let side = Size::new(size, size);
        let network = Network::new(encoder.truncated(deepest));
        let (mut engine, note) = device::engine(device, network, cancel.clone())?;
        let engine = engine.as_mut();
        let objective = {
            // Both pictures are dropped here: a run only needs them again at its next scale.
            let (content, style) = (drawn(0.0)?, drawn(1.0)?);
            let moments = style_moments(&recipe, engine, &style, None)?;
            Objective::new(&recipe, engine, (&content, None), PositionWeights::default(), alone(moments))?
        };
        let mut trial = Trial::new(&recipe, engine, image, true)?;
        trial.evaluate(engine, &objective)?;
        let mut seconds = Vec::with_capacity(iterations);
        let mut layers: Vec<LayerSeconds> = Vec::with_capacity(iterations);
        for _ in 0..iterations {
            let start = Stopwatch::start();
            trial.evaluate(engine, &objective)?;
            seconds.push(start.elapsed().as_secs_f64());
            layers.extend(engine.layer_times().cloned());
        }
        let (mut layers_named, mut moments) = (Vec::new(), None);
        if !layers.is_empty() {
            layers_named = named(topology, deepest, (size * size) as f64, &layers);
            moments = Some(median(layers.iter().map(|seconds| seconds.moments)));
        }
        let taps = |layers: &[(String, f64)]| -> Result<Vec<Tap>, Error> {
            Ok(layers.iter().map(|(layer, _)| topology.tap(layer)).collect::<Result<_, _>>()?)
        };
        let request = Request {
            moments: taps(&recipe.style_layers)?,
            residuals: taps(&recipe.content_layers)?.into_iter().map(Target::unheld).collect(),
            ..Request::default()
        };
        let convolving: f64 = layers_named.iter().map(|layer| layer.forward + layer.backward).sum();
        Ok(Benchmark {
            width: size,
            height: size,
            rest: moments.map(|moments| (median(seconds.iter().copied()) - convolving - moments).max(0.0)),
            seconds,
            flops: topology.flops_per_pixel(deepest) * (size * size) as f64,
            layers: layers_named,
            moments,
            instruction_set: engine.identity().to_string(),
            note,
            planned_bytes: engine.evaluation_bytes(side, &request, rayon::current_num_threads())?,
            kernel_bytes: engine.kernel_bytes(),
        })
    }

    /// Median seconds of an evaluation.
    pub fn median(&self) -> f64 {
        median(self.seconds.iter().copied())
    }
}

/// Measures an evaluation: seconds per pixel, and constant seconds.
pub(crate) fn calibrate(
    recipe: &Recipe,
    engine: &mut dyn Engine,
    clock: &Clock,
) -> Result<(f64, f64), Error> {
    let cancel = Cancel::default();
    // At these sizes a run spends its time in the same proportions, and every layer has positions.
    const SIZES: [usize; 2] = [128, 320];
    let mut seconds = [0.0; 2];
    for (size, seconds) in SIZES.into_iter().zip(&mut seconds) {
        let [content, style, image] = [0.0, 1.0, 2.0].map(|kind| synthetic(size, kind, &cancel));
        let moments = style_moments(recipe, engine, &style?, None)?;
        // A run with a margin weights positions, which takes a little longer.
        let weights = Plane { size: Size::new(size, size), data: vec![1.0; size * size] };
        let regions = (recipe.margin > 0).then_some(weights).into_iter().collect();
        let placed = PositionWeights { regions, ..PositionWeights::default() };
        let objective = Objective::new(recipe, engine, (&content?, None), placed, alone(moments))?;
        let mut trial = Trial::new(recipe, engine, image?, recipe.optimizer == OptimizerKind::Adam)?;
        trial.evaluate(engine, &objective)?;
        let times = (0..3).map(|_| {
            let start = clock.now();
            trial.evaluate(engine, &objective).map(|()| clock.seconds_since(start))
        });
        *seconds = median(times.collect::<Result<Vec<_>, _>>()?);
        engine.forget_targets();
    }
    let [small, large] = SIZES.map(|size| (size * size) as f64);
    let per_pixel = ((seconds[1] - seconds[0]) / (large - small)).max(0.0);
    Ok((per_pixel, (seconds[1] - per_pixel * large).max(0.0)))
}

/// A picture of waves of many lengths; each `kind` gives other waves.
fn synthetic(size: usize, kind: f64, cancel: &Cancel) -> Result<Pixels, Error> {
    let mut data = vec![0.0; 3 * size * size];
    data.par_chunks_mut(size.max(1)).enumerate().for_each(|(row, values)| {
        if cancel.is_cancelled() {
            return;
        }
        let (channel, y) = ((row / size) as f64, (row % size) as f64);
        let waves: [(f64, f64, f64); 5] = std::array::from_fn(|k| {
            let turn = (k + 1) as f64 * 1.7 + channel + kind;
            let length = 1.8f64.powi(k as i32 + 1);
            (turn.cos() / length, y * turn.sin() / length + turn, 0.1)
        });
        for (x, value) in values.iter_mut().enumerate() {
            let wave = waves.iter().map(|(step, start, height)| height * (x as f64 * step + start).sin());
            *value = (0.5 + wave.sum::<f64>()) as f32;
        }
    });
    if cancel.is_cancelled() {
        Err(EngineError::Cancelled.into())
    } else {
        Ok(Pixels { size: Size::new(size, size), data })
    }
}

/// The convolutions up to a layer, with the medians of their times.
fn named(topology: &Topology, deepest: Tap, pixels: f64, seen: &[LayerSeconds]) -> Vec<Layer> {
    let of = |each: &dyn Fn(&LayerSeconds) -> f64| median(seen.iter().map(each));
    let convs = topology.convs().iter().take(deepest.conv() + 1).enumerate();
    let mut previous = 0.0;
    let layer = |(index, conv): (usize, &Conv)| {
        let total = topology.flops_per_pixel(Tap::after(index)) * pixels / 2.0;
        let flops = total - std::mem::replace(&mut previous, total);
        let forward = of(&|seconds| seconds.forward.get(index).copied().unwrap_or(0.0));
        let backward = of(&|seconds| seconds.backward.get(index).copied().unwrap_or(0.0));
        Layer { name: conv.name(), forward, backward, flops }
    };
    convs.map(layer).collect()
}
