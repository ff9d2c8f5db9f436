//! The kernels, translated for a device. Each is one file in `shaders/`, put together with the files it builds on, and
//! specialised by one constant where it has variants.

use wgpu::{
    BindGroupLayout, BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline, Device,
    PipelineCache, ShaderStages,
};

/// A kernel with its place in [`Kernels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    Input,
    Convolve,
    ConvolveBack,
    ConvolveBackMasked,
    ConvolveBackTapped,
    FirstBack,
    PoolMax,
    PoolAverage,
    PoolL2,
    UnpoolMax,
    UnpoolAverage,
    UnpoolL2,
    Mask,
    Moments,
    Reduce,
    Residual,
    Tap,
    ResidualBack,
    WinogradWeights,
    WinogradInput,
    WinogradProduct,
    WinogradOutput,
    WinogradOutputBack,
    WinogradOutputBackMasked,
    WinogradOutputBackTapped,
    Seen,
    VariationValue,
    VariationBack,
    Through,
    Tie,
    Limit,
    Adam,
    Average,
}

/// The source of a kernel, the number of buffers that it only reads, and its constant.
struct Source {
    kernel: Kernel,
    text: &'static [&'static str],
    reads: u32,
    /// The number of buffers that it writes.
    writes: u32,
    constant: Option<(&'static str, f64)>,
}

const TILE: &str = include_str!("shaders/tile.wgsl");
const FINISH: &str = include_str!("shaders/finish_tile.wgsl");
const BORDER: &str = include_str!("shaders/border.wgsl");
const CONVOLVE: &[&str] = &[TILE, FINISH, BORDER, include_str!("shaders/convolve.wgsl")];
const WINOGRAD: &str = include_str!("shaders/winograd.wgsl");
const WINOGRAD_OUTPUT: &[&str] = &[WINOGRAD, include_str!("shaders/winograd_output.wgsl")];
const VARIATION: &str = include_str!("shaders/variation.wgsl");
const POOL: &[&str] = &[include_str!("shaders/pool.wgsl")];
const UNPOOL: &[&str] = &[include_str!("shaders/unpool.wgsl")];

const fn source(kernel: Kernel, text: &'static [&'static str], reads: u32) -> Source {
    Source { kernel, text, reads, writes: 1, constant: None }
}

const fn variant(
    kernel: Kernel,
    text: &'static [&'static str],
    reads: u32,
    constant: (&'static str, f64),
) -> Source {
    Source { kernel, text, reads, writes: 1, constant: Some(constant) }
}

const fn writing(source: Source, writes: u32) -> Source {
    Source { writes, ..source }
}

/// In the order of [`Kernel`].
const SOURCES: &[Source] = &[
    source(Kernel::Input, &[include_str!("shaders/input.wgsl")], 1),
    variant(Kernel::Convolve, CONVOLVE, 3, ("mode", 0.0)),
    variant(Kernel::ConvolveBack, CONVOLVE, 3, ("mode", 1.0)),
    variant(Kernel::ConvolveBackMasked, CONVOLVE, 3, ("mode", 2.0)),
    variant(Kernel::ConvolveBackTapped, CONVOLVE, 3, ("mode", 3.0)),
    source(Kernel::FirstBack, &[BORDER, include_str!("shaders/first_back.wgsl")], 2),
    variant(Kernel::PoolMax, POOL, 1, ("kind", 0.0)),
    variant(Kernel::PoolAverage, POOL, 1, ("kind", 1.0)),
    variant(Kernel::PoolL2, POOL, 1, ("kind", 2.0)),
    variant(Kernel::UnpoolMax, UNPOOL, 2, ("kind", 0.0)),
    variant(Kernel::UnpoolAverage, UNPOOL, 2, ("kind", 1.0)),
    variant(Kernel::UnpoolL2, UNPOOL, 2, ("kind", 2.0)),
    source(Kernel::Mask, &[include_str!("shaders/mask.wgsl")], 1),
    source(Kernel::Moments, &[TILE, include_str!("shaders/moments.wgsl")], 2),
    source(Kernel::Reduce, &[include_str!("shaders/reduce.wgsl")], 1),
    source(Kernel::Residual, &[include_str!("shaders/residual.wgsl")], 3),
    source(Kernel::Tap, &[TILE, FINISH, include_str!("shaders/tap.wgsl")], 3),
    source(Kernel::ResidualBack, &[include_str!("shaders/residual_back.wgsl")], 3),
    source(Kernel::WinogradWeights, &[WINOGRAD, include_str!("shaders/winograd_weights.wgsl")], 1),
    source(Kernel::WinogradInput, &[WINOGRAD, BORDER, include_str!("shaders/winograd_input.wgsl")], 1),
    source(Kernel::WinogradProduct, &[TILE, FINISH, include_str!("shaders/winograd_product.wgsl")], 2),
    variant(Kernel::WinogradOutput, WINOGRAD_OUTPUT, 2, ("mode", 0.0)),
    variant(Kernel::WinogradOutputBack, WINOGRAD_OUTPUT, 2, ("mode", 1.0)),
    variant(Kernel::WinogradOutputBackMasked, WINOGRAD_OUTPUT, 2, ("mode", 2.0)),
    variant(Kernel::WinogradOutputBackTapped, WINOGRAD_OUTPUT, 2, ("mode", 3.0)),
    source(Kernel::Seen, &[include_str!("shaders/seen.wgsl")], 2),
    source(Kernel::VariationValue, &[VARIATION, include_str!("shaders/variation_value.wgsl")], 1),
    source(Kernel::VariationBack, &[VARIATION, include_str!("shaders/variation_back.wgsl")], 1),
    writing(source(Kernel::Through, &[include_str!("shaders/through.wgsl")], 1), 2),
    source(Kernel::Tie, &[include_str!("shaders/tie.wgsl")], 1),
    writing(source(Kernel::Limit, &[include_str!("shaders/limit.wgsl")], 0), 2),
    writing(source(Kernel::Adam, &[include_str!("shaders/adam.wgsl")], 1), 4),
    writing(source(Kernel::Average, &[include_str!("shaders/average.wgsl")], 1), 2),
];

/// A kernel that can run.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) pipeline: ComputePipeline,
    pub(crate) layout: BindGroupLayout,
}

/// All kernels of a device.
#[derive(Debug)]
pub(crate) struct Kernels(Vec<Ready>);

impl Kernels {
    pub(crate) fn new(device: &Device, cache: Option<&PipelineCache>) -> Kernels {
        Kernels(SOURCES.iter().map(|source| ready(device, source, cache)).collect())
    }

    pub(crate) fn get(&self, kernel: Kernel) -> &Ready {
        &self.0[kernel as usize]
    }
}

/// The sources of all kernels, with their constants.
pub(crate) fn sources() -> String {
    SOURCES
        .iter()
        .flat_map(|source| [format!("{:?} {:?}", source.kernel, source.constant), source.text.concat()])
        .collect()
}

fn ready(device: &Device, source: &Source, cache: Option<&PipelineCache>) -> Ready {
    debug_assert_eq!(SOURCES[source.kernel as usize].kernel, source.kernel);
    let label = format!("{:?}", source.kernel);
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(&label),
        source: wgpu::ShaderSource::Wgsl(source.text.join("\n").into()),
    });
    // The numbers of the work, what is read, and what is written.
    let kinds = std::iter::once(BufferBindingType::Uniform)
        .chain((0..source.reads).map(|_| BufferBindingType::Storage { read_only: true }))
        .chain((0..source.writes).map(|_| BufferBindingType::Storage { read_only: false }));
    let entries: Vec<BindGroupLayoutEntry> =
        (0..).zip(kinds).map(|(binding, ty)| entry(binding, ty)).collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(&label),
        entries: &entries,
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(&label),
        bind_group_layouts: &[Some(&layout)],
        ..wgpu::PipelineLayoutDescriptor::default()
    });
    let constants: Vec<(&str, f64)> = source.constant.into_iter().collect();
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(&label),
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants: &constants,
            // Every kernel writes workgroup memory before it reads it.
            zero_initialize_workgroup_memory: false,
        },
        cache,
    });
    Ready { pipeline, layout }
}

fn entry(binding: u32, ty: BufferBindingType) -> BindGroupLayoutEntry {
    BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    }
}
