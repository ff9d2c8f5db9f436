//! How fast evaluations are: observe, judge and pull back, by the objective of `gatys`, on a fixed synthetic picture.

use std::time::Instant;

use impasto_encoder::Encoder;
use impasto_engine::{Cancel, Cpu, EngineError, Network, Pixels, Size};
use rayon::prelude::*;

use crate::objective::Objective;
use crate::{Error, Preset};

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
}

impl Benchmark {
    /// Times `iterations` evaluations of a square picture on the threads of the current rayon pool.
    ///
    /// # Errors
    /// When the encoder lacks a layer of the objective, the picture is too small, or the run was cancelled.
    pub fn run(
        encoder: &Encoder,
        size: usize,
        iterations: usize,
        cancel: Cancel,
    ) -> Result<Benchmark, Error> {
        if iterations == 0 {
            return Err(Error::invalid("--iterations", "expected at least 1, found 0"));
        }
        let recipe = Preset::named("gatys")?.recipe();
        let topology = encoder.topology();
        let taps =
            recipe.content_layers.iter().chain(&recipe.style_layers).map(|(layer, _)| topology.tap(layer));
        let mut deepest = topology.tap("relu1_1")?;
        for tap in taps {
            deepest = deepest.max(tap?);
        }
        let drawn = |kind| synthetic(size, kind, &cancel);
        let (content, style, image) = (drawn(0.0)?, drawn(1.0)?, drawn(2.0)?);
        let mut engine = Cpu::new(Network::new(encoder.truncated(deepest)), cancel);
        let objective = Objective::new(&recipe, &mut engine, &content, &[(1.0, style)])?;
        objective.evaluate(&mut engine, &image)?;
        let mut seconds = Vec::with_capacity(iterations);
        for _ in 0..iterations {
            let start = Instant::now();
            objective.evaluate(&mut engine, &image)?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        let flops = topology.flops_per_pixel(deepest) * (size * size) as f64;
        Ok(Benchmark { width: size, height: size, seconds, flops })
    }

    /// The median of the evaluations.
    pub fn median(&self) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
    }
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
