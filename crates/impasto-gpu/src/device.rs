//! An opened card: its queue of work, its kernels and its matrix units.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use impasto_engine::EngineError;
use wgpu::{ErrorFilter, ExperimentalFeatures};

use crate::buffer::Tally;
use crate::failures::Failures;
use crate::kernels::Kernels;
use crate::pipelines::Pipelines;
use crate::units::Units;
use crate::ways::Ways;
use crate::{Adapter, GpuError, trial};

/// An opened card, as one engine uses it.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) inner: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) kernels: Arc<Kernels>,
    /// The file of translated kernels.
    kept: Option<Arc<Pipelines>>,
    /// The matrix units that compute products.
    pub(crate) units: Option<Units>,
    /// How layers of each width are computed.
    pub(crate) ways: Ways,
    pub(crate) adapter: Adapter,
    pub(crate) tally: Arc<Tally>,
    /// Shared by all engines of the card.
    failures: Failures,
    /// The number of failures that this engine knows of.
    seen: AtomicU64,
}

impl Device {
    /// Opens a card and translates the kernels for it, unless a folder has them. `units` enables matrix
    /// units: those that are on by default are used at once, others after [`with_units`](Device::with_units).
    pub(crate) async fn open(
        adapter: &Adapter,
        folder: Option<&Path>,
        units: Option<Units>,
    ) -> Result<Device, GpuError> {
        let refused = |reason: String| GpuError::Refused { adapter: adapter.name.clone(), reason };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("impasto"),
            required_features: folder.map_or(wgpu::Features::empty(), |_| Pipelines::feature(adapter))
                | units.map_or(wgpu::Features::empty(), Units::features),
            experimental_features: experimental(units),
            // All that it has: maps of features are large.
            required_limits: adapter.inner.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = adapter.inner.request_device(&descriptor).await;
        let (inner, queue) = opened.map_err(|error| refused(error.to_string()))?;
        let failures = Failures::of(&inner);
        let kept = match folder {
            Some(folder) => Pipelines::open(&inner, adapter, folder).await.map(Arc::new),
            None => None,
        };
        let kernels = Arc::new(Kernels::new(&inner, kept.as_ref().map(|kept| &kept.cache)));
        if let Some(kept) = &kept {
            kept.keep();
        }
        let seen = AtomicU64::new(0);
        let (adapter, tally) = (adapter.clone(), Arc::default());
        let ways = Ways::rule(None);
        let plain = Device { inner, queue, kernels, kept, units: None, ways, adapter, tally, failures, seen };
        let device = match units.filter(|units| units.by_default()) {
            Some(units) => plain.with_units(units).await.unwrap_or(plain),
            None => plain,
        };
        device.check().map_err(|error| refused(error.to_string()))?;
        // A browser tells what it refuses with the first answer.
        if cfg!(target_arch = "wasm32") {
            let read = device.read(&device.host_buffer(16), 1).await;
            read.map_err(|error| refused(error.to_string()))?;
        }
        Ok(device)
    }

    /// The card for one more engine, which learns of failures from now on.
    pub(crate) fn for_engine(&self) -> Device {
        Device {
            inner: self.inner.clone(),
            queue: self.queue.clone(),
            kernels: self.kernels.clone(),
            kept: self.kept.clone(),
            units: self.units,
            ways: self.ways,
            adapter: self.adapter.clone(),
            tally: self.tally.clone(),
            failures: self.failures.clone(),
            seen: AtomicU64::new(self.failures.count()),
        }
    }

    /// The card with products on its matrix units; `None` if they do not compute what other kernels compute.
    pub(crate) async fn with_units(&self, units: Units) -> Option<Device> {
        // Browsers have none, so the page's module is spared the kernels.
        if cfg!(target_arch = "wasm32") || !self.inner.features().contains(units.features()) {
            return None;
        }
        // The scopes catch what the driver refuses, so that it does not spoil the work of others.
        let filters = [ErrorFilter::OutOfMemory, ErrorFilter::Internal, ErrorFilter::Validation];
        let scopes = filters.map(|filter| self.inner.push_error_scope(filter));
        let cache = self.kept.as_ref().map(|kept| &kept.cache);
        let kernels = Arc::new(self.kernels.and_of(units, &self.inner, cache));
        let with = Device { kernels, units: Some(units), ways: Ways::rule(Some(units)), ..self.for_engine() };
        let passed = trial::passes(&self.with_ways(Ways::rule(None)), &with).await;
        let mut refused = false;
        for scope in scopes.into_iter().rev() {
            refused |= scope.pop().await.is_some();
        }
        if let Some(kept) = &self.kept {
            kept.keep();
        }
        (passed && !refused).then_some(with)
    }

    /// The card without its matrix units.
    pub(crate) fn without_units(&self) -> Device {
        Device { units: None, ways: self.ways.without_units(), ..self.for_engine() }
    }

    /// The card with layers computed in these ways.
    pub(crate) fn with_ways(&self, ways: Ways) -> Device {
        let ways = if self.units.is_some() { ways } else { ways.without_units() };
        Device { ways, ..self.for_engine() }
    }

    /// Everything that the bytes of a result depend on, with the kind of device.
    pub(crate) fn identity(&self) -> String {
        self.adapter.device_identity(self.units.is_some(), self.ways)
    }

    /// Whether this is the same card, opened once.
    pub(crate) fn is(&self, other: &Device) -> bool {
        self.failures.are(&other.failures)
    }

    /// The error for what the driver has reported since this engine's last check, if anything.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let (error, count) = self.failures.since(self.seen.load(Ordering::SeqCst), &self.adapter.name);
        self.seen.fetch_max(count, Ordering::SeqCst);
        error.map_or(Ok(()), Err)
    }

    /// Whether the card does not answer any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.failures.is_lost()
    }

    /// Gives the card up, as if it had been lost: for tests.
    pub(crate) fn lose(&self) {
        self.inner.destroy();
        self.failures.lost("it was given up".into());
    }

    /// Gives the card up after this many observations: for tests.
    pub(crate) fn lose_after(&self, observations: usize) {
        self.failures.lose_after(observations);
    }

    /// Counts an observation, for [`lose_after`](Device::lose_after).
    pub(crate) fn count(&self) {
        self.lose_if_due();
        self.failures.observed();
    }

    /// Gives the card up if no observation is left, for [`lose_after`](Device::lose_after): a draft is none.
    pub(crate) fn lose_if_due(&self) {
        if self.failures.due() {
            self.lose();
        }
    }
}

/// wgpu's permission for its experimental features.
#[allow(unsafe_code)]
fn experimental(units: Option<Units>) -> ExperimentalFeatures {
    match units {
        None => ExperimentalFeatures::disabled(),
        // SAFETY: wgpu says that an experiment of its own may have undefined behaviour if it is used wrongly, and wants
        // to be told of such faults. The one that is asked for is products of matrices. wgpu does not check the bounds
        // of what they load and store; `units_*.wgsl` alone do so, from matrices that are padded to whole blocks
        // (`Matrices` in winograd.rs), so every element lies in its buffer. A driver that translates them wrongly is
        // found by the trial (trial.rs). Nothing else of this crate changes with the experiment.
        Some(_) => unsafe { ExperimentalFeatures::enabled() },
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) mod tests {
    use std::io::Write;

    use super::*;

    /// A card; `None`, after saying so, where there is none.
    pub(crate) fn card() -> Option<Device> {
        let found = crate::find(&crate::adapters_here(), "gpu");
        match found.and_then(|adapter| pollster::block_on(Device::open(&adapter, None, None))) {
            Ok(device) => Some(device),
            Err(reason) => {
                let forbidden = std::env::var_os("IMPASTO_NO_SKIPS");
                let forbidden = forbidden.is_some_and(|value| value == "1" || value == "units");
                assert!(!forbidden, "skipped: {reason}");
                let _ = writeln!(std::io::stderr(), "skipped: {reason}");
                None
            }
        }
    }

    #[test]
    fn each_engine_of_a_card_learns_of_a_failure_once() {
        let Some(card) = card() else { return };
        let (one, other) = (card.for_engine(), card.for_engine());
        assert!(one.check().is_ok() && other.check().is_ok());
        // More than any card has.
        let _ = one.buffer(u64::MAX / 2);
        let failed = |device: &Device| {
            matches!(
                device.check(),
                Err(EngineError::DeviceMemory { .. } | EngineError::DeviceRefused { .. })
            )
        };
        // The engine that caused it may look second.
        assert!(failed(&other) && failed(&one));
        assert!(one.check().is_ok() && other.check().is_ok());
        assert!(card.for_engine().check().is_ok(), "an engine that came later");
        other.lose();
        assert!(one.is_lost() && matches!(one.check(), Err(EngineError::DeviceLost { .. })));
        assert!(one.check().is_err(), "it stays lost");
    }
}
