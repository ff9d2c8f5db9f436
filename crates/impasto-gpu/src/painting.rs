//! Observations and steps of a painting whose pixels are on the card. Nothing comes back but sums, values of terms, and
//! whether a step was sound.

use impasto_engine::painting::{AdamStep, Blend, GRADIENT, LARGEST_DERIVATIVE, Painting, PixelTerm, TvForm};
use impasto_engine::{Cotangents, EngineError, Observation, Request, Size};

use crate::buffer::Buffer;
use crate::engine::{GpuEngine, Recording};
use crate::memory::Vector;
use crate::program::{Recorder, SLOT, grid};
use crate::shape::{QUAD_BYTES, Role, Shape};
use crate::sources::Kernel;

/// Values that one workgroup of `variation_value.wgsl` takes.
const SHARE: usize = 1024;

/// Bits of `state` after a step.
const NOT_FINITE: u32 = 1;
const TOO_LARGE: u32 = 2;

/// Kernels that an observation and a step of a painting have besides those of its network, at most.
const KERNELS: usize = 9;

/// Bytes of what an observation or a step of a painting has besides its network: the parts of the value of a term, the
/// state, and the numbers of the kernels, once on the card and once on their way to it.
pub(crate) fn painting_bytes(size: Size) -> usize {
    size_of::<f32>() * parts(size) + 2 * QUAD_BYTES + 2 * KERNELS * SLOT
}

/// Parts in which the value of a term is added.
pub(crate) fn parts(size: Size) -> usize {
    (3 * size.area()).div_ceil(SHARE)
}

/// Content over a painting, as it is on the card.
#[derive(Debug)]
pub(crate) struct Cover {
    blend: Blend,
    buffer: Buffer,
}

/// The numbers of a term's kernels but the third, and the factor of its value; `None` for a term that only the host
/// knows.
fn numbers(term: &PixelTerm, Size { width, height }: Size) -> Option<([u32; 8], f64)> {
    let PixelTerm::TotalVariation { form, weight } = term else { return None };
    let (absolute, ends, factor, diagonal) = match *form {
        TvForm::HalfSquares { scale } => (0, 0, 0.5 * scale * scale, 0.0),
        TvForm::Absolute { scale } => (1, 1, scale, 0.0),
        // Means over three planes; those of the diagonals over the replicated picture.
        TvForm::NinePoint => {
            (0, 1, 2.0 / (9 * width * height) as f64, 2.0 / (36 * (width + 1) * (height + 1)) as f64)
        }
        _ => return None,
    };
    let [factor, diagonal] = [factor, diagonal].map(|value| (value as f32).to_bits());
    let weight_bits = (*weight as f32).to_bits();
    Some(([width as u32, height as u32, 0, absolute, ends, factor, diagonal, weight_bits], *weight))
}

impl GpuEngine {
    /// The buffer of a painting's picture, if the card can do all that the painting asks for.
    pub(crate) fn own(&self, painting: &Painting) -> Option<Buffer> {
        let vector = painting.picture.in_engine::<Vector>()?;
        let Size { width, height } = painting.size;
        let known = painting.terms.iter().all(|term| numbers(term, painting.size).is_some());
        let mirrors = painting.margin == 0 || width.min(height) > 3 * painting.margin;
        (vector.is_on(&self.device) && known && mirrors).then(|| vector.buffer.clone())
    }

    pub(crate) async fn observe_own(
        &mut self,
        picture: &Buffer,
        painting: &Painting<'_>,
        request: &Request,
    ) -> Result<(Observation, Vec<f64>), EngineError> {
        request.check(self.network.encoder.topology(), painting.size)?;
        self.prepare(Shape::of(request, painting.size, self.half), request, true)?;
        self.cover(painting.over);
        let mut recorder = Recorder::default();
        self.record_seen(&mut recorder, picture, painting.size);
        let parts = parts(painting.size);
        let sums: Vec<(Buffer, f64)> = painting
            .terms
            .iter()
            .filter_map(|term| self.record_value(&mut recorder, term, painting.size))
            .collect();
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        recorder.finish(&self.device).encode(&self.device, &mut encoder);
        self.device.count();
        let seen = self.look_after(encoder, request).await?;
        let mut values = Vec::new();
        for (buffer, weight) in &sums {
            let host = self.host(parts);
            let mut encoder = self.device.inner.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(buffer, 0, &host, 0, (size_of::<f32>() * parts) as u64);
            self.device.queue.submit([encoder.finish()]);
            let parts = self.device.read(&host, parts).await?;
            values.push(weight * parts.iter().map(|&part| f64::from(part)).sum::<f64>());
        }
        Ok((seen, values))
    }

    /// Takes content over a painting to the card, unless it is there.
    pub(crate) fn cover(&mut self, over: Option<&Blend>) {
        let same = |cover: &Cover, blend: &Blend| {
            cover.blend.part == blend.part && cover.blend.content == blend.content
        };
        self.cover = match (over, self.cover.take()) {
            (None, _) => None,
            (Some(blend), Some(cover)) if same(&cover, blend) => Some(cover),
            (Some(blend), _) => {
                let buffer = self.device.filled(&[&blend.part[..], &blend.content].concat());
                Some(Cover { blend: blend.clone(), buffer })
            }
        };
    }

    /// Puts the picture as the network sees it into its place.
    pub(crate) fn record_seen(&self, recorder: &mut Recorder, picture: &Buffer, size: Size) {
        let count = 3 * size.area();
        let (groups, per_row) = grid(count);
        let seen = self.arena.get(Role::Picture);
        match &self.cover {
            Some(cover) => {
                let numbers = [size.area() as u32, count as u32, per_row];
                recorder.add(Kernel::Seen, &numbers, &[picture, &cover.buffer, seen], groups);
            }
            None => recorder.copy(picture, seen, count),
        }
    }

    /// Records the value of a term; returns where its parts will be, and the factor of their sum.
    pub(crate) fn record_value(
        &self,
        recorder: &mut Recorder,
        term: &PixelTerm,
        size: Size,
    ) -> Option<(Buffer, f64)> {
        let (mut numbers, weight) = numbers(term, size)?;
        let parts = parts(size);
        let (groups, per_row) = grid(64 * parts);
        numbers[2] = per_row;
        let sums = self.device.buffer((size_of::<f32>() * parts) as u64);
        recorder.add(Kernel::VariationValue, &numbers, &[self.arena.get(Role::Picture), &sums], groups);
        Some((sums, weight))
    }

    pub(crate) async fn step_own(
        &mut self,
        picture: &Buffer,
        painting: &Painting<'_>,
        cotangents: &Cotangents,
        adam: &AdamStep<'_>,
    ) -> Result<(), EngineError> {
        self.send(cotangents)?;
        let state = self.device.buffer(16);
        let step = self.record_step(picture, painting, adam, &state)?;
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        if let Some(Recording { backward: Some(backward), .. }) = &self.recording {
            backward.encode(&self.device, &mut encoder);
        }
        step.finish(&self.device).encode(&self.device, &mut encoder);
        let host = self.host(1);
        encoder.copy_buffer_to_buffer(&state, 0, &host, 0, size_of::<u32>() as u64);
        self.device.queue.submit([encoder.finish()]);
        // Not cancelled any more: the picture has moved, and the caller must count the step.
        sound(self.device.read(&host, 1).await?.first().copied().unwrap_or_default())
    }

    /// Records all behind the network: the derivative that Adam follows, its step, and the average.
    pub(crate) fn record_step(
        &self,
        picture: &Buffer,
        painting: &Painting<'_>,
        adam: &AdamStep<'_>,
        state: &Buffer,
    ) -> Result<Recorder, EngineError> {
        let own = [&*adam.first, &*adam.second, &*adam.average].map(|values| values.in_engine::<Vector>());
        let [Some(first), Some(second), Some(average)] = own else {
            let source = std::io::Error::other("a part of the painting is elsewhere");
            return Err(EngineError::Pixels { source });
        };
        let mut recorder = Recorder::default();
        self.record_gradient(&mut recorder, painting, state);
        let count = 3 * painting.size.area();
        let (groups, per_row) = grid(count);
        let gradient = self.arena.get(Role::Gradient);
        let [beta1, beta2, rate, epsilon] =
            [adam.beta1, adam.beta2, adam.rate, adam.epsilon].map(f32::to_bits);
        let numbers = [count as u32, beta1, beta2, rate, epsilon, u32::from(adam.bounded), per_row];
        let vectors = [gradient, picture, &first.buffer, &second.buffer, state];
        recorder.add(Kernel::Adam, &numbers, &vectors, groups);
        let [old, new] = [adam.average_decay as f32, (1.0 - adam.average_decay) as f32].map(f32::to_bits);
        let numbers = [count as u32, old, new, per_row];
        recorder.add(Kernel::Average, &numbers, &[picture, &average.buffer, state], groups);
        Ok(recorder)
    }

    /// Records what makes the derivative that Adam follows from the one that came through the network.
    fn record_gradient(&self, recorder: &mut Recorder, painting: &Painting, state: &Buffer) {
        let Size { width, height } = painting.size;
        let count = 3 * painting.size.area();
        let (groups, per_row) = grid(count);
        let (gradient, other) = (self.arena.get(Role::Gradient), self.arena.get(Role::Picture));
        for (mut numbers, _) in painting.terms.iter().filter_map(|term| numbers(term, painting.size)) {
            numbers[2] = per_row;
            recorder.add(Kernel::VariationBack, &numbers, &[other, gradient], groups);
        }
        let area = painting.size.area() as u32;
        let covered = painting.over.and(self.cover.as_ref());
        let cover = covered.map_or(&self.layers[0].bias, |cover| &cover.buffer);
        let numbers = [area, count as u32, u32::from(covered.is_some()), per_row];
        recorder.add(Kernel::Through, &numbers, &[cover, gradient, state], groups);
        if painting.margin > 0 {
            // The picture as it was seen is not needed any more.
            let along = |length: usize, stride: usize| {
                [count, length, stride, painting.margin, per_row as usize].map(|number| number as u32)
            };
            recorder.add(Kernel::Tie, &along(width, 1), &[gradient, other], groups);
            recorder.add(Kernel::Tie, &along(height, width), &[other, gradient], groups);
        }
        let (groups, per_row) = grid(painting.size.area());
        let numbers = [area, u32::from(painting.level), LARGEST_DERIVATIVE.to_bits(), per_row];
        recorder.add(Kernel::Limit, &numbers, &[gradient, state], groups);
    }
}

/// Whether a step was sound, from its `state`, whose bits a float carries.
pub(crate) fn sound(state: f32) -> Result<(), EngineError> {
    match state.to_bits() {
        0 => Ok(()),
        told if told & NOT_FINITE != 0 => Err(EngineError::NotFinite { what: "the gradient by the pixels" }),
        told if told & TOO_LARGE != 0 => Err(EngineError::NotFinite { what: GRADIENT }),
        _ => Err(EngineError::NotFinite { what: "the pixels" }),
    }
}
