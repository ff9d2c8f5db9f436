//! The fast engine for processors: f32, channels last, Winograd F(4x4, 3x3), all threads of the current rayon pool.
//!
//! What an observation keeps is what the pull-back needs and no more: a bit per activation, two bits per max pooling, and
//! the features at the taps. Work is cut into blocks that depend on the image's size alone, and sums are taken in a fixed
//! order, so the bytes are the same at any number of threads.

mod bits;
mod conv;
mod decisions;
mod direct;
mod kernels;
mod map;
mod moments;
mod sink;
mod tiles;

use std::collections::BTreeMap;

use impasto_encoder::{Pooling, Tap};

use crate::geometry::Border;
use crate::request::{check_size, pyramid};
use crate::{
    Cancel, Cotangents, Decisions, Edges, Engine, EngineError, Features, Network, Observation, Pixels, Plane,
    Rect, Request, Residual, Size, Target,
};
use bits::Choices;
use conv::{Borders, Prepared};
use map::{Map, Recycler};

/// The f32 engine.
#[derive(Debug)]
pub struct Cpu {
    network: Network,
    cancel: Cancel,
    convs: Vec<Prepared>,
    targets: Vec<Map>,
    kept: Option<Kept>,
    recycler: Recycler,
}

/// What an observation leaves for the pull-back.
#[derive(Debug)]
struct Kept {
    request: Request,
    /// Size of the features at each convolution.
    sizes: Vec<Size>,
    bits: Vec<Vec<u16>>,
    pools: Vec<Choices>,
    taps: BTreeMap<Tap, Map>,
    /// Position weights per region and block, and of the residuals per block.
    regions: Vec<Vec<Plane>>,
    residual_weight: Option<Vec<Plane>>,
}

impl Cpu {
    /// An engine that runs `network`; transforms the weights now, once.
    pub fn new(network: Network, cancel: Cancel) -> Cpu {
        let shapes = network.encoder.topology().convs();
        let convs = shapes.iter().zip(network.encoder.weights()).map(|(s, w)| Prepared::new(s, w)).collect();
        Cpu { network, cancel, convs, targets: Vec::new(), kept: None, recycler: Recycler::default() }
    }

    /// The instruction set that the kernels use on this machine.
    pub fn instruction_set() -> &'static str {
        kernels::instruction_set()
    }

    fn borders(&self, conv: usize, size: Size, edges: Edges) -> Borders {
        let (columns, rows) = Border::of_layer(self.network.padding, conv, size, edges);
        Borders { columns, rows }
    }

    /// Gives the buffers of the last observation back for the next one.
    fn recycle(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        let pooled = kept.pools.into_iter().flat_map(|choices| match choices {
            Choices::L2 { before, after } => vec![before, after],
            _ => Vec::new(),
        });
        for map in kept.taps.into_values().chain(pooled) {
            self.recycler.give(map);
        }
    }

    /// Runs the network to the deepest tap of the request.
    fn forward(&mut self, image: &Pixels, request: &Request) -> Result<Kept, EngineError> {
        self.recycle();
        let topology = self.network.encoder.topology().clone();
        let deepest = request.deepest().ok_or(EngineError::NothingToObserve)?;
        let wanted: Vec<Tap> = request
            .moments
            .iter()
            .copied()
            .chain(request.residuals.iter().map(|target| target.tap))
            .collect();
        let blocks = topology.convs()[deepest.conv()].block;
        let mut kept = Kept {
            sizes: Vec::new(),
            bits: Vec::new(),
            pools: Vec::new(),
            taps: BTreeMap::new(),
            regions: request.regions.iter().map(|plane| pyramid(plane, blocks)).collect(),
            residual_weight: request.residual_weight.as_ref().map(|plane| pyramid(plane, blocks)),
            request: request.clone(),
        };
        let image_map = map::map_input(image, self.network.encoder.input());
        // The input of the next convolution: the image, a tap (which stays), or a map that nobody needs afterwards.
        let mut current: Option<Map> = Some(image_map);
        for conv in 0..=deepest.conv() {
            let last_tap = (conv > 0).then(|| Tap::after(conv - 1));
            let input = match (&current, last_tap) {
                (Some(map), _) => map,
                (None, Some(tap)) => &kept.taps[&tap],
                (None, None) => return Err(EngineError::NothingToObserve),
            };
            let size = input.size();
            let borders = self.borders(conv, size, request.edges);
            let wanted_here = wanted.contains(&Tap::after(conv));
            let pools = conv < deepest.conv() && topology.pools_after(conv);
            let pooling = pools.then_some((self.network.pooling, self.network.pool_scale));
            let keep = wanted_here || !pools;
            let (recycler, cancel) = (&mut self.recycler, &self.cancel);
            let output = self.convs[conv].forward(input, borders, keep, pooling, recycler, cancel)?;
            kept.sizes.push(size);
            kept.bits.push(output.bits);
            let used = current.take();
            if let Some(used) = used.filter(|_| conv > 0) {
                self.recycler.give(used);
            }
            let mut activations = output.activations;
            if let Some((pooled, choices)) = output.pooled {
                let choices = match (self.network.pooling, &activations) {
                    (Pooling::L2, Some(before)) => {
                        Choices::L2 { before: self.copy(before), after: self.copy(&pooled) }
                    }
                    _ => choices,
                };
                kept.pools.push(choices);
                if let Some(map) = activations.take() {
                    if wanted_here {
                        kept.taps.insert(Tap::after(conv), map);
                    } else {
                        self.recycler.give(map);
                    }
                }
                current = Some(pooled);
            } else if wanted_here {
                kept.taps.extend(activations.take().map(|map| (Tap::after(conv), map)));
            } else {
                current = activations.take();
            }
        }
        if let Some(map) = current {
            self.recycler.give(map);
        }
        Ok(kept)
    }

    fn copy(&mut self, map: &Map) -> Map {
        let mut copy = self.recycler.map(map.channels, map.size());
        copy.data.copy_from_slice(&map.data);
        copy
    }

    /// The features of a whole image at a tap.
    fn run_to(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Map, EngineError> {
        check_size(self.network.encoder.topology(), tap, image.size)?;
        let request = Request { moments: vec![tap], edges, ..Request::default() };
        let mut kept = self.forward(image, &request)?;
        kept.taps.remove(&tap).ok_or(EngineError::NothingToObserve)
    }

    fn pull_back_kept(&mut self, kept: &Kept, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        let topology = self.network.encoder.topology().clone();
        cotangents.check(&kept.request, &topology)?;
        let deepest = kept.request.deepest().ok_or(EngineError::NothingToObserve)?.conv();
        let mut above: Option<Map> = None;
        for conv in (0..=deepest).rev() {
            let shape = &topology.convs()[conv];
            // By the output of the ReLU: from the layer above and from the tap here.
            let mut by_output = match above.take() {
                None => self.recycler.zeros(shape.outputs, kept.sizes[conv]),
                Some(pooled) if topology.pools_after(conv) => {
                    let (size, choices) = (kept.sizes[conv], &kept.pools[shape.block - 1]);
                    let by_output =
                        bits::unpool(&pooled, size, choices, self.network.pool_scale, &mut self.recycler);
                    self.recycler.give(pooled);
                    by_output
                }
                Some(map) => map,
            };
            if kept.taps.contains_key(&Tap::after(conv)) {
                self.add_cotangents(kept, cotangents, Tap::after(conv), &mut by_output);
            }
            bits::mask(&mut by_output, &kept.bits[conv]);
            let borders = self.borders(conv, kept.sizes[conv], kept.request.edges);
            let by_input =
                self.convs[conv].backward(&by_output, borders, &mut self.recycler, &self.cancel)?;
            self.recycler.give(by_output);
            above = Some(by_input);
        }
        let by_input = above.ok_or(EngineError::NothingToObserve)?;
        Ok(map::map_input_back(&by_input, self.network.encoder.input()))
    }

    /// dF at a tap, added to `gradient`.
    fn add_cotangents(&self, kept: &Kept, cotangents: &Cotangents, tap: Tap, gradient: &mut Map) {
        let level = self.network.encoder.topology().convs()[tap.conv()].block - 1;
        let features = &kept.taps[&tap];
        for (_, regions) in kept.request.moments.iter().zip(&cotangents.moments).filter(|(at, _)| **at == tap)
        {
            for (region, by) in regions.iter().enumerate() {
                let weights = kept.regions.get(region).map(|levels| &levels[level].data[..]);
                moments::pull_back(features, weights, by, gradient);
            }
        }
        for (target, &by) in kept.request.residuals.iter().zip(&cotangents.residuals) {
            if target.tap == tap {
                let weights = kept.residual_weight.as_ref().map(|levels| &levels[level].data[..]);
                moments::residual_back(features, &self.targets[target.index], weights, by, gradient);
            }
        }
    }
}

impl Engine for Cpu {
    fn network(&self) -> &Network {
        &self.network
    }

    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError> {
        let map = self.run_to(image, edges, tap)?;
        self.targets.push(map);
        Ok(Target { index: self.targets.len() - 1, tap })
    }

    fn forget_targets(&mut self) {
        self.targets.clear();
        self.kept = None;
        self.recycler.clear();
    }

    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError> {
        request.check(self.network.encoder.topology(), image.size)?;
        if let Some(target) = request.residuals.iter().find(|target| target.index >= self.targets.len()) {
            return Err(EngineError::NoSuchTarget { index: target.index });
        }
        let kept = self.forward(image, request)?;
        let level = |tap: Tap| self.network.encoder.topology().convs()[tap.conv()].block - 1;
        let mut observation = Observation { moments: Vec::new(), residuals: Vec::new() };
        for &tap in &request.moments {
            let features = &kept.taps[&tap];
            let regions = match kept.regions.len() {
                0 => vec![moments::sum(features, None)],
                _ => kept.regions.iter().map(|r| moments::sum(features, Some(&r[level(tap)].data))).collect(),
            };
            observation.moments.push(regions);
            self.cancel.check()?;
        }
        for target in &request.residuals {
            let (features, aim) = (&kept.taps[&target.tap], &self.targets[target.index]);
            if features.size() != aim.size() {
                let (expected, found) = (features.size(), aim.size());
                return Err(EngineError::SizesDiffer { what: "content target", expected, found });
            }
            let weights = kept.residual_weight.as_ref().map(|levels| &levels[level(target.tap)].data[..]);
            let area = features.size().area() as f64;
            observation.residuals.push(Residual {
                weight: weights.map_or(area, |weights| weights.iter().map(|&w| w as f64).sum()),
                channels: features.channels,
                sum: moments::residual(features, aim, weights),
            });
        }
        self.kept = Some(kept);
        Ok(observation)
    }

    fn pull_back(&mut self, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        let kept = self.kept.take().ok_or(EngineError::NoObservation)?;
        let gradient = self.pull_back_kept(&kept, cotangents);
        self.kept = Some(kept);
        gradient
    }

    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        let map = self.run_to(image, edges, tap)?;
        let (right, bottom) = window.ends_inside(map.size())?;
        let mut data = Vec::with_capacity(map.channels * window.size.area());
        for channel in 0..map.channels {
            for y in window.y..bottom {
                data.extend((window.x..right).map(|x| map.at(y, x)[channel] as f64));
            }
        }
        Ok(Features { channels: map.channels, size: window.size, data })
    }

    fn decisions(&self) -> Result<Decisions, EngineError> {
        let kept = self.kept.as_ref().ok_or(EngineError::NoObservation)?;
        Ok(decisions::unpack(kept, self.network.encoder.topology(), self.network.pool_scale))
    }
}
