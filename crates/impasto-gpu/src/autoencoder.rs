//! A level of a draft on the card: its encoder runs as for an observation, then the features are moved, and the decoder
//! follows. Sums cross to the host, maps that move the features cross back, and at the end the picture.

use std::sync::Arc;

use impasto_encoder::Level;
use impasto_engine::{
    Affine, Autoencoder, Cancel, EngineError, Moments, Network, Padding, Pixels, Plane, Request, Size,
    Workspace,
};

use crate::decode::{Decoding, matrices};
use crate::device::Device;
use crate::engine::GpuEngine;
use crate::layers::{Layer, QUAD};
use crate::shape::{Role, Shape};
use crate::waiting::wait;

/// An autoencoder on a graphics card.
#[derive(Debug)]
pub struct GpuAutoencoder {
    level: Level,
    engine: GpuEngine,
}

impl GpuAutoencoder {
    /// Takes the weights of a level to the card.
    pub(crate) fn new(
        device: Arc<Device>,
        level: Level,
        cancel: Cancel,
    ) -> Result<GpuAutoencoder, EngineError> {
        let network = Network {
            encoder: level.encoder.clone(),
            pooling: level.encoder.pooling(),
            pool_scale: 1.0,
            padding: Padding::Zero,
        };
        let layers = Layer::forwards(&device, level.decoder.convs(), level.decoder.weights())?;
        let decoder = Some(Decoding { level: level.clone(), layers });
        let engine = GpuEngine { decoder, ..GpuEngine::forwards(device, network, cancel)? };
        Ok(GpuAutoencoder { level, engine })
    }

    fn request(&self, regions: Vec<Plane>) -> Request {
        Request { moments: vec![self.level.tap()], regions, ..Request::default() }
    }

    async fn encode_async(&mut self, image: &Pixels, request: &Request) -> Result<Vec<Moments>, EngineError> {
        let engine = &mut self.engine;
        engine.device.lose_if_due();
        engine.prepare(Shape::of(request, image.size, true), request, false)?;
        engine.device.write(engine.arena.get(Role::Picture), 0, &image.data);
        let encoder = engine.device.inner.create_command_encoder(&Default::default());
        let mut seen = engine.look_after(encoder, request).await?;
        Ok(seen.moments.pop().unwrap_or_default())
    }

    async fn decode_async(&mut self, moves: &[Affine]) -> Result<Pixels, EngineError> {
        let engine = &mut self.engine;
        let (Some(decoding), Some(recording)) = (&engine.decoder, &engine.recording) else {
            return Err(EngineError::NoObservation);
        };
        engine.cancel.check()?;
        let shape = &recording.shape;
        let matrices = matrices(moves, shape.regions, self.level.channels());
        for (index, matrix) in matrices.iter().enumerate() {
            engine.device.write(engine.arena.get(Role::Matrix(index)), 0, matrix);
        }
        let (recorder, role) = engine.record_decoding(decoding, shape, &engine.arena);
        let mut encoder = engine.device.inner.create_command_encoder(&Default::default());
        recorder.finish(&engine.device).encode(&engine.device, &mut encoder);
        engine.device.queue.submit([encoder.finish()]);
        let (size, count) = (shape.size, QUAD * shape.size.area());
        let host = engine.host(count);
        engine.copy_to_host(role, &host, count);
        let values = engine.device.read(&host, count).await?;
        engine.cancel.check()?;
        let data = (0..3).flat_map(|channel| values.iter().skip(channel).step_by(QUAD).copied()).collect();
        Ok(Pixels { size, data })
    }
}

impl Autoencoder for GpuAutoencoder {
    fn level(&self) -> &Level {
        &self.level
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.engine.cancel = cancel;
    }

    fn kernel_bytes(&self) -> usize {
        let decoder = self.engine.decoder.iter().flat_map(|decoder| &decoder.layers);
        let parameters = self.level.encoder.parameters() + self.level.decoder.parameters();
        let kernels = self.engine.layers.iter().chain(decoder).map(Layer::bytes).sum::<usize>();
        size_of::<f32>() * parameters + kernels
    }

    /// Lets go of the memory: a card's is not passed on to a level of another size.
    fn leave(&mut self) -> Workspace {
        (self.engine.recording, self.engine.observed) = (None, None);
        self.engine.arena.clear();
        Workspace::default()
    }

    fn bytes(&self, size: Size, regions: usize, _: usize) -> Result<usize, EngineError> {
        self.check_image(size, &[])?;
        let request = self.request(vec![Plane { size, data: Vec::new() }; regions]);
        Ok(self.engine.forecast_decoding(&Shape::of(&request, size, true)))
    }

    fn encode(&mut self, image: &Pixels, regions: &[Plane]) -> Result<Vec<Moments>, EngineError> {
        self.engine.observed = None;
        self.check_image(image.size, regions)?;
        let request = self.request(regions.to_vec());
        wait(self.encode_async(image, &request))
    }

    fn decode(&mut self, moves: &[Affine]) -> Result<Pixels, EngineError> {
        let request = self.engine.observed.take().ok_or(EngineError::NoObservation)?;
        self.check_moves(request.regions.len(), moves)?;
        wait(self.decode_async(moves))
    }
}
