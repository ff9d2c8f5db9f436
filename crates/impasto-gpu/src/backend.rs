//! The backend: a card that makes engines.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use impasto_encoder::Level;
use impasto_engine::{Autoencoder, Backend, Cancel, Engine, EngineError, InstructionSet, Network};

use crate::device::Device;
use crate::engine::BEYOND;
use crate::measure::{TRIALS, fastest};
use crate::waiting::{answer, wait};
use crate::{Adapter, GpuAutoencoder, GpuEngine, GpuError, Method, Taken, Units, Ways};
#[cfg(not(target_arch = "wasm32"))]
use crate::{adapters_here, find};

/// A graphics card, opened. Its engines share it.
#[derive(Debug)]
pub struct GpuBackend {
    adapter: Adapter,
    name: String,
    device: Arc<Device>,
    /// How all layers are computed; `None`: each by its own method.
    method: Option<Method>,
}

impl GpuBackend {
    /// Opens a card.
    ///
    /// # Errors
    /// [`GpuError::Refused`] with the driver's words.
    pub async fn open(adapter: &Adapter) -> Result<GpuBackend, GpuError> {
        GpuBackend::with(adapter, None).await
    }

    async fn with(adapter: &Adapter, folder: Option<&Path>) -> Result<GpuBackend, GpuError> {
        let device = match Device::open(adapter, folder, adapter.units).await {
            // The experiment may be what the driver refuses.
            Err(_) if adapter.units.is_some() => Device::open(adapter, folder, None).await,
            opened => opened,
        };
        Ok(GpuBackend::of(device?, None))
    }

    fn of(device: Device, method: Option<Method>) -> GpuBackend {
        let (adapter, name) = (device.adapter.clone(), device.identity());
        GpuBackend { adapter, name, device: Arc::new(device), method }
    }

    /// [`open`](GpuBackend::open), for where a call may wait.
    ///
    /// # Errors
    /// The errors of that function.
    pub fn open_here(adapter: &Adapter) -> Result<GpuBackend, GpuError> {
        answer(GpuBackend::open(adapter)).unwrap_or_else(|| {
            let reason = "this page cannot wait for it".into();
            Err(GpuError::Refused { adapter: adapter.name.clone(), reason })
        })
    }

    /// [`open_here`](GpuBackend::open_here), with the kernels that an earlier start translated and kept in a folder of
    /// the user's; what this one translates is kept there. Only drivers that keep kernels do so. A file that is
    /// damaged, foreign or cannot be written is done without. No other program should write there.
    ///
    /// # Errors
    /// The errors of that function.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open_keeping(adapter: &Adapter, folder: &Path) -> Result<GpuBackend, GpuError> {
        pollster::block_on(GpuBackend::with(adapter, Some(folder)))
    }

    /// Finds a card by `gpu`, `gpu:N` or a part of its name, and opens it.
    ///
    /// # Errors
    /// The errors of [`find`] and of [`open`](GpuBackend::open).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn find(name: &str) -> Result<GpuBackend, GpuError> {
        GpuBackend::open_here(&find(&adapters_here(), name)?)
    }

    /// The card.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Makes an engine for a network, as [`Backend::prepare`] does.
    ///
    /// # Errors
    /// When the card is lost or has not enough memory for the weights.
    pub fn engine(&self, network: Network, cancel: Cancel) -> Result<GpuEngine, EngineError> {
        GpuEngine::new(Arc::new(self.device.for_engine()), network, cancel, self.method)
    }

    /// Whether the card was lost. What is opened next is a new one.
    pub fn is_lost(&self) -> bool {
        self.device.is_lost()
    }

    /// Gives the card up as if the driver had lost it, for tests of what happens then.
    pub fn lose(&self) {
        self.device.lose();
    }

    /// Gives the card up when it has observed this many pictures more, for tests of what happens then.
    pub fn lose_after(&self, observations: usize) {
        self.device.lose_after(observations);
    }

    /// The bytes of all buffers on the card, of all its engines.
    pub fn taken(&self) -> Taken {
        self.device.tally.taken()
    }

    /// The bytes that wgpu has allocated on the card, by its own count and rounded its way; `None` where it does not
    /// count.
    pub fn allocated(&self) -> Option<u64> {
        self.device.inner.generate_allocator_report().map(|report| report.total_allocated_bytes)
    }

    /// Begins the count of [`Taken::most`] anew, with the buffers that are alive.
    pub fn count_anew(&self) {
        self.device.tally.begin();
    }

    /// Computes all layers by one method, where the card would choose for each: for tests and measurements.
    #[must_use]
    pub fn method(self, method: Method) -> GpuBackend {
        GpuBackend { method: Some(method), ..self }
    }

    /// Turns the card's matrix units on or off, for layers of 64 channels or more. A card whose units do not pass a
    /// trial computes without them; [`matrix_units`](GpuBackend::matrix_units) tells. Unless this is called, units that
    /// take single precision are used, and those that take numbers in two parts are not.
    #[must_use]
    pub fn units(self, on: bool) -> GpuBackend {
        let device = match (on, self.device.units, self.adapter.units) {
            (true, None, Some(units)) => answer(self.device.with_units(units)).flatten(),
            (true, Some(units), _) => Some(self.device.with_ways(Ways::rule(Some(units)))),
            (false, Some(_), _) => Some(self.device.without_units()),
            _ => None,
        };
        match device {
            Some(device) => GpuBackend::of(device, self.method),
            None => self,
        }
    }

    /// Computes layers of each width in these ways, which [`measured`](GpuBackend::measured) found, or which an
    /// identity tells ([`Adapter::ways_of`]). Where matrix units cannot be used, layers go without them.
    #[must_use]
    pub fn ways(self, ways: Ways) -> GpuBackend {
        let backend = if ways.need_units() { self.units(true) } else { self };
        GpuBackend::of(backend.device.with_ways(ways), backend.method)
    }

    /// Measures how this card computes layers of each width the fastest, on matrix units too. It takes some tenths of a
    /// second. `clock` gives the time since some moment.
    ///
    /// # Errors
    /// When the card is lost or has not enough memory.
    pub fn measured(&self, clock: &dyn Fn() -> Duration) -> Result<Ways, EngineError> {
        let with = self.adapter.units.filter(|_| self.device.units.is_none());
        let with = with.and_then(|units| answer(self.device.with_units(units)).flatten());
        wait(fastest(with.as_ref().unwrap_or(&self.device), TRIALS, clock))
    }

    /// The matrix units that compute products.
    pub fn matrix_units(&self) -> Option<Units> {
        self.device.units.filter(|_| self.device.ways.need_units())
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> &str {
        &self.name
    }

    /// More than any picture takes, since drivers do not tell how much memory a card has, but less than the forecast
    /// for a picture whose maps do not fit into a binding of the card: that one is cut into tiles.
    fn memory(&self) -> Option<u64> {
        Some((BEYOND - 1) as u64)
    }

    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        Ok(Box::new(self.engine(network, cancel)?))
    }

    fn autoencoder(
        &self,
        level: Level,
        cancel: Cancel,
        _: InstructionSet,
    ) -> Result<Box<dyn Autoencoder>, EngineError> {
        Ok(Box::new(GpuAutoencoder::new(Arc::new(self.device.for_engine()), level, cancel)?))
    }
}
