//! Reading an encoder from a file or from bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::assemble::assemble;
use crate::formats::{self, Format, safetensors};
use crate::{Encoder, EncoderError, Family, Identified, identify};

/// Reads and checks the encoder in a file of any [`Format`].
///
/// # Errors
/// [`EncoderError`] when the file is something else, when a tensor is damaged, missing or not finite, or when the
/// family has to be given ([`examine`]).
pub fn read_file(path: &Path) -> Result<Encoder, EncoderError> {
    Ok(examine(path, None)?.encoder)
}

/// The facts about a file of weights.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The encoder in it; every value is finite.
    pub encoder: Encoder,
    /// The container.
    pub format: Format,
    /// The training that the weights themselves reveal.
    pub identified: Option<Identified>,
}

/// Reads and checks the encoder in a file of any [`Format`], and identifies it. `family` names the training when the
/// weights do not reveal it.
///
/// # Errors
/// The errors of [`read_file`]; [`EncoderError::OtherFamily`] when the weights are of another family than was given.
pub fn examine(path: &Path, family: Option<Family>) -> Result<Examined, EncoderError> {
    let file = path.display().to_string();
    let opened = formats::open(path)?;
    let format = opened.format;
    let mut encoder = assemble(&file, opened, family, "0".into())?;
    // Last, because the checks refuse a useless file quickly.
    let sha256 = File::open(path).and_then(hash);
    encoder.provenance_mut().sha256 = sha256.map_err(|source| EncoderError::Io { file, source })?;
    let identified =
        identify(&encoder.weights()[0].kernel).filter(|found| found.family.fits(encoder.topology()));
    Ok(Examined { encoder, format, identified })
}

/// Reads a file of any [`Format`] in order to keep it as a canonical one ([`Encoder::save`]). The metadata gets the
/// source, the licence and the attribution.
///
/// # Errors
/// The errors of [`examine`].
pub fn import_file(path: &Path, family: Option<Family>) -> Result<Encoder, EncoderError> {
    let Examined { mut encoder, format, .. } = examine(path, family)?;
    let provenance = encoder.provenance_mut();
    let metadata = &mut provenance.metadata;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    // The metadata of a canonical file names the original source.
    if !metadata.contains_key("source") {
        metadata.insert("source".into(), format!("{name} ({format})"));
        metadata.insert("source_sha256".into(), provenance.sha256.clone());
    }
    if let Ok(family) = provenance.family.parse::<Family>() {
        let facts = [
            ("licence", family.licence()),
            ("attribution", family.attribution()),
            ("padding", family.padding()),
        ];
        let known: BTreeMap<String, String> =
            facts.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        for (key, value) in known {
            metadata.entry(key).or_insert(value);
        }
    }
    Ok(encoder)
}

/// Reads and checks an encoder from safetensors bytes; `file` names it in errors.
///
/// Names are canonical (`convB_I.weight` `[out, in, 3, 3]`, `.bias`, `input.weight` `[3, 3]`, `input.bias` `[3]`) or
/// torchvision's (`features.N.weight`; RGB 0..1 with ImageNet mean and deviation). Element types are f16, bf16, f32 and
/// f64. `metricB_I.weight` `[out, out]` in a canonical file are the metrics of style statistics
/// ([`Encoder::with_metrics`]). Classifier tensors and linear heads (`headB_I`) are known and left unread.
///
/// # Errors
/// [`EncoderError`] for a truncated or hostile header, a missing or unknown tensor, a wrong shape or type, or a value
/// that is not finite.
pub fn read(file: &str, mut from: impl Read + Seek) -> Result<Encoder, EncoderError> {
    let mut encoder = assemble(file, safetensors::open(file, &mut from)?, None, "0".into())?;
    let sha256 = from.rewind().and_then(|()| hash(&mut from));
    encoder.provenance_mut().sha256 =
        sha256.map_err(|source| EncoderError::Io { file: file.into(), source })?;
    Ok(encoder)
}

fn hash(mut from: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
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
