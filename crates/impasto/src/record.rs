//! Records a picture's features and statistics, and takes derivatives by them back to the pixels: all that is needed to
//! write a loss by hand (Gatys, Ecker and Bethge, CVPR 2016, section 2).
//!
//! A [`Recorder`] holds a network. A [`Tape`] is what it saw in one picture. The caller computes a loss from the tape
//! and the [`Derivatives`] of this loss; [`Tape::pull_back`] gives the gradient by the pixels. There is no automatic
//! differentiation: the network's way back is known, and the loss is the caller's.
//!
//! Tapes share one engine, which holds the data of one observation. A tape that is no longer the last one is observed
//! again before it is pulled back, with the same result.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use impasto_encoder::{Encoder, Pooling, Tap};
use impasto_engine::{
    Cancel, Cotangents, CpuBackend, Edges, Engine, Features, MomentsCotangent, Network, Observation, Pixels,
    Request, Target,
};

use crate::objective::MeanMoments;
use crate::threads::{ThreadPool, thread_pool};
use crate::{Backend, Error};

/// Most content targets that a recorder keeps. A loop uses the same few again and again.
const KEPT_TARGETS: usize = 8;

/// A network that records pictures. Clones share one engine: they take turns.
#[derive(Clone)]
pub struct Recorder {
    network: Network,
    pool: Arc<ThreadPool>,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    engine: Box<dyn Engine>,
    targets: Vec<(Tap, Arc<Pixels>, Target)>,
    /// Number of the last observation.
    last: usize,
}

/// The layers to record of a picture. A tap may be in several lists, but once in each.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Taps whose moments are recorded.
    pub style: Vec<Tap>,
    /// Taps where the picture's features are compared with those of another picture of the same size.
    pub content: Vec<(Tap, Arc<Pixels>)>,
    /// Taps whose features are recorded themselves.
    pub features: Vec<Tap>,
}

/// The record of one picture.
pub struct Tape {
    recorder: Recorder,
    image: Pixels,
    layers: Layers,
    seen: Observation,
    number: usize,
}

/// Derivatives of a loss by what a [`Tape`] holds, in the order of its [`Layers`]. A list is empty if the loss does not
/// depend on any of its kind.
#[derive(Clone, Debug, Default)]
pub struct Derivatives {
    /// By each entry of the Gram matrix E\[f fᵀ\], `[channels, channels]` by rows. The matrix is symmetric, so only the
    /// symmetric part (D + Dᵀ) / 2 has an effect, and only that is used.
    pub gram: Vec<Option<Vec<f64>>>,
    /// By each channel of the mean E\[f\].
    pub mean: Vec<Option<Vec<f64>>>,
    /// By the mean squared difference from the content.
    pub content: Vec<f64>,
    /// By each feature, `[channels, height, width]`.
    pub features: Vec<Option<Vec<f64>>>,
}

impl Recorder {
    /// Makes a recorder on the CPU, with the pooling of the encoder's training or another.
    ///
    /// # Errors
    /// When the threads cannot be started, or the environment names an instruction set that this machine lacks.
    pub fn new(
        encoder: Encoder,
        pooling: Option<Pooling>,
        threads: Option<usize>,
    ) -> Result<Recorder, Error> {
        let mut network = Network::new(encoder);
        network.pooling = pooling.unwrap_or(network.pooling);
        let pool = thread_pool(threads)?;
        let prepared = || CpuBackend { set: None }.prepare(network.clone(), Cancel::default());
        let engine = pool.install(prepared)?;
        let shared = Shared { engine, targets: Vec::new(), last: 0 };
        Ok(Recorder { network, pool: Arc::new(pool), shared: Arc::new(Mutex::new(shared)) })
    }

    /// The network's encoder.
    pub fn encoder(&self) -> &Encoder {
        &self.network.encoder
    }

    /// The network's pooling.
    pub fn pooling(&self) -> Pooling {
        self.network.pooling
    }

    /// The features of a picture (RGB 0..1) at each of the taps, `[channels, height, width]`. `cancel` abandons the
    /// work.
    ///
    /// # Errors
    /// When the picture is too small for a tap, or the work was cancelled.
    pub fn features(&self, image: &Pixels, taps: &[Tap], cancel: &Cancel) -> Result<Vec<Features>, Error> {
        let layers = Layers { features: taps.to_vec(), ..Layers::default() };
        let (seen, _) = self.locked(cancel, |shared| shared.observe(image, &layers))?;
        Ok(seen.features)
    }

    /// Records a picture (RGB 0..1).
    ///
    /// # Errors
    /// When the picture is too small for a tap, a content picture has another size, or the work was cancelled.
    pub fn record(&self, image: Pixels, layers: Layers, cancel: &Cancel) -> Result<Tape, Error> {
        let (seen, number) = self.locked(cancel, |shared| shared.observe(&image, &layers))?;
        Ok(Tape { recorder: self.clone(), image, layers, seen, number })
    }

    /// Runs work with the engine, on the recorder's threads.
    fn locked<T: Send>(
        &self,
        cancel: &Cancel,
        work: impl FnOnce(&mut Shared) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        // A panic leaves no observation that could be used by mistake: `last` is counted up before each.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &mut *shared;
        shared.engine.set_cancel(cancel.clone());
        self.pool.install(|| work(shared))
    }
}

impl Shared {
    /// Observes a picture. Also returns the number of this observation.
    fn observe(&mut self, image: &Pixels, layers: &Layers) -> Result<(Observation, usize), Error> {
        static OBSERVATIONS: AtomicUsize = AtomicUsize::new(1);
        self.last = OBSERVATIONS.fetch_add(1, Ordering::Relaxed);
        let residuals = self.targets(layers)?;
        let (moments, features) = (layers.style.clone(), layers.features.clone());
        let request = Request { moments, residuals, features, ..Request::default() };
        let seen = self.engine.observe(image, &request)?;
        Ok((seen, self.last))
    }

    /// The content targets, which are captured unless they are known.
    fn targets(&mut self, layers: &Layers) -> Result<Vec<Target>, Error> {
        let known = |kept: &[(Tap, Arc<Pixels>, Target)], tap: Tap, picture: &Arc<Pixels>| {
            let same = |(at, other, _): &&(Tap, Arc<Pixels>, Target)| {
                *at == tap && (Arc::ptr_eq(other, picture) || other == picture)
            };
            kept.iter().find(same).map(|(_, _, target)| *target)
        };
        let new =
            layers.content.iter().filter(|(tap, picture)| known(&self.targets, *tap, picture).is_none());
        if self.targets.len() + new.count() > KEPT_TARGETS {
            self.engine.forget_targets();
            self.targets.clear();
        }
        let mut targets = Vec::with_capacity(layers.content.len());
        for (tap, picture) in &layers.content {
            let target = match known(&self.targets, *tap, picture) {
                Some(target) => target,
                None => {
                    let target = self.engine.capture(picture, Edges::default(), *tap)?;
                    self.targets.push((*tap, picture.clone(), target));
                    target
                }
            };
            targets.push(target);
        }
        Ok(targets)
    }
}

impl Tape {
    /// The picture.
    pub fn image(&self) -> &Pixels {
        &self.image
    }

    /// The recorded observation.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// E\[f\] and E\[f fᵀ\] over all positions, for each style tap.
    pub fn moments(&self) -> impl Iterator<Item = MeanMoments> + '_ {
        self.seen.moments.iter().map(|regions| MeanMoments::from_sums(&regions[0]))
    }

    /// The mean squared difference of the features from the content's, for each content tap.
    pub fn content(&self) -> impl Iterator<Item = f64> + '_ {
        self.seen.residuals.iter().map(|residual| residual.sum / (residual.weight * residual.channels as f64))
    }

    /// The features, for each tap where they were recorded.
    pub fn features(&self) -> &[Features] {
        &self.seen.features
    }

    /// The gradient of a loss by the pixels (RGB 0..1), from the derivatives of the loss. It is linear in them.
    ///
    /// # Errors
    /// When a derivative has not the shape of what it is by, or the work was cancelled.
    pub fn pull_back(&self, by: &Derivatives, cancel: &Cancel) -> Result<Pixels, Error> {
        let cotangents = self.cotangents(by)?;
        self.recorder.locked(cancel, |shared| {
            if shared.last != self.number {
                // The next pull-back of this tape observes again, too: each uses up its observation.
                shared.observe(&self.image, &self.layers)?;
            }
            shared.last = 0;
            Ok(shared.engine.pull_back(&self.image, &cotangents)?)
        })
    }

    /// The derivatives by the sums that means are made of.
    fn cotangents(&self, by: &Derivatives) -> Result<Cotangents, Error> {
        let mut cotangents = Cotangents::default();
        for (index, regions) in self.seen.moments.iter().enumerate() {
            let (channels, share) = (regions[0].first.len(), 1.0 / regions[0].weight);
            let first = given(&by.mean, index, channels, "derivative by a mean")?;
            let second = given(&by.gram, index, channels * channels, "derivative by a Gram matrix")?;
            let symmetric = |i: usize| {
                let mirrored = i % channels * channels + i / channels;
                0.5 * share * (second[i] + second[mirrored])
            };
            let second = (0..channels * channels).map(symmetric).collect();
            let first = first.into_iter().map(|value| share * value).collect();
            cotangents.moments.push(vec![MomentsCotangent { first, second }]);
        }
        for (index, residual) in self.seen.residuals.iter().enumerate() {
            let value = by.content.get(index).copied().unwrap_or(0.0);
            cotangents.residuals.push(value / (residual.weight * residual.channels as f64));
        }
        for (index, seen) in self.seen.features.iter().enumerate() {
            let data = given(&by.features, index, seen.data.len(), "derivative by features")?;
            cotangents.features.push(Features { data, channels: seen.channels, size: seen.size });
        }
        Ok(cotangents)
    }
}

/// The derivative with this index, or zeros if there is none.
fn given(
    all: &[Option<Vec<f64>>],
    index: usize,
    length: usize,
    what: &'static str,
) -> Result<Vec<f64>, Error> {
    match all.get(index) {
        Some(Some(values)) if values.len() == length => Ok(values.clone()),
        Some(Some(values)) => {
            Err(Error::invalid(what, format!("expected {length} values, found {}", values.len())))
        }
        _ => Ok(vec![0.0; length]),
    }
}
