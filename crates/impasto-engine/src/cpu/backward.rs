//! The derivative by the pixels, computed backwards from the deepest tap.

use impasto_encoder::{InputMap, Pooling, Tap};
use rayon::prelude::*;

use super::Cpu;
use super::bits::{Choices, Unpooling};
use super::borders::Borders;
use super::buffers::Buffers;
use super::conv::Convolution;
use super::first::PIXEL;
use super::half::Halved;
use super::kernels::{Lanes, flat, flat_mut, groups};
use super::map::Map;
use super::prepared::Layout;
use super::source::Source;
use super::stem::{self, Above, StemBackward};
use super::taps::{Features, Fill, TapGradient};
use super::target::Gradient;
use crate::{Cotangents, EngineError, Pixels, Request, Size, Stopwatch};

impl Cpu {
    /// Runs the convolutions of the plan backwards; `seconds` gets the time of each.
    pub(super) fn backward(
        &self,
        buffers: &mut Buffers,
        request: &Request,
        cotangents: &Cotangents,
        seconds: &mut Vec<f64>,
    ) -> Result<Pixels, EngineError> {
        let plan = self.plan.as_ref().ok_or(EngineError::NoObservation)?;
        let topology = self.network.encoder.topology();
        let edges = request.edges;
        seconds.clear();
        seconds.resize(plan.work.deepest + 1, 0.0);
        for conv in (0..=plan.work.deepest).rev() {
            let start = Stopwatch::start();
            let size = plan.sizes[conv];
            let pools = plan.pooled[conv].is_some();
            self.fill_taps(buffers, request, cotangents, conv);
            let below = conv.checked_sub(1);
            let l2 = pools && self.network.pooling == Pooling::L2 && plan.gradients[conv].is_none();
            let ids = [
                plan.gradients[conv],
                plan.pooled_gradients[conv].filter(|_| plan.gradients[conv].is_none()),
                plan.activations[conv].filter(|_| l2),
                plan.pooled[conv].filter(|_| l2),
                below.and_then(|below| plan.pooled_gradients[below].or(plan.gradients[below])),
                plan.parts.filter(|_| conv == 0 || (conv == 1 && plan.stem)),
            ];
            let lent = buffers.lend(plan, ids);
            let [gradient, pooled, before, after, to, parts] = lent.maps;
            let width = groups(topology.convs()[conv].outputs);
            let source = match plan.gradients[conv] {
                Some(_) => Source::Map(Map { size, groups: width, data: gradient }),
                None => {
                    let decisions = (&lent.choices[conv][..], &lent.bits[conv][..]);
                    let unpooling = self.unpooling(size, width, pooled, decisions, [before, after]);
                    Source::Unpooled(unpooling, size)
                }
            };
            let parts = flat_mut(parts);
            match (self.convs[conv].backward(), &self.convs[0].weights) {
                (Some(kernels), Layout::First(first)) => {
                    let borders = self.borders(conv, size, edges).transposed();
                    let direct = self.convs[conv].direct(&self.network.encoder.weights()[conv], true);
                    let (set, cancel) = (self.set, &self.cancel);
                    let work = Convolution { set, source, borders, kernels, direct, cancel };
                    if conv == 1 && plan.stem {
                        let tap = self.tap_gradient(request, cotangents, 0);
                        let above = Above::Convolution(&work, &tap);
                        StemBackward { first, image: &self.image, above }.run(
                            self.set,
                            parts,
                            &self.cancel,
                        )?;
                    } else if let Some(below) = below {
                        let plain = plan.pooled[below].is_none();
                        let mut target = Gradient {
                            size,
                            groups: kernels.outputs,
                            data: to,
                            add: plain && plan.work.looks_at(below),
                            bits: plain.then_some(&lent.bits[below][..]),
                        };
                        work.run(&mut target, lent.transformed)?;
                    }
                }
                (None, Layout::First(first)) if !plan.stem => {
                    let above = Above::Source(source);
                    StemBackward { first, image: &self.image, above }.run(self.set, parts, &self.cancel)?;
                }
                _ => {}
            }
            seconds[conv] = start.elapsed().as_secs_f64();
        }
        let [parts] = buffers.lend(plan, [plan.parts]).maps;
        let borders = self.borders(0, plan.work.size, edges);
        Ok(gather(flat(parts), plan.work.size, borders, self.network.encoder.input()))
    }

    /// Fills in the gradients of taps before the convolution above adds to them. A tap's gradient is ready once the
    /// convolution above has run, so that of the layer below is prepared.
    fn fill_taps(&self, buffers: &mut Buffers, request: &Request, cotangents: &Cotangents, conv: usize) {
        let Some(plan) = self.plan.as_ref() else { return };
        let taps = |conv: usize| plan.work.looks_at(conv) && plan.gradients[conv].is_some();
        if taps(conv) && (plan.pooled[conv].is_some() || conv == plan.work.deepest) {
            self.fill(buffers, request, cotangents, conv, true);
        }
        if let Some(below) = conv.checked_sub(1)
            && taps(below)
            && plan.pooled[below].is_none()
        {
            self.fill(buffers, request, cotangents, below, false);
        }
    }

    /// Puts the gradient of a tap in the place of its features. Adds what the pooling above sends, and applies the
    /// ReLU's mask if the gradient is `complete`.
    fn fill(
        &self,
        buffers: &mut Buffers,
        request: &Request,
        cotangents: &Cotangents,
        conv: usize,
        complete: bool,
    ) {
        let Some(plan) = &self.plan else { return };
        let size = plan.sizes[conv];
        let l2 = plan.pooled[conv].is_some() && self.network.pooling == Pooling::L2;
        let ids = [
            plan.gradients[conv],
            plan.activations[conv].filter(|_| l2).or(plan.halves[conv]),
            plan.pooled[conv].filter(|_| l2),
            plan.pooled_gradients[conv],
        ];
        let lent = buffers.lend(plan, ids);
        let [to, before, after, pooled] = lent.maps;
        let tap = self.tap_gradient(request, cotangents, conv);
        let decisions = (&lent.choices[conv][..], &lent.bits[conv][..]);
        let unpooling = |_| self.unpooling(size, tap.groups, pooled, decisions, [before, after]);
        let above = plan.pooled[conv].map(unpooling);
        let features = match plan.halves[conv] {
            Some(_) => Features::Halved(Halved { data: before, scale: lent.half_scales[conv] }),
            None if l2 => Features::Apart(before),
            None => Features::There,
        };
        let fill = Fill { tap: &tap, above, features, bits: complete.then_some(&lent.bits[conv][..]) };
        fill.run(self.set, to);
    }

    /// The gradient before a pooling, from the one behind it; `around` are the values before and behind, for L2
    /// pooling.
    fn unpooling<'a>(
        &self,
        size: Size,
        groups: usize,
        by_output: &'a [Lanes],
        (choices, bits): (&'a [u32], &'a [u16]),
        around: [&'a [Lanes]; 2],
    ) -> Unpooling<'a> {
        let map = |size, data| Map { size, groups, data };
        let choices = match self.network.pooling {
            Pooling::Max => Choices::Max(choices),
            Pooling::Average => Choices::Average,
            Pooling::L2 => {
                let [before, after] = around;
                Choices::L2 { before: map(size, before), after: map(size.halved(), after) }
            }
        };
        let (by_output, scale) = (map(size.halved(), by_output), self.network.pool_scale);
        Unpooling { by_output, choices, scale, bits, width: size.width }
    }

    /// The gradient that the cotangents give at the tap after a convolution.
    fn tap_gradient<'a>(
        &'a self,
        request: &Request,
        cotangents: &'a Cotangents,
        conv: usize,
    ) -> TapGradient<'a> {
        let topology = self.network.encoder.topology();
        let tap = Tap::after(conv);
        let block = topology.convs()[conv].block - 1;
        let mut gradient = TapGradient::new(topology.channels(tap));
        for (_, regions) in request.moments.iter().zip(&cotangents.moments).filter(|(at, _)| **at == tap) {
            for (by, weights) in regions.iter().zip(self.weights.regions(block)) {
                gradient.add_moments(by, weights);
            }
        }
        for (target, &by) in request.residuals.iter().zip(&cotangents.residuals) {
            if target.tap == tap {
                gradient.add_residual(by, self.targets[target.index].map(), self.weights.residual(block));
            }
        }
        let given = request.features.iter().zip(&cotangents.features);
        given.filter(|(at, _)| **at == tap).for_each(|(_, by)| gradient.add_features(by));
        gradient
    }
}

/// Adds the parts of all tasks, returns the gradient beyond the borders to the pixels that were read, and undoes the
/// input map.
fn gather(parts: &[f32], size: Size, borders: Borders, input: &InputMap) -> Pixels {
    let rows = stem::tasks(size.height);
    let (length, row) = (stem::task_rows(size), PIXEL * (size.width + 2));
    // The rows of the parts that belong to each row of the image, in order.
    let mut sources: Vec<Vec<&[f32]>> = vec![Vec::new(); size.height];
    for task in 0..rows.pieces() {
        let own = rows.piece(task);
        let part = &parts[task * length..][..length];
        for (index, values) in part.chunks_exact(row).take(own.len() + 2).enumerate() {
            if let Some(y) = borders.rows.source((own.start + index) as isize - 1) {
                sources[y].push(values);
            }
        }
    }
    let last = size.width as isize;
    let (left, right) = (borders.columns.source(-1), borders.columns.source(last));
    let mut data = vec![0.0; 3 * size.area()];
    let (red, rest) = data.split_at_mut(size.area());
    let (green, blue) = rest.split_at_mut(size.area());
    let planes = (red.par_chunks_mut(size.width), green.par_chunks_mut(size.width));
    let rows = planes.0.zip(planes.1).zip(blue.par_chunks_mut(size.width)).zip(&sources);
    rows.for_each(|(((red, green), blue), sources)| {
        let mut planes = [red, green, blue];
        for values in sources {
            for (plane, channel) in planes.iter_mut().zip(0..3) {
                let column: [f32; 3] = std::array::from_fn(|row| input.matrix[row][channel]);
                let mixed =
                    |pixel: &[f32]| column[0] * pixel[0] + column[1] * pixel[1] + column[2] * pixel[2];
                for (to, pixel) in plane.iter_mut().zip(values[PIXEL..].chunks_exact(PIXEL)) {
                    *to += mixed(pixel);
                }
                for (column, start) in [(left, 0), (right, PIXEL * (size.width + 1))] {
                    if let Some(column) = column {
                        plane[column] += mixed(&values[start..start + PIXEL]);
                    }
                }
            }
        }
    });
    Pixels { size, data }
}
