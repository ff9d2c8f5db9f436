//! Content targets: copies of maps on the card, which can be handed out row by row and taken back.

use std::io;

use impasto_encoder::Tap;
use impasto_engine::{Edges, EngineError, Pixels, Size, Target};

use crate::buffer::Buffer;
use crate::engine::{GpuEngine, Kept};
use crate::layers::quads;
use crate::shape::QUAD_BYTES;

impl GpuEngine {
    pub(crate) fn capture_target(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
    ) -> Result<Target, EngineError> {
        self.run_to(image, edges, tap)?;
        let topology = self.network.encoder.topology();
        let (width, height) = topology.size_at(tap.conv(), (image.size.width, image.size.height));
        let size = Size::new(width, height);
        let bytes = (size.area() * self.stride(tap)) as u64;
        let buffer = self.device.buffer(bytes);
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        let recording = self.recording.as_ref().ok_or(EngineError::NoObservation)?;
        let map = self.arena.get(recording.shape.map(self.network.encoder.topology(), tap.conv()));
        encoder.copy_buffer_to_buffer(map, 0, &buffer, 0, bytes);
        self.device.queue.submit([encoder.finish()]);
        self.device.finish()?;
        self.cancel.check()?;
        self.targets.push(Kept { size, buffer: Some(buffer) });
        Ok(Target::new(self.targets.len() - 1, tap))
    }

    /// Bytes of a position.
    pub(crate) fn stride(&self, tap: Tap) -> usize {
        QUAD_BYTES * quads(self.network.encoder.topology().channels(tap))
    }

    pub(crate) async fn hand_out(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        let index = target.index();
        let kept = self.targets.get_mut(index).and_then(|kept| Some((kept.size, kept.buffer.take()?)));
        let (size, buffer) = kept.ok_or(EngineError::NoSuchTarget { index })?;
        // What was recorded reads the target that is gone.
        (self.recording, self.observed, self.judge) = (None, None, None);
        let stride = self.stride(target.tap());
        let bytes = size.area() * stride;
        let host = self.host(bytes / size_of::<f32>());
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&buffer, 0, &host, 0, bytes as u64);
        self.device.queue.submit([encoder.finish()]);
        let values = self.device.read(&host, bytes / size_of::<f32>()).await?;
        let rows = bytemuck::cast_slice(&values).chunks_exact((size.width * stride).max(1)).enumerate();
        let mut rows = rows.map(|(y, bytes)| row(y, bytes));
        rows.try_for_each(|done| done).map_err(|source| EngineError::Spill { source })?;
        // The place of the last target is free for the next one.
        if index + 1 == self.targets.len() {
            self.targets.pop();
        }
        Ok(())
    }

    pub(crate) fn take_back(
        &mut self,
        slot: Option<Target>,
        tap: Tap,
        size: Size,
        row: &mut dyn FnMut(usize, &mut [u8]) -> io::Result<()>,
    ) -> Result<Target, EngineError> {
        let length = size.width * self.stride(tap);
        let mut bytes = vec![0; size.height * length];
        let rows = bytes.chunks_exact_mut(length.max(1)).enumerate();
        let mut rows = rows.map(|(y, bytes)| row(y, bytes));
        rows.try_for_each(|done| done).map_err(|source| EngineError::Spill { source })?;
        let index = slot.map_or(self.targets.len(), Target::index);
        self.targets
            .resize_with(self.targets.len().max(index + 1), || Kept { size: Size::default(), buffer: None });
        let kept = &mut self.targets[index];
        let fits = |buffer: &Buffer| kept.size == size && buffer.size() >= bytes.len() as u64;
        if !kept.buffer.as_ref().is_some_and(fits) {
            (self.recording, self.observed, self.judge) = (None, None, None);
            kept.size = size;
            // The old one goes first.
            kept.buffer = None;
            kept.buffer = Some(self.device.buffer(bytes.len() as u64));
        }
        if let Some(buffer) = &kept.buffer {
            self.device.write_bytes(buffer, 0, &bytes);
        }
        self.device.check()?;
        Ok(Target::new(index, tap))
    }
}
