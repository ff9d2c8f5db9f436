//! Finds a network by the order of its convolutions, for files whose names do not tell the blocks: the graph of an ONNX
//! file, the layers of an `nn.Sequential`, numbered arrays.

use std::collections::BTreeMap;

use crate::layout::{self, Layout, Names, Shapes};
use crate::{EncoderError, Family, Topology};

/// The steps in the order in which a picture passes through them.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    pub(crate) steps: Vec<Step>,
    /// False when the file lists convolutions only, so that the poolings are unknown.
    pub(crate) pools_known: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Conv(Names),
    Pool,
}

impl Sequence {
    /// Reads the `N.weight` and `N.bias` of an `nn.Sequential`; `None` when any other name occurs. The same number of
    /// layers lies between any two convolutions of a block; one more is a pooling.
    pub(crate) fn from_numbers(shapes: &Shapes) -> Option<Sequence> {
        let mut indices = Vec::new();
        for name in shapes.keys() {
            let (number, _) = name.split_once('.').filter(|(_, rest)| ["weight", "bias"].contains(rest))?;
            indices.push(number.parse::<u32>().ok()?);
        }
        indices.sort_unstable();
        indices.dedup();
        let names = |index: u32| Names { weight: format!("{index}.weight"), bias: format!("{index}.bias") };
        let spatial = |index: &u32| shapes.get(&format!("{index}.weight")).is_some_and(|s| s.len() == 4);
        // A classifier may follow the convolutions.
        indices.retain(spatial);
        let is_input = |index: &u32| shapes[&format!("{index}.weight")][2..] == [1, 1];
        let mut steps: Vec<Step> = Vec::new();
        let mut rest = indices.as_slice();
        if let Some((&first, after)) = rest.split_first().filter(|(first, _)| is_input(first)) {
            steps.push(Step::Conv(names(first)));
            rest = after;
        }
        let apart = rest.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(0);
        for (place, &index) in rest.iter().enumerate() {
            if place > 0 && index - rest[place - 1] > apart {
                steps.push(Step::Pool);
            }
            steps.push(Step::Conv(names(index)));
        }
        // Equal distances throughout mean no pooling, or one behind each convolution; the file does not say which.
        let pools_known = steps.iter().any(|step| matches!(step, Step::Pool));
        (!rest.is_empty()).then_some(Sequence { steps, pools_known })
    }

    /// The kernel of the first 3x3 convolution, which takes the picture or the mapped input.
    pub(crate) fn first_kernel(&self, shapes: &Shapes) -> Option<&str> {
        let convs = self.steps.iter().filter_map(|step| match step {
            Step::Conv(names) => Some(names.weight.as_str()),
            Step::Pool => None,
        });
        convs.into_iter().find(|&weight| shapes.get(weight).is_some_and(|shape| shape.ends_with(&[3, 3])))
    }

    /// Finds the network; the family decides where it pools if the file does not tell.
    pub(crate) fn resolve(
        &self,
        file: &str,
        shapes: &Shapes,
        family: Option<Family>,
    ) -> Result<Layout, EncoderError> {
        let not_vgg = |found: String| EncoderError::NotChain { file: file.into(), found };
        let shape = |names: &Names| shapes.get(&names.weight).map_or(&[][..], Vec::as_slice);
        let mut steps = self.steps.as_slice();
        // AdaIN writes the input map as a convolution of 1x1.
        let mut input = None;
        if let Some((Step::Conv(names), rest)) = steps.split_first()
            && shape(names) == [3, 3, 1, 1]
        {
            input = Some(names.clone());
            steps = rest;
        }
        let mut convs = blocks_by_pools(steps, &shape).map_err(not_vgg)?;
        if convs.is_empty() {
            return Err(not_vgg("no convolution of 3x3".into()));
        }
        if !self.pools_known {
            blocks_by_count(&mut convs, &shape, family).map_err(not_vgg)?;
        }
        let mut places = BTreeMap::new();
        let (mut block, mut place) = (0, 0);
        for (of, names) in convs {
            place = if of == block { place + 1 } else { 1 };
            block = of;
            places.insert((block, place), names);
        }
        layout::chain(file, shapes, &places, input, None)
    }
}

/// The 3x3 convolutions, each with its block: one more after each pooling.
fn blocks_by_pools<'a>(
    steps: &[Step],
    shape: &impl Fn(&Names) -> &'a [usize],
) -> Result<Vec<(usize, Names)>, String> {
    let mut convs: Vec<(usize, Names)> = Vec::new();
    let mut block = 1;
    let mut ended = false;
    for step in steps {
        match step {
            Step::Pool if convs.last().is_some_and(|conv| conv.0 == block) => block += 1,
            Step::Pool => {}
            Step::Conv(names) if shape(names).ends_with(&[3, 3]) && !ended => {
                convs.push((block, names.clone()));
            }
            Step::Conv(names) if shape(names).ends_with(&[3, 3]) || convs.is_empty() => {
                return Err(format!(
                    "a 3x3 convolution ({}) after other ones, or another one ({:?}) before all of them",
                    names.weight,
                    shape(names)
                ));
            }
            // A classifier that is written as convolutions.
            Step::Conv(_) => ended = true,
        }
    }
    Ok(convs)
}

/// Gives the convolutions the blocks of the VGG that has as many. A network that ends early must confirm by its widths
/// that it is this one.
fn blocks_by_count<'a>(
    convs: &mut [(usize, Names)],
    shape: &impl Fn(&Names) -> &'a [usize],
    family: Option<Family>,
) -> Result<(), String> {
    let whole = match (family, convs.len()) {
        (Some(Family::Vgg16 | Family::Vgg16Oxford), ..=13) | (None, 13) => Topology::vgg16(1, 1),
        (Some(Family::Vgg19 | Family::Vgg19Oxford | Family::Vgg19Normalised), ..=16) | (None, 16) => {
            Topology::vgg19(1, 1)
        }
        (_, found) => {
            return Err(format!(
                "{found} convolutions of 3x3 in a row, where VGG-19 has 16 and VGG-16 has 13"
            ));
        }
    };
    for (conv, known) in convs.iter_mut().zip(whole.convs()) {
        conv.0 = known.block;
    }
    // The network ends early, so its widths must confirm that it is this one: they change only between blocks.
    let width = |conv: &(usize, Names)| shape(&conv.1).first().copied();
    let uneven = convs.windows(2).find(|pair| pair[0].0 == pair[1].0 && width(&pair[0]) != width(&pair[1]));
    if let Some([_, (block, names)]) = uneven.filter(|_| convs.len() < whole.convs().len()) {
        return Err(format!(
            "{} convolutions of 3x3 in a row; {} of block {block} has another width than the one before",
            convs.len(),
            names.weight
        ));
    }
    Ok(())
}
