//! How fast evaluations are: observe, judge and pull back, by the objective of a preset, on a fixed synthetic picture.

use impasto_encoder::{Encoder, Tap};
use impasto_engine::{
    Cancel, Cpu, Engine, EngineError, LayerSeconds, Network, Pixels, Plane, Size, Stopwatch,
};
use rayon::prelude::*;

use crate::clock::Clock;
use crate::median::median;
use crate::objective::{Objective, alone, style_moments};
use crate::regions::PositionWeights;
use crate::{Error, Preset, Recipe, Setting};

/// What a benchmark measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// Pixels across and down.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Seconds of each evaluation, in order, after one that was not counted.
    pub seconds: Vec<f64>,
    /// Floating-point operations of an evaluation, counted as direct convolutions.
    pub flops: f64,
    /// Where the time went, by convolutions: medians over the evaluations.
    pub layers: Vec<Layer>,
    /// Seconds of the sums at the taps, but for those taken within a convolution.
    pub moments: f64,
    /// Seconds that went neither to convolutions nor to sums: mostly to judging.
    pub rest: f64,
    /// What the engine computes with.
    pub instruction_set: String,
    /// Bytes that the engine planned for evaluations.
    pub planned_bytes: usize,
    /// Bytes of the transformed kernels of both directions.
    pub kernel_bytes: usize,
}

/// What a convolution took, with its ReLU and pooling, and in the other direction with the derivative of the tap below.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name, `conv1_1` and so on.
    pub name: String,
    /// Seconds; 0 where the convolution runs together with the next.
    pub forward: f64,
    /// Seconds, 0 likewise.
    pub backward: f64,
    /// Floating-point operations in each direction, counted directly.
    pub flops: f64,
}

impl Benchmark {
    /// Times `iterations` evaluations of a square picture on the threads of the current rayon pool.
    ///
    /// # Errors
    /// When the encoder lacks a layer of the objective, the picture is too small, or the run was cancelled.
    pub fn run(
        encoder: &Encoder,
        preset: Preset,
        size: usize,
        iterations: usize,
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
        let mut engine = Cpu::from_env(Network::new(encoder.truncated(deepest)), cancel.clone())?;
        let objective = {
            // Both pictures end here: a run needs them for its next scale only.
            let (content, style) = (drawn(0.0)?, drawn(1.0)?);
            let moments = style_moments(&recipe, &mut engine, &style, None)?;
            Objective::new(
                &recipe,
                &mut engine,
                (&content, None),
                PositionWeights::default(),
                alone(moments),
            )?
        };
        objective.evaluate(&mut engine, &image)?;
        let mut seconds = Vec::with_capacity(iterations);
        let mut layers: Vec<LayerSeconds> = Vec::with_capacity(iterations);
        for _ in 0..iterations {
            let start = Stopwatch::start();
            objective.evaluate(&mut engine, &image)?;
            seconds.push(start.elapsed().as_secs_f64());
            layers.push(engine.layer_seconds().clone());
        }
        let of = |each: &dyn Fn(&LayerSeconds) -> f64| median(layers.iter().map(each));
        let convs = topology.convs().iter().take(deepest.conv() + 1).enumerate();
        let mut previous = 0.0;
        let named = convs.map(|(index, conv)| {
            let total = topology.flops_per_pixel(Tap::after(index)) * (size * size) as f64 / 2.0;
            let flops = total - std::mem::replace(&mut previous, total);
            let forward = of(&|seconds| seconds.forward.get(index).copied().unwrap_or(0.0));
            let backward = of(&|seconds| seconds.backward.get(index).copied().unwrap_or(0.0));
            Layer { name: conv.name(), forward, backward, flops }
        });
        let layers_named: Vec<Layer> = named.collect();
        let moments = of(&|seconds| seconds.moments);
        let convolving: f64 = layers_named.iter().map(|layer| layer.forward + layer.backward).sum();
        Ok(Benchmark {
            width: size,
            height: size,
            rest: (median(seconds.iter().copied()) - convolving - moments).max(0.0),
            seconds,
            flops: topology.flops_per_pixel(deepest) * (size * size) as f64,
            layers: layers_named,
            moments,
            instruction_set: engine.identity().to_string(),
            planned_bytes: engine.planned_bytes(rayon::current_num_threads()),
            kernel_bytes: engine.kernel_bytes(),
        })
    }

    /// The median of the evaluations.
    pub fn median(&self) -> f64 {
        median(self.seconds.iter().copied())
    }
}

/// Seconds of an evaluation: for each pixel, and besides.
pub(crate) fn calibrate(
    recipe: &Recipe,
    engine: &mut dyn Engine,
    clock: &Clock,
) -> Result<(f64, f64), Error> {
    let cancel = Cancel::default();
    // Sizes at which a run spends its time alike, and that every layer can look at.
    const SIZES: [usize; 2] = [128, 320];
    let mut seconds = [0.0; 2];
    for (size, seconds) in SIZES.into_iter().zip(&mut seconds) {
        let [content, style, image] = [0.0, 1.0, 2.0].map(|kind| synthetic(size, kind, &cancel));
        let moments = style_moments(recipe, engine, &style?, None)?;
        // A run with a margin counts by weights, which takes a little longer.
        let weights = Plane { size: Size::new(size, size), data: vec![1.0; size * size] };
        let regions = (recipe.margin > 0).then_some(weights).into_iter().collect();
        let placed = PositionWeights { regions, ..PositionWeights::default() };
        let objective = Objective::new(recipe, engine, (&content?, None), placed, alone(moments))?;
        let image = image?;
        objective.evaluate(engine, &image)?;
        let times = (0..3).map(|_| {
            let start = clock.now();
            objective.evaluate(engine, &image).map(|_| clock.seconds_since(start))
        });
        *seconds = median(times.collect::<Result<Vec<_>, _>>()?);
        engine.forget_targets();
    }
    let [small, large] = SIZES.map(|size| (size * size) as f64);
    let per_pixel = ((seconds[1] - seconds[0]) / (large - small)).max(0.0);
    Ok((per_pixel, (seconds[1] - per_pixel * large).max(0.0)))
}

/// Waves of many lengths, other ones for another `kind`.
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
