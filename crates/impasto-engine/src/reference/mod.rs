//! The reference engine: plain loops in f64 and planar maps. It is the oracle of every test.
//!
//! It only convolves, rectifies, pools and sums, and the same backwards. A student should be able to read it beside the
//! papers (Simonyan and Zisserman 2014 for the network; Gatys, Ecker and Bethge 2015 for the use of the features).

mod agreement;
mod autoencoder;
mod layers;
mod sums;

use std::collections::BTreeMap;
use std::io;

use impasto_encoder::{Pooling, Tap};

use crate::geometry::Border;
use crate::request::check_size;
use crate::{
    Cancel, Cotangents, Decisions, Edges, Engine, EngineError, Features, Network, Observation, Pixels,
    PoolDecision, Rect, Request, Size, Target,
};
pub use autoencoder::ReferenceAutoencoder;
use layers::Map;

/// The f64 engine.
#[derive(Debug)]
pub struct Reference {
    network: Network,
    cancel: Cancel,
    targets: Vec<Map>,
    kept: Option<Kept>,
}

/// The data that an observation keeps for the pull-back.
#[derive(Debug)]
struct Kept {
    request: Request,
    /// Size of the features at each convolution.
    sizes: Vec<Size>,
    decisions: Decisions,
    /// Values before each ReLU, which tell how near to undecided a decision was.
    before_relu: Vec<Map>,
    taps: BTreeMap<Tap, Map>,
}

impl Reference {
    /// Makes an engine that runs `network`.
    pub fn new(network: Network, cancel: Cancel) -> Reference {
        Reference { network, cancel, targets: Vec::new(), kept: None }
    }

    /// [`Engine::observe`] for pixels in f64, planar `[3, height, width]`: central differences need the precision.
    ///
    /// # Errors
    /// The errors of [`Engine::observe`].
    pub fn observe_f64(
        &mut self,
        pixels: &[f64],
        size: Size,
        request: &Request,
    ) -> Result<Observation, EngineError> {
        let topology = self.network.encoder.topology();
        request.check(topology, size)?;
        let targets =
            request.residuals.iter().map(|&target| self.target(target)).collect::<Result<Vec<_>, _>>()?;
        let kept = self.forward(pixels, size, request.clone())?;
        let observation = sums::observe(request, &kept.taps, &targets, topology, size)?;
        self.kept = Some(kept);
        Ok(observation)
    }

    /// [`Engine::pull_back`] in f64.
    ///
    /// # Errors
    /// The errors of [`Engine::pull_back`].
    pub fn pull_back_f64(&self, cotangents: &Cotangents) -> Result<Vec<f64>, EngineError> {
        let kept = self.kept.as_ref().ok_or(EngineError::NoObservation)?;
        self.pull_back_through(cotangents, &kept.decisions)
    }

    /// [`Engine::pull_back`] in f64, through the decisions of another engine; the rest is linear.
    ///
    /// # Errors
    /// The errors of [`Engine::pull_back`].
    pub fn pull_back_through(
        &self,
        cotangents: &Cotangents,
        decisions: &Decisions,
    ) -> Result<Vec<f64>, EngineError> {
        let kept = self.kept.as_ref().ok_or(EngineError::NoObservation)?;
        let encoder = &self.network.encoder;
        let topology = encoder.topology();
        cotangents.check(&kept.request, topology, kept.sizes[0])?;
        let mut by_tap = sums::pull_back(&kept.request, cotangents, &kept.taps, &self.targets, topology);

        let deepest = kept.request.deepest().ok_or(EngineError::NothingToObserve)?.conv();
        let mut gradient: Option<Map> = None;
        for conv in (0..=deepest).rev() {
            self.cancel.check()?;
            let shape = &topology.convs()[conv];
            // The derivative by the output of the ReLU: from the layer above and from the tap here.
            let mut by_output = match gradient {
                None => Map::zeros(shape.outputs, kept.sizes[conv]),
                Some(above) if topology.pools_after(conv) => layers::unpool(
                    &above,
                    kept.sizes[conv],
                    &decisions.pools[shape.block - 1],
                    self.network.pool_scale as f64,
                ),
                Some(above) => above,
            };
            if let Some(by_features) = by_tap.remove(&Tap::after(conv)) {
                by_output.add(&by_features);
            }
            for (value, &passed) in by_output.data.iter_mut().zip(&decisions.relu[conv]) {
                if !passed {
                    *value = 0.0;
                }
            }
            gradient = Some(layers::convolve_back(
                &by_output,
                &encoder.weights()[conv],
                shape,
                self.network.padding,
                conv,
                kept.request.edges,
            ));
        }
        let by_input = gradient.ok_or(EngineError::NothingToObserve)?;
        Ok(layers::map_input_back(&by_input, encoder.input()).data)
    }

    /// How near to undecided the decisions were in which `other` differs from the last observation here: the largest
    /// distance, relative to the root mean square of the layer's values before the ReLU.
    ///
    /// # Errors
    /// When there was no observation.
    pub fn disagreement(&self, other: &Decisions) -> Result<f64, EngineError> {
        let kept = self.kept.as_ref().ok_or(EngineError::NoObservation)?;
        Ok(agreement::largest_distance(
            &kept.decisions,
            other,
            &kept.before_relu,
            self.network.encoder.topology(),
        ))
    }

    /// Root mean square of the values before the ReLU at a tap, in the last observation: the scale of errors there.
    ///
    /// # Errors
    /// When there was no observation, or it did not reach the tap.
    pub fn scale_at(&self, tap: Tap) -> Result<f64, EngineError> {
        let kept = self.kept.as_ref().ok_or(EngineError::NoObservation)?;
        kept.before_relu.get(tap.conv()).map(agreement::rms).ok_or(EngineError::NoObservation)
    }

    fn target(&self, target: Target) -> Result<&Map, EngineError> {
        self.targets.get(target.index).ok_or(EngineError::NoSuchTarget { index: target.index })
    }

    /// Runs the network to the deepest tap of the request.
    fn forward(&self, pixels: &[f64], size: Size, request: Request) -> Result<Kept, EngineError> {
        let encoder = &self.network.encoder;
        let topology = encoder.topology();
        let deepest = request.deepest().ok_or(EngineError::NothingToObserve)?;
        let wanted: Vec<Tap> = request.taps().collect();
        let (mut sizes, mut taps, mut before_relu) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut decisions = Decisions { relu: Vec::new(), pools: Vec::new() };
        let mut map = layers::map_input(&Map { channels: 3, size, data: pixels.to_vec() }, encoder.input());
        for (conv, shape) in topology.convs()[..=deepest.conv()].iter().enumerate() {
            self.cancel.check()?;
            if topology.pools_before(conv) {
                let (pooled, decision) =
                    layers::pool(&map, self.network.pooling, self.network.pool_scale as f64);
                map = pooled;
                decisions.pools.push(decision);
            }
            let borders = Border::of_layer(self.network.padding, conv, map.size, request.edges);
            map = layers::convolve(&map, &encoder.weights()[conv], shape, borders);
            before_relu.push(map.clone());
            decisions.relu.push(map.data.iter().map(|&value| value > 0.0).collect());
            // Not `max`, because NaN must stay NaN, so that the loss shows it.
            map.data.iter_mut().filter(|value| **value < 0.0).for_each(|value| *value = 0.0);
            sizes.push(map.size);
            if wanted.contains(&Tap::after(conv)) {
                taps.insert(Tap::after(conv), map.clone());
            }
        }
        Ok(Kept { request, sizes, decisions, before_relu, taps })
    }

    fn run_to(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Map, EngineError> {
        check_size(self.network.encoder.topology(), tap, image.size)?;
        self.kept = None;
        let request = Request { moments: vec![tap], edges, ..Request::default() };
        let mut kept = self.forward(&widen(image), image.size, request)?;
        kept.taps.remove(&tap).ok_or(EngineError::NothingToObserve)
    }
}

fn widen(image: &Pixels) -> Vec<f64> {
    image.data.iter().map(|&value| value as f64).collect()
}

impl Engine for Reference {
    fn network(&self) -> &Network {
        &self.network
    }

    fn identity(&self) -> &str {
        "f64"
    }

    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError> {
        let map = self.run_to(image, edges, tap)?;
        self.targets.push(map);
        Ok(Target { index: self.targets.len() - 1, tap })
    }

    /// Has no half precision; only drops the last observation.
    fn set_half(&mut self, _: bool) {
        self.kept = None;
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    fn kernel_bytes(&self) -> usize {
        0
    }

    fn evaluation_bytes(&self, size: Size, request: &Request, _: usize) -> Result<usize, EngineError> {
        let deepest = request.deepest().ok_or(EngineError::NothingToObserve)?;
        let topology = self.network.encoder.topology();
        check_size(topology, deepest, size)?;
        // The values before and after the ReLU, and the decisions.
        const EACH: usize = 2 * size_of::<f64>() + 2;
        let values = topology.convs()[..=deepest.conv()].iter().enumerate().map(|(conv, shape)| {
            let (width, height) = topology.size_at(conv, (size.width, size.height));
            width * height * shape.outputs
        });
        Ok(EACH * values.sum::<usize>())
    }

    fn capture_bytes(&self, size: Size, tap: Tap, threads: usize) -> Result<usize, EngineError> {
        let request = Request { moments: vec![tap], ..Request::default() };
        self.evaluation_bytes(size, &request, threads)
    }

    fn target_stride(&self, tap: Tap) -> usize {
        size_of::<f64>() * self.network.encoder.topology().channels(tap)
    }

    fn export_target(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        let held = self.targets.get_mut(target.index);
        let held = held.ok_or(EngineError::NoSuchTarget { index: target.index })?;
        let map = std::mem::replace(held, Map::zeros(0, Size::default()));
        for y in 0..map.size.height {
            let values = (0..map.size.width).flat_map(|x| (0..map.channels).map(move |channel| (channel, x)));
            let bytes: Vec<u8> =
                values.flat_map(|(channel, x)| map.at(channel, y, x).to_ne_bytes()).collect();
            row(y, &bytes).map_err(|source| EngineError::Spill { source })?;
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
        let mut map = Map::zeros(self.network.encoder.topology().channels(tap), size);
        let mut bytes = vec![0; size.width * map.channels * size_of::<f64>()];
        for y in 0..size.height {
            row(y, &mut bytes).map_err(|source| EngineError::Spill { source })?;
            for (index, value) in bytes.as_chunks().0.iter().enumerate() {
                let (x, channel) = (index / map.channels, index % map.channels);
                *map.at_mut(channel, y, x) = f64::from_ne_bytes(*value);
            }
        }
        let index = slot.map_or(self.targets.len(), |slot| slot.index);
        match self.targets.get_mut(index) {
            Some(held) => *held = map,
            None => self.targets.push(map),
        }
        Ok(Target { index, tap })
    }

    fn forget_targets(&mut self) {
        self.targets.clear();
        self.kept = None;
    }

    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError> {
        self.observe_f64(&widen(image), image.size, request)
    }

    fn pull_back(&mut self, _: &Pixels, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        let gradient = self.pull_back_f64(cotangents)?;
        let size = self.kept.as_ref().ok_or(EngineError::NoObservation)?.sizes[0];
        Ok(Pixels { size, data: gradient.into_iter().map(|value| value as f32).collect() })
    }

    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        let map = self.run_to(image, edges, tap)?;
        let (right, bottom) = window.ends_inside(map.size)?;
        let mut data = Vec::with_capacity(map.channels * window.size.area());
        for channel in 0..map.channels {
            for y in window.y..bottom {
                data.extend((window.x..right).map(|x| map.at(channel, y, x)));
            }
        }
        Ok(Features { channels: map.channels, size: window.size, data })
    }

    fn decisions(&self) -> Result<Decisions, EngineError> {
        self.kept.as_ref().map(|kept| kept.decisions.clone()).ok_or(EngineError::NoObservation)
    }
}

impl PoolDecision {
    /// An empty decision for a pooling with `outputs` values from `inputs`.
    fn empty(kind: Pooling, inputs: usize, outputs: usize) -> PoolDecision {
        match kind {
            Pooling::Max => PoolDecision::Max(vec![0; outputs]),
            Pooling::Average => PoolDecision::Average,
            Pooling::L2 => PoolDecision::L2(vec![0.0; inputs]),
        }
    }
}
