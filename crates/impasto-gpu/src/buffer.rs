//! Buffers of a card that are counted: how many bytes are alive, and the most that were at once.
//!
//! Drivers do not tell how much memory a program holds. So every buffer of this crate is one of these, and what passes
//! to the card through the driver's own buffers is counted until the card has taken it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a card's buffers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The bytes that are alive.
    pub now: u64,
    /// The most bytes that were alive at once since the count began.
    pub most: u64,
}

/// The count of a card, shared by its engines.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    now: AtomicU64,
    most: AtomicU64,
    /// Bytes of `now` that the driver holds for writes until the card has done them.
    passing: AtomicU64,
}

impl Tally {
    pub(crate) fn taken(&self) -> Taken {
        Taken { now: self.now.load(Ordering::SeqCst), most: self.most.load(Ordering::SeqCst) }
    }

    /// Begins the count of the most anew.
    pub(crate) fn begin(&self) {
        self.most.store(self.now.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn add(&self, bytes: u64) {
        let now = self.now.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn remove(&self, bytes: u64) {
        self.now.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// Counts a write, whose bytes the driver copies.
    pub(crate) fn pass(&self, bytes: u64) {
        self.passing.fetch_add(bytes, Ordering::SeqCst);
        self.add(bytes);
    }

    /// The card has done all writes so far.
    pub(crate) fn passed(&self) {
        self.remove(self.passing.swap(0, Ordering::SeqCst));
    }
}

/// A buffer of a card. Clones are the same buffer.
#[derive(Clone, Debug)]
pub(crate) struct Buffer {
    inner: wgpu::Buffer,
    /// Held for its end, at which the bytes are given back.
    _counted: Arc<Counted>,
}

impl Buffer {
    /// Makes a buffer.
    pub(crate) fn new(
        device: &wgpu::Device,
        tally: &Arc<Tally>,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Buffer {
        tally.add(size);
        let counted = Arc::new(Counted { tally: tally.clone(), bytes: size });
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        Buffer { inner: device.create_buffer(&descriptor), _counted: counted }
    }
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.inner
    }
}

#[derive(Debug)]
struct Counted {
    tally: Arc<Tally>,
    bytes: u64,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.tally.remove(self.bytes);
    }
}
