//! The memory behind a plan.

use impasto_encoder::Pooling;
use rayon::prelude::*;

use super::kernels::Lanes;
use super::plan::{BufferPlan, Id};
use crate::Network;

/// The buffers of a plan. A later plan allocates again only where it needs more, because the windows of tiles differ
/// little and fresh memory costs time. An evaluation allocates nothing that grows with the image, and reads nothing
/// that it has not written.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    arena: Vec<Lanes>,
    pub(super) transformed: Vec<Lanes>,
    /// Per convolution, one word per group of each position: where the ReLU passed the value.
    pub(super) bits: Vec<Vec<u16>>,
    /// Per convolution that a max pooling follows, one word per group of each output.
    pub(super) choices: Vec<Vec<u32>>,
    /// Per convolution, the factor of features in half precision.
    pub(super) half_scales: Vec<f32>,
    /// Sums of the first tap, for each task.
    pub(super) sums: Vec<f64>,
    /// Sums of the other taps, for each chunk.
    pub(super) partials: Vec<Vec<f64>>,
}

impl Buffers {
    /// Resizes the buffers for another plan.
    pub(super) fn fit(&mut self, plan: &BufferPlan, network: &Network) {
        hold(&mut self.arena, plan.arena);
        hold(&mut self.transformed, plan.transformed);
        fit(&mut self.sums, plan.sums, 0.0);
        self.half_scales = vec![1.0; plan.sizes.len()];
        self.partials = Vec::new();
        let topology = network.encoder.topology();
        self.bits.resize(plan.sizes.len(), Vec::new());
        self.choices.resize(plan.sizes.len(), Vec::new());
        for (conv, size) in plan.sizes.iter().enumerate() {
            let groups = super::kernels::groups(topology.convs()[conv].outputs);
            let kept = plan.work.backward && (conv > 0 || !plan.stem);
            fit(&mut self.bits[conv], if kept { size.area() * groups } else { 0 }, 0);
            let chosen = plan.work.backward && network.pooling == Pooling::Max && plan.pooled[conv].is_some();
            fit(&mut self.choices[conv], if chosen { size.halved().area() * groups } else { 0 }, 0);
        }
    }

    /// One buffer, for reading.
    pub(super) fn see(&self, plan: &BufferPlan, id: Id) -> &[Lanes] {
        &self.arena[plan.places[id].clone()]
    }

    /// One buffer for reading, and the transformed tiles for writing.
    pub(super) fn see_beside_transformed(
        &mut self,
        (plan, id): (&BufferPlan, Id),
    ) -> (&[Lanes], &mut [Lanes]) {
        (&self.arena[plan.places[id].clone()], &mut self.transformed)
    }

    /// Several buffers that live together, for writing; an empty one for `None`.
    pub(super) fn lend<const N: usize>(&mut self, plan: &BufferPlan, ids: [Option<Id>; N]) -> Lent<'_, N> {
        let places = ids.map(|id| id.map_or(0..0, |id| plan.places[id].clone()));
        Lent {
            maps: self.arena.get_disjoint_mut(places).expect("buffers that live together lie apart"),
            transformed: &mut self.transformed,
            bits: &mut self.bits,
            choices: &mut self.choices,
            half_scales: &mut self.half_scales,
            sums: &mut self.sums,
        }
    }
}

/// Gives a buffer a length; its content is lost. A buffer that is too short is freed first, so that both never exist at
/// once.
fn fit<T: Clone>(buffer: &mut Vec<T>, length: usize, value: T) {
    if length > buffer.capacity() {
        *buffer = Vec::new();
        *buffer = vec![value; length];
    } else {
        buffer.resize(length, value);
    }
}

/// Groups that one thread clears at a time: 256 KB.
const PIECE: usize = 1 << 12;

/// Makes a buffer at least this long; its content is lost. It is never shortened, because it would have to be cleared
/// when it grows again.
pub(super) fn hold(buffer: &mut Vec<Lanes>, length: usize) {
    if length <= buffer.len() {
        return;
    }
    *buffer = Vec::new();
    // The system provides each page at the first write. Writing from all threads takes half the time.
    *buffer = (0..length).into_par_iter().with_min_len(PIECE).map(|_| Lanes::ZERO).collect();
}

/// Borrowed parts of the buffers.
pub(super) struct Lent<'a, const N: usize> {
    pub(super) maps: [&'a mut [Lanes]; N],
    pub(super) transformed: &'a mut [Lanes],
    pub(super) bits: &'a mut [Vec<u16>],
    pub(super) choices: &'a mut [Vec<u32>],
    pub(super) half_scales: &'a mut [f32],
    pub(super) sums: &'a mut [f64],
}
