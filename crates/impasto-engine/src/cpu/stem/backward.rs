//! The derivative through the first two convolutions to the pixels.

use std::ops::Range;

use rayon::prelude::*;

use super::{COLUMNS, ROWS, bands, pixels, tasks};
use crate::cpu::conv::Convolution;
use crate::cpu::epilogue::Epilogue;
use crate::cpu::first::{First, PIXEL, SENT};
use crate::cpu::kernels::{InstructionSet, Isa, Kernel, Lanes, TILE, dispatch};
use crate::cpu::map::Image;
use crate::cpu::scratch::{self, carve};
use crate::cpu::source::Source;
use crate::cpu::taps::TapGradient;
use crate::cpu::tiles::{Block, Input, fill_patch, patch_length};
use crate::cpu::winograd_fused::{fused, fused_length, pieces};
use crate::{Cancel, EngineError, Size};

/// The source of the gradient by the first convolution's outputs.
#[derive(Clone, Copy)]
pub(in crate::cpu) enum Above<'a> {
    /// Comes through the second convolution, with the tap's own gradient added; the ReLU's mask is computed again from
    /// the image.
    Convolution(&'a Convolution<'a>, &'a TapGradient<'a>),
    /// Exists already, before the ReLU.
    Source(Source<'a>),
}

/// The derivative through the first convolution.
pub(in crate::cpu) struct StemBackward<'a> {
    pub(in crate::cpu) first: &'a First,
    pub(in crate::cpu) image: &'a Image,
    pub(in crate::cpu) above: Above<'a>,
}

/// Floats in the gradient's rows of a task, including the rows that reach into its neighbours.
pub(in crate::cpu) fn task_rows(size: Size) -> usize {
    (tasks(size.height).piece(0).len() + 2) * (size.width + 2) * PIXEL
}

impl StemBackward<'_> {
    /// Writes each task's part of the gradient by the padded image to `parts`, [`task_rows`] floats apart.
    pub(in crate::cpu) fn run(
        &self,
        set: InstructionSet,
        parts: &mut [f32],
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let size = self.image.size();
        let rows = tasks(size.height);
        parts.par_chunks_mut(task_rows(size)).take(rows.pieces()).enumerate().for_each(|(task, part)| {
            part.fill(0.0);
            let task = rows.piece(task);
            for band in bands(task.clone(), size.width) {
                if cancel.is_cancelled() {
                    return;
                }
                scratch::with(self.scratch(), |scratch| {
                    dispatch(set, BackwardBand { stem: self, band, first: task.start, part, scratch });
                });
            }
        });
        cancel.check()
    }

    fn scratch(&self) -> usize {
        match self.above {
            Above::Convolution(work, _) => backward_scratch(work.kernels.inputs, work.kernels.outputs),
            Above::Source(_) => backward_scratch(0, self.first.groups()),
        }
    }
}

/// Groups of scratch per thread in [`StemBackward::run`].
pub(in crate::cpu) fn backward_scratch(inputs: usize, outputs: usize) -> usize {
    let piece = ROWS * COLUMNS * outputs;
    let rows = COLUMNS * (2 * outputs + SENT);
    (ROWS + 2) * (COLUMNS + 2) * inputs + fused_length(inputs, outputs) + piece + rows
}

struct BackwardBand<'a> {
    stem: &'a StemBackward<'a>,
    band: Block,
    /// The task's first row.
    first: usize,
    part: &'a mut [f32],
    scratch: &'a mut [Lanes],
}

impl Kernel for BackwardBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let BackwardBand { stem, band, first, part, mut scratch } = self;
        let (size, groups) = (stem.image.size(), stem.first.groups());
        let gradient = carve(&mut scratch, ROWS * COLUMNS * groups);
        let features = carve(&mut scratch, COLUMNS * groups);
        let products = carve(&mut scratch, COLUMNS * (groups + SENT));
        let image_row = PIXEL * (size.width + 2);
        for piece in pieces(band) {
            let (rows, columns) = pixels(piece, size);
            if let Above::Convolution(work, _) = stem.above {
                let mut scratch = &mut scratch[..];
                let own = carve(&mut scratch, fused_length(work.kernels.inputs, work.kernels.outputs));
                let input = match &work.source {
                    Source::Map(_) => Input::InPlace(&work.source),
                    source => {
                        let patch = &mut scratch[..patch_length(piece, source.groups())];
                        fill_patch(isa, source, work.borders, piece, patch);
                        Input::Patch(patch)
                    }
                };
                let mut epilogue =
                    PieceEpilogue { rows: rows.clone(), columns: columns.clone(), groups, to: gradient };
                fused(isa, work, input, piece, own, &mut epilogue);
            }
            for (row, y) in rows.enumerate() {
                let gradient = &mut gradient[row * COLUMNS * groups..][..columns.len() * groups];
                match &stem.above {
                    Above::Convolution(_, tap) => {
                        let features = &mut features[..gradient.len()];
                        stem.first.activations(isa, stem.image, y, columns.start, features);
                        tap.add(isa, y * size.width + columns.start, features, products, gradient, false);
                        for (to, feature) in gradient.iter_mut().zip(features) {
                            *to = isa.keep(isa.greater(feature, &Lanes::ZERO), to);
                        }
                    }
                    Above::Source(source) => source.run(isa, y, columns.start, gradient),
                }
                let three = &mut part[(y - first) * image_row..][..3 * image_row];
                let (top, rest) = three.split_at_mut(image_row);
                let (middle, bottom) = rest.split_at_mut(image_row);
                let at = PIXEL * columns.start;
                let three = [&mut top[at..], &mut middle[at..], &mut bottom[at..]];
                stem.first.send(isa, gradient, three, &mut products[..SENT * columns.len()]);
            }
        }
    }
}

/// Keeps a piece's outputs; its rows are [`COLUMNS`] apart.
struct PieceEpilogue<'a> {
    rows: Range<usize>,
    columns: Range<usize>,
    groups: usize,
    to: &'a mut [Lanes],
}

impl Epilogue for PieceEpilogue<'_> {
    #[inline(always)]
    fn tile<I: Isa>(&mut self, _: I, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]) {
        let (rows, columns) = (TILE.min(self.rows.end - y), TILE.min(self.columns.end - x));
        for (i, line) in values.iter().enumerate().take(rows) {
            for (j, value) in line.iter().enumerate().take(columns) {
                let place = (y + i - self.rows.start) * COLUMNS + x + j - self.columns.start;
                self.to[place * self.groups + group] = *value;
            }
        }
    }
}
