//! A recorded sequence of kernels: made once for a size and a request, run at every evaluation.
//!
//! Watchdogs of drivers end what takes seconds. So a kernel with much to do is recorded as several pieces.

use wgpu::{BindGroup, BindGroupEntry, BufferBinding, BufferUsages, CommandEncoder};

use crate::buffer::Buffer;
use crate::device::Device;
use crate::sources::Kernel;

/// Distance of the numbers of two kernels: the largest alignment that a device may ask for.
pub(crate) const SLOT: usize = 256;

/// The most workgroups along one axis.
pub(crate) const MOST_GROUPS: usize = 65_535;

/// Threads of a workgroup, for every kernel.
pub(crate) const THREADS: usize = 64;

/// Multiplications of one piece: a card of half a teraflop per second, at a third of that, takes 25 ms.
pub(crate) const PIECE: usize = 1 << 31;

/// A kernel that is to be recorded.
struct Draft {
    kernel: Kernel,
    buffers: Vec<Buffer>,
    groups: (usize, usize, usize),
}

/// A copy of the first bytes of a buffer, before all kernels.
#[derive(Debug)]
struct Copy {
    from: Buffer,
    to: Buffer,
    bytes: u64,
}

/// Records kernels.
#[derive(Default)]
pub(crate) struct Recorder {
    drafts: Vec<Draft>,
    numbers: Vec<u32>,
    copies: Vec<Copy>,
}

/// The place of a kernel's numbers, which may be changed later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(usize);

impl Recorder {
    /// Records a kernel: its numbers, the buffers that it reads, then the one that it writes, and its workgroups.
    pub(crate) fn add(
        &mut self,
        kernel: Kernel,
        numbers: &[u32],
        buffers: &[&Buffer],
        groups: (usize, usize, usize),
    ) -> Place {
        let place = Place(self.drafts.len());
        self.numbers.extend_from_slice(numbers);
        self.numbers.resize((place.0 + 1) * SLOT / size_of::<u32>(), 0);
        self.drafts.push(Draft {
            kernel,
            buffers: buffers.iter().map(|buffer| (*buffer).clone()).collect(),
            groups,
        });
        place
    }

    /// Records a copy of numbers, which comes before all kernels.
    pub(crate) fn copy(&mut self, from: &Buffer, to: &Buffer, count: usize) {
        let bytes = (size_of::<f32>() * count) as u64;
        self.copies.push(Copy { from: from.clone(), to: to.clone(), bytes });
    }

    /// These kernels, and others after them.
    pub(crate) fn followed_by(mut self, other: Recorder) -> Recorder {
        self.drafts.extend(other.drafts);
        self.numbers.extend(other.numbers);
        self.copies.extend(other.copies);
        self
    }

    /// Bytes of the numbers of all kernels.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.numbers[..])
    }

    pub(crate) fn finish(self, device: &Device) -> Program {
        let bytes: &[u8] = bytemuck::cast_slice(&self.numbers);
        let numbers = device.new_buffer(bytes.len() as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        device.write_bytes(&numbers, 0, bytes);
        let step = |(index, draft): (usize, &Draft)| {
            let uniform = BufferBinding {
                buffer: &numbers,
                offset: (index * SLOT) as u64,
                size: std::num::NonZeroU64::new(SLOT as u64),
            };
            let storage = draft.buffers.iter().map(|buffer| buffer.as_entire_buffer_binding());
            let bindings = std::iter::once(uniform).chain(storage).map(wgpu::BindingResource::Buffer);
            let entries: Vec<BindGroupEntry> =
                (0..).zip(bindings).map(|(binding, resource)| BindGroupEntry { binding, resource }).collect();
            let layout = &device.kernels.get(draft.kernel).layout;
            let descriptor = wgpu::BindGroupDescriptor { label: None, layout, entries: &entries };
            let (x, y, z) = draft.groups;
            let groups = (x as u32, y as u32, z as u32);
            Step { kernel: draft.kernel, bound: device.inner.create_bind_group(&descriptor), groups }
        };
        Program { steps: self.drafts.iter().enumerate().map(step).collect(), numbers, copies: self.copies }
    }
}

#[derive(Debug)]
struct Step {
    kernel: Kernel,
    bound: BindGroup,
    groups: (u32, u32, u32),
}

/// A recorded sequence.
#[derive(Debug)]
pub(crate) struct Program {
    copies: Vec<Copy>,
    steps: Vec<Step>,
    numbers: Buffer,
}

impl Program {
    /// Changes one number of a kernel, before the work that is submitted next.
    pub(crate) fn set(&self, device: &Device, place: Place, index: usize, number: u32) {
        let offset = place.0 * SLOT + index * size_of::<u32>();
        device.write_bytes(&self.numbers, offset as u64, &number.to_ne_bytes());
    }

    /// Puts the sequence into a list of commands.
    pub(crate) fn encode(&self, device: &Device, encoder: &mut CommandEncoder) {
        for copy in &self.copies {
            encoder.copy_buffer_to_buffer(&copy.from, 0, &copy.to, 0, copy.bytes);
        }
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for step in &self.steps {
            pass.set_pipeline(&device.kernels.get(step.kernel).pipeline);
            pass.set_bind_group(0, &step.bound, &[]);
            let (x, y, z) = step.groups;
            pass.dispatch_workgroups(x, y, z);
        }
    }
}

/// The workgroups for a number of threads, as a grid, and the groups in a row of it.
pub(crate) fn grid(threads: usize) -> ((usize, usize, usize), u32) {
    let groups = threads.div_ceil(THREADS).max(1);
    let across = groups.min(MOST_GROUPS);
    ((across, groups.div_ceil(across), 1), across as u32)
}

/// The pieces of `count` things that take `each` multiplications: ranges whose lengths are multiples of `unit`.
pub(crate) fn pieces(count: usize, unit: usize, each: usize) -> impl Iterator<Item = (usize, usize)> {
    let length = (PIECE / each.max(1) / unit).clamp(1, MOST_GROUPS) * unit;
    (0..count).step_by(length).map(move |start| (start, (start + length).min(count)))
}
