//! The kernels, translated for a device.

use std::collections::BTreeMap;

use wgpu::{
    BindGroupLayout, BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline, Device,
    PipelineCache, ShaderStages,
};

use crate::sources::{Kernel, SOURCES, Source};
use crate::units::Units;

/// A kernel that can run.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) pipeline: ComputePipeline,
    pub(crate) layout: BindGroupLayout,
}

/// All kernels of a device.
#[derive(Debug)]
pub(crate) struct Kernels(BTreeMap<Kernel, Ready>);

impl Kernels {
    pub(crate) fn new(device: &Device, cache: Option<&PipelineCache>) -> Kernels {
        let all = SOURCES.iter().filter(|source| source.units.is_empty());
        Kernels(all.map(|source| (source.kernel, ready(device, source, cache))).collect())
    }

    /// All these kernels, and the kernels for some matrix units.
    pub(crate) fn and_of(&self, units: Units, device: &Device, cache: Option<&PipelineCache>) -> Kernels {
        let more = SOURCES.iter().filter(|source| source.units.contains(&units));
        let more = more.map(|source| (source.kernel, ready(device, source, cache)));
        Kernels(self.0.clone().into_iter().chain(more).collect())
    }

    pub(crate) fn get(&self, kernel: Kernel) -> &Ready {
        &self.0[&kernel]
    }
}

fn ready(device: &Device, source: &Source, cache: Option<&PipelineCache>) -> Ready {
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
