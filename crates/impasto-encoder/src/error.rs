//! Errors about encoders. Each names the file, the tensor, what was expected and what was found.

use std::io;

use crate::sources::SourceError;
use crate::{Family, Format};

/// Why an encoder could not be read or written, or a layer not be found in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    // === Reading ===
    /// The file could not be opened or read.
    #[error("cannot read encoder {file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// The system's error.
        source: io::Error,
    },
    /// The header is cut off, lies about its size, or is no safetensors header.
    #[error("encoder {file}: not a usable safetensors file: {found}")]
    Header {
        /// The file.
        file: String,
        /// The problem.
        found: String,
    },
    /// The file is something other than a file of weights.
    #[error("encoder {file}: not a file of weights: {found}")]
    NotWeights {
        /// The file.
        file: String,
        /// The kind of file that it is.
        found: String,
        /// Advice for the user.
        advice: &'static str,
    },
    /// This build does not read the format of the file.
    #[error("encoder {file}: this build reads no {format} files")]
    LeftOut {
        /// The file.
        file: String,
        /// Its format.
        format: Format,
    },
    /// The file has a known format, but is broken.
    #[error("encoder {file}: a damaged or hostile {format} file: {found}")]
    Damaged {
        /// The file.
        file: String,
        /// The format that its beginning shows.
        format: Format,
        /// The problem.
        found: String,
    },
    /// A pickle that asks Python for more than weights need.
    #[error(
        "encoder {file}: a program, not just weights: on loading, Python would call {callable}; \
         nothing of it was executed"
    )]
    Program {
        /// The file.
        file: String,
        /// The function it would call.
        callable: String,
    },
    /// The convolutions are no VGG network.
    #[error("encoder {file}: not a VGG network: {found}")]
    NotChain {
        /// The file.
        file: String,
        /// The reason.
        found: String,
    },
    /// Weights of an unknown training, in a format that does not state their input.
    #[error("encoder {file}: the training of these weights is unknown, and so is their input ({format})")]
    NeedsFamily {
        /// The file.
        file: String,
        /// Its format.
        format: Format,
    },
    /// The weights are not of the family that was given.
    #[error("encoder {file}: not of the family {given}: {found}")]
    OtherFamily {
        /// The file.
        file: String,
        /// The given family.
        given: Family,
        /// The reason.
        found: String,
    },
    /// No tensor has a known name.
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
    /// A tensor that is neither part of the network nor known to be unneeded.
    #[error("encoder {file}: tensor {tensor} is not known: {expected}")]
    UnknownTensor {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The tensors that such a file may have.
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
    /// A value that is infinite or not a number.
    #[error("encoder {file}: tensor {tensor}: expected finite values, found {found} at index {index}")]
    NotFinite {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The value.
        found: f64,
        /// Its index, in row-major order.
        index: usize,
    },

    // === Writing ===
    /// The file could not be written; an earlier file of that name is unchanged.
    #[error("cannot write encoder {file}: {source}")]
    Write {
        /// The file.
        file: String,
        /// The system's error.
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
        /// The requested name.
        name: String,
        /// The layers nearest to it.
        nearest: Vec<String>,
        /// The deepest layer.
        last: String,
    },
    /// A named model could not be found or fetched.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The name is neither a model nor a file.
    #[error("no model {name}: neither a built-in name nor a file")]
    UnknownModel {
        /// The requested name.
        name: String,
        /// The names nearest to it.
        nearest: Vec<String>,
    },
    /// No family of this name.
    #[error("no family {name}: expected vgg19, vgg19-oxford, vgg16, vgg16-oxford or vgg19-normalised")]
    UnknownFamily {
        /// The requested name.
        name: String,
        /// The names nearest to it.
        nearest: Vec<String>,
    },
    /// A `random:` name with a syntax error.
    #[error("model {name}: {problem}")]
    RandomSpec {
        /// The requested name.
        name: String,
        /// The problem.
        problem: String,
    },
    /// No pooling of this name.
    #[error("no pooling {name}: expected max, average or l2")]
    UnknownPooling {
        /// The requested name.
        name: String,
    },
}

impl EncoderError {
    /// A hint for the user, if one is known.
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
                "the download may have ended early: fetch it again, \
                 or save it again with the program that made it"
                    .into(),
            ),
            EncoderError::Program { .. } => Some(
                "get it from another source, or save your own module with torch.save(model.state_dict(), FILE)"
                    .into(),
            ),
            EncoderError::NeedsFamily { .. } => Some(
                "name the family: `impasto models import FILE --family NAME -o OUT.safetensors`, with vgg19, \
                 vgg19-oxford, vgg16, vgg16-oxford or vgg19-normalised"
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
                "supported are the 3x3 convolutions of VGG-16 and VGG-19, of any width, without batch normalisation"
                    .into(),
            ),
            EncoderError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("check the spelling, and the current folder".into())
            }
            _ => None,
        }
    }
}
