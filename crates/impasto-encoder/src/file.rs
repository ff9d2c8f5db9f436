//! Reading an encoder from safetensors, with every check before the first use of a value.
//!
//! Only the header and the tensors that the network needs are read; a classifier of 500 MB stays on disk (its bytes
//! pass through the hash only).

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use sha2::{Digest, Sha256};

use crate::layout::{self, Layout};
use crate::{Encoder, EncoderError, InputMap, Pooling, Provenance, Weights};

/// Longest header that is read; VGG files have some 4 kB, and a lying length must not allocate gigabytes.
const LONGEST_HEADER: u64 = 16 << 20;

/// Reads and checks the encoder in a safetensors file.
///
/// # Errors
/// See [`read`]; also when the file cannot be opened.
pub fn read_file(path: &Path) -> Result<Encoder, EncoderError> {
    let file = path.display().to_string();
    let failed = |source| EncoderError::Io { file: file.clone(), source };
    let opened = File::open(path).map_err(failed)?;
    if opened.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    read(&file, BufReader::new(opened))
}

/// Reads and checks an encoder from safetensors bytes; `file` names it in errors.
///
/// Names: canonical (`convB_I.weight` `[out, in, 3, 3]`, `.bias`, `input.weight` `[3, 3]`, `input.bias` `[3]`) or
/// torchvision's (`features.N.weight`; RGB 0..1 with ImageNet mean and deviation). Element types f16, bf16, f32, f64.
/// Classifier tensors and linear heads (`headB_I`) are known and left unread.
///
/// # Errors
/// [`EncoderError`] for a truncated or hostile header, a missing or unknown tensor, a wrong shape or type, a value that
/// is not finite.
pub fn read(file: &str, mut from: impl Read + Seek) -> Result<Encoder, EncoderError> {
    let (header, data_start) = read_header(file, &mut from)?;
    let sha256 = hash(&mut from).map_err(|source| EncoderError::Io { file: file.into(), source })?;
    let tensors: HashMap<String, &TensorInfo> = header.tensors();
    let shapes = tensors.iter().map(|(name, info)| (name.clone(), info.shape.clone())).collect();
    let Layout { topology, prefixes, has_input_map, family } = layout::resolve(file, &shapes)?;

    let mut load = |tensor: &str| -> Result<Vec<f32>, EncoderError> {
        let info = tensors[tensor];
        load_tensor(file, tensor, info, &mut from, data_start)
    };
    let input = if has_input_map {
        for (tensor, shape) in [("input.weight", &[3, 3][..]), ("input.bias", &[3])] {
            if shapes_of(&tensors, tensor) != shape {
                return Err(EncoderError::WrongTensor {
                    file: file.into(),
                    tensor: tensor.into(),
                    expected: format!("shape {shape:?}"),
                    found: format!("{:?}", shapes_of(&tensors, tensor)),
                });
            }
        }
        let (matrix, bias) = (load("input.weight")?, load("input.bias")?);
        InputMap {
            matrix: std::array::from_fn(|row| std::array::from_fn(|column| matrix[3 * row + column])),
            bias: std::array::from_fn(|row| bias[row]),
        }
    } else {
        InputMap::imagenet()
    };
    let weights = prefixes
        .iter()
        .map(|prefix| {
            Ok(Weights { kernel: load(&format!("{prefix}.weight"))?, bias: load(&format!("{prefix}.bias"))? })
        })
        .collect::<Result<Vec<_>, EncoderError>>()?;

    let metadata: BTreeMap<String, String> =
        header.metadata().clone().unwrap_or_default().into_iter().collect();
    let pooling = match metadata.get("pooling") {
        Some(name) => name.parse::<Pooling>().map_err(|_| EncoderError::Header {
            file: file.into(),
            found: format!("metadata `pooling`: expected max, average or l2, found {name:?}"),
        })?,
        None => Pooling::Max,
    };
    let family = metadata.get("family").cloned().unwrap_or_else(|| family.unwrap_or("unknown").to_string());
    let provenance = Provenance { name: file.into(), family, sha256, metadata };
    Ok(Encoder::new(topology, input, weights, pooling, provenance)
        .expect("every shape and value was checked above"))
}

fn shapes_of<'a>(tensors: &'a HashMap<String, &TensorInfo>, tensor: &str) -> &'a [usize] {
    &tensors[tensor].shape
}

/// The header, checked against the length of the file, and where the data begins.
fn read_header(file: &str, from: &mut (impl Read + Seek)) -> Result<(Metadata, u64), EncoderError> {
    let wrong = |found: String| EncoderError::Header { file: file.into(), found };
    let failed = |source| EncoderError::Io { file: file.into(), source };
    let total = from.seek(SeekFrom::End(0)).map_err(failed)?;
    from.rewind().map_err(failed)?;
    if total < 8 {
        return Err(wrong(format!("expected at least 8 bytes, found {total}")));
    }
    let mut length = [0; 8];
    from.read_exact(&mut length).map_err(failed)?;
    // What everyone has first: PyTorch's own container, a zip or a bare pickle.
    if length.starts_with(b"PK\x03\x04") || length.starts_with(&[0x80, 2]) || length.starts_with(&[0x80, 4]) {
        return Err(EncoderError::Torch { file: file.into() });
    }
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err(wrong(format!(
            "expected a header of at most {LONGEST_HEADER} bytes, found {length} announced"
        )));
    }
    if length > total - 8 {
        return Err(wrong(format!("cut off: the header announces {length} bytes, {} are there", total - 8)));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes).map_err(failed)?;
    // Deserialising checks that offsets are contiguous and fit shapes and types, without overflow.
    let header: Metadata = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let data = header.data_len() as u64;
    if data != total - 8 - length {
        return Err(wrong(format!(
            "cut off or padded: expected {data} bytes of data, found {}",
            total - 8 - length
        )));
    }
    Ok((header, 8 + length))
}

fn hash(from: &mut (impl Read + Seek)) -> io::Result<String> {
    from.rewind()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(crate::hexadecimal(&hasher.finalize()))
}

fn load_tensor(
    file: &str,
    tensor: &str,
    info: &TensorInfo,
    from: &mut (impl Read + Seek),
    data_start: u64,
) -> Result<Vec<f32>, EncoderError> {
    let (begin, end) = info.data_offsets;
    let mut bytes = vec![0; end - begin];
    from.seek(SeekFrom::Start(data_start + begin as u64))
        .and_then(|_| from.read_exact(&mut bytes))
        .map_err(|source| EncoderError::Io { file: file.into(), source })?;
    let values: Vec<f64> = match info.dtype {
        Dtype::F16 => bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f64()).collect(),
        Dtype::BF16 => bytes.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f64()).collect(),
        Dtype::F32 => {
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f64).collect()
        }
        Dtype::F64 => bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect(),
        other => {
            return Err(EncoderError::WrongTensor {
                file: file.into(),
                tensor: tensor.into(),
                expected: "element type F16, BF16, F32 or F64".into(),
                found: format!("{other:?}"),
            });
        }
    };
    // A finite f64 may still be too large for f32.
    match values.iter().position(|&value| !(value as f32).is_finite()) {
        Some(index) => Err(EncoderError::NotFinite {
            file: file.into(),
            tensor: tensor.into(),
            found: values[index],
            index,
        }),
        None => Ok(values.into_iter().map(|value| value as f32).collect()),
    }
}
