//! The card's memory for pictures in progress: picture, Adam's moments and average stay there between iterations.

use std::io;
use std::sync::Arc;

use impasto_engine::painting::{PixelMemory, PixelVector};

use crate::buffer::Buffer;
use crate::device::Device;
use crate::waiting::wait;

/// The memory of a card.
#[derive(Debug)]
pub(crate) struct Memory(pub(crate) Arc<Device>);

/// A vector in it.
#[derive(Debug)]
pub(crate) struct Vector {
    device: Arc<Device>,
    pub(crate) buffer: Buffer,
    len: usize,
}

impl Vector {
    /// Whether it is on this card.
    pub(crate) fn is_on(&self, device: &Device) -> bool {
        self.device.is(device)
    }
}

impl PixelMemory for Memory {
    fn zeros(&self, len: usize) -> io::Result<Box<dyn PixelVector>> {
        // A new buffer is filled with zeros.
        let buffer = self.0.buffer((size_of::<f32>() * len) as u64);
        self.0.check().map_err(io::Error::other)?;
        Ok(Box::new(Vector { device: self.0.clone(), buffer, len }))
    }
}

impl PixelVector for Vector {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, start: usize, to: &mut [f32]) -> io::Result<()> {
        let bytes = size_of_val(to) as u64;
        let host = self.device.host_buffer(bytes);
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&self.buffer, (size_of::<f32>() * start) as u64, &host, 0, bytes);
        self.device.queue.submit([encoder.finish()]);
        let values = wait(self.device.read(&host, to.len())).map_err(io::Error::other)?;
        to.copy_from_slice(&values);
        Ok(())
    }

    fn write(&mut self, start: usize, values: &[f32]) -> io::Result<()> {
        self.device.write(&self.buffer, start, values);
        self.device.check().map_err(io::Error::other)
    }
}
