//! Pull-backs: the derivatives by the sums go to the card, its kernels run in one submission, and the derivative by the
//! pixels comes back.

use impasto_engine::{Cotangents, EngineError, Features, MomentsCotangent, Pixels};

use crate::backward::FACTOR;
use crate::engine::{GpuEngine, Recording};
use crate::layers::{QUAD, matrix_rows, quads, row_quads};
use crate::shape::Role;

impl GpuEngine {
    /// [`Engine::pull_back`](impasto_engine::Engine::pull_back), for where a thread may not wait.
    ///
    /// # Errors
    /// The errors of that method.
    pub async fn pull_back_async(&mut self, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        let size = self.send(cotangents)?;
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        if let Some(Recording { backward: Some(backward), .. }) = &self.recording {
            backward.encode(&self.device, &mut encoder);
        }
        let count = 3 * size.area();
        let host = self.host(count);
        let bytes = (size_of::<f32>() * count) as u64;
        encoder.copy_buffer_to_buffer(self.arena.get(Role::Gradient), 0, &host, 0, bytes);
        self.device.queue.submit([encoder.finish()]);
        let data = self.device.read(&host, count).await?;
        self.cancel.check()?;
        Ok(Pixels { size, data })
    }

    /// Takes the derivatives of the last observation to the card, and uses the observation up. Returns the size of the
    /// picture.
    pub(crate) fn send(&mut self, cotangents: &Cotangents) -> Result<impasto_engine::Size, EngineError> {
        let observed = self.observed.as_ref().ok_or(EngineError::NoObservation)?;
        let recording = self.recording.as_ref().ok_or(EngineError::NoObservation)?;
        let topology = self.network.encoder.topology();
        cotangents.check(observed, topology, recording.shape.size)?;
        self.cancel.check()?;
        self.device.check()?;
        for (index, by) in cotangents.moments.iter().flatten().enumerate() {
            self.device.write(self.arena.get(Role::Matrix(index)), 0, &matrix(by));
        }
        if let Some(program) = &recording.backward {
            for (place, by) in recording.factors.iter().zip(&cotangents.residuals) {
                if let Some(place) = place {
                    program.set(&self.device, *place, FACTOR, ((2.0 * by) as f32).to_bits());
                }
            }
        }
        for conv in 0..=recording.shape.deepest() {
            let taps = recording.shape.features.iter().zip(&cotangents.features);
            let given: Vec<&Features> =
                taps.filter(|(tap, _)| tap.conv() == conv).map(|(_, by)| by).collect();
            if !given.is_empty() {
                self.device.write(self.arena.get(Role::Given(conv)), 0, &interleaved(&given));
            }
        }
        let size = recording.shape.size;
        self.observed = None;
        Ok(size)
    }
}

/// 2 D, a row for each channel, and a last row d, padded as `tap.wgsl` reads them.
fn matrix(by: &MomentsCotangent) -> Vec<f32> {
    let channels = by.first.len();
    let (rows, length) = (matrix_rows(channels), QUAD * row_quads(channels));
    let mut matrix = vec![0.0; (rows + 1) * length];
    for (to, from) in matrix.chunks_exact_mut(length).zip(by.second.chunks_exact(channels)) {
        to.iter_mut().zip(from).for_each(|(to, value)| *to = (2.0 * value) as f32);
    }
    let last = &mut matrix[rows * length..];
    last.iter_mut().zip(&by.first).for_each(|(to, value)| *to = *value as f32);
    matrix
}

/// The sum of planar maps, in the order of the card.
fn interleaved(maps: &[&Features]) -> Vec<f32> {
    let (channels, area) = (maps[0].channels, maps[0].size.area());
    let stride = QUAD * quads(channels);
    let mut values = vec![0.0; area * stride];
    for channel in 0..channels {
        for position in 0..area {
            let sum: f64 = maps.iter().map(|map| map.data[channel * area + position]).sum();
            values[position * stride + channel] = sum as f32;
        }
    }
    values
}
