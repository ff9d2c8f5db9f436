//! The shape of a VGG network: its convolutions, their widths, and where it pools.

use std::fmt;
use std::str::FromStr;

use crate::EncoderError;

/// One 3x3 convolution, stride 1, padding 1, followed by a ReLU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Block, counted from 1; a 2x2 pooling with stride 2 lies between two blocks.
    pub block: usize,
    /// Place inside the block, counted from 1.
    pub place: usize,
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
}

impl Conv {
    /// The usual name of the convolution, such as `conv4_2`.
    pub fn name(&self) -> String {
        format!("conv{}_{}", self.block, self.place)
    }
}

/// A place where features are read: the output of the ReLU after a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tap(usize);

impl Tap {
    /// The tap after the convolution with this index; the first has index 0.
    pub fn after(conv: usize) -> Tap {
        Tap(conv)
    }

    /// Index of the convolution whose ReLU is read.
    pub fn conv(self) -> usize {
        self.0
    }
}

/// How 2x2 windows become one value between two blocks. An odd last row or column is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// The largest of the four; the first in reading order when several are equal.
    #[default]
    Max,
    /// The mean of the four.
    Average,
    /// The root of the sum of the four squares.
    L2,
}

impl Pooling {
    /// All kinds, in the order of the documentation.
    pub const ALL: &'static [Pooling] = &[Pooling::Max, Pooling::Average, Pooling::L2];
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pooling::Max => "max",
            Pooling::Average => "average",
            Pooling::L2 => "l2",
        })
    }
}

impl FromStr for Pooling {
    type Err = EncoderError;

    fn from_str(name: &str) -> Result<Pooling, EncoderError> {
        Pooling::ALL
            .iter()
            .copied()
            .find(|kind| kind.to_string() == name)
            .ok_or_else(|| EncoderError::UnknownPooling { name: name.to_string() })
    }
}

/// An ordered chain of convolutions in blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    convs: Vec<Conv>,
}

impl Topology {
    /// Makes a network from the output widths of each block's convolutions; the input has three channels.
    ///
    /// Returns `None` for an empty block, or a width of zero.
    pub fn new(blocks: &[Vec<usize>]) -> Option<Topology> {
        if blocks.is_empty() || blocks.iter().any(|block| block.is_empty() || block.contains(&0)) {
            return None;
        }
        let mut inputs = 3;
        let mut convs = Vec::new();
        for (block, widths) in blocks.iter().enumerate() {
            for (place, &outputs) in widths.iter().enumerate() {
                convs.push(Conv { block: block + 1, place: place + 1, inputs, outputs });
                inputs = outputs;
            }
        }
        Some(Topology { convs })
    }

    /// The convolutions of VGG-19, with every width multiplied by `numerator / denominator` (at least 1).
    pub fn vgg19(numerator: usize, denominator: usize) -> Topology {
        Topology::vgg([2, 2, 4, 4, 4], numerator, denominator)
    }

    /// The convolutions of VGG-16, with every width multiplied by `numerator / denominator` (at least 1).
    pub fn vgg16(numerator: usize, denominator: usize) -> Topology {
        Topology::vgg([2, 2, 3, 3, 3], numerator, denominator)
    }

    fn vgg(lengths: [usize; 5], numerator: usize, denominator: usize) -> Topology {
        let widths = [64, 128, 256, 512, 512].map(|width| (width * numerator / denominator.max(1)).max(1));
        let blocks: Vec<Vec<usize>> =
            lengths.iter().zip(widths).map(|(&length, width)| vec![width; length]).collect();
        Topology::new(&blocks).expect("the blocks above are not empty")
    }

    /// The convolutions, the first one first.
    pub fn convs(&self) -> &[Conv] {
        &self.convs
    }

    /// True when the convolution with this index takes pooled input.
    pub fn pools_before(&self, conv: usize) -> bool {
        conv > 0 && self.convs[conv].block != self.convs[conv - 1].block
    }

    /// True when the output of the convolution with this index is pooled for the next block.
    pub fn pools_after(&self, conv: usize) -> bool {
        conv + 1 < self.convs.len() && self.pools_before(conv + 1)
    }

    /// Size (width, height) of the features at the convolution with this index, for an image of the given size.
    pub fn size_at(&self, conv: usize, (width, height): (usize, usize)) -> (usize, usize) {
        let pools = self.convs[conv].block - 1;
        (width >> pools, height >> pools)
    }

    /// All taps, the first one first.
    pub fn taps(&self) -> impl Iterator<Item = Tap> + '_ {
        (0..self.convs.len()).map(Tap)
    }

    /// The usual name of a tap, such as `relu4_2`.
    pub fn tap_name(&self, tap: Tap) -> String {
        let conv = &self.convs[tap.0];
        format!("relu{}_{}", conv.block, conv.place)
    }

    /// Number of channels at a tap.
    pub fn channels(&self, tap: Tap) -> usize {
        self.convs[tap.0].outputs
    }

    /// The tap with this name (`relu4_2`).
    ///
    /// # Errors
    /// [`EncoderError::UnknownLayer`] with the nearest names that the network has.
    pub fn tap(&self, name: &str) -> Result<Tap, EncoderError> {
        self.taps().find(|&tap| self.tap_name(tap) == name).ok_or_else(|| {
            let names: Vec<String> = self.taps().map(|tap| self.tap_name(tap)).collect();
            EncoderError::UnknownLayer {
                name: name.to_string(),
                nearest: nearest_layers(name, &names),
                last: names.last().cloned().unwrap_or_default(),
            }
        })
    }

    /// The same network without the convolutions after `tap`.
    pub fn truncated(&self, tap: Tap) -> Topology {
        Topology { convs: self.convs[..=tap.0].to_vec() }
    }

    /// The smallest width and height of an image that has at least one feature at `tap`.
    pub fn smallest_image(&self, tap: Tap) -> usize {
        1 << (self.convs[tap.0].block - 1)
    }

    /// The number of pixels in a row of the image that one feature at `tap` depends on: 156 for VGG-19 at relu5_1.
    pub fn receptive_field(&self, tap: Tap) -> usize {
        let (mut sees, mut stride) = (1, 1);
        for conv in 0..=tap.0 {
            if self.pools_before(conv) {
                sees += stride;
                stride *= 2;
            }
            sees += 2 * stride;
        }
        sees
    }

    /// Floating-point operations per pixel of the image for one evaluation (forward pass and gradient by the pixels) up
    /// to `tap`. Counted as direct convolutions, a multiplication and an addition as two: 1.45 million for VGG-19 at
    /// relu5_1.
    pub fn flops_per_pixel(&self, tap: Tap) -> f64 {
        let macs: f64 = self.convs[..=tap.0]
            .iter()
            .map(|conv| (9 * conv.inputs * conv.outputs) as f64 / 4f64.powi(conv.block as i32 - 1))
            .sum();
        4.0 * macs
    }
}

/// Finds near layers by block and place, not by letters: relu5_2 is nearer to relu5_1 than to relu2_2.
fn nearest_layers(typed: &str, names: &[String]) -> Vec<String> {
    let place = |name: &str| {
        let digits: Vec<i64> =
            name.split(|c: char| !c.is_ascii_digit()).filter_map(|d| d.parse().ok()).collect();
        (digits.len() == 2).then(|| (digits[0], digits[1]))
    };
    let Some((block, index)) = place(typed) else {
        let near = crate::nearest(typed, names.iter().map(String::as_str));
        return if near.is_empty() { names.to_vec() } else { near };
    };
    let mut sorted: Vec<(i64, &String)> = names
        .iter()
        .filter_map(|name| place(name).map(|(b, i)| ((b - block).abs() * 10 + (i - index).abs(), name)))
        .collect();
    sorted.sort();
    sorted.into_iter().take(2).map(|(_, name)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vgg19_has_sixteen_convolutions_and_the_published_cost() {
        let vgg = Topology::vgg19(1, 1);
        assert_eq!(vgg.convs().len(), 16);
        let deepest = vgg.tap("relu5_1").unwrap();
        assert_eq!(vgg.channels(deepest), 512);
        // 361,152 multiply-adds per pixel forward (the sum of Simonyan and Zisserman's table); the backward pass has as
        // many.
        assert_eq!(vgg.flops_per_pixel(deepest), 4.0 * 361_152.0);
        assert_eq!(vgg.size_at(deepest.conv(), (513, 100)), (32, 6));
        // By hand: 5 | 6 14 | 16 48 | 52 116 | 124 156.
        assert_eq!(vgg.receptive_field(deepest), 156);
        assert_eq!(vgg.receptive_field(Tap::after(0)), 3);
    }

    #[test]
    fn a_layer_that_the_network_lacks_is_answered_with_the_nearest() {
        let vgg = Topology::vgg19(1, 4);
        let short = vgg.truncated(vgg.tap("relu5_1").unwrap());
        let EncoderError::UnknownLayer { nearest, last, .. } = short.tap("relu5_2").unwrap_err() else {
            panic!("wrong kind of error");
        };
        assert_eq!(nearest[0], "relu5_1");
        assert_eq!(last, "relu5_1");
        let EncoderError::UnknownLayer { nearest, .. } = short.tap("conv4_2").unwrap_err() else {
            panic!("wrong kind of error");
        };
        assert_eq!(nearest[0], "relu4_2");
    }
}
