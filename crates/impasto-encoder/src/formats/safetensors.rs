//! safetensors (github.com/huggingface/safetensors): a header in JSON, then the tensors. Every value is checked before
//! its first use.
//!
//! Only the header and the tensors that the network needs are read.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::{Arrangement, Format, MOST_VALUES, Opened, Tensors, count};
use crate::EncoderError;
use crate::layout::Shapes;
use crate::sequence::Sequence;

/// Longest header that is read. VGG files have about 4 kB; a false length must not allocate gigabytes.
const LONGEST_HEADER: u64 = 16 << 20;

/// Lists the tensors of a safetensors file.
pub(crate) fn open<'a>(file: &str, mut from: impl Read + Seek + 'a) -> Result<Opened<'a>, EncoderError> {
    let (header, data_start) = read_header(file, &mut from)?;
    let shapes: Shapes =
        header.tensors().into_iter().map(|(name, info)| (name, info.shape.clone())).collect();
    let metadata: BTreeMap<String, String> =
        header.metadata().clone().unwrap_or_default().into_iter().collect();
    let arrangement = match Sequence::from_numbers(&shapes) {
        Some(sequence) => Arrangement::Sequence(sequence),
        None => Arrangement::Names,
    };
    Ok(Opened {
        format: Format::Safetensors,
        tensors: Box::new(Safetensors { file: file.into(), from, header, data_start, shapes }),
        arrangement,
        convention: None,
        metadata,
    })
}

struct Safetensors<R> {
    file: String,
    from: R,
    header: Metadata,
    data_start: u64,
    shapes: Shapes,
}

impl<R: Read + Seek> Tensors for Safetensors<R> {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        let info = self.header.info(tensor).ok_or_else(|| EncoderError::MissingTensor {
            file: self.file.clone(),
            tensor: tensor.into(),
            expected: "a tensor of the network".into(),
        })?;
        load_tensor(&self.file, tensor, info, &mut self.from, self.data_start)
    }
}

/// Reads the header, checks it against the length of the file, and returns it with the offset of the data.
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
    // Deserialising checks that offsets are contiguous and fit shapes and types without overflow.
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

fn load_tensor(
    file: &str,
    tensor: &str,
    info: &TensorInfo,
    from: &mut (impl Read + Seek),
    data_start: u64,
) -> Result<Vec<f32>, EncoderError> {
    let (begin, end) = info.data_offsets;
    if count(&info.shape).is_none() {
        return Err(EncoderError::WrongTensor {
            file: file.into(),
            tensor: tensor.into(),
            expected: format!("at most {MOST_VALUES} values"),
            found: format!("shape {:?}", info.shape),
        });
    }
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
