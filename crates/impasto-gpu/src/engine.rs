//! The engine: what it keeps on a card, and what is prepared before an evaluation.

use std::sync::Arc;

use impasto_encoder::Tap;
use impasto_engine::{Cancel, EngineError, Network, Request, Size};

use crate::arena::Arena;
use crate::backward::Recorded;
use crate::buffer::Buffer;
use crate::convolution::Method;
use crate::decode::Decoding;
use crate::device::Device;
use crate::forward::Scene;
use crate::judging::Judge;
use crate::layers::Layer;
use crate::painting::Cover;
use crate::planes::Planes;
use crate::program::{Place, Program};
use crate::shape::{Role, Shape};

/// The forecast for a picture of which a map does not fit into one binding of the card: more than any memory, so that
/// a planner cuts it into tiles. A page of 32 bits is given no more than a quarter of its addresses for a run.
pub(crate) const BEYOND: usize = usize::MAX / if usize::BITS == 32 { 4 } else { 16 };

/// An engine on a graphics card.
#[derive(Debug)]
pub struct GpuEngine {
    pub(crate) device: Arc<Device>,
    pub(crate) network: Network,
    pub(crate) cancel: Cancel,
    pub(crate) identity: String,
    pub(crate) layers: Vec<Layer>,
    pub(crate) arena: Arena,
    pub(crate) planes: Planes,
    pub(crate) targets: Vec<Kept>,
    pub(crate) recording: Option<Recording>,
    /// The request of the last observation, whose maps are on the card.
    pub(crate) observed: Option<Request>,
    pub(crate) cover: Option<Cover>,
    /// The kernels and buffers of the last loss that the card judged.
    pub(crate) judge: Option<Judge>,
    /// Whether features are kept in half precision.
    pub(crate) half: bool,
    /// Whether maps are reflected at their edges.
    pub(crate) mirrors: bool,
    /// The decoder, if this engine is part of an autoencoder.
    pub(crate) decoder: Option<Decoding>,
}

/// A content target. One that was handed out has no buffer.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) size: Size,
    pub(crate) buffer: Option<Buffer>,
}

/// The kernels of a shape.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) shape: Shape,
    pub(crate) forward: Program,
    pub(crate) backward: Option<Program>,
    /// For each content target, the kernel that takes its factor.
    pub(crate) factors: Vec<Option<Place>>,
}

impl GpuEngine {
    /// Makes an engine and takes the weights to the card. Without a method each layer gets its own.
    pub(crate) fn new(
        device: Arc<Device>,
        network: Network,
        cancel: Cancel,
        method: Option<Method>,
    ) -> Result<GpuEngine, EngineError> {
        let layers = Layer::all(&device, &network.encoder, method)?;
        Ok(GpuEngine::with(device, network, cancel, layers))
    }

    /// Makes an engine that only runs forwards, and reflects every map at its edges: for the encoder of a level.
    pub(crate) fn forwards(
        device: Arc<Device>,
        network: Network,
        cancel: Cancel,
    ) -> Result<GpuEngine, EngineError> {
        let encoder = &network.encoder;
        let layers = Layer::forwards(&device, encoder.topology().convs(), encoder.weights())?;
        // Two maps in turn are enough where nothing is kept.
        Ok(GpuEngine { mirrors: true, half: true, ..GpuEngine::with(device, network, cancel, layers) })
    }

    fn with(device: Arc<Device>, network: Network, cancel: Cancel, layers: Vec<Layer>) -> GpuEngine {
        GpuEngine {
            identity: device.identity(),
            device,
            network,
            cancel,
            layers,
            arena: Arena::default(),
            planes: Planes::default(),
            targets: Vec::new(),
            recording: None,
            observed: None,
            cover: None,
            judge: None,
            half: false,
            mirrors: false,
            decoder: None,
        }
    }

    /// A buffer in which the host reads some numbers.
    pub(crate) fn host(&self, floats: usize) -> Buffer {
        let bytes = (size_of::<f32>() * floats) as u64;
        match self.arena.find(Role::Host) {
            Some(buffer) if buffer.size() >= bytes => buffer.clone(),
            _ => self.device.host_buffer(bytes),
        }
    }

    /// Makes everything ready for a shape: buffers, recorded kernels, position weights.
    pub(crate) fn prepare(
        &mut self,
        shape: Shape,
        request: &Request,
        backward: bool,
    ) -> Result<(), EngineError> {
        self.observed = None;
        self.cancel.check()?;
        self.device.check()?;
        let topology = self.network.encoder.topology();
        let blocks = topology.convs()[shape.deepest()].block;
        let ready =
            |recording: &Recording| recording.shape == shape && recording.backward.is_some() >= backward;
        let fresh = !self.recording.as_ref().is_some_and(ready);
        if fresh {
            (self.recording, self.judge) = (None, None);
            let needs = self.needs(&shape, backward);
            if !self.fits(&needs) {
                let device = self.device.adapter.name.clone();
                return Err(EngineError::DeviceTooSmall { device, size: shape.size });
            }
            if let Err(error) = self.arena.fit(&self.device, shape.kind(backward), &needs) {
                self.arena.clear();
                return Err(error);
            }
            self.recording = Some(self.record(shape, backward)?);
        }
        self.planes.set(&self.device, &self.arena, request, blocks, fresh);
        Ok(())
    }

    fn record(&self, shape: Shape, backward: bool) -> Result<Recording, EngineError> {
        let mut targets = Vec::new();
        for &(index, tap) in &shape.residuals {
            targets.push(self.target(index, tap, &shape)?);
        }
        let scene = Scene {
            network: &self.network,
            layers: &self.layers,
            arena: &self.arena,
            shape: &shape,
            targets,
            backward,
            mirrors: self.mirrors,
        };
        let forward = scene.forward().finish(&self.device);
        let Recorded { recorder, factors } = match backward {
            true => scene.backward(),
            false => Recorded::default(),
        };
        let backward = backward.then(|| recorder.finish(&self.device));
        Ok(Recording { shape, forward, backward, factors })
    }

    /// The buffer of a content target, which must have the size of the tap's map.
    fn target(&self, index: usize, tap: Tap, shape: &Shape) -> Result<&Buffer, EngineError> {
        let kept = self.targets.get(index).and_then(|kept| Some((kept.size, kept.buffer.as_ref()?)));
        let (found, buffer) = kept.ok_or(EngineError::NoSuchTarget { index })?;
        let expected = shape.size_at(self.network.encoder.topology(), tap.conv());
        match expected == found {
            true => Ok(buffer),
            false => Err(EngineError::SizesDiffer { what: "content target", expected, found }),
        }
    }
}
