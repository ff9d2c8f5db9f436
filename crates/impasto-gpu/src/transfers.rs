//! Buffers of a card, and what passes between it and the host.

use impasto_engine::EngineError;
use wgpu::{BufferUsages, PollType};

use crate::buffer::Buffer;
use crate::device::Device;
use crate::reading::Mapped;

impl Device {
    /// A buffer whose contents kernels read and write.
    pub(crate) fn buffer(&self, bytes: u64) -> Buffer {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.new_buffer(bytes, usage)
    }

    /// A buffer that the host reads.
    pub(crate) fn host_buffer(&self, bytes: u64) -> Buffer {
        self.new_buffer(bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    pub(crate) fn new_buffer(&self, bytes: u64, usage: BufferUsages) -> Buffer {
        Buffer::new(&self.inner, &self.tally, rounded(bytes), usage)
    }

    /// A buffer with these contents.
    pub(crate) fn filled(&self, values: &[f32]) -> Buffer {
        let buffer = self.buffer(size_of_val(values) as u64);
        self.write(&buffer, 0, values);
        buffer
    }

    /// Copies numbers to a buffer, before the work that is submitted next.
    pub(crate) fn write(&self, buffer: &Buffer, start: usize, values: &[f32]) {
        self.write_bytes(buffer, (start * size_of::<f32>()) as u64, bytemuck::cast_slice(values));
    }

    /// Copies bytes to a buffer, before the work that is submitted next.
    pub(crate) fn write_bytes(&self, buffer: &Buffer, start: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tally.pass(bytes.len() as u64);
            self.queue.write_buffer(buffer, start, bytes);
        }
    }

    /// Waits until the card has done everything, so that what was let go is free. In a browser nothing may wait, and
    /// it is free somewhat later.
    pub(crate) fn finish(&self) -> Result<(), EngineError> {
        let waited = self.inner.poll(PollType::wait_indefinitely());
        self.check()?;
        waited.map_err(|error| self.lost(error.to_string()))?;
        self.tally.passed();
        Ok(())
    }

    /// Waits for a buffer of the host, and takes its first numbers.
    pub(crate) async fn read(&self, buffer: &Buffer, count: usize) -> Result<Vec<f32>, EngineError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let range = ..(count * size_of::<f32>()) as u64;
        let mapped = Mapped::begin(buffer.slice(range));
        // In a browser the answer comes by itself, and this does nothing.
        self.finish()?;
        let mapped = mapped.await;
        // There the failures come with the answer, or before it.
        self.check()?;
        mapped.map_err(|error| self.lost(error.to_string()))?;
        let view = buffer.slice(range).get_mapped_range().map_err(|error| self.lost(error.to_string()))?;
        let values = bytemuck::cast_slice(&view).to_vec();
        drop(view);
        buffer.unmap();
        Ok(values)
    }

    fn lost(&self, reason: String) -> EngineError {
        EngineError::DeviceLost { device: self.adapter.name.clone(), reason }
    }
}

/// The size of a buffer for a number of bytes.
pub(crate) fn rounded(bytes: u64) -> u64 {
    bytes.next_multiple_of(16).max(16)
}
