//! Files of `torch.save`: the zip archive, and the series of pickles before 1.6. `pytorch-reader` reads them; it
//! executes nothing and reads a tensor on request.
//!
//! Names are torchvision's (`features.0.weight`), canonical (`conv1_1.weight`, Gatys' own), or numbers of an
//! `nn.Sequential` (`2.weight`, AdaIN's). Prefixes from training scripts (`module.`, `state_dict.`) are removed.
//! Tensors beside the network, such as the state of an optimiser, are ignored.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader, Tensor};
use zip::ZipArchive;

use super::pickle::{self, Refusal};
use super::{Arrangement, Format, MOST_TENSORS, Opened, Reader, Tensors, count, damaged, no_network};
use crate::EncoderError;
use crate::layout::Shapes;
use crate::sequence::Sequence;

/// Pickles before the storages of a legacy file: magic number, protocol, system, object, keys of storages.
const LEGACY_PICKLES: usize = 5;

/// The name of the first kernel in networks whose names tell the position of every layer. The second is for a network
/// with `features` alone spread over several devices.
const FIRST: [&str; 3] = ["features.0.weight", "features.module.0.weight", "conv1_1.weight"];

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
    let shapes_of = |tensors: &HashMap<String, Tensor>| -> Shapes {
        tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect()
    };
    let around = around(&shapes_of(&tensors)).map_err(|why| no_network(file, why))?;
    tensors =
        tensors.into_iter().filter_map(|(name, tensor)| Some((own_name(&name, &around)?, tensor))).collect();
    let shapes = shapes_of(&tensors);
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

/// The prefix of the network's names, found by the position of its first kernel.
fn around(shapes: &Shapes) -> Result<String, String> {
    let is_before = |before: &&str| before.is_empty() || before.ends_with('.');
    let ending = |first: &'static str| shapes.keys().filter_map(move |name| name.strip_suffix(first));
    let named: Vec<&str> = FIRST.into_iter().flat_map(ending).filter(is_before).collect();
    match named[..] {
        [one] => return Ok(one.to_string()),
        [one, other, ..] => {
            return Err(format!("two networks: their names begin with {one:?} and {other:?}"));
        }
        [] => {}
    }
    // Numbers say less: they name the network only if no kernel lies anywhere else.
    let kernels = || shapes.iter().filter(|(_, shape)| shape.len() == 4).map(|(name, _)| name);
    let mut before = kernels().filter_map(|name| name.strip_suffix("0.weight")).filter(is_before);
    let alone = before.find(|before| kernels().all(|name| name.starts_with(before)));
    Ok(alone.unwrap_or_default().to_string())
}

/// A name without its prefix; `None` for a tensor beside the network.
fn own_name(name: &str, around: &str) -> Option<String> {
    let own = name.strip_prefix(around)?;
    Some(match own.strip_prefix("features.module.") {
        Some(rest) => format!("features.{rest}"),
        None => own.to_string(),
    })
}

/// Checks the pickles before any is interpreted.
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
        // Checks every pickle in the archive, so that it does not matter which one a reader takes.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kernels: &[&str], others: &[&str]) -> Result<String, String> {
        let kernels = kernels.iter().map(|name| (name.to_string(), vec![8, 3, 3, 3]));
        around(&kernels.chain(others.iter().map(|name| (name.to_string(), vec![8]))).collect())
    }

    #[test]
    fn what_stands_before_a_network_is_told_by_its_first_kernel() {
        let momentum = ["optimizer.state.0.momentum_buffer", "optimizer.state.2.momentum_buffer", "epoch"];
        for before in ["", "module.", "state_dict.module.", "_orig_mod.", "encoder."] {
            for names in [["features.0.weight", "features.2.weight"], ["conv1_1.weight", "conv1_2.weight"]] {
                let kernels = names.map(|name| format!("{before}{name}"));
                // The state of an optimiser may be larger than the weights, and have the same shapes.
                let all = kernels.iter().map(String::as_str).chain(momentum).collect::<Vec<_>>();
                assert_eq!(found(&all, &[]), Ok(before.to_string()), "{kernels:?}");
            }
        }
        assert_eq!(found(&["features.module.0.weight"], &[]).as_deref(), Ok(""));
        assert_eq!(own_name("m.features.module.0.bias", "m.").as_deref(), Some("features.0.bias"));
        assert_eq!(own_name("optimizer.state.0", "m."), None);
    }

    #[test]
    fn two_networks_are_not_one_and_pieces_are_none() {
        let error = found(&["model.features.0.weight", "ema.features.0.weight"], &[]).unwrap_err();
        assert!(error.contains("model.") && error.contains("ema."), "{error}");
        assert_eq!(found(&["net.0.weight", "net.2.weight"], &["net.0.bias"]).as_deref(), Ok("net."));
        // Slices of a network: the first slice is not the whole network.
        assert_eq!(found(&["slice1.0.weight", "slice2.5.weight"], &[]).as_deref(), Ok(""));
        assert_eq!(found(&["fc.0.bias"], &[]).as_deref(), Ok(""));
    }
}
