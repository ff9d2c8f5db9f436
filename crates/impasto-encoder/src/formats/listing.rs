//! Collects the convolutions of files not made by PyTorch: by names that contain block and place (`conv1_1`,
//! `block1_conv1`), or by their order.

use std::collections::BTreeMap;

use super::Arrangement;
use crate::layout::{Names, Shapes, block_and_place};
use crate::sequence::{Sequence, Step};

/// Collects convolutions; `K` says where to find the values of a tensor.
pub(super) struct Listing<K> {
    convs: Vec<Conv<K>>,
    /// Poolings, by the number of convolutions before them.
    pools: Vec<usize>,
    /// Why the network cannot be run here.
    refused: Option<String>,
}

struct Conv<K> {
    name: String,
    kernel: (K, Vec<usize>),
    bias: Option<(K, Vec<usize>)>,
}

/// The result of a listing.
pub(super) struct Listed<K> {
    pub(super) shapes: Shapes,
    pub(super) keys: BTreeMap<String, K>,
    pub(super) arrangement: Arrangement,
}

impl<K> Listing<K> {
    pub(super) fn new() -> Listing<K> {
        Listing { convs: Vec::new(), pools: Vec::new(), refused: None }
    }

    /// Adds a convolution; the shape of its kernel is `[out, in, height, width]`.
    pub(super) fn conv(&mut self, name: &str, kernel: (K, Vec<usize>), bias: Option<(K, Vec<usize>)>) {
        self.convs.push(Conv { name: name.to_string(), kernel, bias });
    }

    /// Notes a pooling. NumPy's archives name none.
    #[cfg(feature = "foreign-formats")]
    pub(super) fn pool(&mut self) {
        self.pools.push(self.convs.len());
    }

    /// Notes a batch normalisation. Without it the convolutions around it would get other inputs, so the network is
    /// refused.
    #[cfg(feature = "foreign-formats")]
    pub(super) fn normalisation(&mut self, name: &str) {
        self.refused.get_or_insert_with(|| format!("it has batch normalisation ({name})"));
    }

    /// The network, or the reason why there is none.
    pub(super) fn finish(self) -> Result<Listed<K>, String> {
        if let Some(why) = self.refused {
            return Err(why);
        }
        let is_step = |conv: &Conv<K>| conv.kernel.1.ends_with(&[3, 3]);
        let has_input = self.convs.first().is_some_and(|first| first.kernel.1 == [3, 3, 1, 1]);
        let places: Vec<_> = self.convs.iter().filter(|c| is_step(c)).map(|c| place_in(&c.name)).collect();
        let named = !has_input && !places.is_empty() && places.iter().all(Option::is_some);
        let mut listed =
            Listed { shapes: Shapes::new(), keys: BTreeMap::new(), arrangement: Arrangement::Names };
        let mut steps = Vec::new();
        for (index, conv) in self.convs.into_iter().enumerate() {
            steps.extend(self.pools.iter().filter(|&&before| before == index).map(|_| Step::Pool));
            let place = place_in(&conv.name).filter(|_| named);
            if named && !is_step(&conv) {
                continue;
            }
            let names = match place {
                // An encoder and a decoder, for example, whose kernels must not become one network.
                Some((block, place))
                    if listed.shapes.contains_key(&format!("conv{block}_{place}.weight")) =>
                {
                    return Err(format!(
                        "two convolutions are conv{block}_{place}, as if it were two networks"
                    ));
                }
                Some((block, place)) => Names::of(&format!("conv{block}_{place}")),
                None if listed.shapes.contains_key(&format!("{}.weight", conv.name)) => {
                    Names::of(&format!("{}#{index}", conv.name))
                }
                None => Names::of(&conv.name),
            };
            let tensors = [(&names.weight, Some(conv.kernel)), (&names.bias, conv.bias)];
            for (name, tensor) in tensors {
                if let Some((key, shape)) = tensor {
                    listed.shapes.insert(name.clone(), shape);
                    listed.keys.insert(name.clone(), key);
                }
            }
            steps.push(Step::Conv(names));
        }
        if !named {
            let pools_known = !self.pools.is_empty();
            listed.arrangement = Arrangement::Sequence(Sequence { steps, pools_known });
        }
        Ok(listed)
    }
}

/// Block and place in a name such as `conv4_2`, `block4_conv2` or `vgg/conv4_2/W:0`.
fn place_in(name: &str) -> Option<(usize, usize)> {
    name.split(['/', '.', ':']).find_map(|word| {
        let oxford = block_and_place(word, "conv");
        // The name of the tensor may follow the place.
        let short = || {
            let (place, tensor) = word.rsplit_once('_')?;
            block_and_place(place, "conv").filter(|_| !tensor.starts_with(|c: char| c.is_ascii_digit()))
        };
        let keras = || {
            let (block, rest) = word.strip_prefix("block")?.split_once("_conv")?;
            let place: String = rest.chars().take_while(char::is_ascii_digit).collect();
            block_and_place(&format!("{block}_{place}"), "")
        };
        oxford.or_else(keras).or_else(short)
    })
}

/// A key that sorts names by the numbers in them: `arr_9` before `arr_10`.
pub(super) fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(text);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        parts.push((word.to_string(), number.parse().unwrap_or(0)));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_the_names_of_all() {
        for name in [
            "conv4_2",
            "block4_conv2",
            "vgg/conv4_2/W:0",
            "conv4_2_W",
            "block4_conv2_W_1:0",
            "a/conv4_2.weight",
        ] {
            assert_eq!(place_in(name), Some((4, 2)), "{name}");
        }
        for name in ["conv2d_1", "conv4", "arr_0", "fc6", "conv0_1", "conv1_999", "4_2"] {
            assert_eq!(place_in(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["arr_10", "arr_9", "arr_1", "conv2d_1/x", "conv2d/x"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["arr_1", "arr_9", "arr_10", "conv2d/x", "conv2d_1/x"]);
    }
}
