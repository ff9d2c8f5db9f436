//! Builds an encoder from the tensors of a file: which network they are, which training they come from, and what that
//! training takes as input.
//!
//! The weights themselves identify the training (`family.rs`), and the training fixes the input. For weights of an
//! unknown training:
//!
//! - a file with an input map states its input;
//! - `--family` states it on behalf of the file;
//! - torchvision's names (`features.0.weight`) imply torchvision's input;
//! - files of Keras and Caffe take BGR in 0..255 minus the mean, by convention; files of MatConvNet take RGB minus the
//!   mean that they carry. Their family is "unknown";
//! - for anything else the input is unknown, and the error asks for `--family`.

use std::collections::BTreeMap;

use crate::formats::{Arrangement, Convention, Opened};
use crate::layout::{self, Layout, Names};
use crate::{
    ChannelOrder, Encoder, EncoderError, Family, Identified, InputMap, Pooling, Provenance, Tap, Weights,
    identify,
};

/// The name of a family that is not known.
const UNKNOWN: &str = "unknown";

/// Reads the network in an opened file; `given` is the family that the user names.
pub(crate) fn assemble(
    file: &str,
    opened: Opened<'_>,
    given: Option<Family>,
    sha256: String,
) -> Result<Encoder, EncoderError> {
    let Opened { format, mut tensors, arrangement, convention, metadata } = opened;
    let shapes = tensors.shapes().clone();
    let mut load = |tensor: &str| -> Result<Vec<f32>, EncoderError> {
        let values = tensors.load(tensor)?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(EncoderError::NotFinite {
                file: file.into(),
                tensor: tensor.into(),
                found: values[index].into(),
                index,
            }),
            None => Ok(values),
        }
    };
    let layout = match arrangement {
        Arrangement::Names => layout::resolve(file, &shapes)?,
        Arrangement::Sequence(sequence) => {
            // The training may determine where this network pools.
            let first = sequence.first_kernel(&shapes).map(&mut load).transpose()?;
            let found = first.and_then(|kernel| identify(&kernel)).map(|identified| identified.family);
            sequence.resolve(file, &shapes, given.or(found))?
        }
    };
    let Layout { topology, convs, metrics, input, family: named } = layout;
    let map = input.as_ref().map(|input| load_map(file, input, &shapes, &mut load)).transpose()?;
    let weights = convs
        .iter()
        .map(|Names { weight, bias }| Ok(Weights { kernel: load(weight)?, bias: load(bias)? }))
        .collect::<Result<Vec<_>, EncoderError>>()?;
    let metrics = metrics
        .into_iter()
        .map(|(conv, tensor)| Ok((Tap::after(conv), load(&tensor)?)))
        .collect::<Result<BTreeMap<_, _>, EncoderError>>()?;

    let found = weights.first().and_then(|first| identify(&first.kernel));
    let found = found.filter(|found| found.family.fits(&topology));
    if let Some(given) = given {
        check_given(file, given, found, given.fits(&topology))?;
    }
    let needs_family = || EncoderError::NeedsFamily { file: file.into(), format };
    let (family, input) =
        family_and_input((given, found), map, named, convention).ok_or_else(needs_family)?;
    // A canonical file may name a family of its own (`vgg19-lite`). If it names one of ours, its weights must agree.
    let own = metadata
        .get("family")
        .filter(|own| given.is_none() && (found.is_none() || own.parse::<Family>().is_err()));
    let family = own.cloned().unwrap_or(family);

    let pooling = pooling_of(file, &metadata)?;
    let provenance = Provenance { name: file.into(), family, sha256, metadata };
    Encoder::new(topology, input, weights, pooling, provenance)
        .and_then(|encoder| if metrics.is_empty() { Some(encoder) } else { encoder.with_metrics(metrics) })
        .ok_or_else(|| EncoderError::NotChain {
            file: file.into(),
            found: "tensors with fewer values than their shapes say".into(),
        })
}

/// The name of the family and the map of the input: by the weights, by the user, or by what the container says. `None`
/// where nothing tells.
fn family_and_input(
    (given, found): (Option<Family>, Option<Identified>),
    map: Option<InputMap>,
    named: Option<Family>,
    convention: Option<Convention>,
) -> Option<(String, InputMap)> {
    Some(match (given, found) {
        (_, Some(Identified { family, order })) => (family.to_string(), map.unwrap_or(family.input(order))),
        (Some(family), None) => {
            let order = match family.channel_order() {
                ChannelOrder::Rgb => ChannelOrder::Rgb,
                // Copies of Oxford's weights have their channels reversed in containers that use RGB.
                ChannelOrder::Bgr => convention.map_or(ChannelOrder::Bgr, |convention| convention.order),
            };
            (family.to_string(), map.unwrap_or(family.input(order)))
        }
        (None, None) => match (map, named, convention) {
            (Some(map), ..) => (UNKNOWN.to_string(), map),
            (None, Some(family), _) => (family.to_string(), InputMap::imagenet()),
            (None, None, Some(convention)) => (UNKNOWN.to_string(), convention.input),
            (None, None, None) => return None,
        },
    })
}

fn pooling_of(file: &str, metadata: &BTreeMap<String, String>) -> Result<Pooling, EncoderError> {
    let Some(name) = metadata.get("pooling") else { return Ok(Pooling::Max) };
    name.parse::<Pooling>().map_err(|_| EncoderError::Header {
        file: file.into(),
        found: format!("metadata `pooling`: expected max, average or l2, found {name:?}"),
    })
}

/// The family that the user names must not contradict the weights.
fn check_given(file: &str, given: Family, found: Option<Identified>, fits: bool) -> Result<(), EncoderError> {
    let other = match found {
        Some(found) if found.family != given => format!("its weights are those of {}", found.family),
        None if !fits => "its convolutions are not those of that network".to_string(),
        _ => return Ok(()),
    };
    Err(EncoderError::OtherFamily { file: file.into(), given, found: other })
}

/// Loads the input map of the file: a matrix, or a convolution of 1x1.
fn load_map(
    file: &str,
    Names { weight, bias }: &Names,
    shapes: &layout::Shapes,
    load: &mut impl FnMut(&str) -> Result<Vec<f32>, EncoderError>,
) -> Result<InputMap, EncoderError> {
    let expect = |tensor: &str, expected: &[&[usize]]| {
        let found = shapes.get(tensor).map_or(&[][..], Vec::as_slice);
        if expected.contains(&found) {
            return Ok(());
        }
        Err(EncoderError::WrongTensor {
            file: file.into(),
            tensor: tensor.into(),
            expected: format!("shape {:?}", expected[0]),
            found: format!("{found:?}"),
        })
    };
    expect(weight, &[&[3, 3], &[3, 3, 1, 1]])?;
    expect(bias, &[&[3]])?;
    let (matrix, bias) = (load(weight)?, load(bias)?);
    Ok(InputMap {
        matrix: std::array::from_fn(|row| std::array::from_fn(|column| matrix[3 * row + column])),
        bias: std::array::from_fn(|row| bias[row]),
    })
}
