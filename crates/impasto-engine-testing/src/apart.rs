//! A backend that keeps pictures in progress in a memory of its own, as a graphics card does, and counts what crosses
//! to the host. Everything else it leaves to another backend. Its steps are written for themselves, pixel by pixel in
//! f64: they are the oracle for the steps on the host.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use impasto_encoder::Tap;
use impasto_engine::painting::{self, AdamStep, Painting, PixelMemory, PixelVector};
use impasto_engine::{
    Backend, Cancel, Cotangents, Decisions, Edges, Engine, EngineError, Features, Network, Observation,
    Pixels, Rect, Request, Size, Target,
};

/// The backend. It has no kernels: the other backend observes and pulls back.
#[derive(Clone, Debug)]
pub struct Apart {
    inner: Arc<dyn Backend>,
    crossings: Crossings,
}

/// Counts of numbers that crossed between the host and the memory.
#[derive(Clone, Debug, Default)]
pub struct Crossings {
    read: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl Crossings {
    /// Numbers that the host has read so far.
    pub fn read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    /// Numbers that the host has written so far.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }
}

impl Apart {
    /// A backend that observes and pulls back as `inner` does.
    pub fn new(inner: Arc<dyn Backend>) -> Apart {
        Apart { inner, crossings: Crossings::default() }
    }

    /// The counts of all engines of this backend.
    pub fn crossings(&self) -> &Crossings {
        &self.crossings
    }
}

impl Backend for Apart {
    fn name(&self) -> &str {
        "apart"
    }

    fn available(&self) -> Result<(), String> {
        self.inner.available()
    }

    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        let inner = self.inner.prepare(network, cancel)?;
        let identity = format!("apart {}", inner.identity());
        Ok(Box::new(ApartEngine { inner, identity, memory: self.crossings.clone() }))
    }
}

impl PixelMemory for Crossings {
    fn zeros(&self, len: usize) -> io::Result<Box<dyn PixelVector>> {
        Ok(Box::new(Far { values: vec![0.0; len], crossings: self.clone() }))
    }
}

/// A vector in that memory.
#[derive(Debug)]
struct Far {
    values: Vec<f32>,
    crossings: Crossings,
}

impl PixelVector for Far {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn read(&self, start: usize, to: &mut [f32]) -> io::Result<()> {
        self.crossings.read.fetch_add(to.len(), Ordering::Relaxed);
        to.copy_from_slice(&self.values[start..start + to.len()]);
        Ok(())
    }

    fn write(&mut self, start: usize, from: &[f32]) -> io::Result<()> {
        self.crossings.written.fetch_add(from.len(), Ordering::Relaxed);
        self.values[start..start + from.len()].copy_from_slice(from);
        Ok(())
    }
}

struct ApartEngine {
    inner: Box<dyn Engine>,
    identity: String,
    memory: Crossings,
}

/// The picture as the network sees it; `None` if it is not in this memory.
fn seen(painting: &Painting) -> Option<Pixels> {
    let mut data = painting.picture.in_engine::<Far>()?.values.clone();
    if let Some(blend) = painting.over {
        for (i, value) in data.iter_mut().enumerate() {
            *value = painting::Blend::of(*value, blend.content[i], blend.part[i % blend.part.len()]);
        }
    }
    Some(Pixels { size: painting.size, data })
}

/// The position that mirrors `at` in a row of `length` positions with a margin.
fn mirror(at: usize, length: usize, margin: usize) -> usize {
    let (first, last) = (margin as isize, (length - 1 - margin) as isize);
    let mut at = at as isize;
    while at < first || at > last {
        at = if at < first { 2 * first - at } else { 2 * last - at };
    }
    at as usize
}

/// The mean of the derivatives of each pixel and its mirror images, leveled if asked for.
fn tied(painting: &Painting, gradient: &Pixels) -> Vec<f64> {
    let Size { width, height } = painting.size;
    let home = |i: usize| {
        let (plane, x, y) = (i / (width * height), i % width, i / width % height);
        let (x, y) = (mirror(x, width, painting.margin), mirror(y, height, painting.margin));
        (plane * height + y) * width + x
    };
    let (mut sums, mut counts) = (vec![0.0; gradient.data.len()], vec![0.0; gradient.data.len()]);
    for (i, value) in gradient.data.iter().enumerate() {
        sums[home(i)] += f64::from(*value);
        counts[home(i)] += 1.0;
    }
    let mut tied: Vec<f64> = (0..sums.len()).map(|i| sums[home(i)] / counts[home(i)]).collect();
    if painting.level {
        let area = width * height;
        for i in 0..area {
            let mean = (tied[i] + tied[area + i] + tied[2 * area + i]) / 3.0;
            [tied[i], tied[area + i], tied[2 * area + i]] = [mean; 3];
        }
    }
    tied
}

impl Engine for ApartEngine {
    fn pixel_memory(&self) -> Option<Arc<dyn PixelMemory>> {
        Some(Arc::new(self.memory.clone()))
    }

    fn observe_painting(
        &mut self,
        painting: &mut Painting,
        request: &Request,
    ) -> Result<(Observation, Vec<f64>), EngineError> {
        let Some(image) = seen(painting) else { return painting::observe(self, painting, request) };
        let observation = self.inner.observe(&image, request)?;
        Ok((observation, painting.terms.iter().map(|term| term.value(&image)).collect()))
    }

    fn step_painting(
        &mut self,
        painting: &mut Painting,
        cotangents: &Cotangents,
        adam: &mut AdamStep,
    ) -> Result<(), EngineError> {
        let Some(image) = seen(painting) else { return painting::step(self, painting, cotangents, adam) };
        let mut gradient = self.inner.pull_back(&image, cotangents)?;
        painting.terms.iter().for_each(|term| term.add_gradient(&image, &mut gradient));
        if gradient.data.iter().any(|value| !value.is_finite()) {
            return Err(EngineError::NotFinite { what: "the gradient by the pixels" });
        }
        if let Some(blend) = painting.over {
            let part = |i: usize| blend.part[i % blend.part.len()];
            gradient.data.iter_mut().enumerate().for_each(|(i, value)| *value *= 1.0 - part(i));
        }
        let gradient = tied(painting, &gradient);
        if gradient.iter().any(|value| value.abs() > f64::from(painting::LARGEST_DERIVATIVE)) {
            return Err(EngineError::NotFinite { what: painting::GRADIENT });
        }
        let far = [&mut *painting.picture, &mut *adam.first, &mut *adam.second, &mut *adam.average]
            .map(|values| values.in_engine_mut::<Far>());
        let [Some(picture), Some(first), Some(second), Some(average)] = far else {
            let source = io::Error::other("a part of the painting is elsewhere");
            return Err(EngineError::Pixels { source });
        };
        let (beta1, beta2) = (f64::from(adam.beta1), f64::from(adam.beta2));
        for (i, g) in gradient.into_iter().enumerate() {
            let m = beta1 * f64::from(first.values[i]) + (1.0 - beta1) * g;
            let v = beta2 * f64::from(second.values[i]) + (1.0 - beta2) * g * g;
            let moved = f64::from(picture.values[i])
                - f64::from(adam.rate) * m / (v.sqrt() + f64::from(adam.epsilon));
            let moved = if adam.bounded { moved.clamp(0.0, 1.0) } else { moved };
            let mean = adam.average_decay * f64::from(average.values[i]) + (1.0 - adam.average_decay) * moved;
            (first.values[i], second.values[i]) = (m as f32, v as f32);
            (picture.values[i], average.values[i]) = (moved as f32, mean as f32);
        }
        match picture.values.iter().all(|value| value.is_finite()) {
            true => Ok(()),
            false => Err(EngineError::NotFinite { what: "the pixels" }),
        }
    }

    fn network(&self) -> &Network {
        self.inner.network()
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn set_half(&mut self, half: bool) {
        self.inner.set_half(half);
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.inner.set_cancel(cancel);
    }

    fn kernel_bytes(&self) -> usize {
        self.inner.kernel_bytes()
    }

    fn evaluation_bytes(&self, size: Size, request: &Request, threads: usize) -> Result<usize, EngineError> {
        self.inner.evaluation_bytes(size, request, threads)
    }

    fn capture_bytes(&self, size: Size, tap: Tap, threads: usize) -> Result<usize, EngineError> {
        self.inner.capture_bytes(size, tap, threads)
    }

    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError> {
        self.inner.capture(image, edges, tap)
    }

    fn target_stride(&self, tap: Tap) -> usize {
        self.inner.target_stride(tap)
    }

    fn export_target(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        self.inner.export_target(target, row)
    }

    fn import_target(
        &mut self,
        slot: Option<Target>,
        tap: Tap,
        size: Size,
        row: &mut dyn FnMut(usize, &mut [u8]) -> io::Result<()>,
    ) -> Result<Target, EngineError> {
        self.inner.import_target(slot, tap, size, row)
    }

    fn forget_targets(&mut self) {
        self.inner.forget_targets();
    }

    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError> {
        self.inner.observe(image, request)
    }

    fn pull_back(&mut self, image: &Pixels, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        self.inner.pull_back(image, cotangents)
    }

    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        self.inner.features(image, edges, tap, window)
    }

    fn decisions(&self) -> Result<Decisions, EngineError> {
        self.inner.decisions()
    }
}
