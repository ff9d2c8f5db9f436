//! Writes an encoder as a canonical file: a safetensors file that holds only what running the network needs.
//! [`crate::read`] describes the names.
//!
//! The same encoder gives the same bytes: tensors and metadata are sorted by name. A file is written under a temporary
//! name and renamed in one step, so that an earlier file stays whole when anything fails.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use half::f16;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Encoder, EncoderError};

/// The element type of a written file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// f32: unchanged values.
    #[default]
    Single,
    /// f16, half the size: weights are rounded to 11 bits; the input map stays f32.
    Half,
}

impl Encoder {
    /// Writes this encoder as canonical safetensors, completely or not at all, and returns the SHA-256 of the file.
    ///
    /// The metadata is the provenance's, with the current `format`, `family` and `pooling`. `padding` defaults to zero,
    /// the padding that all published networks were trained with.
    ///
    /// # Errors
    /// [`EncoderError::Write`]; [`EncoderError::TooLargeForHalf`] before anything is written.
    pub fn save(&self, path: &Path, precision: Precision) -> Result<String, EncoderError> {
        let file = path.display().to_string();
        if precision == Precision::Half {
            self.check_half(&file)?;
        }
        let failed = |source| EncoderError::Write { file: file.clone(), source };
        if path.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".impasto-").suffix(".part");
        // Temporary files are private by default. This one becomes an ordinary file, whose mode the umask decides.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
        let sha256 = self.write(temporary.as_file_mut(), precision).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        // A symbolic link stays; its target is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        temporary.persist(target).map_err(|error| failed(error.error))?;
        Ok(sha256)
    }

    /// Writes this encoder as canonical safetensors and returns the SHA-256 of the bytes. Values too large for half
    /// precision become infinite.
    ///
    /// # Errors
    /// The errors of `out`.
    pub fn write(&self, out: impl Write, precision: Precision) -> io::Result<String> {
        let mut out = Hashed { inner: BufWriter::with_capacity(1 << 16, out), hasher: Sha256::new() };
        let tensors = self.tensors();
        out.write_all(&self.header(&tensors, precision))?;
        for tensor in &tensors {
            for &value in tensor.values {
                match tensor.precision(precision) {
                    Precision::Single => out.write_all(&value.to_le_bytes())?,
                    Precision::Half => out.write_all(&f16::from_f32(value).to_le_bytes())?,
                }
            }
        }
        out.inner.flush()?;
        Ok(crate::hexadecimal(&out.hasher.finalize()))
    }

    /// All tensors in the order of the file: the input map, then convolutions and metrics by name.
    fn tensors(&self) -> Vec<Tensor<'_>> {
        let input = self.input();
        let mut tensors = vec![
            Tensor { name: "input.bias".into(), shape: vec![3], values: &input.bias },
            Tensor { name: "input.weight".into(), shape: vec![3, 3], values: input.matrix.as_flattened() },
        ];
        for (conv, weights) in self.topology().convs().iter().zip(self.weights()) {
            let name = conv.name();
            let shape = vec![conv.outputs];
            tensors.push(Tensor { name: format!("{name}.bias"), shape, values: &weights.bias });
            let shape = vec![conv.outputs, conv.inputs, 3, 3];
            tensors.push(Tensor { name: format!("{name}.weight"), shape, values: &weights.kernel });
        }
        for tap in self.topology().taps() {
            let Some(values) = self.metric(tap) else { continue };
            let (conv, channels) =
                (self.topology().convs()[tap.conv()].name(), self.topology().channels(tap));
            let name = format!("{}.weight", conv.replacen("conv", "metric", 1));
            tensors.push(Tensor { name, shape: vec![channels, channels], values });
        }
        tensors[2..].sort_by(|a, b| a.name.cmp(&b.name));
        tensors
    }

    fn header(&self, tensors: &[Tensor<'_>], precision: Precision) -> Vec<u8> {
        let provenance = self.provenance();
        let mut metadata = Map::from_iter([("padding".to_string(), json!("zero"))]);
        metadata.extend(provenance.metadata.iter().map(|(key, value)| (key.clone(), json!(value))));
        metadata.insert("format".into(), json!("impasto-encoder"));
        metadata.insert("family".into(), json!(provenance.family));
        metadata.insert("pooling".into(), json!(self.pooling().to_string()));
        let mut header = Map::from_iter([("__metadata__".to_string(), Value::Object(metadata))]);
        let mut begin = 0;
        for tensor in tensors {
            let Tensor { name, shape, values } = tensor;
            let (dtype, bytes) = match tensor.precision(precision) {
                Precision::Single => ("F32", 4),
                Precision::Half => ("F16", 2),
            };
            let end = begin + values.len() * bytes;
            let offsets = [begin, end];
            header.insert(name.clone(), json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets }));
            begin = end;
        }
        let mut text = Value::Object(header).to_string().into_bytes();
        // Pads the header so that the data begins at a multiple of 8 bytes, which suits readers that map files into
        // memory.
        text.resize(text.len().next_multiple_of(8), b' ');
        [&(text.len() as u64).to_le_bytes()[..], &text].concat()
    }

    fn check_half(&self, file: &str) -> Result<(), EncoderError> {
        for Tensor { name, values, .. } in self.tensors() {
            if let Some(&value) = values.iter().find(|&&value| f16::from_f32(value).is_infinite()) {
                return Err(EncoderError::TooLargeForHalf { file: file.into(), tensor: name, value });
            }
        }
        Ok(())
    }
}

struct Tensor<'a> {
    name: String,
    shape: Vec<usize>,
    values: &'a [f32],
}

impl Tensor<'_> {
    /// The twelve numbers of the input map keep full precision: rounding a mean of 123.68 would shift the whole
    /// picture.
    fn precision(&self, asked: Precision) -> Precision {
        if self.name.starts_with("input.") { Precision::Single } else { asked }
    }
}

/// A writer that hashes its bytes.
struct Hashed<W: Write> {
    inner: BufWriter<W>,
    hasher: Sha256,
}

impl<W: Write> Hashed<W> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)
    }
}
