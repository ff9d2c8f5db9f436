//! The memory that an evaluation takes on the card, before anything is allocated. A test compares it with the buffers
//! that are alive.

use std::collections::BTreeMap;

use impasto_encoder::Topology;

use crate::arena::Arena;
use crate::engine::{BEYOND, GpuEngine};
use crate::forward::Scene;
use crate::painting::painting_bytes;
use crate::shape::{QUAD_BYTES, Role, Shape};
use crate::transfers::rounded;

impl GpuEngine {
    /// The most bytes that are alive at once in an evaluation of a shape, besides kernels and content targets; or
    /// [`BEYOND`].
    pub(crate) fn forecast(&self, shape: &Shape, backward: bool) -> usize {
        let needs = self.needs(shape, backward);
        if !self.fits(&needs) {
            return BEYOND;
        }
        let buffers: u64 = needs.values().map(|&bytes| rounded(bytes as u64)).sum();
        let numbers = self.numbers_bytes(shape, &needs, backward);
        let topology = self.network.encoder.topology();
        let painting = if backward { painting_bytes(shape.size) } else { 0 };
        buffers as usize + numbers + passing_bytes(shape, topology, &needs, numbers) + painting
    }

    /// [`forecast`](GpuEngine::forecast) for an autoencoder, whose decoder runs in the same buffers. What passes to the
    /// card before one of both is counted for both.
    pub(crate) fn forecast_decoding(&self, shape: &Shape) -> usize {
        let needs = self.needs(shape, false);
        let Some(decoding) = self.decoder.as_ref().filter(|_| self.fits(&needs)) else { return BEYOND };
        let arena = Arena::played_by(&self.layers[0].bias, &needs);
        let recorder = self.record_decoding(decoding, shape, &arena).0;
        self.forecast(shape, false) + 2 * recorder.bytes()
    }

    /// Bytes of each buffer of a shape.
    pub(crate) fn needs(&self, shape: &Shape, backward: bool) -> BTreeMap<Role, usize> {
        let methods: Vec<_> = self.layers.iter().map(|layer| (layer.method, layer.units)).collect();
        let topology = self.network.encoder.topology();
        let mut needs = shape.buffers(topology, &methods, backward);
        if let Some(decoder) = &self.decoder {
            decoder.add_needs(shape, topology, &mut needs);
        }
        needs
    }

    /// Whether kernels can see each buffer as a whole.
    pub(crate) fn fits(&self, needs: &BTreeMap<Role, usize>) -> bool {
        let most = self.device.adapter.largest_binding.min(self.device.adapter.largest_buffer);
        needs.values().all(|&bytes| bytes as u64 <= most)
    }

    /// Bytes of the numbers of all recorded kernels. They are recorded for it, over a buffer that stands for all.
    fn numbers_bytes(&self, shape: &Shape, needs: &BTreeMap<Role, usize>, backward: bool) -> usize {
        let any = &self.layers[0].bias;
        let arena = Arena::played_by(any, needs);
        let targets = vec![any; shape.residuals.len()];
        let scene = Scene {
            network: &self.network,
            layers: &self.layers,
            arena: &arena,
            shape,
            targets,
            backward,
            mirrors: self.mirrors,
        };
        let of_pull_back = if backward { scene.backward().recorder.bytes() } else { 0 };
        scene.forward().bytes() + of_pull_back
    }
}

/// Bytes that the driver holds on their way to the card: the most at once, before an observation or a pull-back. A
/// content target may have been taken back just before.
fn passing_bytes(shape: &Shape, topology: &Topology, needs: &BTreeMap<Role, usize>, numbers: usize) -> usize {
    let all = |chosen: fn(&Role) -> bool| -> usize {
        needs.iter().filter(|(role, _)| chosen(role)).map(|(_, bytes)| bytes).sum()
    };
    let targets = shape.residuals.iter().map(|(_, tap)| QUAD_BYTES * shape.map_quads(topology, tap.conv()));
    let to_observe = all(|role| matches!(role, Role::Picture | Role::Weights(..)));
    let factors = size_of::<f32>() * shape.residuals.len();
    let to_pull_back = all(|role| matches!(role, Role::Matrix(_) | Role::Given(_))) + factors;
    (to_observe + numbers + targets.sum::<usize>()).max(to_pull_back)
}
