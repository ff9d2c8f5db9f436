//! Deterministic random weights of any VGG topology, for benchmarks and tests: `random:vgg19?seed=0&width=1/4`.
//!
//! He-normal: kernels from N(0, 2 / (9 inputs)), biases 0 (He et al., "Delving deep into rectifiers", 2015,
//! Each convolution draws from its own ChaCha8 stream, so that a shorter network has the same first layers.

use std::str::FromStr;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

use crate::{Encoder, EncoderError, InputMap, Pooling, Provenance, Topology, Weights};

/// The request that a `random:` name makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RandomSpec {
    /// The convolutions and their widths.
    pub topology: Topology,
    /// Seed of the weights. Default: 0.
    pub seed: u64,
}

impl FromStr for RandomSpec {
    type Err = EncoderError;

    /// Reads `random:vgg19`, `random:vgg16?seed=7`, `random:vgg19?seed=0&width=1/4`.
    fn from_str(name: &str) -> Result<RandomSpec, EncoderError> {
        let wrong = |problem: String| EncoderError::RandomSpec { name: name.into(), problem };
        let spec = name.strip_prefix("random:").ok_or_else(|| wrong("expected random:".into()))?;
        let (network, options) = spec.split_once('?').unwrap_or((spec, ""));
        let (mut seed, mut numerator, mut denominator) = (0, 1, 1);
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("seed", digits)) => {
                    seed = digits
                        .parse()
                        .map_err(|_| wrong(format!("seed: expected a whole number, found {digits:?}")))?;
                }
                Some(("width", fraction)) => {
                    let (over, under) = fraction.split_once('/').unwrap_or((fraction, "1"));
                    let number = |digits: &str| digits.parse::<usize>().ok().filter(|n| (1..=64).contains(n));
                    (numerator, denominator) = number(over).zip(number(under)).ok_or_else(|| {
                        wrong(format!("width: expected a fraction such as 1/4, found {fraction:?}"))
                    })?;
                    if numerator > 2 * denominator {
                        return Err(wrong(format!("width: expected at most 2, found {fraction}")));
                    }
                }
                _ => return Err(wrong(format!("expected seed= or width=, found {option:?}"))),
            }
        }
        let topology = match network {
            "vgg19" => Topology::vgg19(numerator, denominator),
            "vgg16" => Topology::vgg16(numerator, denominator),
            _ => return Err(wrong(format!("expected vgg19 or vgg16, found {network:?}"))),
        };
        Ok(RandomSpec { topology, seed })
    }
}

impl RandomSpec {
    /// Draws the weights; equal topologies and seeds give equal bits.
    pub fn encoder(&self, name: &str) -> Encoder {
        let weights = self
            .topology
            .convs()
            .iter()
            .enumerate()
            .map(|(index, conv)| {
                let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
                rng.set_stream(index as u64);
                let deviation = (2.0 / (9 * conv.inputs) as f32).sqrt();
                let mut normal = || {
                    let value: f32 = StandardNormal.sample(&mut rng);
                    deviation * value
                };
                let kernel: Vec<f32> = (0..conv.outputs * conv.inputs * 9).map(|_| normal()).collect();
                Weights { kernel, bias: vec![0.0; conv.outputs] }
            })
            .collect();
        let provenance = Provenance {
            name: name.into(),
            family: "random".into(),
            metadata: [("source".to_string(), "random He-normal weights".to_string())].into(),
            ..Provenance::default()
        };
        Encoder::new(self.topology.clone(), InputMap::imagenet(), weights, Pooling::Max, provenance)
            .expect("the weights were drawn to fit")
    }
}
