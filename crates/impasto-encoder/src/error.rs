//! What can be wrong with an encoder: each error names the file, the tensor, what was expected and what was found.

use std::io;

use crate::sources::SourceError;
use crate::{Family, Format};

/// Why an encoder could not be had, or a layer not be found in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    // === Reading ===
    /// The file could not be opened or read.
    #[error("cannot read encoder {file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The header is cut off, lies about its size, or is no safetensors header.
    #[error("encoder {file}: not a usable safetensors file: {found}")]
    Header {
        /// The file.
        file: String,
        /// What is wrong with it.
        found: String,
    },
    /// It is something else than a file of weights.
    #[error("encoder {file}: not a file of weights: {found}")]
    NotWeights {
        /// The file.
        file: String,
        /// What it is.
        found: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// This build does not read its format.
    #[error("encoder {file}: this build reads no {format} files")]
    LeftOut {
        /// The file.
        file: String,
        /// Its format.
        format: Format,
    },
    /// It is of a format that is read, and broken.
    #[error("encoder {file}: a damaged or hostile {format} file: {found}")]
    Damaged {
        /// The file.
        file: String,
        /// What it began as.
        format: Format,
        /// What is wrong with it.
        found: String,
    },
    /// A pickle that asks Python for more than weights need.
    #[error(
        "encoder {file}: a program, not just weights: on loading, Python would call {callable}; nothing of it was executed"
    )]
    Program {
        /// The file.
        file: String,
        /// What it would call.
        callable: String,
    },
    /// The convolutions are no VGG network.
    #[error("encoder {file}: not a VGG network: {found}")]
    NotChain {
        /// The file.
        file: String,
        /// What they are.
        found: String,
    },
    /// Weights of no known training, in a format that does not say what they take as input.
    #[error(
        "encoder {file}: weights of no training that is known, so nobody knows what their input is ({format})"
    )]
    NeedsFamily {
        /// The file.
        file: String,
        /// Its format.
        format: Format,
    },
    /// A family was given, and it is not that.
    #[error("encoder {file}: not of the family {given}: {found}")]
    OtherFamily {
        /// The file.
        file: String,
        /// What was given.
        given: Family,
        /// What it is.
        found: String,
    },
    /// No tensor name is one that we know.
    #[error(
        "encoder {file}: no VGG tensors: expected `conv1_1.weight` or `features.0.weight`, found {found}"
    )]
    NotVgg {
        /// The file.
        file: String,
        /// The first few names in it.
        found: String,
    },

    // === Tensors ===
    /// A tensor that the network needs is not there.
    #[error("encoder {file}: tensor {tensor} is missing: expected {expected}")]
    MissingTensor {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// Why it is needed.
        expected: String,
    },
    /// A tensor that is neither part of the network nor known to be safely left unread.
    #[error("encoder {file}: tensor {tensor} is not known: {expected}")]
    UnknownTensor {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// What may be in such a file.
        expected: String,
    },
    /// A tensor has another shape or element type than the network needs.
    #[error("encoder {file}: tensor {tensor}: expected {expected}, found {found}")]
    WrongTensor {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// Expected shape or types.
        expected: String,
        /// Found shape or type.
        found: String,
    },
    /// A value that is not a number or infinite.
    #[error("encoder {file}: tensor {tensor}: expected finite values, found {found} at index {index}")]
    NotFinite {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The value.
        found: f64,
        /// Where, in row-major order.
        index: usize,
    },

    // === Writing ===
    /// The file could not be written; what was there before is as it was.
    #[error("cannot write encoder {file}: {source}")]
    Write {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A value that half precision cannot hold.
    #[error("encoder {file}: tensor {tensor}: {value} is too large for half precision, which ends at 65504")]
    TooLargeForHalf {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The value.
        value: f32,
    },

    // === Names ===
    /// The network has no such layer.
    #[error("the encoder has no layer {name} (it ends at {last})")]
    UnknownLayer {
        /// What was asked for.
        name: String,
        /// The layers nearest to it.
        nearest: Vec<String>,
        /// The deepest layer.
        last: String,
    },
    /// A model that has a name could not be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No model of this name, and no file either.
    #[error("no model {name}: neither a built-in name nor a file")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The names nearest to it.
        nearest: Vec<String>,
    },
    /// No family of this name.
    #[error("no family {name}: expected vgg19, vgg19-oxford, vgg16, vgg16-oxford or vgg19-normalised")]
    UnknownFamily {
        /// What was asked for.
        name: String,
        /// The names nearest to it.
        nearest: Vec<String>,
    },
    /// A `random:` name that cannot be read.
    #[error("model {name}: {problem}")]
    RandomSpec {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No pooling of this name.
    #[error("no pooling {name}: expected max, average or l2")]
    UnknownPooling {
        /// What was asked for.
        name: String,
    },
}

impl EncoderError {
    /// What the user can do about it, where we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            EncoderError::UnknownLayer { nearest, .. }
            | EncoderError::UnknownModel { nearest, .. }
            | EncoderError::UnknownFamily { nearest, .. }
                if !nearest.is_empty() =>
            {
                Some(format!("did you mean {}?", nearest.join(" or ")))
            }
            EncoderError::UnknownModel { .. } => {
                Some("give `lite`, `random:vgg19?seed=0`, or the path of a file of weights".into())
            }
            EncoderError::RandomSpec { .. } => {
                Some("for example `random:vgg19?seed=0` or `random:vgg16?seed=7&width=1/4`".into())
            }
            EncoderError::Source(error) => error.hint(),
            EncoderError::TooLargeForHalf { .. } => Some("leave out --half".into()),
            EncoderError::NotWeights { advice, .. } => Some((*advice).into()),
            EncoderError::LeftOut { .. } => Some(
                "build with the feature foreign-formats, or save the weights as safetensors with the program that made them".into(),
            ),
            EncoderError::Damaged { .. } => Some(
                "fetch it again, as the download may have ended early; or save it anew with the program that made it".into(),
            ),
            EncoderError::Program { .. } => Some(
                "get it from another source; a whole module of your own is saved as weights with torch.save(model.state_dict(), FILE)"
                    .into(),
            ),
            EncoderError::NeedsFamily { .. } => Some(
                "say which it is: `impasto models import FILE --family NAME -o OUT.safetensors`, with vgg19, vgg19-oxford, vgg16, vgg16-oxford or vgg19-normalised"
                    .into(),
            ),
            EncoderError::OtherFamily { .. } => Some("leave out --family, or give the right one".into()),
            EncoderError::Header { .. } => {
                Some("the file may be cut off, or an error page saved by a download: fetch it again".into())
            }
            EncoderError::NotFinite { .. } => {
                Some("the file is damaged, or its training diverged: fetch it again, or use other weights".into())
            }
            EncoderError::NotVgg { .. }
            | EncoderError::NotChain { .. }
            | EncoderError::MissingTensor { .. }
            | EncoderError::UnknownTensor { .. }
            | EncoderError::WrongTensor { .. } => Some(
                "what is run here are the 3x3 convolutions of VGG-16 and VGG-19, of any width, without batch normalisation"
                    .into(),
            ),
            EncoderError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("check the spelling, and the folder that you are in".into())
            }
            _ => None,
        }
    }
}
