//! Records a convolution by Winograd's transforms: tiles are transformed, multiplied with the kernels, and transformed
//! back. Products may run on matrix units.

use impasto_engine::Size;

use crate::arena::Arena;
use crate::buffer::Buffer;
use crate::convolution::Convolution;
use crate::layers::{COLUMNS, QUAD, TERMS, matrix_rows, quads, row_quads};
use crate::program::{PIECE, Recorder, grid};
use crate::shape::Role;
use crate::sources::Kernel;
use crate::units::Units;

/// Values that Winograd's transformed tiles may take at a time: 32 MiB, which larger cards keep in their caches.
const TRANSFORMED: usize = 8 << 20;

/// Points of a transformed tile.
pub(crate) const POINTS: usize = 36;

impl Convolution<'_> {
    /// By transforms: tiles are transformed, multiplied and transformed back, some thousands at a time.
    pub(crate) fn winograd(&self, recorder: &mut Recorder, between: &Between) {
        let tiles = tiles(self.size);
        let most = tiles_at_a_time((self.inputs, self.outputs), self.units);
        for first in (0..tiles).step_by(most) {
            let matrices = Matrices::of((self.inputs, self.outputs), most.min(tiles - first), self.units);
            self.before(recorder, between, (first, &matrices));
            self.products(recorder, between, &matrices);
            self.behind(recorder, between, (first, &matrices));
        }
    }

    /// Transforms tiles.
    fn before(&self, recorder: &mut Recorder, between: &Between, (first, matrices): (usize, &Matrices)) {
        let Size { width, height } = self.size;
        let (channels, across) = (QUAD * quads(self.inputs), width.div_ceil(4));
        let Matrices { tiles, rows, terms, .. } = *matrices;
        let splits = self.units.is_some_and(Units::splits);
        let (groups, per_row) = if splits { ((tiles, 1, 1), 0) } else { grid(tiles * terms) };
        let sides = self.sides as usize;
        let numbers = [width, height, channels, across, first, tiles, sides, rows, terms, per_row as usize];
        let numbers = numbers.map(|number| number as u32);
        match between.factors.filter(|_| splits) {
            Some(factors) => {
                let buffers = [self.input, between.transformed, factors];
                recorder.add(Kernel::SplitInput, &numbers, &buffers, groups);
            }
            None => {
                recorder.add(Kernel::WinogradInput, &numbers, &[self.input, between.transformed], groups);
            }
        }
    }

    /// Multiplies the transformed tiles with the kernels.
    fn products(&self, recorder: &mut Recorder, between: &Between, matrices: &Matrices) {
        let Matrices { tiles, rows, terms, columns } = *matrices;
        let buffers = [between.transformed, &self.kernels.buffer, between.products];
        let (groups, row) = (tiles.div_ceil(COLUMNS), row_quads(self.outputs));
        let groups = (groups, QUAD * row / COLUMNS, POINTS);
        let kernel = match self.units {
            None => {
                let numbers = [tiles, terms / QUAD, columns / QUAD, row, matrix_rows(self.inputs) / TERMS];
                let numbers = numbers.map(|number| number as u32);
                recorder.add(Kernel::WinogradProduct, &numbers, &buffers, groups);
                return;
            }
            Some(Units::Whole) => Kernel::WholeProduct,
            Some(Units::Split16) => Kernel::SplitProduct16,
            Some(Units::Split8) => Kernel::SplitProduct8,
        };
        recorder.add(kernel, &[rows as u32, terms as u32, columns as u32], &buffers, groups);
    }

    /// Transforms the products back.
    fn behind(&self, recorder: &mut Recorder, between: &Between, (first, matrices): (usize, &Matrices)) {
        let Size { width, height } = self.size;
        let (channels, across) = (QUAD * quads(self.outputs), width.div_ceil(4));
        let Matrices { tiles, rows, columns, .. } = *matrices;
        let (groups, per_row) = grid(tiles * channels);
        let numbers = [width, height, channels, across, first, tiles, rows, columns, per_row as usize];
        let mut numbers = numbers.map(|number| number as u32).to_vec();
        numbers.push(self.kernels.factor.to_bits());
        match between.factors.filter(|_| self.units.is_some_and(Units::splits)) {
            Some(factors) => {
                let buffers = [self.added, between.products, factors, self.output];
                recorder.add(self.finished(self.finish.split()), &numbers, &buffers, groups);
            }
            None => {
                let buffers = [self.added, between.products, self.output];
                recorder.add(self.finished(self.finish.winograd()), &numbers, &buffers, groups);
            }
        }
    }
}

/// The buffers between the transforms of a convolution.
pub(crate) struct Between<'a> {
    pub(crate) transformed: &'a Buffer,
    pub(crate) products: &'a Buffer,
    /// The factors of the tiles, where they have scales.
    pub(crate) factors: Option<&'a Buffer>,
}

impl Between<'_> {
    /// Their roles, in the order of [`between_bytes`].
    pub(crate) const ROLES: [Role; 3] = [Role::Transformed, Role::Products, Role::Factors];

    pub(crate) fn of(arena: &Arena) -> Between<'_> {
        Between {
            transformed: arena.get(Role::Transformed),
            products: arena.get(Role::Products),
            factors: arena.find(Role::Factors),
        }
    }
}

/// The sizes of the matrices of some tiles. Matrix units take whole blocks: there they are padded.
struct Matrices {
    tiles: usize,
    rows: usize,
    terms: usize,
    columns: usize,
}

impl Matrices {
    fn of((inputs, outputs): (usize, usize), tiles: usize, units: Option<Units>) -> Matrices {
        match units {
            None => {
                Matrices { tiles, rows: tiles, terms: QUAD * quads(inputs), columns: QUAD * quads(outputs) }
            }
            Some(_) => Matrices {
                tiles,
                rows: tiles.next_multiple_of(COLUMNS),
                terms: matrix_rows(inputs),
                columns: QUAD * row_quads(outputs),
            },
        }
    }
}

/// Tiles of a map, including partial ones.
fn tiles(size: Size) -> usize {
    size.width.div_ceil(4) * size.height.div_ceil(4)
}

fn tiles_at_a_time((inputs, outputs): (usize, usize), units: Option<Units>) -> usize {
    let widest = match units {
        None => QUAD * quads(inputs.max(outputs)),
        Some(_) => QUAD * row_quads(inputs.max(outputs)),
    };
    // A piece must not take long on a slow card, either. Matrix units multiply three times where numbers have two
    // parts, but no card that has them is slow.
    let quick = PIECE / (POINTS * inputs * outputs);
    (TRANSFORMED / (POINTS * widest)).min(quick).next_multiple_of(COLUMNS)
}

/// Bytes of the buffers between the transforms, for a layer of these widths.
pub(crate) fn between_bytes(
    size: Size,
    (inputs, outputs): (usize, usize),
    units: Option<Units>,
) -> [usize; 3] {
    let tiles = tiles(size).min(tiles_at_a_time((inputs, outputs), units));
    let Matrices { rows, terms, columns, .. } = Matrices::of((inputs, outputs), tiles, units);
    let factors = if units.is_some_and(Units::splits) { rows } else { 0 };
    [POINTS * rows * terms, POINTS * rows * columns, factors].map(|numbers| size_of::<f32>() * numbers)
}
