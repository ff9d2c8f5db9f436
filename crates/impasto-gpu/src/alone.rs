//! One convolution by itself, forwards: for the trial of matrix units and for measurements.

use impasto_engine::Size;

use crate::Method;
use crate::buffer::Buffer;
use crate::convolution::{Convolution, Finish};
use crate::device::Device;
use crate::layers::Layer;
use crate::program::{Program, Recorder};
use crate::winograd::{Between, between_bytes};

/// A recorded convolution.
pub(crate) struct Alone {
    pub(crate) program: Program,
    /// The map behind it. Channels are whole quads.
    pub(crate) output: Buffer,
    /// Further buffers of the program, held so that their memory is counted.
    _held: Vec<Buffer>,
}

impl Alone {
    /// Records the convolution of a map. Nothing is added and nothing rectified.
    pub(crate) fn record(device: &Device, layer: &Layer, size: Size, input: Buffer) -> Alone {
        let output = device.buffer((size_of::<f32>() * layer.outputs * size.area()) as u64);
        let between = between_bytes(size, (layer.inputs, layer.outputs), layer.units);
        let [transformed, products, factors] = between.map(|bytes| device.buffer(bytes as u64));
        let convolution = Convolution {
            size,
            inputs: layer.inputs,
            outputs: layer.outputs,
            sides: 0,
            finish: Finish::Plain,
            input: &input,
            kernels: &layer.forward,
            added: &layer.bias,
            output: &output,
            half: false,
            units: layer.units,
        };
        let mut recorder = Recorder::default();
        match layer.method {
            Method::Direct => convolution.direct(&mut recorder),
            Method::Winograd => {
                let (transformed, products, factors) = (&transformed, &products, Some(&factors));
                convolution.winograd(&mut recorder, &Between { transformed, products, factors });
            }
        }
        let program = recorder.finish(device);
        Alone { program, output, _held: vec![input, transformed, products, factors] }
    }
}
