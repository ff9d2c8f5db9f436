//! Steps of a painting that is judged on the card: observation, loss, pull-back and step in one submission. Nothing
//! comes back but the parts of the loss, and whether the step was sound.

use std::ops::Range;
use std::sync::Arc;

use impasto_engine::painting::{AdamStep, Painting};
use impasto_engine::{EngineError, Judged, Judging, Request};

use crate::backward::FACTOR;
use crate::buffer::Buffer;
use crate::engine::{GpuEngine, Recording};
use crate::painting::{parts, sound};
use crate::program::{Recorder, grid};
use crate::shape::{Role, Shape};
use crate::sources::Kernel;

/// The values that the host reads after a step, in one buffer.
#[derive(Default)]
struct ReadBack {
    /// Buffer, first number and count of each part.
    parts: Vec<(Buffer, usize, usize)>,
    floats: usize,
}

impl ReadBack {
    /// Adds some numbers; returns their place.
    fn add(&mut self, buffer: &Buffer, numbers: Range<usize>) -> Range<usize> {
        let (start, count) = (self.floats, numbers.len());
        self.parts.push((buffer.clone(), numbers.start, count));
        self.floats += count;
        start..self.floats
    }

    fn encode(&self, encoder: &mut wgpu::CommandEncoder, host: &Buffer) {
        let bytes = |floats: usize| (size_of::<f32>() * floats) as u64;
        let mut at = 0;
        for (buffer, start, count) in self.parts.iter().filter(|(.., count)| *count > 0) {
            encoder.copy_buffer_to_buffer(buffer, bytes(*start), host, bytes(at), bytes(*count));
            at += count;
        }
    }
}

fn sum(values: &[f32]) -> f64 {
    values.iter().map(|&part| f64::from(part)).sum()
}

impl GpuEngine {
    pub(crate) async fn step_judged_own(
        &mut self,
        picture: &Buffer,
        painting: &Painting<'_>,
        request: &Request,
        judging: &Arc<Judging>,
        adam: &AdamStep<'_>,
    ) -> Result<Judged, EngineError> {
        let topology = self.network.encoder.topology().clone();
        request.check(&topology, painting.size)?;
        judging.check(request, &topology)?;
        let shape = Shape::of(request, painting.size, self.half);
        self.prepare(shape.clone(), request, true)?;
        self.cover(painting.over);
        self.prepare_judge(&shape, judging)?;
        let factors = self.content_factors(&shape, judging);
        let mut before = Recorder::default();
        self.record_seen(&mut before, picture, painting.size);
        let terms: Vec<(Buffer, f64)> = painting
            .terms
            .iter()
            .filter_map(|term| self.record_value(&mut before, term, painting.size))
            .collect();
        let state = self.device.buffer(16);
        let (Some(judge), Some(Recording { forward, backward: Some(backward), factors: places, .. })) =
            (&self.judge, &self.recording)
        else {
            return Err(EngineError::NothingToObserve);
        };
        for (place, factor) in places.iter().zip(&factors) {
            if let Some(place) = place {
                backward.set(&self.device, *place, FACTOR, ((2.0 * factor) as f32).to_bits());
            }
        }
        let mut read_back = ReadBack::default();
        let sums = shape.sums(&topology);
        let residuals: Vec<_> = sums
            .residuals
            .iter()
            .map(|range| read_back.add(self.arena.get(Role::Sums), range.clone()))
            .collect();
        let judged = read_back.add(&judge.parts, 0..judge.floats());
        let parts = parts(painting.size);
        let values: Vec<_> = terms.iter().map(|(buffer, _)| read_back.add(buffer, 0..parts)).collect();
        let step =
            self.record_checked(&read_back, self.record_step(picture, painting, adam, &state)?, &state);
        let told = read_back.add(&state, 0..1);

        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        before.finish(&self.device).encode(&self.device, &mut encoder);
        for program in [forward, &judge.program, backward] {
            program.encode(&self.device, &mut encoder);
        }
        step.finish(&self.device).encode(&self.device, &mut encoder);
        let host = self.host(read_back.floats);
        read_back.encode(&mut encoder, &host);
        self.device.count();
        self.cancel.check()?;
        self.device.check()?;
        self.device.queue.submit([encoder.finish()]);
        // Not cancelled any more, once the picture has moved.
        let read = self.device.read(&host, read_back.floats).await?;
        let content = residuals.into_iter().zip(factors).map(|(range, factor)| factor * sum(&read[range]));
        let of_terms = values.into_iter().zip(&terms).map(|(range, (_, weight))| weight * sum(&read[range]));
        let found = Judged {
            content: content.collect(),
            style: judge.values(&read[judged]),
            terms: of_terms.collect(),
        };
        match found.is_finite() {
            true => sound(read[told.start]).map(|()| found),
            false => Ok(found),
        }
    }

    /// A step that does not happen where a part of the loss is not finite.
    fn record_checked(&self, read_back: &ReadBack, step: Recorder, state: &Buffer) -> Recorder {
        let mut recorder = Recorder::default();
        for (buffer, start, count) in read_back.parts.iter().filter(|(.., count)| *count > 0) {
            let (groups, per_row) = grid(*count);
            recorder.add(Kernel::Finite, &[*start as u32, *count as u32, per_row], &[buffer, state], groups);
        }
        recorder.followed_by(step)
    }

    /// The derivatives by the sums at the content targets, which no observation changes.
    fn content_factors(&self, shape: &Shape, judging: &Judging) -> Vec<f64> {
        let topology = self.network.encoder.topology();
        let targets = shape.residuals.iter().zip(&judging.content);
        let factor = |((_, tap), weight): (&(usize, impasto_encoder::Tap), &f64)| {
            let block = topology.convs()[tap.conv()].block - 1;
            let positions = match shape.residual_weight {
                true => self.planes.sum(shape.regions, block),
                false => shape.size_at(topology, tap.conv()).area() as f64,
            };
            if positions > 0.0 { weight / (positions * topology.channels(*tap) as f64) } else { 0.0 }
        };
        targets.map(factor).collect()
    }
}
