//! A level on the fast engine. The encoder runs as for an observation, but keeps nothing for a pull-back. Then the
//! features are moved in place, and the decoder runs convolution by convolution.
//!
//! An enlarged map never exists as a whole: patches of it are made where a block of tiles needs them.

use impasto_encoder::{Level, Pooling};
use rayon::prelude::*;

use super::Cpu;
use super::borders::Borders;
use super::buffers::{Buffers, hold};
use super::conv::{Convolution, lengths};
use super::kernels::{
    GROUP, InstructionSet, Isa, Kernel, Lanes, Matrix, Panels, Product, dispatch, flat, flat_mut, groups,
};
use super::map::{Image, Map};
use super::plan::{BufferPlan, Id, Work};
use super::prepared::Prepared;
use super::scratch;
use super::source::Source;
use super::target::Outputs;
use crate::autoencoder::{Affine, Autoencoder, check_image, check_moves};
use crate::geometry::Border;
use crate::request::pyramid;
use crate::{Cancel, EngineError, Moments, Network, Padding, Pixels, Plane, Request, Size};

/// The f32 autoencoder.
#[derive(Debug)]
pub struct CpuAutoencoder {
    level: Level,
    cpu: Cpu,
    decoder: Vec<Prepared>,
    /// Position weights at the tap by region, once a picture is encoded.
    encoded: Option<Vec<Plane>>,
    /// The two maps that the decoder writes in turn.
    painted: [Vec<Lanes>; 2],
}

/// The memory that a level works in. Levels that run one after the other pass it on, because fresh memory costs as much
/// time as the work.
#[derive(Debug, Default)]
pub struct Workspace {
    image: Image,
    buffers: Buffers,
    painted: [Vec<Lanes>; 2],
}

impl CpuAutoencoder {
    /// Makes an autoencoder that runs `level` on an instruction set, or on plain loops if the machine lacks it.
    /// Transforms the weights once, now.
    pub fn new(level: Level, cancel: Cancel, set: InstructionSet) -> CpuAutoencoder {
        let network = Network {
            encoder: level.encoder.clone(),
            pooling: level.encoder.pooling(),
            pool_scale: 1.0,
            padding: Padding::Zero,
        };
        let cpu = Cpu::forwards(network, cancel, set);
        let decoder = level.decoder.convs().par_iter().zip(level.decoder.weights());
        let decoder = decoder.map(|(conv, weights)| Prepared::winograd(conv, weights, cpu.set)).collect();
        CpuAutoencoder { level, cpu, decoder, encoded: None, painted: Default::default() }
    }

    fn request(&self, regions: Vec<Plane>) -> Request {
        Request { moments: vec![self.level.tap()], regions, ..Request::default() }
    }

    /// Sizes of the maps that the decoder's convolutions write.
    fn sizes(&self, size: Size) -> Vec<Size> {
        let (width, height) =
            self.level.encoder.topology().size_at(self.level.tap().conv(), (size.width, size.height));
        let mut at = Size::new(width, height);
        let convs = 0..self.decoder.len();
        convs
            .map(|conv| {
                let here = at;
                if self.level.decoder.enlarges_after(conv) {
                    at = Size::new(2 * at.width, 2 * at.height);
                }
                here
            })
            .collect()
    }

    /// Groups that a convolution of the decoder needs for transformed tiles, and for each thread's scratch.
    fn lengths(&self, conv: usize, size: Size) -> (usize, usize) {
        self.decoder[conv].forward().map_or((0, 0), |kernels| lengths(size, kernels))
    }

    /// Runs the decoder over the features in buffer `features`. The painted picture is in the first map.
    fn run_decoder(&mut self, features: (&BufferPlan, Id), size: Size) -> Result<(), EngineError> {
        let image = Size::new(size.width * self.level.step(), size.height * self.level.step());
        let (mut enlarges, mut last) = (false, size);
        for (conv, size) in self.sizes(image).into_iter().enumerate() {
            let transformed = self.lengths(conv, size).0;
            let prepared = &self.decoder[conv];
            let Some(kernels) = prepared.forward() else { continue };
            let [before, output] = &mut self.painted;
            hold(&mut self.cpu.buffers.transformed, transformed);
            hold(output, size.area() * kernels.outputs);
            let (data, transformed) = self.cpu.buffers.see_beside_transformed(features);
            let data = if conv == 0 { data } else { &before[..last.area() * kernels.inputs] };
            let map = Map { size: last, groups: kernels.inputs, data };
            let source = if enlarges { Source::Enlarged(map) } else { Source::Map(map) };
            let (columns, rows) = Border::mirrored(size);
            let direct = prepared.direct(&self.level.decoder.weights()[conv], false);
            let borders = Borders { columns, rows };
            let work =
                Convolution { set: self.cpu.set, source, borders, kernels, direct, cancel: &self.cpu.cancel };
            let mut outputs = Outputs {
                size,
                bias: &prepared.bias,
                activations: &mut output[..size.area() * kernels.outputs],
                bits: &mut [],
                pooling: None::<(Pooling, f32)>,
                pooled: &mut [],
                choices: &mut [],
            };
            work.run(&mut outputs, transformed)?;
            (enlarges, last) = (self.level.decoder.enlarges_after(conv), size);
            self.painted.swap(0, 1);
        }
        Ok(())
    }
}

impl Autoencoder for CpuAutoencoder {
    fn level(&self) -> &Level {
        &self.level
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.cpu.cancel = cancel;
    }

    fn enter(&mut self, workspace: Workspace) {
        drop(self.leave());
        Workspace { image: self.cpu.image, buffers: self.cpu.buffers, painted: self.painted } = workspace;
    }

    fn leave(&mut self) -> Workspace {
        (self.encoded, self.cpu.plan, self.cpu.observed) = (None, None, None);
        self.cpu.weights = Default::default();
        Workspace {
            image: std::mem::take(&mut self.cpu.image),
            buffers: std::mem::take(&mut self.cpu.buffers),
            painted: std::mem::take(&mut self.painted),
        }
    }

    fn kernel_bytes(&self) -> usize {
        let parameters = self.level.encoder.parameters() + self.level.decoder.parameters();
        let kernels = self.cpu.convs.iter().chain(&self.decoder).map(Prepared::bytes);
        size_of::<f32>() * parameters + kernels.sum::<usize>()
    }

    fn bytes(&self, size: Size, regions: usize, threads: usize) -> Result<usize, EngineError> {
        check_image(&self.level, size, &[])?;
        let request = self.request(vec![Plane { size, data: Vec::new() }; regions]);
        let work = Work::of(&request, size, false, false).ok_or(EngineError::NothingToObserve)?;
        let encoding = BufferPlan::new(work, &self.cpu.network, &self.cpu.convs).bytes(threads);
        // The encoder's buffers stay while the decoder runs; the decoder's two maps are written in turn.
        let (mut transformed, mut scratch, mut maps) = (0, 0, [0, 0]);
        for (conv, at) in self.sizes(size).into_iter().enumerate() {
            let lengths = self.lengths(conv, at);
            (transformed, scratch) = (lengths.0.max(transformed), lengths.1.max(scratch));
            let outputs = self.decoder[conv].forward().map_or(0, |kernels| kernels.outputs);
            maps[conv % 2] = at.area().saturating_mul(outputs).max(maps[conv % 2]);
        }
        let decoding = maps[0] + maps[1] + transformed + threads * scratch;
        let weights = regions * 2 * size.area() * size_of::<f32>();
        Ok(encoding + weights + decoding * size_of::<Lanes>())
    }

    fn encode(&mut self, image: &Pixels, regions: &[Plane]) -> Result<Vec<Moments>, EngineError> {
        self.encoded = None;
        check_image(&self.level, image.size, regions)?;
        let request = self.request(regions.to_vec());
        let early = self.cpu.run(image, &request, false)?;
        let mut observed = self.cpu.look(&request, early)?;
        let blocks = self.level.encoder.topology().convs().last().map_or(1, |conv| conv.block);
        self.encoded = Some(regions.iter().filter_map(|plane| pyramid(plane, blocks).pop()).collect());
        Ok(observed.moments.pop().unwrap_or_default())
    }

    fn decode(&mut self, moves: &[Affine]) -> Result<Pixels, EngineError> {
        let regions = self.encoded.take().ok_or(EngineError::NoObservation)?;
        check_moves(&self.level, regions.len(), moves)?;
        let plan = self.cpu.plan.take().ok_or(EngineError::NoObservation)?;
        let conv = self.level.tap().conv();
        let (size, groups) = (plan.sizes[conv], groups(self.level.channels()));
        let features = plan.activations[conv].ok_or(EngineError::NoObservation)?;
        let [data] = self.cpu.buffers.lend(&plan, [Some(features)]).maps;
        let moves: Vec<Packed> = moves.iter().map(|by| Packed::new(by, self.level.channels())).collect();
        move_features(self.cpu.set, data, (size.width, groups), &moves, &regions);
        self.run_decoder((&plan, features), size)?;
        self.cpu.plan = Some(plan);
        let image = Size::new(size.width * self.level.step(), size.height * self.level.step());
        Ok(planar(&self.painted[0], image))
    }
}

/// An affine map in panels for the matrix product.
struct Packed {
    /// For each group of outputs, a row of 16 for each input.
    panels: Vec<Lanes>,
    bias: Vec<Lanes>,
}

impl Packed {
    fn new(by: &Affine, channels: usize) -> Packed {
        let groups = groups(channels);
        let mut panels = vec![Lanes::ZERO; groups * groups * GROUP];
        let mut bias = vec![Lanes::ZERO; groups];
        for to in 0..channels {
            bias[to / GROUP].0[to % GROUP] = by.bias[to] as f32;
            for from in 0..channels {
                panels[to / GROUP * groups * GROUP + from].0[to % GROUP] =
                    by.matrix[to * channels + from] as f32;
            }
        }
        Packed { panels, bias }
    }
}

/// Moves features row by row.
fn move_features(
    set: InstructionSet,
    data: &mut [Lanes],
    (width, groups): (usize, usize),
    moves: &[Packed],
    regions: &[Plane],
) {
    data.par_chunks_exact_mut(width * groups).enumerate().for_each(|(y, row)| {
        scratch::with(2 * width * groups, |scratch| {
            let (own, mapped) = scratch.split_at_mut(width * groups);
            own.copy_from_slice(row);
            for (index, by) in moves.iter().enumerate() {
                let weights = regions.get(index).map(|plane| &plane.data[y * width..][..width]);
                dispatch(set, MoveRow { by, groups, own, mapped, weights, row });
            }
        });
    });
}

/// row += w (M own + b - own); without weights row = M own + b.
struct MoveRow<'a> {
    by: &'a Packed,
    groups: usize,
    own: &'a [Lanes],
    mapped: &'a mut [Lanes],
    weights: Option<&'a [f32]>,
    row: &'a mut [Lanes],
}

impl Kernel for MoveRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let MoveRow { by, groups, own, mapped, weights, row } = self;
        let inner = groups * GROUP;
        isa.call(Product {
            rows: own.len() / groups,
            segments: 1,
            inner,
            panels: groups,
            a: Matrix { data: flat(own), row_stride: inner, inner_stride: 1, segment_stride: 0 },
            b: Panels { data: flat(&by.panels), panel_stride: inner * GROUP, inner_stride: GROUP },
            c: flat_mut(mapped),
            c_stride: inner,
            add: false,
            next: [&[]; 2],
        });
        for (place, mapped) in mapped.iter_mut().enumerate() {
            mapped.add(isa, &by.bias[place % groups]);
            match weights {
                None => row[place] = *mapped,
                Some(weights) => {
                    let change = mapped.minus(isa, &own[place]);
                    row[place].add_times(isa, weights[place / groups], &change);
                }
            }
        }
    }
}

/// The first three lanes of each position, as planes.
fn planar(painted: &[Lanes], size: Size) -> Pixels {
    let mut data = vec![0.0; 3 * size.area()];
    data.par_chunks_exact_mut(size.width.max(1)).enumerate().for_each(|(row, to)| {
        let (channel, y) = (row / size.height, row % size.height);
        let from = &painted[y * size.width..][..size.width];
        to.iter_mut().zip(from).for_each(|(to, from)| *to = from.0[channel]);
    });
    Pixels { size, data }
}
