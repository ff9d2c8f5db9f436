//! The graphics cards of a machine, and how they are named.

use std::fmt;

use crate::GpuError;
use crate::units::Units;
use crate::waiting::answer;
use crate::ways::Ways;

/// The kind of an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AdapterKind {
    /// A card with memory of its own.
    Discrete,
    /// A part of the processor, with the machine's memory.
    Integrated,
    /// A card that a virtual machine shows.
    Virtual,
    /// The driver does not say.
    Unknown,
    /// A program that plays a card on the processor.
    Software,
}

impl AdapterKind {
    fn of(kind: wgpu::DeviceType) -> AdapterKind {
        match kind {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            wgpu::DeviceType::Other => AdapterKind::Unknown,
        }
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            AdapterKind::Discrete => "discrete",
            AdapterKind::Integrated => "integrated",
            AdapterKind::Virtual => "virtual",
            AdapterKind::Unknown => "unknown",
            AdapterKind::Software => "software",
        })
    }
}

/// A graphics card, or a program that plays one.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub(crate) inner: wgpu::Adapter,
    /// Its name, as the driver gives it. A browser may give none; the page can put one here before it opens the card.
    pub name: String,
    /// Its kind.
    pub kind: AdapterKind,
    /// The interface that it is reached by: `vulkan`, `metal`, `dx12` or `webgpu`.
    pub api: String,
    /// The driver and its version, as far as the driver says.
    pub driver: String,
    /// The largest buffer in bytes.
    pub largest_buffer: u64,
    /// The largest part of a buffer that a kernel can see, in bytes. One map of features must fit into it.
    pub largest_binding: u64,
    /// The matrix units that this crate can use.
    pub units: Option<Units>,
}

impl Adapter {
    fn new(inner: wgpu::Adapter) -> Adapter {
        let (info, limits) = (inner.get_info(), inner.limits());
        Adapter {
            name: info.name.trim().to_owned(),
            kind: AdapterKind::of(info.device_type),
            api: info.backend.to_str().to_owned(),
            driver: [info.driver.trim(), info.driver_info.trim()].join(" ").trim().to_owned(),
            largest_buffer: limits.max_buffer_size,
            largest_binding: limits.max_storage_buffer_binding_size,
            units: Units::of(&inner),
            inner,
        }
    }

    /// Whether the engine's kernels fit: it has compute shaders, and groups of threads that are large enough.
    fn computes(&self) -> bool {
        let limits = self.inner.limits();
        let compute = wgpu::DownlevelFlags::COMPUTE_SHADERS;
        self.inner.get_downlevel_capabilities().flags.contains(compute)
            && limits.max_compute_invocations_per_workgroup >= 64
            && limits.max_compute_workgroup_storage_size >= 8 << 10
            && limits.max_storage_buffers_per_shader_stage >= 5
    }

    /// Whether both are the same card: a machine may have two of one name.
    pub fn is(&self, other: &Adapter) -> bool {
        self.inner.get_info() == other.inner.get_info()
    }

    /// Everything that the bytes of a result depend on: name, interface and driver.
    pub fn identity(&self) -> String {
        format!("{} ({}, {})", self.name, self.api, self.driver)
    }

    /// The identity of an engine on this card: results on matrix units, or by other ways than the rule's, are other
    /// bytes.
    pub(crate) fn device_identity(&self, on_units: bool, ways: Ways) -> String {
        let units = if on_units && ways.need_units() { ", matrix units" } else { "" };
        let rule = Ways::rule(self.units.filter(|_| !units.is_empty()));
        let measured = if ways == rule { String::new() } else { format!(", layers {ways}") };
        format!("gpu {} ({}, {}{units}{measured})", self.name, self.api, self.driver)
    }

    /// The ways of an engine on this card, from its identity; `None` for an identity of another card.
    pub fn ways_of(&self, identity: &str) -> Option<Ways> {
        let tail = identity.strip_prefix(&format!("gpu {} ({}, {}", self.name, self.api, self.driver))?;
        let tail = tail.strip_suffix(')')?;
        let (tail, on_units) = match tail.strip_prefix(", matrix units") {
            Some(tail) => (tail, true),
            None => (tail, false),
        };
        match tail.strip_prefix(", layers ") {
            Some(ways) => ways.parse().ok(),
            None => tail.is_empty().then(|| Ways::rule(self.units.filter(|_| on_units))),
        }
    }
}

/// The adapters that can run the engine, in the order of `gpu:0`, `gpu:1` and so on: discrete cards first, software
/// last. Where there is no driver the list is empty.
pub async fn adapters() -> Vec<Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(descriptor);
    let found = all(&instance).await;
    let mut found: Vec<Adapter> = found.into_iter().map(Adapter::new).filter(Adapter::computes).collect();
    found.sort_by_key(|adapter| adapter.kind);
    found
}

#[cfg(not(target_arch = "wasm32"))]
async fn all(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    instance.enumerate_adapters(wgpu::Backends::PRIMARY).await
}

/// A browser shows one card. The fast one is asked for; the browser decides.
#[cfg(target_arch = "wasm32")]
async fn all(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let power_preference = wgpu::PowerPreference::HighPerformance;
    let options = wgpu::RequestAdapterOptions { power_preference, ..wgpu::RequestAdapterOptions::default() };
    instance.request_adapter(&options).await.into_iter().collect()
}

/// Finds an adapter by name: `gpu` is the first, `gpu:N` the one with this number, and everything else a part of a
/// name, in any case.
///
/// # Errors
/// When there is no adapter at all, or none of this name; the error lists those that there are.
pub fn find(adapters: &[Adapter], name: &str) -> Result<Adapter, GpuError> {
    let found = match name.strip_prefix("gpu:").map(str::parse::<usize>) {
        Some(Ok(index)) => adapters.get(index),
        _ if name == "gpu" => adapters.first(),
        _ => {
            let wanted = name.to_lowercase();
            let mut named = adapters.iter();
            named.find(|adapter| !wanted.is_empty() && adapter.name.to_lowercase().contains(&wanted))
        }
    };
    let names = || {
        let numbered = adapters.iter().enumerate();
        numbered.map(|(index, adapter)| format!("gpu:{index} ({})", adapter.name)).collect()
    };
    match found {
        Some(found) => Ok(found.clone()),
        None if adapters.is_empty() => Err(GpuError::NoAdapter),
        None => Err(GpuError::NoSuchAdapter { name: name.into(), known: names() }),
    }
}

/// [`adapters`], for where a call may wait; none elsewhere.
pub fn adapters_here() -> Vec<Adapter> {
    answer(adapters()).unwrap_or_default()
}
