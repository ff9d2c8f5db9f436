//! The layout of all buffers of an evaluation, fixed before the first one. Maps that do not live at the same time share
//! memory.
//!
//! The features at a tap live until their own gradient replaces them. The gradient above a pooling is un-pooled where
//! it is read. The activations of the first convolution are kept only if they are given out. So VGG-19 with five style
//! taps and a content tap needs at most 320 bytes per pixel for maps, while its third block runs.

use std::ops::Range;

use impasto_encoder::{Pooling, Tap};

use super::conv::lengths;
use super::kernels::{GROUP, Lanes, groups};
use super::map::Image;
use super::prepared::Prepared;
use super::taps::fill_scratch;
use super::{half, moments, stem};
use crate::{Network, Request, Size};

/// A buffer of a plan.
pub(super) type Id = usize;

/// Everything that a plan depends on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Work {
    pub(super) size: Size,
    pub(super) deepest: usize,
    /// Convolutions with a tap.
    pub(super) taps: Vec<usize>,
    /// Whether features of the first tap are given out, which must then be kept.
    pub(super) keeps_first: bool,
    pub(super) regions: usize,
    pub(super) residuals: usize,
    /// Whether a gradient will be computed.
    pub(super) backward: bool,
    /// Whether features at taps are kept in half precision.
    pub(super) half: bool,
}

impl Work {
    /// The work of a request; `None` without a tap.
    pub(super) fn of(request: &Request, size: Size, backward: bool, half: bool) -> Option<Work> {
        let mut taps: Vec<usize> = request.taps().map(Tap::conv).collect();
        taps.sort_unstable();
        taps.dedup();
        let deepest = *taps.last()?;
        let (regions, residuals) = (request.regions.len().max(1), request.residuals.len());
        let (keeps_first, half) = (request.features.contains(&Tap::after(0)), half && backward);
        Some(Work { size, deepest, taps, keeps_first, regions, residuals, backward, half })
    }

    pub(super) fn looks_at(&self, conv: usize) -> bool {
        self.taps.contains(&conv)
    }
}

/// The buffers of an evaluation; per convolution unless stated otherwise.
#[derive(Debug)]
pub(super) struct BufferPlan {
    pub(super) work: Work,
    /// Size of the features.
    pub(super) sizes: Vec<Size>,
    /// Whether the first two convolutions run together.
    pub(super) stem: bool,
    pub(super) activations: Vec<Option<Id>>,
    /// The features at a tap, if these are kept in half precision.
    pub(super) halves: Vec<Option<Id>>,
    pub(super) pooled: Vec<Option<Id>>,
    /// Gradients by the outputs; a tap's replaces its activations.
    pub(super) gradients: Vec<Option<Id>>,
    /// Gradients by the output of the pooling after a convolution.
    pub(super) pooled_gradients: Vec<Option<Id>>,
    /// Rows of the gradient by the image, for each task.
    pub(super) parts: Option<Id>,
    /// The range of each buffer, in groups.
    pub(super) places: Vec<Range<usize>>,
    /// Groups of all buffers together.
    pub(super) arena: usize,
    /// Groups of transformed tiles.
    pub(super) transformed: usize,
    /// Groups of scratch per thread.
    pub(super) scratch: usize,
    /// Sums of the first tap.
    pub(super) sums: usize,
    /// Partial sums of the other taps.
    partials: usize,
    /// Bytes of bits and choices.
    decisions: usize,
}

/// A buffer's length, and the first and last step of its life.
struct Need {
    length: usize,
    from: usize,
    to: usize,
}

impl BufferPlan {
    pub(super) fn new(work: Work, network: &Network, convs: &[Prepared]) -> BufferPlan {
        let topology = network.encoder.topology();
        let count = work.deepest + 1;
        // Step `conv` runs a convolution forward, step `back(conv)` backward. Without a gradient, the latter is the
        // end.
        let backward = work.backward;
        let back = |conv: usize| if backward { 2 * count - 1 - conv } else { count };
        let deepest = work.deepest;
        let pools = |conv: usize| conv < deepest && topology.pools_after(conv);
        let stem = count > 1 && !pools(0) && !work.keeps_first;
        let mut plan = BufferPlan {
            sizes: Vec::new(),
            stem,
            activations: vec![None; count],
            halves: vec![None; count],
            pooled: vec![None; count],
            gradients: vec![None; count],
            pooled_gradients: vec![None; count],
            parts: None,
            places: Vec::new(),
            arena: 0,
            transformed: 0,
            scratch: 0,
            sums: 0,
            partials: 0,
            decisions: 0,
            work,
        };
        let mut needs = Vec::new();
        let mut need = |length: usize, from: usize, to: usize| {
            needs.push(Need { length, from, to });
            Some(needs.len() - 1)
        };
        let mut size = plan.work.size;
        for conv in 0..count {
            let width = groups(topology.convs()[conv].outputs);
            let (length, half) = (size.area() * width, size.halved().area() * width);
            let (tap, l2) = (plan.work.looks_at(conv), network.pooling == Pooling::L2 && pools(conv));
            plan.sizes.push(size);
            if pools(conv) {
                plan.pooled[conv] = need(half, conv, if l2 { back(conv) } else { conv + 1 });
                if plan.work.backward {
                    plan.pooled_gradients[conv] = need(half, back(conv + 1), back(conv));
                }
            }
            if conv > 0 || !stem {
                let half = plan.work.half && tap && !l2;
                if half {
                    // The next convolution still reads it, unless it reads the pooled map.
                    plan.activations[conv] = need(length, conv, if pools(conv) { conv } else { conv + 1 });
                    plan.halves[conv] = need(half::length(length), conv, back(conv));
                } else if tap || l2 {
                    plan.activations[conv] = need(length, conv, back(conv));
                } else if !pools(conv) {
                    plan.activations[conv] = need(length, conv, conv + 1);
                }
                if tap && !l2 && !half {
                    plan.gradients[conv] = plan.activations[conv];
                } else if plan.work.backward && (tap || !pools(conv)) {
                    // L2 pooling reads its input for the derivative, so the input cannot be replaced.
                    plan.gradients[conv] = need(length, back(conv + 1).min(back(conv)), back(conv));
                }
                plan.decisions += if plan.work.backward { 2 * length } else { 0 };
            }
            if plan.work.backward && pools(conv) && network.pooling == Pooling::Max {
                plan.decisions += 4 * half;
            }
            plan.measure(conv, &convs[conv]);
            if pools(conv) {
                size = size.halved();
            }
        }
        if plan.work.backward {
            let floats = stem::tasks(plan.work.size.height).pieces() * stem::task_rows(plan.work.size);
            plan.parts = need(floats.div_ceil(GROUP), back(usize::from(stem)), back(0));
        }
        plan.places = place(&needs);
        plan.arena = plan.places.iter().map(|place| place.end).max().unwrap_or(0);
        plan
    }

    /// Measures scratch, transformed tiles and the first tap's sums.
    fn measure(&mut self, conv: usize, prepared: &Prepared) {
        let directions = [prepared.forward(), prepared.backward().filter(|_| self.work.backward)];
        if conv > usize::from(self.stem) {
            for kernels in directions.into_iter().flatten() {
                let (transformed, scratch) = lengths(self.sizes[conv], kernels);
                self.transformed = self.transformed.max(transformed);
                self.scratch = self.scratch.max(scratch);
            }
        }
        let width = groups(prepared.shape.outputs);
        if self.work.looks_at(conv) && (conv > 0 || !self.stem) {
            self.partials += moments::partials(self.sizes[conv].area(), width);
            let scratch = moments::scratch_length(width).max(fill_scratch(width));
            self.scratch = self.scratch.max(scratch);
        }
        if conv == 0 && !self.stem {
            self.scratch = self.scratch.max(stem::alone_scratch(width)).max(stem::backward_scratch(0, width));
        }
        if conv == 1 && self.stem {
            let [forward, backward] = [prepared.forward(), prepared.backward()];
            let (inputs, outputs) = forward.map_or((0, 0), |kernels| (kernels.inputs, kernels.outputs));
            self.scratch = self.scratch.max(stem::forward_scratch(inputs, outputs));
            if backward.is_some() {
                self.scratch = self.scratch.max(stem::backward_scratch(outputs, inputs));
            }
            // Without a first tap there is one value for each task, so that each has a slice.
            let of_task = match self.work.looks_at(0) {
                true => self.work.regions * moments::length(inputs) + self.work.residuals,
                false => 1,
            };
            self.sums = stem::tasks(self.work.size.height).pieces() * of_task;
        }
    }

    /// Bytes of an evaluation for a number of threads, besides the encoder, the targets and the pictures.
    pub(super) fn bytes(&self, threads: usize) -> usize {
        let groups = self.arena + self.transformed + threads * self.scratch;
        let image = Image::length(self.work.size) * size_of::<f32>();
        groups * size_of::<Lanes>() + self.decisions + image + (self.sums + self.partials) * size_of::<f64>()
    }
}

/// Places the longest buffers first, each at the lowest offset that is free during its life.
fn place(needs: &[Need]) -> Vec<Range<usize>> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|&id| std::cmp::Reverse(needs[id].length));
    let mut places = vec![0..0; needs.len()];
    let mut placed: Vec<usize> = Vec::new();
    for id in order {
        let need = &needs[id];
        let meets = |other: &Need| need.from <= other.to && other.from <= need.to;
        let mut taken: Vec<Range<usize>> = placed
            .iter()
            .filter(|&&other| meets(&needs[other]))
            .map(|&other| places[other].clone())
            .collect();
        taken.sort_by_key(|place| place.start);
        let mut start = 0;
        for place in taken {
            if start + need.length <= place.start {
                break;
            }
            start = start.max(place.end);
        }
        places[id] = start..start + need.length;
        placed.push(id);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_that_live_together_lie_apart_and_others_share() {
        let needs = [
            Need { length: 10, from: 0, to: 1 },
            Need { length: 6, from: 1, to: 2 },
            Need { length: 4, from: 2, to: 3 },
            Need { length: 9, from: 2, to: 4 },
        ];
        let places = place(&needs);
        for (a, first) in needs.iter().enumerate() {
            for (b, second) in needs.iter().enumerate().skip(a + 1) {
                let together = first.from <= second.to && second.from <= first.to;
                let apart = places[a].end <= places[b].start || places[b].end <= places[a].start;
                assert!(apart || !together, "{a} and {b} overlap: {places:?}");
            }
        }
        // Without sharing they would take 29; the best possible is 19.
        assert_eq!(places.iter().map(|place| place.end).max(), Some(20));
    }
}
