//! Finds the convolutions of a file by the names of its tensors: canonical names (`conv4_2.weight`) and torchvision's
//! (`features.21.weight`, also in timm's files). Also knows which other tensors may be left unread.

use std::collections::BTreeMap;

use crate::formats::MOST_VALUES;
use crate::{EncoderError, Family, Topology};

/// The weight tensors of a file, resolved to a topology: element `i` of `convs` is convolution `i`.
pub(crate) struct Layout {
    pub(crate) topology: Topology,
    pub(crate) convs: Vec<Names>,
    /// The metrics in the file: index of the convolution, and name of the tensor.
    pub(crate) metrics: Vec<(usize, String)>,
    /// The map from RGB to the network's input, if the file has one.
    pub(crate) input: Option<Names>,
    /// The family, if the names alone tell it.
    pub(crate) family: Option<Family>,
}

/// The two tensors of a convolution.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) weight: String,
    pub(crate) bias: String,
}

impl Names {
    pub(crate) fn of(prefix: &str) -> Names {
        Names { weight: format!("{prefix}.weight"), bias: format!("{prefix}.bias") }
    }
}

/// Shapes of all tensors in a file.
pub(crate) type Shapes = BTreeMap<String, Vec<usize>>;

/// Indices of the convolutions in torchvision's `features` list (a ReLU follows each, a pooling ends each block).
const VGG19: [(usize, usize, usize); 16] = [
    (0, 1, 1),
    (2, 1, 2),
    (5, 2, 1),
    (7, 2, 2),
    (10, 3, 1),
    (12, 3, 2),
    (14, 3, 3),
    (16, 3, 4),
    (19, 4, 1),
    (21, 4, 2),
    (23, 4, 3),
    (25, 4, 4),
    (28, 5, 1),
    (30, 5, 2),
    (32, 5, 3),
    (34, 5, 4),
];
const VGG16: [(usize, usize, usize); 13] = [
    (0, 1, 1),
    (2, 1, 2),
    (5, 2, 1),
    (7, 2, 2),
    (10, 3, 1),
    (12, 3, 2),
    (14, 3, 3),
    (17, 4, 1),
    (19, 4, 2),
    (21, 4, 3),
    (24, 5, 1),
    (26, 5, 2),
    (28, 5, 3),
];

pub(crate) fn resolve(file: &str, shapes: &Shapes) -> Result<Layout, EncoderError> {
    if shapes.keys().any(|name| name.starts_with("features.")) {
        torchvision(file, shapes)
    } else if shapes.keys().any(|name| name.starts_with("conv")) {
        canonical(file, shapes)
    } else {
        let found: Vec<&str> = shapes.keys().take(4).map(String::as_str).collect();
        let found = if found.is_empty() { "no tensor at all".to_string() } else { found.join(", ") };
        Err(EncoderError::NotVgg { file: file.into(), found })
    }
}

/// Why the input map is needed.
const INPUT: &str = "the affine map from RGB 0..1 to the network's input";

fn canonical(file: &str, shapes: &Shapes) -> Result<Layout, EncoderError> {
    let mut places = BTreeMap::new();
    let mut metrics = Vec::new();
    for name in shapes.keys() {
        if let Some(place) = name.strip_suffix(".weight").and_then(|name| block_and_place(name, "metric")) {
            metrics.push((place, name.clone()));
            continue;
        }
        let (prefix, known) = match name.rsplit_once('.') {
            Some((prefix, "weight" | "bias")) => (prefix, true),
            _ => (name.as_str(), false),
        };
        if let Some(place) = block_and_place(prefix, "conv").filter(|_| known) {
            places.insert(place, Names::of(prefix));
        } else if !known || (prefix != "input" && block_and_place(prefix, "head").is_none()) {
            return Err(EncoderError::UnknownTensor {
                file: file.into(),
                tensor: name.clone(),
                expected:
                    "a canonical file holds convB_I, input and optional headB_I, each .weight and .bias, \
                     and metricB_I.weight"
                        .into(),
            });
        }
    }
    // Files older than the input map (Gatys' own) have neither tensor; the fingerprint of their weights determines the
    // input.
    let input = Names::of("input");
    let has_input = match [&input.weight, &input.bias].map(|name| shapes.contains_key(name)) {
        [true, false] => return Err(missing(file, &input.bias, INPUT)),
        [false, true] => return Err(missing(file, &input.weight, INPUT)),
        [has_input, _] => has_input,
    };
    let mut layout = chain(file, shapes, &places, Some(input).filter(|_| has_input), None)?;
    for (place, tensor) in metrics {
        let convs = layout.topology.convs();
        let index = convs.iter().position(|conv| (conv.block, conv.place) == place).ok_or_else(|| {
            EncoderError::UnknownTensor {
                file: file.into(),
                tensor: tensor.clone(),
                expected: "the file has the layer of each metric".into(),
            }
        })?;
        let expected = [convs[index].outputs; 2];
        if shapes[&tensor] != expected {
            return Err(EncoderError::WrongTensor {
                file: file.into(),
                expected: format!("shape {expected:?}"),
                found: format!("{:?}", shapes[&tensor]),
                tensor,
            });
        }
        layout.metrics.push((index, tensor));
    }
    Ok(layout)
}

fn torchvision(file: &str, shapes: &Shapes) -> Result<Layout, EncoderError> {
    let mut indices = Vec::new();
    for name in shapes.keys() {
        let index = name
            .strip_prefix("features.")
            .and_then(|rest| rest.strip_suffix(".weight").or_else(|| rest.strip_suffix(".bias")))
            .and_then(|digits| digits.parse::<usize>().ok());
        match index {
            Some(index) => indices.push((index, name)),
            None if is_classifier(name) => {}
            None => {
                return Err(unknown_feature(file, name));
            }
        }
    }
    let in_vgg19 = |index: usize| VGG19.iter().any(|entry| entry.0 == index);
    let in_vgg16 = |index: usize| VGG16.iter().any(|entry| entry.0 == index);
    // The lists differ from the fourth convolution of block 3 on: index 16 occurs only in VGG-19, index 17 only in
    // VGG-16.
    let sixteen =
        indices.iter().any(|&(index, _)| index == 17) || !indices.iter().all(|&(index, _)| in_vgg19(index));
    let table: &[(usize, usize, usize)] = if sixteen { &VGG16 } else { &VGG19 };
    let allowed: &dyn Fn(usize) -> bool = if sixteen { &in_vgg16 } else { &in_vgg19 };
    if let Some((_, name)) = indices.iter().find(|&&(index, _)| !allowed(index)) {
        return Err(unknown_feature(file, name));
    }
    let last = indices.iter().map(|&(index, _)| index).max().unwrap_or(0);
    let places = table
        .iter()
        .filter(|entry| entry.0 <= last)
        .map(|&(index, block, place)| ((block, place), Names::of(&format!("features.{index}"))))
        .collect();
    chain(file, shapes, &places, None, Some(if sixteen { Family::Vgg16 } else { Family::Vgg19 }))
}

/// Checks that the convolutions form an unbroken chain, each with a kernel and a bias whose shape follows from the
/// convolution before.
pub(crate) fn chain(
    file: &str,
    shapes: &Shapes,
    places: &BTreeMap<(usize, usize), Names>,
    input: Option<Names>,
    family: Option<Family>,
) -> Result<Layout, EncoderError> {
    let Some(&(last_block, _)) = places.keys().next_back() else {
        return Err(missing(file, "conv1_1.weight", "at least one convolution"));
    };
    let mut blocks = vec![Vec::new(); last_block];
    let mut convs = Vec::new();
    let mut inputs = 3;
    let mut values = 0usize;
    for block in 1..=last_block {
        let length = places.keys().filter(|place| place.0 == block).map(|place| place.1).max().unwrap_or(1);
        for place in 1..=length {
            let named = format!("conv{block}_{place}");
            let names = places.get(&(block, place)).cloned().unwrap_or_else(|| Names::of(&named));
            let outputs = outputs_of(file, shapes, (&named, &names), inputs)?;
            values = values.saturating_add(outputs.saturating_mul(inputs).saturating_mul(9));
            if values > MOST_VALUES {
                return Err(EncoderError::NotChain {
                    file: file.into(),
                    found: format!(
                        "more than {MOST_VALUES} weights up to {named}, where VGG-19 has 20 million"
                    ),
                });
            }
            check_bias(file, shapes, (&named, &names), outputs)?;
            blocks[block - 1].push(outputs);
            convs.push(names);
            inputs = outputs;
        }
    }
    let topology = Topology::new(&blocks).expect("every block got at least one convolution above");
    Ok(Layout { topology, convs, metrics: Vec::new(), input, family })
}

/// Outputs of a convolution, by its kernel.
fn outputs_of(
    file: &str,
    shapes: &Shapes,
    (named, names): (&str, &Names),
    inputs: usize,
) -> Result<usize, EncoderError> {
    let tensor = names.weight.clone();
    let expected = format!("[out, {inputs}, 3, 3]");
    let shape = shapes
        .get(&tensor)
        .ok_or_else(|| missing(file, &tensor, &format!("kernel of {named}, {expected}")))?;
    match shape[..] {
        [outputs, found, 3, 3] if found == inputs && outputs > 0 => Ok(outputs),
        _ => Err(wrong_shape(file, tensor, &expected, shape)),
    }
}

fn check_bias(
    file: &str,
    shapes: &Shapes,
    (named, names): (&str, &Names),
    outputs: usize,
) -> Result<(), EncoderError> {
    let tensor = names.bias.clone();
    let expected = format!("[{outputs}]");
    let shape =
        shapes.get(&tensor).ok_or_else(|| missing(file, &tensor, &format!("bias of {named}, {expected}")))?;
    match shape[..] == [outputs] {
        true => Ok(()),
        false => Err(wrong_shape(file, tensor, &expected, shape)),
    }
}

fn wrong_shape(file: &str, tensor: String, expected: &str, found: &[usize]) -> EncoderError {
    EncoderError::WrongTensor {
        file: file.into(),
        tensor,
        expected: format!("shape {expected}"),
        found: format!("{found:?}"),
    }
}

/// `conv4_2` with the word `conv` gives (4, 2). Both numbers count from 1 and are small, so that a hostile name
/// allocates nothing.
pub(crate) fn block_and_place(prefix: &str, word: &str) -> Option<(usize, usize)> {
    let (block, place) = prefix.strip_prefix(word)?.split_once('_')?;
    let number = |digits: &str, most| digits.parse::<usize>().ok().filter(|n| (1..=most).contains(n));
    // Each block halves the picture: 16 blocks reduce 32768 pixels to one.
    Some((number(block, 16)?, number(place, 64)?))
}

fn is_classifier(name: &str) -> bool {
    ["classifier.", "pre_logits.", "head."].iter().any(|prefix| name.starts_with(prefix))
}

fn missing(file: &str, tensor: &str, expected: &str) -> EncoderError {
    EncoderError::MissingTensor { file: file.into(), tensor: tensor.into(), expected: expected.into() }
}

fn unknown_feature(file: &str, tensor: &str) -> EncoderError {
    EncoderError::UnknownTensor {
        file: file.into(),
        tensor: tensor.into(),
        expected: "a torchvision file holds the features.N of VGG-16 or VGG-19 and a classifier".into(),
    }
}
