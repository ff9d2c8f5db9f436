//! A decoder turns the features at a tap back into a picture.
//!
//! It mirrors the encoder. Each of its convolutions undoes one of the encoder's and carries its name; they run from the
//! deepest to the shallowest, with inputs and outputs exchanged. After the first convolution of a block, where the
//! encoder pools, the map is enlarged twofold ([`NEAREST`]). A ReLU follows each convolution, the last one too. The
//! result is RGB, nominally in 0..1.
//!
//! Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance normalization", ICCV 2017, and Li
//! et al., "Universal style transfer via feature transforms", NIPS 2017, train such decoders, the latter one for each
//! tap.

use std::sync::Arc;

use crate::{Conv, Tap, Topology, Weights};

/// The convolutions that lead from a tap to a picture, with checked weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    convs: Vec<Conv>,
    weights: Arc<[Weights]>,
}

impl Decoder {
    /// The convolutions of a decoder that mirrors an encoder up to its last tap.
    pub fn mirrored(topology: &Topology) -> Vec<Conv> {
        let mirror = |conv: &Conv| Conv { inputs: conv.outputs, outputs: conv.inputs, ..conv.clone() };
        topology.convs().iter().rev().map(mirror).collect()
    }

    /// Makes the decoder for an encoder's last tap; `None` when the weights do not fit or a value is not finite.
    pub fn new(topology: &Topology, weights: Vec<Weights>) -> Option<Decoder> {
        let convs = Decoder::mirrored(topology);
        let fits = weights.len() == convs.len()
            && convs.iter().zip(&weights).all(|(conv, weights)| {
                weights.kernel.len() == conv.outputs * conv.inputs * 9
                    && weights.bias.len() == conv.outputs
                    && weights.kernel.iter().chain(&weights.bias).all(|value| value.is_finite())
            });
        fits.then(|| Decoder { convs, weights: weights.into() })
    }

    /// The convolutions in the order in which they run.
    pub fn convs(&self) -> &[Conv] {
        &self.convs
    }

    /// Kernel and bias of each convolution.
    pub fn weights(&self) -> &[Weights] {
        &self.weights
    }

    /// True when the output of the convolution with this index is enlarged twofold.
    pub fn enlarges_after(&self, conv: usize) -> bool {
        self.convs.get(conv + 1).is_some_and(|next| next.block != self.convs[conv].block)
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.weights.iter().map(|weights| weights.kernel.len() + weights.bias.len()).sum()
    }
}

/// The part of nearest-neighbour enlargement; the rest is bilinear. Nearest alone paints a grid of two and four pixels,
/// bilinear alone blurs. The embedded decoders were trained with this mix (docs/draft.md).
pub const NEAREST: f64 = 0.5;

/// An encoder up to one tap, and the decoder that leads back from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The encoder; its last convolution is the level's tap.
    pub encoder: crate::Encoder,
    /// The decoder.
    pub decoder: Decoder,
}

impl Level {
    /// The tap of the features.
    pub fn tap(&self) -> Tap {
        Tap::after(self.encoder.topology().convs().len() - 1)
    }

    /// Number of channels at the tap.
    pub fn channels(&self) -> usize {
        self.encoder.topology().channels(self.tap())
    }

    /// The sides of a picture must be multiples of this number, so that the decoder returns a picture of the same size.
    pub fn step(&self) -> usize {
        self.encoder.topology().smallest_image(self.tap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_mirrors_its_encoder() {
        let topology = Topology::new(&[vec![4, 5], vec![6, 7, 8]]).unwrap();
        let convs = Decoder::mirrored(&topology);
        let shapes: Vec<_> = convs.iter().map(|conv| (conv.name(), conv.inputs, conv.outputs)).collect();
        let expected =
            [("conv2_3", 8, 7), ("conv2_2", 7, 6), ("conv2_1", 6, 5), ("conv1_2", 5, 4), ("conv1_1", 4, 3)];
        assert_eq!(shapes, expected.map(|(name, inputs, outputs)| (name.to_string(), inputs, outputs)));
        let of = |conv: &Conv| Weights {
            kernel: vec![0.5; conv.inputs * conv.outputs * 9],
            bias: vec![0.0; conv.outputs],
        };
        let weights: Vec<Weights> = convs.iter().map(of).collect();
        let decoder = Decoder::new(&topology, weights.clone()).unwrap();
        let enlarges: Vec<bool> = (0..5).map(|conv| decoder.enlarges_after(conv)).collect();
        assert_eq!(enlarges, [false, false, true, false, false]);
        let mut broken = weights.clone();
        broken[1].bias[0] = f32::NAN;
        assert_eq!(Decoder::new(&topology, broken), None);
        assert_eq!(Decoder::new(&topology, weights[1..].to_vec()), None);
    }
}
