//! Files of `torch.save`: the zip archive of today and the row of pickles before 1.6, read by `pytorch-reader`, which executes
//! nothing and reads a tensor when it is asked for it.
//!
//! Names are torchvision's (`features.0.weight`), canonical (`conv1_1.weight`, Gatys' own), or numbers of an `nn.Sequential`
//! (`2.weight`, AdaIN's). What training scripts put around them (`module.`, `state_dict.`) is taken off.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader, Tensor};
use zip::ZipArchive;

use super::pickle::{self, Refusal};
use super::{Arrangement, Format, MOST_TENSORS, Opened, Reader, Tensors, count, damaged};
use crate::EncoderError;
use crate::layout::Shapes;
use crate::sequence::Sequence;

/// Pickles before the storages of a legacy file: magic number, protocol, system, the object, keys of storages.
const LEGACY_PICKLES: usize = 5;

/// What wrappers and checkpoints put before the names.
const AROUND: [&str; 5] = ["module.", "state_dict.", "model_state_dict.", "model.", "net."];

pub(super) fn open(
    file: &str,
    path: &Path,
    format: Format,
    reader: Reader,
) -> Result<Opened<'static>, EncoderError> {
    inspect(file, format, reader)?;
    let opened = PytorchReader::new(path).map_err(|error| damaged(file, format, error))?;
    let mut tensors = opened.into_tensors();
    if tensors.len() > MOST_TENSORS {
        return Err(damaged(file, format, format!("{} tensors", tensors.len())));
    }
    while let Some(around) = AROUND.iter().find(|&&around| {
        !tensors.is_empty()
            && tensors.keys().filter(|name| name.starts_with(around)).count() * 2 > tensors.len()
    }) {
        // The minority is something beside the weights: counters, the state of an optimiser.
        tensors = tensors
            .into_iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix(around)?.to_string(), tensor)))
            .collect();
    }
    let shapes: Shapes = tensors.iter().map(|(name, t)| (name.clone(), t.shape().to_vec())).collect();
    let arrangement = match Sequence::from_numbers(&shapes) {
        Some(sequence) => Arrangement::Sequence(sequence),
        None => Arrangement::Names,
    };
    Ok(Opened {
        format,
        tensors: Box::new(Torch { file: file.into(), format, tensors, shapes }),
        arrangement,
        convention: None,
        metadata: BTreeMap::new(),
    })
}

/// Looks through the pickles before anything is made of them.
fn inspect(file: &str, format: Format, mut reader: Reader) -> Result<(), EncoderError> {
    let looked = match format {
        Format::TorchZip => inspect_zip(file, &mut reader)?,
        _ => {
            let mut left = pickle::LONGEST;
            (0..LEGACY_PICKLES).try_for_each(|_| pickle::inspect(&mut reader, &mut left))
        }
    };
    looked.map_err(|refusal| match refusal {
        Refusal::Calls(callable) => EncoderError::Program { file: file.into(), callable },
        Refusal::Damaged(found) => damaged(file, format, found),
    })
}

fn inspect_zip(
    file: &str,
    reader: &mut BufReader<impl Read + Seek>,
) -> Result<Result<(), Refusal>, EncoderError> {
    let wrong = |error: zip::result::ZipError| damaged(file, Format::TorchZip, error);
    let mut archive = ZipArchive::new(reader).map_err(wrong)?;
    let mut inspected = Ok(());
    let mut found = false;
    if archive.len() > MOST_TENSORS {
        return Err(damaged(file, Format::TorchZip, format!("{} files in the archive", archive.len())));
    }
    for index in 0..archive.len() {
        // Every pickle in the archive, so that it does not matter which one a reader takes.
        let entry = archive.by_index(index).map_err(wrong)?;
        if !entry.name().map_err(wrong)?.ends_with("data.pkl") {
            continue;
        }
        found = true;
        let mut left = pickle::LONGEST;
        inspected = inspected.and_then(|()| pickle::inspect(&mut BufReader::new(entry), &mut left));
    }
    if !found {
        return Err(EncoderError::NotWeights {
            file: file.into(),
            found: "a zip archive without PyTorch's data.pkl or NumPy's arrays".into(),
            advice: "unpack it and name the file of weights in it",
        });
    }
    Ok(inspected)
}

struct Torch {
    file: String,
    format: Format,
    tensors: HashMap<String, Tensor>,
    shapes: Shapes,
}

impl Tensors for Torch {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        let wrong = |expected: &str, found: String| EncoderError::WrongTensor {
            file: self.file.clone(),
            tensor: tensor.into(),
            expected: expected.into(),
            found,
        };
        let stored = &self.tensors[tensor];
        // A view can have more elements than its storage.
        count(stored.shape())
            .ok_or_else(|| wrong("a shape of a network", format!("{:?}", stored.shape())))?;
        let decode: fn(&[u8]) -> Vec<f32> = match stored.dtype() {
            DType::F16 => {
                |bytes| bytes.chunks_exact(2).map(|b| f16::from_ne_bytes([b[0], b[1]]).to_f32()).collect()
            }
            DType::BF16 => {
                |bytes| bytes.chunks_exact(2).map(|b| bf16::from_ne_bytes([b[0], b[1]]).to_f32()).collect()
            }
            DType::F32 => {
                |bytes| bytes.chunks_exact(4).map(|b| f32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect()
            }
            DType::F64 => |bytes| {
                let value = |b: &[u8]| f64::from_ne_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
                bytes.chunks_exact(8).map(|b| value(b) as f32).collect()
            },
            other => return Err(wrong("element type F16, BF16, F32 or F64", format!("{other:?}"))),
        };
        let bytes = stored.read().map_err(|error| damaged(&self.file, self.format, error))?;
        Ok(decode(&bytes))
    }
}
