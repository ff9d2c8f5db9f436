//! The convolutions with their kernels in the order of the products, for both directions.

use impasto_encoder::{Conv, Encoder, InputMap, Weights};
use impasto_engine::EngineError;

use crate::buffer::Buffer;
use crate::convolution::Method;
use crate::device::Device;
use crate::program::{Recorder, grid};
use crate::sources::Kernel;
use crate::units::Units;
use crate::ways::Way;
use crate::winograd::POINTS;

/// Channels of a quad, the unit of all maps.
pub(crate) const QUAD: usize = 4;

/// Terms of a product that pass through workgroup memory at a time.
pub(crate) const TERMS: usize = 16;

/// Columns of a tile.
pub(crate) const COLUMNS: usize = 64;

/// Rows of a matrix whose rows are multiplied with channels, padded with zeros to whole steps.
pub(crate) fn matrix_rows(channels: usize) -> usize {
    channels.next_multiple_of(TERMS)
}

/// Quads that hold a number of channels.
pub(crate) fn quads(channels: usize) -> usize {
    channels.div_ceil(QUAD)
}

/// Quads of a row of kernels: whole tiles.
pub(crate) fn row_quads(channels: usize) -> usize {
    channels.div_ceil(COLUMNS) * COLUMNS / QUAD
}

/// Kernels of a convolution, in the order of its products.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) buffer: Buffer,
    /// The inverse of the kernels' scale, a power of two.
    pub(crate) factor: f32,
}

/// A convolution on the device.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) method: Method,
    /// The matrix units that compute it.
    pub(crate) units: Option<Units>,
    pub(crate) forward: Operand,
    /// Turned kernels; for the first convolution those of its own kernel. Empty in a layer that only runs forwards.
    pub(crate) backward: Operand,
    pub(crate) bias: Buffer,
}

impl Layer {
    /// All convolutions of an encoder. The first is always a direct product.
    pub(crate) fn all(
        device: &Device,
        encoder: &Encoder,
        method: Option<Method>,
    ) -> Result<Vec<Layer>, EngineError> {
        let shapes = encoder.topology().convs().iter().zip(encoder.weights()).enumerate();
        let layers = shapes.map(|(index, (shape, weights))| match index {
            0 => {
                let kernels = to_pixels(shape, weights, encoder.input());
                Layer::by(device, shape, weights, Way::Direct).backwards(device, &kernels)
            }
            _ => {
                let way = match method {
                    None => device.ways.of(shape.inputs, shape.outputs),
                    Some(Method::Direct) => Way::Direct,
                    Some(Method::Winograd) => Way::OnUnits,
                };
                let turned = rows(shape.outputs, shape.inputs, |from, to, place| {
                    weights.kernel[(from * shape.inputs + to) * 9 + 8 - place]
                });
                Layer::by(device, shape, weights, way).backwards(device, &turned)
            }
        });
        // Memory that a layer needs for a moment is free before the next one begins.
        layers.map(|layer| device.finish().map(|()| layer)).collect()
    }

    /// Convolutions that only run forwards.
    pub(crate) fn forwards(
        device: &Device,
        shapes: &[Conv],
        weights: &[Weights],
    ) -> Result<Vec<Layer>, EngineError> {
        let layers = shapes.iter().zip(weights).map(|(shape, weights)| {
            Layer::by(device, shape, weights, device.ways.of(shape.inputs, shape.outputs))
        });
        layers.map(|layer| device.finish().map(|()| layer)).collect()
    }

    /// A convolution that runs forwards. Without matrix units on the device, `OnUnits` is Winograd.
    pub(crate) fn by(device: &Device, shape: &Conv, weights: &Weights, way: Way) -> Layer {
        let (method, units) = way.with(device.units.filter(|_| device.ways.need_units()));
        let mut bias = weights.bias.clone();
        bias.resize(quads(shape.outputs) * QUAD, 0.0);
        let forward = rows(shape.inputs, shape.outputs, |from, to, place| {
            weights.kernel[(to * shape.inputs + from) * 9 + place]
        });
        Layer {
            inputs: shape.inputs,
            outputs: shape.outputs,
            method,
            units,
            forward: prepared(device, &forward, (method, units), (shape.inputs, shape.outputs)),
            backward: Operand { buffer: device.buffer(0), factor: 1.0 },
            bias: device.filled(&bias),
        }
    }

    /// Gives it kernels for the way back.
    fn backwards(self, device: &Device, kernels: &[f32]) -> Layer {
        let way = (self.method, self.units);
        Layer { backward: prepared(device, kernels, way, (self.outputs, self.inputs)), ..self }
    }

    /// Bytes on the device.
    pub(crate) fn bytes(&self) -> usize {
        (self.forward.buffer.size() + self.backward.buffer.size() + self.bias.size()) as usize
    }
}

/// Groups of terms of a convolution's product.
pub(crate) fn steps(inputs: usize) -> usize {
    (9 * quads(inputs) * QUAD).div_ceil(TERMS)
}

/// A row of outputs for each neighbour and each of its channels, padded with zeros.
fn rows(inputs: usize, outputs: usize, kernel: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
    let (padded, length) = (quads(inputs) * QUAD, row_quads(outputs) * QUAD);
    let mut rows = vec![0.0; steps(inputs) * TERMS * length];
    for place in 0..9 {
        for from in 0..inputs {
            let row = &mut rows[(place * padded + from) * length..][..outputs];
            row.iter_mut().enumerate().for_each(|(to, value)| *value = kernel(from, to, place));
        }
    }
    rows
}

/// Kernels on the device, as a method takes them, on matrix units or without.
fn prepared(
    device: &Device,
    kernels: &[f32],
    (method, units): (Method, Option<Units>),
    (inputs, outputs): (usize, usize),
) -> Operand {
    let rows = device.filled(kernels);
    let splits = units.is_some_and(Units::splits);
    match method {
        Method::Direct => Operand { buffer: rows, factor: 1.0 },
        Method::Winograd => {
            let exponent = if splits { exponent(kernels) } else { 0 };
            let kernel = if splits { Kernel::SplitWeights } else { Kernel::WinogradWeights };
            let buffer = transformed(device, (kernel, power(exponent)), &rows, inputs, outputs);
            Operand { buffer, factor: power(-exponent) }
        }
    }
}

/// The exponent of the scale that takes the largest kernel between 2^13 and 2^14: the transform makes it at most twice
/// as large.
fn exponent(kernels: &[f32]) -> i32 {
    let largest = kernels.iter().fold(0.0_f32, |most, kernel| most.max(kernel.abs()));
    (13 + 127 - (largest.to_bits() >> 23) as i32).clamp(-126, 126)
}

/// A power of two whose exponent is between -126 and 126.
fn power(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

/// The kernels of a layer for Winograd's products, transformed on the device.
fn transformed(
    device: &Device,
    (kernel, scale): (Kernel, f32),
    rows: &Buffer,
    inputs: usize,
    outputs: usize,
) -> Buffer {
    let (padded, columns, height) = (quads(inputs) * QUAD, row_quads(outputs) * QUAD, matrix_rows(inputs));
    let to = device.buffer((size_of::<f32>() * POINTS * height * columns) as u64);
    let (groups, per_row) = grid(padded * columns);
    let mut recorder = Recorder::default();
    let numbers = [padded as u32, height as u32, columns as u32, per_row, scale.to_bits()];
    recorder.add(kernel, &numbers, &[rows, &to], groups);
    let program = recorder.finish(device);
    let mut encoder = device.inner.create_command_encoder(&Default::default());
    program.encode(device, &mut encoder);
    device.queue.submit([encoder.finish()]);
    to
}

/// The kernels of the first convolution, with the affine map before it, as `first_back.wgsl` reads them.
fn to_pixels(shape: &Conv, weights: &Weights, input: &InputMap) -> Vec<f32> {
    let padded = quads(shape.outputs) * QUAD;
    let mut kernels = vec![0.0; 9 * 3 * padded];
    for place in 0..9 {
        for output in 0..shape.outputs {
            for colour in 0..3 {
                let through = |channel: usize| {
                    let weight = weights.kernel[(output * 3 + channel) * 9 + place];
                    f64::from(input.matrix[channel][colour]) * f64::from(weight)
                };
                let at = ((place * padded / QUAD + output / QUAD) * 3 + colour) * QUAD + output % QUAD;
                kernels[at] = (0..3).map(through).sum::<f64>() as f32;
            }
        }
    }
    kernels
}
