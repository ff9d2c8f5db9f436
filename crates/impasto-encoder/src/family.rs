//! The known trainings of VGG: the input, the licence, and the fingerprint that identifies each by its weights.
//!
//! A file's name says nothing: scripts save files anew under the old name, and others name their files after
//! torchvision's. But no two trainings end at the same numbers, so the first filter of conv1_1 is a fingerprint. The
//! numbers below were printed by several programs that others published; those of torchvision's VGG-16 have four digits
//! only.
//!
//! In a copy with the input channels reversed, the same numbers stand in reverse order of channels. A set with rescaled
//! filters (Gatys, Ecker and Bethge, 2015: to a mean activation of 1) keeps the direction of each filter, but not its
//! length.

use std::fmt;
use std::str::FromStr;

use crate::{EncoderError, InputMap, Topology};

/// A published training that recipes are tuned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// torchvision's VGG-19 (IMAGENET1K_V1).
    Vgg19,
    /// The original VGG-19 of Oxford: Caffe, MatConvNet, Keras, and most tools for style transfer.
    Vgg19Oxford,
    /// torchvision's VGG-16 (IMAGENET1K_V1).
    Vgg16,
    /// The original VGG-16 of Oxford.
    Vgg16Oxford,
    /// The original VGG-19 with every filter rescaled to a mean activation of 1.
    Vgg19Normalised,
}

/// The order in which conv1_1 takes the channels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red, the order of OpenCV and therefore of Caffe.
    Bgr,
}

/// The training and the order of channels that a conv1_1 reveals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The training.
    pub family: Family,
    /// The order of channels in this copy, which may differ from the original's.
    pub order: ChannelOrder,
}

impl Family {
    /// All families, in the order of the documentation.
    pub const ALL: &'static [Family] =
        &[Family::Vgg19, Family::Vgg19Oxford, Family::Vgg16, Family::Vgg16Oxford, Family::Vgg19Normalised];

    /// The licence of the weights, as SPDX names it.
    pub fn licence(self) -> &'static str {
        match self {
            Family::Vgg19 | Family::Vgg16 => "BSD-3-Clause",
            Family::Vgg19Oxford | Family::Vgg16Oxford | Family::Vgg19Normalised => "CC-BY-4.0",
        }
    }

    /// The authors to credit.
    pub fn attribution(self) -> &'static str {
        match self {
            Family::Vgg19 | Family::Vgg16 => "torchvision, the PyTorch contributors (weights IMAGENET1K_V1)",
            Family::Vgg19Oxford | Family::Vgg16Oxford => {
                "K. Simonyan and A. Zisserman, Visual Geometry Group, University of Oxford (arXiv:1409.1556)"
            }
            Family::Vgg19Normalised => {
                "K. Simonyan and A. Zisserman, Visual Geometry Group, University of Oxford (arXiv:1409.1556); \
                 filters rescaled by L. A. Gatys, A. S. Ecker and M. Bethge (arXiv:1505.07376)"
            }
        }
    }

    /// The padding of pictures during the training.
    pub fn padding(self) -> &'static str {
        match self {
            Family::Vgg19Normalised => "reflect",
            _ => "zero",
        }
    }

    /// The order of channels that the training was published with.
    pub fn channel_order(self) -> ChannelOrder {
        match self {
            Family::Vgg19 | Family::Vgg16 => ChannelOrder::Rgb,
            Family::Vgg19Oxford | Family::Vgg16Oxford | Family::Vgg19Normalised => ChannelOrder::Bgr,
        }
    }

    /// The map from RGB in 0..1 to the input of a copy with this order of channels.
    pub fn input(self, order: ChannelOrder) -> InputMap {
        let rgb = match self {
            Family::Vgg19 | Family::Vgg16 => InputMap::imagenet(),
            Family::Vgg19Oxford | Family::Vgg16Oxford | Family::Vgg19Normalised => InputMap::caffe(),
        };
        match order {
            ChannelOrder::Rgb => rgb,
            ChannelOrder::Bgr => rgb.turned(),
        }
    }

    /// True when a network with these convolutions can be of this family, whole or cut off after some layer. Widths are
    /// ignored: pruned networks keep the family.
    pub fn fits(self, topology: &Topology) -> bool {
        let whole = match self {
            Family::Vgg19 | Family::Vgg19Oxford | Family::Vgg19Normalised => Topology::vgg19(1, 1),
            Family::Vgg16 | Family::Vgg16Oxford => Topology::vgg16(1, 1),
        };
        let places = |topology: &Topology| -> Vec<(usize, usize)> {
            topology.convs().iter().map(|conv| (conv.block, conv.place)).collect()
        };
        places(&whole).starts_with(&places(topology))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Vgg19 => "vgg19",
            Family::Vgg19Oxford => "vgg19-oxford",
            Family::Vgg16 => "vgg16",
            Family::Vgg16Oxford => "vgg16-oxford",
            Family::Vgg19Normalised => "vgg19-normalised",
        })
    }
}

impl FromStr for Family {
    type Err = EncoderError;

    fn from_str(name: &str) -> Result<Family, EncoderError> {
        Family::ALL.iter().copied().find(|family| family.to_string() == name).ok_or_else(|| {
            let names: Vec<String> = Family::ALL.iter().map(Family::to_string).collect();
            EncoderError::UnknownFamily {
                name: name.to_string(),
                nearest: crate::nearest(name, names.iter().map(String::as_str)),
            }
        })
    }
}

/// Filter 0 of a conv1_1, in the order of channels of its training. NaN marks a number that is not published, or that
/// only one source has: nine numbers tell trainings apart, and a wrong one would refuse the true weights.
struct Fingerprint {
    family: Family,
    filter: [f32; 27],
}

const NOT_KNOWN: f32 = f32::NAN;

#[rustfmt::skip]
const FINGERPRINTS: [Fingerprint; 4] = [
    Fingerprint { family: Family::Vgg19, filter: [
        -0.053474, -0.049257, -0.067942, 0.015314, 0.045068, 0.002144, 0.036226, 0.019999, 0.019864,
        NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN,
        NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN,
    ] },
    Fingerprint { family: Family::Vgg19Oxford, filter: [
        0.34119523, 0.33999205, -0.04484424, 0.23215917, 0.08978214, -0.30331427, -0.07260918, -0.246675, -0.33683276,
        NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN,
        NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN,
    ] },
    Fingerprint { family: Family::Vgg16, filter: [
        -0.5537, 0.1427, 0.5290, -0.5831, 0.3566, 0.7657, -0.6902, -0.0480, 0.4841,
        0.1755, 0.0099, -0.0814, 0.0441, -0.0703, -0.2604, 0.1324, -0.1728, -0.1323,
        0.3130, -0.1659, -0.4275, 0.4752, -0.0827, -0.4870, 0.6320, 0.0193, -0.2775,
    ] },
    Fingerprint { family: Family::Vgg16Oxford, filter: [
        0.429_470_57, 0.373467, -0.061360113, 0.27476987, 0.038680777, -0.36722335, -0.05746817, -0.26224968, -0.35009676,
        0.550_379_46, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN,
        0.480_015_4, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN,
    ] },
];

/// The largest distance from the fingerprint, relative to its length. Rounding to bf16 moves each value by up to 2^-9
/// (half its spacing), to f16 by 2^-12; four digits leave 1e-4. Two trainings are further apart than their length.
const TOLERANCE: f64 = 3e-3;

/// Rescaling to a mean activation of 1 makes filters of inputs in 0..255 smaller, never many times larger. A filter
/// that was multiplied by 255 takes another input.
const LARGEST_SCALE: f64 = 4.0;

/// The training that a conv1_1 (`[out, 3, 3, 3]`, row-major) comes from, by its first filter; `None` when it is
/// unknown.
///
/// This says nothing about the other layers: a network that was trained further, or pruned behind conv1_1, is still of
/// its family.
pub fn identify(conv1_1: &[f32]) -> Option<Identified> {
    let filter = conv1_1.get(..27)?;
    FINGERPRINTS.iter().find_map(|known| {
        let turned = [&filter[18..], &filter[9..18], &filter[..9]].concat();
        let own = known.family.channel_order();
        let other = match own {
            ChannelOrder::Rgb => ChannelOrder::Bgr,
            ChannelOrder::Bgr => ChannelOrder::Rgb,
        };
        [(filter, own), (&turned[..], other)].into_iter().find_map(|(filter, order)| {
            let scale = scale_between(&known.filter, filter)?;
            let family = match known.family {
                family if (scale - 1.0).abs() < TOLERANCE => family,
                Family::Vgg19Oxford if scale > 0.0 && scale < LARGEST_SCALE => Family::Vgg19Normalised,
                _ => return None,
            };
            Some(Identified { family, order })
        })
    })
}

/// The factor between `known` and `found`, when one factor explains all known values.
fn scale_between(known: &[f32; 27], found: &[f32]) -> Option<f64> {
    let pairs = || {
        let known = known.iter().zip(found).filter(|(known, _)| !known.is_nan());
        known.map(|(&known, &found)| (f64::from(known), f64::from(found)))
    };
    let length: f64 = pairs().map(|(known, _)| known * known).sum();
    let scale = pairs().map(|(known, found)| known * found).sum::<f64>() / length;
    let left: f64 = pairs().map(|(known, found)| (found - scale * known).powi(2)).sum();
    // Written so that NaN fails the comparison.
    (left.sqrt() < TOLERANCE * scale.abs() * length.sqrt()).then_some(scale)
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use super::*;

    /// A conv1_1 of two filters that begins with a family's fingerprint.
    fn conv1_1(family: Family) -> Vec<f32> {
        let known = FINGERPRINTS.iter().find(|known| known.family == family).unwrap();
        let fill = |(index, &value): (usize, &f32)| {
            if value.is_nan() { (index as f32 * 0.7).sin() * 0.1 } else { value }
        };
        known.filter.iter().enumerate().map(fill).chain((0..27).map(|i| i as f32)).collect()
    }

    fn turned(kernel: &[f32]) -> Vec<f32> {
        kernel.chunks(27).flat_map(|f| [&f[18..], &f[9..18], &f[..9]].concat()).collect()
    }

    #[test]
    fn every_training_is_told_in_both_orders_and_in_half_precision() {
        for Fingerprint { family, .. } in FINGERPRINTS {
            let kernel = conv1_1(family);
            let own = family.channel_order();
            assert_eq!(identify(&kernel), Some(Identified { family, order: own }));
            let other = identify(&turned(&kernel)).unwrap();
            assert_eq!(other.family, family);
            assert_ne!(other.order, own);
            let half: Vec<f32> = kernel.iter().map(|&v| f16::from_f32(v).to_f32()).collect();
            assert_eq!(identify(&half).unwrap().family, family);
            let brain: Vec<f32> = kernel.iter().map(|&v| bf16::from_f32(v).to_f32()).collect();
            assert_eq!(identify(&brain).unwrap().family, family);
        }
    }

    #[test]
    fn rescaled_filters_are_the_normalised_family() {
        let kernel: Vec<f32> = conv1_1(Family::Vgg19Oxford).iter().map(|v| v * 0.0123).collect();
        let found = identify(&kernel).unwrap();
        assert_eq!(found, Identified { family: Family::Vgg19Normalised, order: ChannelOrder::Bgr });
        assert_eq!(identify(&turned(&kernel)).unwrap().order, ChannelOrder::Rgb);
        // Filters with the sign reversed, or for an input in 0..1, are not.
        for scale in [-1.0, 255.0] {
            let kernel: Vec<f32> = conv1_1(Family::Vgg19Oxford).iter().map(|v| v * scale).collect();
            assert_eq!(identify(&kernel), None);
        }
        // VGG-16 and torchvision's trainings have no rescaled set.
        for family in [Family::Vgg16, Family::Vgg16Oxford, Family::Vgg19] {
            let kernel: Vec<f32> = conv1_1(family).iter().map(|v| v * 0.5).collect();
            assert_eq!(identify(&kernel), None);
        }
    }

    #[test]
    fn what_is_near_but_not_the_same_is_not_named() {
        for Fingerprint { family, .. } in FINGERPRINTS {
            let mut kernel = conv1_1(family);
            kernel[4] += 0.02;
            assert_eq!(identify(&kernel), None, "{family}");
            kernel[4] = f32::NAN;
            assert_eq!(identify(&kernel), None, "{family}");
        }
        assert_eq!(identify(&[0.0; 27]), None);
        assert_eq!(identify(&[0.3; 26]), None);
        assert_eq!(identify(&[]), None);
    }

    #[test]
    fn maps_of_oxford_take_the_mean_of_each_channel_to_zero() {
        let apply = |map: InputMap, rgb: [f32; 3]| {
            [0, 1, 2].map(|o| (0..3).map(|i| map.matrix[o][i] * rgb[i]).sum::<f32>() + map.bias[o])
        };
        let mean = [123.68 / 255.0, 116.779 / 255.0, 103.939 / 255.0];
        for order in [ChannelOrder::Rgb, ChannelOrder::Bgr] {
            let map = Family::Vgg19Oxford.input(order);
            assert!(apply(map, mean).iter().all(|v| v.abs() < 1e-4));
            let red = apply(map, [1.0, mean[1], mean[2]]);
            let place = if order == ChannelOrder::Rgb { 0 } else { 2 };
            assert!((red[place] - (255.0 - 123.68)).abs() < 1e-3, "{red:?}");
        }
    }

    #[test]
    fn families_have_names_and_fit_their_layers_only() {
        for &family in Family::ALL {
            assert_eq!(family.to_string().parse::<Family>().unwrap(), family);
        }
        let error = "vgg19-oxfrd".parse::<Family>().unwrap_err();
        assert_eq!(error.hint().unwrap(), "did you mean vgg19-oxford or vgg16-oxford or vgg19?");
        let nineteen = Topology::vgg19(1, 8);
        assert!(Family::Vgg19Normalised.fits(&nineteen) && !Family::Vgg16.fits(&nineteen));
        let short = nineteen.truncated(nineteen.tap("relu3_3").unwrap());
        assert!(Family::Vgg19.fits(&short) && Family::Vgg16.fits(&short));
    }
}
