//! An opened card: its queue of work, its kernels, and what has gone wrong on it.
//!
//! A driver reports errors whenever it likes, not where they were caused. So the first one is kept, and asked for
//! wherever the engine waits.

use std::sync::{Arc, Mutex, PoisonError};

use impasto_engine::EngineError;
use wgpu::{BufferUsages, PollType};

use crate::kernels::Kernels;
use crate::reading::Mapped;
use crate::{Adapter, GpuError};

/// A failure that a driver reported.
#[derive(Clone, Debug)]
enum Failure {
    /// The card does not answer any more. It never will.
    Lost(String),
    /// There was no memory.
    Memory,
    /// The driver refused something.
    Refused(String),
}

/// An opened card.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) inner: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) kernels: Kernels,
    pub(crate) adapter: Adapter,
    failure: Arc<Mutex<Option<Failure>>>,
    /// The number of observations after which a test wants the card to be lost.
    left: Mutex<Option<usize>>,
}

impl Device {
    /// Opens a card and translates the kernels for it.
    pub(crate) async fn open(adapter: &Adapter) -> Result<Device, GpuError> {
        let refused = |reason: String| GpuError::Refused { adapter: adapter.name.clone(), reason };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("impasto"),
            // All that it has: maps of features are large.
            required_limits: adapter.inner.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = adapter.inner.request_device(&descriptor).await;
        let (inner, queue) = opened.map_err(|error| refused(error.to_string()))?;
        let failure: Arc<Mutex<Option<Failure>>> = Arc::default();
        let keep = |failure: &Arc<Mutex<Option<Failure>>>| {
            let failure = failure.clone();
            move |found: Failure| {
                let mut kept = failure.lock().unwrap_or_else(PoisonError::into_inner);
                // A card that is lost stays lost; otherwise the first error tells the cause.
                if kept.is_none() || matches!(found, Failure::Lost(_)) {
                    *kept = Some(found);
                }
            }
        };
        let lost = keep(&failure);
        inner.set_device_lost_callback(move |_, reason| {
            let said = if reason.is_empty() { "the driver gives no reason".into() } else { reason };
            lost(Failure::Lost(said));
        });
        let refuse = keep(&failure);
        inner.on_uncaptured_error(Arc::new(move |error| {
            refuse(match error {
                wgpu::Error::OutOfMemory { .. } => Failure::Memory,
                wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
                    Failure::Refused(description)
                }
            });
        }));
        let kernels = Kernels::new(&inner);
        let device =
            Device { inner, queue, kernels, adapter: adapter.clone(), failure, left: Mutex::default() };
        device.check().map_err(|error| refused(error.to_string()))?;
        Ok(device)
    }

    /// The error for what the driver has reported since the last check, if anything.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let mut kept = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let device = self.adapter.name.clone();
        let Some(failure) = kept.clone() else { return Ok(()) };
        Err(match failure {
            Failure::Lost(reason) => EngineError::DeviceLost { device, reason },
            Failure::Memory => {
                *kept = None;
                EngineError::DeviceMemory { device }
            }
            Failure::Refused(reason) => {
                *kept = None;
                EngineError::DeviceRefused { device, reason }
            }
        })
    }

    /// Whether the card does not answer any more.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(*self.failure.lock().unwrap_or_else(PoisonError::into_inner), Some(Failure::Lost(_)))
    }

    /// Gives the card up, as if it had been lost: for tests.
    pub(crate) fn lose(&self) {
        self.inner.destroy();
        let mut kept = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Failure::Lost("it was given up".into()));
    }

    /// Gives the card up after this many observations: for tests.
    pub(crate) fn lose_after(&self, observations: usize) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(observations);
    }

    /// Counts an observation, for [`lose_after`](Device::lose_after).
    pub(crate) fn count(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.as_mut() {
            None => {}
            Some(0) => self.lose(),
            Some(left) => *left -= 1,
        }
    }

    /// A buffer whose contents kernels read and write.
    pub(crate) fn buffer(&self, bytes: u64) -> wgpu::Buffer {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.new_buffer(bytes, usage)
    }

    /// A buffer that the host reads.
    pub(crate) fn host_buffer(&self, bytes: u64) -> wgpu::Buffer {
        self.new_buffer(bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    pub(crate) fn new_buffer(&self, bytes: u64, usage: BufferUsages) -> wgpu::Buffer {
        let size = bytes.next_multiple_of(16).max(16);
        self.inner.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// A buffer with these contents.
    pub(crate) fn filled(&self, values: &[f32]) -> wgpu::Buffer {
        let buffer = self.buffer(size_of_val(values) as u64);
        self.write(&buffer, 0, values);
        buffer
    }

    /// Copies numbers to a buffer, before the work that is submitted next.
    pub(crate) fn write(&self, buffer: &wgpu::Buffer, start: usize, values: &[f32]) {
        if !values.is_empty() {
            self.queue.write_buffer(buffer, (start * size_of::<f32>()) as u64, bytemuck::cast_slice(values));
        }
    }

    /// Waits for a buffer of the host, and takes its first numbers.
    pub(crate) async fn read(&self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<f32>, EngineError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let range = ..(count * size_of::<f32>()) as u64;
        let mapped = Mapped::begin(buffer.slice(range));
        // In a browser the answer comes by itself, and this does nothing.
        let waited = self.inner.poll(PollType::wait_indefinitely());
        self.check()?;
        if let Err(error) = waited {
            return Err(self.lost(error.to_string()));
        }
        mapped.await.map_err(|error| self.lost(error.to_string()))?;
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
