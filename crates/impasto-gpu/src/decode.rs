//! Records what follows the encoder of a level: the maps that move the features, and the decoder.
//!
//! The encoder leaves its last map in one of the two buffers that take turns (`places.rs`), and everything here goes on
//! in them. A decoder reflects its maps at their edges, and enlarges some of them before the next convolution.

use std::collections::BTreeMap;

use impasto_encoder::{Level, NEAREST, Topology};
use impasto_engine::{Affine, Size};

use crate::arena::Arena;
use crate::convolution::{Convolution, Finish, Method};
use crate::engine::GpuEngine;
use crate::forward::MIRRORED;
use crate::layers::{Layer, QUAD, TERMS, matrix_rows, quads, row_quads};
use crate::program::{Recorder, grid, pieces};
use crate::shape::{QUAD_BYTES, Role, Shape, matrix_bytes};
use crate::sources::Kernel;
use crate::winograd::{Between, between_bytes};

/// The decoder of a level, on the device.
#[derive(Debug)]
pub(crate) struct Decoding {
    pub(crate) level: Level,
    pub(crate) layers: Vec<Layer>,
}

/// A map and the buffer that it is in.
#[derive(Clone, Copy)]
struct Place {
    turn: usize,
    size: Size,
}

impl Place {
    /// The next map, in the other buffer.
    fn next(self, size: Size) -> Place {
        Place { turn: 1 - self.turn, size }
    }
}

impl Decoding {
    /// The place in which the encoder leaves its last map.
    fn start(&self, shape: &Shape, topology: &Topology) -> Place {
        let conv = self.level.tap().conv();
        let turn = match shape.map(topology, conv) {
            Role::Turn(turn) => turn,
            _ => 0,
        };
        Place { turn, size: shape.size_at(topology, conv) }
    }

    /// The maps that each convolution reads and writes, and the enlarged one if there is one.
    fn places(&self, start: Place) -> Vec<(Place, Place, Option<Place>)> {
        let mut at = start;
        let convs = 0..self.layers.len();
        convs
            .map(|conv| {
                let (input, output) = (at, at.next(at.size));
                let twice = Size::new(2 * at.size.width, 2 * at.size.height);
                let larger = self.level.decoder.enlarges_after(conv).then(|| output.next(twice));
                at = larger.unwrap_or(output);
                (input, output, larger)
            })
            .collect()
    }

    /// Adds the buffers of a decoding to those of the encoding before.
    pub(crate) fn add_needs(&self, shape: &Shape, topology: &Topology, needs: &mut BTreeMap<Role, usize>) {
        let mut need = |role, bytes: usize| {
            let most: &mut usize = needs.entry(role).or_default();
            *most = bytes.max(*most);
        };
        let (start, channels) = (self.start(shape, topology), self.level.channels());
        // Without regions there is one map; with regions, an identity before them.
        for index in 0..=shape.regions {
            need(Role::Matrix(index), matrix_bytes(channels));
        }
        let moved = start.next(start.size);
        need(Role::Turn(moved.turn), QUAD_BYTES * quads(channels) * moved.size.area());
        for (layer, (input, output, larger)) in self.layers.iter().zip(self.places(moved)) {
            let bytes = |place: Place| QUAD_BYTES * quads(layer.outputs) * place.size.area();
            for place in [Some(output), larger].into_iter().flatten() {
                need(Role::Turn(place.turn), bytes(place));
            }
            if layer.method == Method::Winograd {
                let bytes = between_bytes(input.size, (layer.inputs, layer.outputs), layer.units);
                for (role, bytes) in Between::ROLES.into_iter().zip(bytes).filter(|(_, bytes)| *bytes > 0) {
                    need(role, bytes);
                }
            }
        }
        need(Role::Host, QUAD_BYTES * shape.size.area());
    }
}

impl GpuEngine {
    /// Records the moves and the decoder. Returns where the picture will be, a quad for each pixel.
    pub(crate) fn record_decoding(
        &self,
        decoding: &Decoding,
        shape: &Shape,
        arena: &Arena,
    ) -> (Recorder, Role) {
        let mut recorder = Recorder::default();
        let start = decoding.start(shape, self.network.encoder.topology());
        let moved = start.next(start.size);
        self.record_moves(&mut recorder, (decoding, shape, arena), (start, moved));
        let mut last = moved;
        for (conv, (input, output, larger)) in decoding.places(moved).into_iter().enumerate() {
            let layer = &decoding.layers[conv];
            let convolution = Convolution {
                size: input.size,
                inputs: layer.inputs,
                outputs: layer.outputs,
                sides: MIRRORED,
                finish: Finish::Forward,
                input: arena.get(Role::Turn(input.turn)),
                kernels: &layer.forward,
                added: &layer.bias,
                output: arena.get(Role::Turn(output.turn)),
                half: false,
                units: layer.units,
            };
            match layer.method {
                Method::Direct => convolution.direct(&mut recorder),
                Method::Winograd => convolution.winograd(&mut recorder, &Between::of(arena)),
            }
            if let Some(larger) = larger {
                record_enlarging(&mut recorder, arena, layer, (output, larger));
            }
            last = larger.unwrap_or(output);
        }
        (recorder, Role::Turn(last.turn))
    }

    /// f becomes the sum of w (M f + b) over the matrices that [`matrices`] makes.
    fn record_moves(
        &self,
        recorder: &mut Recorder,
        (decoding, shape, arena): (&Decoding, &Shape, &Arena),
        (from, to): (Place, Place),
    ) {
        let channels = decoding.level.channels();
        let (columns, steps) = (row_quads(channels), matrix_rows(channels) / TERMS);
        let block = self.network.encoder.topology().convs()[decoding.level.tap().conv()].block - 1;
        let area = from.size.area();
        let [from, to] = [from, to].map(|place| arena.get(Role::Turn(place.turn)));
        for index in 0..=shape.regions {
            let weights = match index {
                0 => &self.layers[0].bias,
                _ => arena.get(Role::Weights(index - 1, block)),
            };
            let later = usize::from(index > 0);
            for (first, end) in pieces(area, 64, channels * channels) {
                let numbers = [quads(channels), columns, steps, first, end, later, later];
                let groups = ((end - first).div_ceil(64), columns / 16, 1);
                let buffers = [from, arena.get(Role::Matrix(index)), weights, to];
                recorder.add(Kernel::Tap, &numbers.map(|number| number as u32), &buffers, groups);
            }
        }
    }
}

/// Records the enlarging of a layer's output.
fn record_enlarging(recorder: &mut Recorder, arena: &Arena, layer: &Layer, (from, to): (Place, Place)) {
    let quads = quads(layer.outputs);
    let count = to.size.area() * quads;
    let (groups, per_row) = grid(count);
    let numbers = [
        from.size.width as u32,
        from.size.height as u32,
        quads as u32,
        count as u32,
        (NEAREST as f32).to_bits(),
        per_row,
    ];
    let buffers = [from, to].map(|place| arena.get(Role::Turn(place.turn)));
    recorder.add(Kernel::Enlarge, &numbers, &buffers, groups);
}

/// The matrices by which features move: a row for each channel, and a last row that is added. Without regions there is
/// the map alone. With regions the features come first, then w (M f + b - f) for each.
pub(crate) fn matrices(moves: &[Affine], regions: usize, channels: usize) -> Vec<Vec<f32>> {
    let own = Affine::identity(channels);
    match (moves, regions) {
        ([by], 0) => vec![matrix(by, 0.0)],
        _ => std::iter::once(matrix(&own, 0.0)).chain(moves.iter().map(|by| matrix(by, 1.0))).collect(),
    }
}

/// The rows of a map less a part of the features.
fn matrix(by: &Affine, less: f64) -> Vec<f32> {
    let channels = by.bias.len();
    let (rows, length) = (matrix_rows(channels), QUAD * row_quads(channels));
    let mut matrix = vec![0.0; (rows + 1) * length];
    for from in 0..channels {
        for to in 0..channels {
            let own = if from == to { less } else { 0.0 };
            matrix[from * length + to] = (by.matrix[to * channels + from] - own) as f32;
        }
    }
    let last = &mut matrix[rows * length..];
    last.iter_mut().zip(&by.bias).for_each(|(to, value)| *to = *value as f32);
    matrix
}
