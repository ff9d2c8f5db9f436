//! Block 1 at the image's resolution, in bands and in both directions: the activations of the first convolution, which
//! would be the largest map of all, are made where they are needed, again on the way back, and never kept.

use std::ops::Range;

use rayon::prelude::*;

use super::bands::{fused, fused_length, pieces};
use super::conv::{Convolution, Outputs, Target};
use super::first::{First, PIXEL, SENT};
use super::kernels::{Cut, Isa, Kernel, Lanes, TILE, dispatch};
use super::map::{Image, Map};
use super::moments::{self, Residuals, add_all};
use super::scratch::{self, carve};
use super::sink::{Forward, Sink};
use super::source::Source;
use super::taps::TapGradient;
use super::tiles::{Block, Input, fill_patch, patch_length};
use crate::{Cancel, EngineError, Size};

/// Rows of a band: two rows of tiles, so that less of the first convolution is done twice.
const ROWS: usize = 2 * TILE;

/// Columns of a piece of a band at most.
const COLUMNS: usize = 128;

/// Tasks at most: each has sums and rows of the gradient of its own.
const TASKS: usize = 128;

/// The rows of an image, cut into tasks of whole bands.
pub(super) fn tasks(height: usize) -> Cut {
    Cut::new(0..height, ROWS * height.div_ceil(ROWS).div_ceil(TASKS))
}

/// The bands of a task, as blocks of tiles.
fn bands(rows: Range<usize>, width: usize) -> impl Iterator<Item = Block> {
    let across = width.div_ceil(TILE);
    rows.clone().step_by(ROWS).map(move |y| {
        let down = ROWS.min(rows.end - y).div_ceil(TILE);
        Block { row: y / TILE, column: 0, down, across }
    })
}

/// Rows and columns of pixels that a piece has.
fn pixels(piece: Block, size: Size) -> (Range<usize>, Range<usize>) {
    let (y, x) = (TILE * piece.row, TILE * piece.column);
    (y..(y + TILE * piece.down).min(size.height), x..(x + TILE * piece.across).min(size.width))
}

/// What is summed at the first tap.
#[derive(Clone, Default)]
pub(super) struct FirstTap<'a> {
    /// Position weights of each region.
    pub(super) regions: Vec<Option<&'a [f32]>>,
    /// Targets with their position weights.
    pub(super) residuals: Vec<(Map<'a>, Option<&'a [f32]>)>,
}

impl FirstTap<'_> {
    /// Sums of a task: of each region, then of each residual.
    pub(super) fn sums(&self, groups: usize) -> usize {
        self.regions.len() * moments::length(groups) + self.residuals.len()
    }

    /// Adds what is at consecutive positions from `start` on.
    #[inline(always)]
    fn add<I: Isa>(
        &self,
        isa: I,
        start: usize,
        features: &[Lanes],
        groups: usize,
        sums: &mut [f64],
        scratch: &mut [Lanes],
    ) {
        let positions = start..start + features.len() / groups;
        let mut rest = sums;
        for weights in &self.regions {
            let weights = weights.map(|weights| &weights[positions.clone()]);
            add_all(isa, features, groups, weights, carve(&mut rest, moments::length(groups)), scratch);
        }
        for ((aim, weights), sum) in self.residuals.iter().zip(rest) {
            let aim = &aim.data[start * groups..][..features.len()];
            let weights = weights.map(|weights| &weights[positions.clone()]);
            *sum += isa.call(Residuals { features, aim, groups, weights });
        }
    }
}

/// The first two convolutions, for the first tap's sums and the second's outputs. `sums` has [`FirstTap::sums`] values for
/// each task.
pub(super) fn forward(
    work: &Convolution,
    outputs: &mut Outputs,
    tap: &FirstTap,
    sums: &mut [f64],
) -> Result<(), EngineError> {
    let (size, groups) = (outputs.size, work.kernels.inputs);
    let rows = tasks(size.height);
    let cuts = (rows, Cut::whole(size.width), Cut::whole(work.kernels.outputs));
    // Nothing to sum still needs a chunk for each task.
    let length = tap.sums(groups).max(1);
    let sums = sums[..rows.pieces() * length].par_chunks_mut(length);
    outputs.sinks(cuts).zip(sums).enumerate().for_each(|(task, (mut sink, sums))| {
        sums.fill(0.0);
        for band in bands(rows.piece(task), size.width) {
            if work.cancel.is_cancelled() {
                return;
            }
            scratch::with(forward_scratch(work.kernels.inputs, work.kernels.outputs), |scratch| {
                dispatch(work.set, ForwardBand { work, band, size, sink: &mut sink, tap, sums, scratch });
            });
        }
    });
    work.cancel.check()
}

/// Groups of scratch of a thread in [`forward`].
pub(super) fn forward_scratch(inputs: usize, outputs: usize) -> usize {
    (ROWS + 2) * (COLUMNS + 2) * inputs + fused_length(inputs, outputs) + moments::scratch_length(inputs)
}

struct ForwardBand<'a, 's> {
    work: &'a Convolution<'a>,
    band: Block,
    size: Size,
    sink: &'a mut Forward<'s>,
    tap: &'a FirstTap<'a>,
    sums: &'a mut [f64],
    scratch: &'a mut [Lanes],
}

impl Kernel for ForwardBand<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let ForwardBand { work, band, size, sink, tap, sums, mut scratch } = self;
        let groups = work.kernels.inputs;
        let own = carve(&mut scratch, fused_length(groups, work.kernels.outputs));
        let summing = carve(&mut scratch, moments::scratch_length(groups));
        for piece in pieces(band) {
            let patch = &mut scratch[..patch_length(piece, groups)];
            fill_patch(isa, &work.source, work.borders, piece, patch);
            let (rows, columns) = pixels(piece, size);
            let width = TILE * piece.across + 2;
            for (row, y) in rows.enumerate() {
                let features = &patch[((row + 1) * width + 1) * groups..][..columns.len() * groups];
                tap.add(isa, y * size.width + columns.start, features, groups, sums, summing);
            }
            fused(isa, work, Input::Patch(patch), piece, own, sink);
        }
    }
}

/// Where the gradient by the first convolution's outputs comes from.
#[derive(Clone, Copy)]
pub(super) enum Above<'a> {
    /// Through the second convolution, with what the tap adds; the ReLU's mask is made again from the image.
    Convolution(&'a Convolution<'a>, &'a TapGradient<'a>),
    /// It is there, before the ReLU.
    Source(Source<'a>),
}

/// The way back through the first convolution.
pub(super) struct StemBackward<'a> {
    pub(super) first: &'a First,
    pub(super) image: &'a Image,
    pub(super) above: Above<'a>,
}

/// Floats of the gradient's rows of a task, with those that reach into its neighbours.
pub(super) fn task_rows(size: Size) -> usize {
    (tasks(size.height).piece(0).len() + 2) * (size.width + 2) * PIXEL
}

impl StemBackward<'_> {
    /// Writes each task's part of the gradient by the padded image to `parts`, [`task_rows`] floats apart.
    pub(super) fn run(
        &self,
        set: super::InstructionSet,
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

/// Groups of scratch of a thread in [`StemBackward::run`].
pub(super) fn backward_scratch(inputs: usize, outputs: usize) -> usize {
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
                let mut sink =
                    PieceSink { rows: rows.clone(), columns: columns.clone(), groups, to: gradient };
                fused(isa, work, input, piece, own, &mut sink);
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

/// Keeps a piece's outputs, rows [`COLUMNS`] apart.
struct PieceSink<'a> {
    rows: Range<usize>,
    columns: Range<usize>,
    groups: usize,
    to: &'a mut [Lanes],
}

impl Sink for PieceSink<'_> {
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

/// The first convolution alone, where the second does not follow directly or is not asked for.
pub(super) fn first_alone(
    set: super::InstructionSet,
    (first, image): (&First, &Image),
    outputs: &mut Outputs,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let size = outputs.size;
    let groups = first.groups();
    let cuts = (Cut::new(0..size.height, TILE), Cut::whole(size.width), Cut::whole(groups));
    outputs.sinks(cuts).enumerate().for_each(|(band, mut sink)| {
        if cancel.is_cancelled() {
            return;
        }
        scratch::with(TILE * COLUMNS * groups, |scratch| {
            let y = TILE * band;
            dispatch(set, FirstBand { first, image, y, size, sink: &mut sink, scratch });
        });
    });
    cancel.check()
}

struct FirstBand<'a, 's> {
    first: &'a First,
    image: &'a Image,
    y: usize,
    size: Size,
    sink: &'a mut Forward<'s>,
    scratch: &'a mut [Lanes],
}

impl Kernel for FirstBand<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let FirstBand { first, image, y, size, sink, scratch } = self;
        let groups = first.groups();
        let mut tile = [[Lanes::ZERO; TILE]; TILE];
        for x in (0..size.width).step_by(COLUMNS) {
            let width = COLUMNS.min(size.width - x);
            for row in 0..TILE.min(size.height - y) {
                let to = &mut scratch[row * COLUMNS * groups..][..width * groups];
                first.activations(isa, image, y + row, x, to);
            }
            for column in (0..width).step_by(TILE) {
                for group in 0..groups {
                    for (i, line) in tile.iter_mut().enumerate() {
                        for (j, value) in line.iter_mut().enumerate().take(width - column) {
                            *value = scratch[(i * COLUMNS + column + j) * groups + group];
                        }
                    }
                    sink.tile(isa, y, x + column, group, &mut tile);
                }
            }
        }
    }
}
