//! MatConvNet's models in MAT files. `layers` is a cell of structures with `type`, `name` and `weights` (kernel and
//! bias), or `filters` and `biases` in old files. The mean of the pictures is `meta.normalization.averageImage`; old
//! files have no `meta`.
//!
//! Kernels are stored as `[height, width, in, out]` with the height fastest, and take RGB. Some programs exchange
//! height and width on reading, as if the width came first. The numbers of `imagenet-vgg-verydeep-19.mat`, as others
//! printed them, agree with the copies of Caffe, Keras and Torch when the two are *not* exchanged.

use std::collections::BTreeMap;

use super::listing::{Listed, Listing};
use super::matlab::{self, Value};
use super::{Convention, Format, Opened, Reader, Tensors, damaged, no_network};
use crate::layout::Shapes;
use crate::{ChannelOrder, EncoderError, InputMap};

pub(super) fn open(file: &str, reader: Reader) -> Result<Opened<'static>, EncoderError> {
    let variables = matlab::read(reader).map_err(|error| damaged(file, Format::MatConvNet, error))?;
    let variable = |name: &str| variables.iter().find(|(found, _)| found == name).map(|(_, value)| value);
    let layers = variable("layers").or_else(|| variable("net").and_then(|net| net.field("layers")));
    let layers = layers.ok_or_else(|| {
        let names: Vec<&str> = variables.iter().take(4).map(|(name, _)| name.as_str()).collect();
        damaged(file, Format::MatConvNet, format!("no variable `layers`, only {names:?}"))
    })?;
    let meta = variable("meta").or_else(|| variable("net").and_then(|net| net.field("meta")));
    let normalization =
        meta.and_then(|meta| meta.field("normalization")).or_else(|| variable("normalization"));
    let mean = normalization.and_then(|found| found.field("averageImage")).and_then(mean_of);
    let mut input = InputMap::caffe();
    if let Some(mean) = mean {
        input.bias = mean.map(|value| -value);
    }
    let listing = list(layers.cells());
    let Listed { shapes, keys, arrangement } = listing.finish().map_err(|why| no_network(file, why))?;
    Ok(Opened {
        format: Format::MatConvNet,
        tensors: Box::new(MatConvNet { keys, shapes }),
        arrangement,
        convention: Some(Convention { order: ChannelOrder::Rgb, input }),
        metadata: BTreeMap::new(),
    })
}

fn list(layers: &[Value]) -> Listing<Vec<f32>> {
    let mut listing = Listing::new();
    for layer in layers {
        // A layer may be wrapped in a cell.
        let layer = match layer.cells() {
            [one] => one,
            _ => layer,
        };
        let word = |name: &str| layer.field(name).and_then(Value::text).unwrap_or_default();
        match word("type") {
            "pool" => listing.pool(),
            "bnorm" => listing.normalisation(word("name")),
            _ => {}
        }
        let weights = match layer.field("weights").map(Value::cells) {
            Some([kernel, bias, ..]) => Some((kernel, bias)),
            _ => layer.field("filters").zip(layer.field("biases")),
        };
        if let Some((kernel, bias)) = weights
            && let Some(kernel) = kernel_of(kernel)
            && let Value::Numbers { values: Some(bias), .. } = bias
        {
            let shape = vec![bias.len()];
            listing.conv(word("name"), kernel, Some((bias.clone(), shape)));
        }
    }
    listing
}

/// A kernel of 3x3 reordered to `[out, in, height, width]`; the file omits a last side of 1.
fn kernel_of(value: &Value) -> Option<(Vec<f32>, Vec<usize>)> {
    let Value::Numbers { sides, values: Some(values) } = value else { return None };
    let (inputs, outputs) = match sides[..] {
        [3, 3] => (1, 1),
        [3, 3, inputs] => (inputs, 1),
        [3, 3, inputs, outputs] => (inputs, outputs),
        _ => return None,
    };
    let mut turned = Vec::with_capacity(values.len());
    for kernel in values.chunks_exact(9) {
        turned.extend((0..9).map(|place| kernel[place % 3 * 3 + place / 3]));
    }
    Some((turned, vec![outputs, inputs, 3, 3]))
}

/// The mean of each channel: three numbers, or a picture with the channels last.
fn mean_of(value: &Value) -> Option<[f32; 3]> {
    let Value::Numbers { values: Some(values), .. } = value else { return None };
    let pixels = values.len() / 3;
    if pixels == 0 || values.len() % 3 != 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mean = |channel: usize| {
        let of = &values[channel * pixels..(channel + 1) * pixels];
        (of.iter().map(|&value| f64::from(value)).sum::<f64>() / pixels as f64) as f32
    };
    Some([mean(0), mean(1), mean(2)])
}

struct MatConvNet {
    /// The values. They passed by on the way to the end of the file, and were kept.
    keys: BTreeMap<String, Vec<f32>>,
    shapes: Shapes,
}

impl Tensors for MatConvNet {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        Ok(self.keys[tensor].clone())
    }
}
