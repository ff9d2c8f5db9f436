//! An encoder with the settings of a run: the pooling, and the padding at the image's edges.

use impasto_encoder::{Encoder, Pooling};

use crate::Padding;

/// An encoder with the settings of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Topology and weights.
    pub encoder: Encoder,
    /// How 2x2 windows become one value.
    pub pooling: Pooling,
    /// Multiplies every pooled value. 1 is plain pooling. style-transfer-pytorch scales average pooling by 2 and L2
    /// pooling by 0.78, to bring activations back to the level of max pooling.
    pub pool_scale: f32,
    /// The values beyond the image's edge.
    pub padding: Padding,
}

impl Network {
    /// A network with the settings of the encoder's training: its own pooling, not rescaled, and [its own
    /// padding](Padding::trained).
    pub fn new(encoder: Encoder) -> Network {
        let (pooling, padding) = (encoder.pooling(), Padding::trained(&encoder));
        Network { encoder, pooling, pool_scale: 1.0, padding }
    }
}
