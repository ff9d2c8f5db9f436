//! A network with its checked weights: the input of an engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::{Pooling, Tap, Topology};

/// Kernel and bias of one convolution, f32, layout `[out, in, 3, 3]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `outputs * inputs * 9` values; rows of the kernel from top to bottom.
    pub kernel: Vec<f32>,
    /// `outputs` values.
    pub bias: Vec<f32>,
}

/// The affine map from RGB in 0..1 to the input of the first convolution: `matrix * rgb + bias`.
///
/// It carries scale, mean and channel order (torchvision: RGB, ImageNet mean and deviation; Caffe: BGR times 255 minus
/// the mean). It is not folded into conv1_1, because the zero padding is applied *after* it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputMap {
    /// Row `o` gives output channel `o`.
    pub matrix: [[f32; 3]; 3],
    /// Added after the product.
    pub bias: [f32; 3],
}

impl InputMap {
    /// The map that torchvision's networks were trained with: ImageNet mean and standard deviation per channel.
    pub fn imagenet() -> InputMap {
        let (mean, deviation): ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        let mut matrix = [[0.0; 3]; 3];
        let mut bias = [0.0; 3];
        for channel in 0..3 {
            matrix[channel][channel] = (1.0 / deviation[channel]) as f32;
            bias[channel] = (-mean[channel] / deviation[channel]) as f32;
        }
        InputMap { matrix, bias }
    }

    /// The map that Oxford's networks were trained with, for copies that take RGB: 0..255 minus the mean, no division.
    /// Caffe's own files take BGR; their map is this one [`turned`](InputMap::turned).
    pub fn caffe() -> InputMap {
        InputMap {
            matrix: [[255.0, 0.0, 0.0], [0.0, 255.0, 0.0], [0.0, 0.0, 255.0]],
            bias: [-123.68, -116.779, -103.939],
        }
    }

    /// The same map with its outputs in reverse order, for a network that takes BGR instead of RGB.
    pub fn turned(self) -> InputMap {
        let [first, second, third] = self.matrix;
        let [a, b, c] = self.bias;
        InputMap { matrix: [third, second, first], bias: [c, b, a] }
    }
}

/// The origin of an encoder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The name that was asked for: `lite`, `random:vgg19?seed=0` or a path.
    pub name: String,
    /// The family of weights, which recipes are tuned for: a [`Family`](crate::Family), `vgg19-lite`, `random`, or
    /// `unknown`.
    pub family: String,
    /// SHA-256 of the file, or of the weights when there is no file, hexadecimal.
    pub sha256: String,
    /// The file's own metadata: source, licence, padding of the training, and so on.
    pub metadata: BTreeMap<String, String>,
}

/// A VGG network with checked weights: every shape fits the topology, every value is finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    topology: Topology,
    input: InputMap,
    /// At least as many as the topology has convolutions; truncated encoders share them.
    weights: Arc<[Weights]>,
    metrics: Arc<BTreeMap<Tap, Vec<f32>>>,
    pooling: Pooling,
    provenance: Provenance,
}

impl Encoder {
    /// Makes an encoder; `None` when the weights do not fit the topology or a value is not finite. A provenance without
    /// a SHA-256 gets the one of the weights, so that checkpoints can tell networks apart.
    pub fn new(
        topology: Topology,
        input: InputMap,
        weights: Vec<Weights>,
        pooling: Pooling,
        mut provenance: Provenance,
    ) -> Option<Encoder> {
        let fits = weights.len() == topology.convs().len()
            && topology.convs().iter().zip(&weights).all(|(conv, weights)| {
                weights.kernel.len() == conv.outputs * conv.inputs * 9
                    && weights.bias.len() == conv.outputs
                    && weights.kernel.iter().chain(&weights.bias).all(|value| value.is_finite())
            });
        if fits && provenance.sha256.is_empty() {
            provenance.sha256 = digest(&input, &weights);
        }
        let metrics = Arc::default();
        fits.then(|| Encoder { topology, input, weights: weights.into(), metrics, pooling, provenance })
    }

    /// The same encoder with metrics, `[channels, channels]` each. Style statistics at a tap with a metric are those of
    /// the metric times the features. `None` when a metric does not fit its tap, or has a value that is not finite.
    ///
    /// A small network's channels differ from VGG-19's, and so does the weight of each channel. Let H predict VGG-19's
    /// features from the small network's features f. The inner products of H f equal those of (HᵀH)^½ f, which has
    /// as many channels as f. With this metric a style loss is the loss of the prediction. It costs nothing per pixel,
    /// as the moments of M f are M E\[f\] and M E\[f fᵀ\] Mᵀ.
    pub fn with_metrics(mut self, metrics: BTreeMap<Tap, Vec<f32>>) -> Option<Encoder> {
        let fits = metrics.iter().all(|(tap, metric)| {
            let conv = self.topology.convs().get(tap.conv());
            conv.is_some_and(|conv| metric.len() == conv.outputs * conv.outputs)
                && metric.iter().all(|value| value.is_finite())
        });
        let mut digest = Sha256::new();
        digest.update(self.provenance.sha256.as_bytes());
        metrics.values().flatten().for_each(|value| digest.update(value.to_le_bytes()));
        self.provenance.sha256 = crate::hexadecimal(&digest.finalize());
        fits.then(|| Encoder { metrics: Arc::new(metrics), ..self })
    }

    /// The metric that style statistics use at a tap, `[channels, channels]` by rows; `None` when they use the features
    /// alone.
    pub fn metric(&self, tap: Tap) -> Option<&[f32]> {
        self.metrics.get(&tap).map(Vec::as_slice)
    }

    /// The chain of convolutions.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The map from RGB in 0..1 to the network's input.
    pub fn input(&self) -> &InputMap {
        &self.input
    }

    /// Kernel and bias of each convolution, in the order of the topology.
    pub fn weights(&self) -> &[Weights] {
        &self.weights[..self.topology.convs().len()]
    }

    /// The pooling that the network was trained with.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// The origin of the encoder.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The same encoder with another provenance.
    pub fn with_provenance(self, provenance: Provenance) -> Encoder {
        Encoder { provenance, ..self }
    }

    pub(crate) fn provenance_mut(&mut self) -> &mut Provenance {
        &mut self.provenance
    }

    /// The same encoder without the convolutions after `tap`, which an objective does not need.
    pub fn truncated(&self, tap: Tap) -> Encoder {
        Encoder { topology: self.topology.truncated(tap), weights: self.weights.clone(), ..self.clone() }
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.weights().iter().map(|weights| weights.kernel.len() + weights.bias.len()).sum()
    }
}

/// SHA-256 of all values that features are computed from.
fn digest(input: &InputMap, weights: &[Weights]) -> String {
    let mut digest = Sha256::new();
    let of_input = input.matrix.as_flattened().iter().chain(&input.bias);
    of_input.for_each(|value| digest.update(value.to_le_bytes()));
    for Weights { kernel, bias } in weights {
        digest.update((bias.len() as u64).to_le_bytes());
        kernel.iter().chain(bias).for_each(|value| digest.update(value.to_le_bytes()));
    }
    crate::hexadecimal(&digest.finalize())
}
