//! The first convolution by itself, as a whole map.

use rayon::prelude::*;

use super::COLUMNS;
use crate::cpu::epilogue::{Epilogue, Forward};
use crate::cpu::first::First;
use crate::cpu::kernels::{Cut, InstructionSet, Isa, Kernel, Lanes, TILE, dispatch};
use crate::cpu::map::Image;
use crate::cpu::scratch;
use crate::cpu::target::{Outputs, Target};
use crate::{Cancel, EngineError, Size};

/// Runs the first convolution alone, if the second does not follow directly or is not needed.
pub(in crate::cpu) fn first_alone(
    set: InstructionSet,
    (first, image): (&First, &Image),
    outputs: &mut Outputs,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let size = outputs.size;
    let groups = first.groups();
    let cuts = (Cut::new(0..size.height, TILE), Cut::whole(size.width), Cut::whole(groups));
    outputs.epilogues(cuts).enumerate().for_each(|(band, mut epilogue)| {
        if cancel.is_cancelled() {
            return;
        }
        scratch::with(alone_scratch(groups), |scratch| {
            let y = TILE * band;
            dispatch(set, FirstBand { first, image, y, size, epilogue: &mut epilogue, scratch });
        });
    });
    cancel.check()
}

/// Groups of scratch per thread in [`first_alone`].
pub(in crate::cpu) fn alone_scratch(groups: usize) -> usize {
    TILE * COLUMNS * groups
}

struct FirstBand<'a, 's> {
    first: &'a First,
    image: &'a Image,
    y: usize,
    size: Size,
    epilogue: &'a mut Forward<'s>,
    scratch: &'a mut [Lanes],
}

impl Kernel for FirstBand<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let FirstBand { first, image, y, size, epilogue, scratch } = self;
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
                    epilogue.tile(isa, y, x + column, group, &mut tile);
                }
            }
        }
    }
}
