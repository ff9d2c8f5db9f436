//! The levels of a draft: published encoders with a decoder each, embedded in the binary.
//!
//! Wang, Li, Wang, Hu and Yang, "Collaborative distillation for ultra-resolution universal style transfer", CVPR 2020:
//! the 16-fold compressed networks of levels 1 to 4. The published decoders enlarge by repeating values. Ours were
//! trained on from those (training/decoders.py); they blend values, so that pictures have no grid of two and four
//! pixels (docs/draft.md).

use std::io::{Cursor, Read, Seek};

use crate::formats::{Opened, Tensors, safetensors};
use crate::layout::Shapes;
use crate::{
    Decoder, Encoder, EncoderError, InputMap, Level, Pooling, Provenance, Topology, Weights, hexadecimal,
};
use sha2::{Digest, Sha256};

const DRAFT: &[u8] = include_bytes!("draft.safetensors");

/// The name of the embedded levels in errors and recipes.
const NAME: &str = "draft";

/// Returns the embedded levels, the deepest first.
///
/// # Errors
/// None for a sound binary; otherwise what is wrong with the embedded file.
pub fn levels() -> Result<Vec<Level>, EncoderError> {
    read_levels(NAME, Cursor::new(DRAFT))
}

/// SHA-256 of the embedded levels, hexadecimal.
pub fn levels_sha256() -> String {
    hexadecimal(&Sha256::digest(DRAFT))
}

/// Reads and checks levels from safetensors bytes, the deepest first; `file` names them in errors.
///
/// Tensors of level L: `encoderL.input.weight` `[3, 3]`, `encoderL.input.bias` `[3]`, `encoderL.convB_I.weight`
/// `[out, in, 3, 3]`, `.bias` `[out]`, and `decoderL.convB_I` likewise, with inputs and outputs exchanged.
///
/// # Errors
/// [`EncoderError`] for a tensor that is missing, unknown, not finite or of a wrong shape.
pub fn read_levels(file: &str, from: impl Read + Seek) -> Result<Vec<Level>, EncoderError> {
    let mut opened = safetensors::open(file, from)?;
    let shapes = opened.tensors.shapes().clone();
    let mut known = 0;
    let mut levels = Vec::new();
    for level in (1..=5).rev() {
        if shapes.keys().any(|name| name.starts_with(&format!("encoder{level}."))) {
            levels.push(read_level((file, level), &mut opened, &shapes, &mut known)?);
        }
    }
    match known == shapes.len() && !levels.is_empty() {
        true => Ok(levels),
        false => Err(EncoderError::Header {
            file: file.into(),
            found: format!(
                "expected encoders and decoders of levels 1 to 5, found {} tensors of which {known} belong to one",
                shapes.len()
            ),
        }),
    }
}

/// Reads the encoder and the decoder of a level. `known` counts the tensors that belong to one.
fn read_level(
    (file, level): (&str, usize),
    opened: &mut Opened<'_>,
    shapes: &Shapes,
    known: &mut usize,
) -> Result<Level, EncoderError> {
    let topology = level_topology((file, level), shapes)?;
    let mut load = |tensor: String, shape: &[usize]| -> Result<Vec<f32>, EncoderError> {
        *known += 1;
        load(file, opened.tensors.as_mut(), shapes, tensor, shape)
    };
    let mut convs = |network: &str, convs: &[crate::Conv]| -> Result<Vec<Weights>, EncoderError> {
        let of = |conv: &crate::Conv| {
            let name = format!("{network}{level}.{}", conv.name());
            Ok(Weights {
                kernel: load(format!("{name}.weight"), &[conv.outputs, conv.inputs, 3, 3])?,
                bias: load(format!("{name}.bias"), &[conv.outputs])?,
            })
        };
        convs.iter().map(of).collect()
    };
    let encoder = convs("encoder", topology.convs())?;
    let decoder = convs("decoder", &Decoder::mirrored(&topology))?;
    let matrix = load(format!("encoder{level}.input.weight"), &[3, 3])?;
    let bias = load(format!("encoder{level}.input.bias"), &[3])?;
    let input = InputMap {
        matrix: std::array::from_fn(|row| std::array::from_fn(|column| matrix[3 * row + column])),
        bias: std::array::from_fn(|row| bias[row]),
    };
    let provenance = Provenance {
        name: format!("{file}, level {level}"),
        family: "vgg19-16x".into(),
        metadata: opened.metadata.clone(),
        ..Provenance::default()
    };
    let misfit =
        || EncoderError::Header { file: file.into(), found: format!("level {level} does not fit together") };
    let decoder = Decoder::new(&topology, decoder).ok_or_else(misfit)?;
    let encoder = Encoder::new(topology, input, encoder, Pooling::Max, provenance).ok_or_else(misfit)?;
    Ok(Level { encoder, decoder })
}

/// The convolutions of a level, counted by their tensors. A tensor out of place is reported as missing or unknown
/// later.
fn level_topology((file, level): (&str, usize), shapes: &Shapes) -> Result<Topology, EncoderError> {
    let prefix = format!("encoder{level}.");
    let widths: Vec<Vec<usize>> = (1..=level)
        .map(|block| {
            let shape = |place: usize| shapes.get(&format!("{prefix}conv{block}_{place}.weight"));
            (1..).map_while(|place| shape(place)?.first().copied()).collect()
        })
        .collect();
    let missing = widths.iter().take_while(|w| !w.is_empty()).count() + 1;
    Topology::new(&widths).ok_or_else(|| EncoderError::MissingTensor {
        file: file.into(),
        tensor: format!("{prefix}conv{missing}_1.weight"),
        expected: format!("level {level} needs a convolution in each of its {level} blocks"),
    })
}

/// Loads a tensor and checks its shape, and that its values are finite.
fn load(
    file: &str,
    tensors: &mut (dyn Tensors + '_),
    shapes: &crate::layout::Shapes,
    tensor: String,
    shape: &[usize],
) -> Result<Vec<f32>, EncoderError> {
    let found = shapes.get(&tensor);
    if found.is_some_and(|found| found != shape) {
        return Err(EncoderError::WrongTensor {
            file: file.into(),
            expected: format!("shape {shape:?}"),
            found: format!("shape {:?}", found.unwrap_or(&Vec::new())),
            tensor,
        });
    }
    let values = tensors.load(&tensor)?;
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(values),
        Some(index) => {
            let found = values[index].into();
            Err(EncoderError::NotFinite { file: file.into(), tensor, found, index })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_levels_are_whole() {
        let levels = levels().unwrap();
        let shapes: Vec<_> = levels.iter().map(|level| (level.step(), level.channels())).collect();
        assert_eq!(shapes, [(8, 128), (4, 64), (2, 32), (1, 24)]);
        let weights: usize =
            levels.iter().map(|level| level.encoder.parameters() + level.decoder.parameters()).sum();
        assert_eq!(weights, 525_812);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let cut = &DRAFT[..DRAFT.len() - 2];
        assert!(matches!(read_levels("cut", Cursor::new(cut)), Err(EncoderError::Header { .. })));
        let at = DRAFT.windows(8).position(|name| name == b"encoder4").unwrap();
        let mut renamed = DRAFT.to_vec();
        renamed[at + 7] = b'9';
        assert!(read_levels("renamed", Cursor::new(renamed)).is_err());
        let mut infinite = DRAFT.to_vec();
        let last = infinite.len() - 1;
        infinite[last - 1..].copy_from_slice(&[0x00, 0x7c]);
        assert!(matches!(
            read_levels("infinite", Cursor::new(infinite)),
            Err(EncoderError::NotFinite { .. })
        ));
    }
}
