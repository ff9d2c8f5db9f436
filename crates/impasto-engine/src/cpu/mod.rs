//! The fast engine for processors: f32, channels last, Winograd F(4x4, 3x3), all threads of the current rayon pool.
//!
//! An observation keeps only what the pull-back needs: a bit per activation, two bits per max pooling, and the features
//! at the taps. All buffers are laid out before the first evaluation of a size. Work is cut into blocks that depend on
//! the image's size alone, and sums are taken in a fixed order, so the bytes are the same at any number of threads.

// Loops over lanes index several groups at once, so that the compiler sees vectors.
#![allow(clippy::needless_range_loop)]

mod autoencoder;
mod backward;
mod bits;
mod borders;
mod buffers;
mod conv;
mod decisions;
mod direct;
mod epilogue;
mod first;
mod forward;
mod half;
mod kernels;
mod map;
mod moments;
mod plan;
mod prepared;
mod scratch;
mod source;
mod stem;
mod taps;
mod target;
mod tiles;
mod winograd_blocked;
mod winograd_fused;

use std::io;

use impasto_encoder::{self as encoder, Conv, Tap};
use rayon::prelude::*;

use crate::geometry::Border;
use crate::request::{check_size, pyramid};
use crate::{
    Cancel, Cotangents, Decisions, Edges, Engine, EngineError, Features, Network, Observation, Pixels, Rect,
    Request, Size, Target,
};
pub use autoencoder::{CpuAutoencoder, Workspace};
use borders::Borders;
use buffers::Buffers;
use forward::{Early, Weights};
pub use kernels::InstructionSet;
use kernels::Lanes;
use map::{Image, Map, Owned};
use plan::{BufferPlan, Work};
use prepared::Prepared;

/// The f32 engine.
#[derive(Debug)]
pub struct Cpu {
    network: Network,
    cancel: Cancel,
    set: InstructionSet,
    /// Whether features at taps are kept in half precision.
    half: bool,
    /// Whether the image and all maps are reflected at their edges, whatever the network's padding. Then there is no
    /// pull-back.
    mirrors: bool,
    convs: Vec<Prepared>,
    targets: Vec<Owned>,
    image: Image,
    plan: Option<BufferPlan>,
    buffers: Buffers,
    weights: Weights,
    /// The request of the last observation; the buffers hold its data.
    observed: Option<Request>,
    seconds: LayerSeconds,
}

/// The time of each part of the last evaluation, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerSeconds {
    /// Each convolution with its ReLU and pooling. If the first two run together, both count in the second.
    pub forward: Vec<f64>,
    /// Each convolution's derivative, with that of the tap below it.
    pub backward: Vec<f64>,
    /// The sums at the taps, except those taken within a convolution.
    pub moments: f64,
}

impl Cpu {
    /// Makes an engine that runs `network` on the best instruction set of this machine. Transforms the weights once,
    /// now.
    pub fn new(network: Network, cancel: Cancel) -> Cpu {
        Cpu::with_instructions(network, cancel, InstructionSet::best())
    }

    /// Like [`Cpu::new`], on a given instruction set, or on plain loops if the machine lacks it.
    pub fn with_instructions(network: Network, cancel: Cancel, set: InstructionSet) -> Cpu {
        Cpu::prepared(network, cancel, set, Prepared::new)
    }

    /// An engine without pull-back, which reflects the image and all maps at their edges.
    fn forwards(network: Network, cancel: Cancel, set: InstructionSet) -> Cpu {
        Cpu { mirrors: true, ..Cpu::prepared(network, cancel, set, Prepared::forwards) }
    }

    fn prepared(
        network: Network,
        cancel: Cancel,
        set: InstructionSet,
        prepare: fn(usize, &Conv, &encoder::Weights, InstructionSet) -> Prepared,
    ) -> Cpu {
        let set = if set.is_available() { set } else { InstructionSet::Portable };
        let shapes = network.encoder.topology().convs();
        let convs = shapes.par_iter().zip(network.encoder.weights()).enumerate();
        let convs = convs.map(|(index, (shape, weights))| prepare(index, shape, weights, set)).collect();
        Cpu {
            network,
            cancel,
            set,
            half: false,
            mirrors: false,
            convs,
            targets: Vec::new(),
            image: Image::default(),
            plan: None,
            buffers: Buffers::default(),
            weights: Weights::default(),
            observed: None,
            seconds: LayerSeconds::default(),
        }
    }

    /// Like [`Cpu::new`], on the instruction set that the environment variable `IMPASTO_INSTRUCTION_SET` names.
    ///
    /// # Errors
    /// When the variable does not name a set that this machine has.
    pub fn from_env(network: Network, cancel: Cancel) -> Result<Cpu, EngineError> {
        Ok(Cpu::with_instructions(network, cancel, InstructionSet::from_env()?))
    }

    /// The time of each part of the last evaluation.
    pub fn layer_seconds(&self) -> &LayerSeconds {
        &self.seconds
    }

    /// Bytes of all buffers of the last evaluation for a number of threads: the forecast of
    /// [`Engine::evaluation_bytes`].
    pub fn planned_bytes(&self, threads: usize) -> usize {
        self.plan.as_ref().map_or(0, |plan| plan.bytes(threads))
    }

    fn bytes(
        &self,
        size: Size,
        request: &Request,
        threads: usize,
        backward: bool,
    ) -> Result<usize, EngineError> {
        let deepest = request.deepest().ok_or(EngineError::NothingToObserve)?;
        check_size(self.network.encoder.topology(), deepest, size)?;
        let work = Work::of(request, size, backward, self.half).ok_or(EngineError::NothingToObserve)?;
        Ok(BufferPlan::new(work, &self.network, &self.convs).bytes(threads))
    }

    fn borders(&self, conv: usize, size: Size, edges: Edges) -> Borders {
        let (columns, rows) = match self.mirrors {
            true => Border::mirrored(size),
            false => Border::of_layer(self.network.padding, conv, size, edges),
        };
        Borders { columns, rows }
    }

    /// Prepares the buffers for a request over an image, and runs the network.
    fn run(&mut self, image: &Pixels, request: &Request, backward: bool) -> Result<Early, EngineError> {
        self.observed = None;
        let work = Work::of(request, image.size, backward, self.half).ok_or(EngineError::NothingToObserve)?;
        if self.plan.as_ref().is_none_or(|plan| plan.work != work) {
            let plan = BufferPlan::new(work, &self.network, &self.convs);
            self.buffers.fit(&plan, &self.network);
            self.plan = Some(plan);
        }
        self.check_targets(request)?;
        self.weigh(request);
        let borders = self.borders(0, image.size, request.edges);
        self.image.set(image, self.network.encoder.input(), borders);
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut seconds = std::mem::take(&mut self.seconds.forward);
        let done = self.forward(&mut buffers, request, &mut seconds);
        (self.buffers, self.seconds.forward) = (buffers, seconds);
        done
    }

    /// Computes the position weights on the grids of all blocks, if they differ from the last request's.
    fn weigh(&mut self, request: &Request) {
        let convs = self.network.encoder.topology().convs();
        let blocks = request.deepest().map_or(1, |deepest| convs[deepest.conv()].block);
        let fits = |levels: &[crate::Plane], plane| levels.len() == blocks && levels.first() == Some(plane);
        let Weights { regions, residual } = &mut self.weights;
        let same = regions.len() == request.regions.len();
        if !same || !regions.iter().zip(&request.regions).all(|(levels, plane)| fits(levels, plane)) {
            *regions = request.regions.iter().map(|plane| pyramid(plane, blocks)).collect();
        }
        match &request.residual_weight {
            Some(plane) if residual.as_ref().is_some_and(|levels| fits(levels, plane)) => {}
            other => *residual = other.as_ref().map(|plane| pyramid(plane, blocks)),
        }
    }

    /// The features of a whole image at a tap.
    fn run_to(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Map<'_>, EngineError> {
        check_size(self.network.encoder.topology(), tap, image.size)?;
        let request = Request { moments: vec![tap], edges, ..Request::default() };
        self.run(image, &request, false)?;
        let plan = self.plan.as_ref().ok_or(EngineError::NothingToObserve)?;
        let groups = kernels::groups(self.network.encoder.topology().channels(tap));
        let [data] = self.buffers.lend(plan, [plan.activations[tap.conv()]]).maps;
        Ok(Map { size: plan.sizes[tap.conv()], groups, data })
    }
}

impl Engine for Cpu {
    fn network(&self) -> &Network {
        &self.network
    }

    fn identity(&self) -> &str {
        self.set.name()
    }

    fn set_half(&mut self, half: bool) {
        (self.half, self.observed) = (half, None);
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    fn kernel_bytes(&self) -> usize {
        self.convs.iter().map(Prepared::bytes).sum()
    }

    fn evaluation_bytes(&self, size: Size, request: &Request, threads: usize) -> Result<usize, EngineError> {
        self.bytes(size, request, threads, true)
    }

    fn capture_bytes(&self, size: Size, tap: Tap, threads: usize) -> Result<usize, EngineError> {
        self.bytes(size, &Request { moments: vec![tap], ..Request::default() }, threads, false)
    }

    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError> {
        let Map { size, groups, data } = self.run_to(image, edges, tap)?;
        let target = Owned { size, groups, data: data.to_vec() };
        self.targets.push(target);
        Ok(Target { index: self.targets.len() - 1, tap })
    }

    fn target_stride(&self, tap: Tap) -> usize {
        size_of::<Lanes>() * kernels::groups(self.network.encoder.topology().channels(tap))
    }

    fn export_target(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        let held = self.targets.get_mut(target.index);
        let Owned { size, groups, data } =
            held.map(std::mem::take).ok_or(EngineError::NoSuchTarget { index: target.index })?;
        let rows = data.chunks_exact((size.width * groups).max(1)).enumerate();
        let mut rows = rows.map(|(y, lanes)| row(y, kernels::bytes(lanes)));
        rows.try_for_each(|done| done).map_err(|source| EngineError::Spill { source })?;
        // The place of the last target is free for the next one.
        if target.index + 1 == self.targets.len() {
            self.targets.pop();
        }
        Ok(())
    }

    fn import_target(
        &mut self,
        slot: Option<Target>,
        tap: Tap,
        size: Size,
        row: &mut dyn FnMut(usize, &mut [u8]) -> io::Result<()>,
    ) -> Result<Target, EngineError> {
        let index = slot.map_or(self.targets.len(), |slot| slot.index);
        if index >= self.targets.len() {
            self.targets.resize_with(index + 1, Owned::default);
        }
        let held = &mut self.targets[index];
        (held.size, held.groups) = (size, kernels::groups(self.network.encoder.topology().channels(tap)));
        held.data.resize(size.area() * held.groups, Lanes::ZERO);
        let rows = held.data.chunks_exact_mut((size.width * held.groups).max(1)).enumerate();
        let mut rows = rows.map(|(y, lanes)| row(y, kernels::bytes_mut(lanes)));
        rows.try_for_each(|done| done).map_err(|source| EngineError::Spill { source })?;
        Ok(Target { index, tap })
    }

    fn forget_targets(&mut self) {
        self.targets.clear();
        self.observed = None;
        self.plan = None;
        self.buffers = Buffers::default();
    }

    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError> {
        request.check(self.network.encoder.topology(), image.size)?;
        if let Some(target) = request.residuals.iter().find(|target| target.index >= self.targets.len()) {
            return Err(EngineError::NoSuchTarget { index: target.index });
        }
        let early = self.run(image, request, true)?;
        let observation = self.look(request, early)?;
        self.observed = Some(request.clone());
        Ok(observation)
    }

    fn pull_back(&mut self, _: &Pixels, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        let observed = self.observed.as_ref().ok_or(EngineError::NoObservation)?;
        let size = self.plan.as_ref().map(|plan| plan.work.size).ok_or(EngineError::NoObservation)?;
        cotangents.check(observed, self.network.encoder.topology(), size)?;
        let observed = self.observed.take().ok_or(EngineError::NoObservation)?;
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut seconds = std::mem::take(&mut self.seconds.backward);
        let gradient = self.backward(&mut buffers, &observed, cotangents, &mut seconds);
        (self.buffers, self.seconds.backward) = (buffers, seconds);
        gradient
    }

    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        let channels = self.network.encoder.topology().channels(tap);
        let map = self.run_to(image, edges, tap)?;
        let (right, bottom) = window.ends_inside(map.size)?;
        let mut data = Vec::with_capacity(channels * window.size.area());
        for channel in 0..channels {
            for y in window.y..bottom {
                data.extend((window.x..right).map(|x| map.channel(y, x, channel) as f64));
            }
        }
        Ok(Features { channels, size: window.size, data })
    }

    fn layer_times(&self) -> Option<&LayerSeconds> {
        Some(&self.seconds)
    }

    fn decisions(&self) -> Result<Decisions, EngineError> {
        self.observed.as_ref().ok_or(EngineError::NoObservation)?;
        self.unpack()
    }
}
