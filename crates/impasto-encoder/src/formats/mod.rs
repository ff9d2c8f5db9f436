//! Files of weights in the containers that are in use. The first bytes tell the container; the name does not matter.
//!
//! Every container gives tensors by name with their shapes, kernels as `[out, in, height, width]` whatever the file's
//! layout, and the values of a tensor on request. A classifier, which is most of a file, is never read. `layout.rs` and
//! `sequence.rs` find the network by the names or the order; `assemble.rs` checks it and determines its input.
//!
//! Files come from strangers. Nothing in them is executed. A length is compared with the file's before anything of that
//! size is allocated. A file that decompresses to more than a network of this kind can be is refused.

#[cfg(feature = "foreign-formats")]
mod caffe;
#[cfg(feature = "foreign-formats")]
mod keras;
mod listing;
#[cfg(feature = "foreign-formats")]
mod matconvnet;
#[cfg(feature = "foreign-formats")]
mod matlab;
mod npz;
#[cfg(feature = "foreign-formats")]
mod onnx;
#[cfg(feature = "foreign-formats")]
mod pickle;
// A build without the readers still knows a Caffe or ONNX model when it sees one.
#[cfg_attr(not(feature = "foreign-formats"), allow(dead_code))]
mod protobuf;
pub(crate) mod safetensors;
mod sniff;
#[cfg(feature = "foreign-formats")]
mod torch;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::layout::Shapes;
use crate::sequence::Sequence;
use crate::{ChannelOrder, EncoderError, InputMap};

/// A container of weights that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// safetensors, of Hugging Face.
    Safetensors,
    /// `torch.save` since PyTorch 1.6: a zip archive.
    TorchZip,
    /// `torch.save` before 1.6: a series of pickles, then the storages.
    TorchLegacy,
    /// HDF5 with the layout of Keras.
    Keras,
    /// A Caffe model: a protocol buffer, with layers of either version.
    Caffe,
    /// ONNX: a protocol buffer.
    Onnx,
    /// A MatConvNet model: a MAT file of version 5.
    MatConvNet,
    /// Arrays of NumPy in a zip archive.
    Npz,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Safetensors => "safetensors",
            Format::TorchZip => "PyTorch (zip)",
            Format::TorchLegacy => "PyTorch (legacy)",
            Format::Keras => "Keras (HDF5)",
            Format::Caffe => "Caffe",
            Format::Onnx => "ONNX",
            Format::MatConvNet => "MatConvNet",
            Format::Npz => "NumPy (npz)",
        })
    }
}

/// The tensors of a file.
pub(crate) trait Tensors {
    /// All tensors that may belong to the network, by name; kernels as `[out, in, height, width]`.
    fn shapes(&self) -> &Shapes;

    /// The values of one tensor in row-major order.
    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError>;
}

/// How the network is found among the tensors.
pub(crate) enum Arrangement {
    /// The names of the tensors identify the layers.
    Names,
    /// The order of the tensors identifies the layers.
    Sequence(Sequence),
}

/// The customary input of a format's networks, if there is only one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convention {
    pub(crate) order: ChannelOrder,
    pub(crate) input: InputMap,
}

/// A file with its tensors listed but not yet read.
pub(crate) struct Opened<'a> {
    pub(crate) format: Format,
    pub(crate) tensors: Box<dyn Tensors + 'a>,
    pub(crate) arrangement: Arrangement,
    pub(crate) convention: Option<Convention>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Most values that a network may have: VGG-19 twice as wide has 80 million.
pub(crate) const MOST_VALUES: usize = 100_000_000;

/// Most tensors that a file may list. VGG-19 has 38; the state of a training has at most a few times as many.
const MOST_TENSORS: usize = 10_000;

/// Opens a file of any format.
pub(crate) fn open(path: &Path) -> Result<Opened<'static>, EncoderError> {
    let file = path.display().to_string();
    let (format, opened) = sniff::sniff(path)?;
    let reader = BufReader::with_capacity(1 << 18, opened);
    match format {
        Format::Safetensors => safetensors::open(&file, reader),
        #[cfg(feature = "foreign-formats")]
        Format::TorchZip | Format::TorchLegacy => torch::open(&file, path, format, reader),
        #[cfg(feature = "foreign-formats")]
        Format::Keras => keras::open(&file, reader),
        #[cfg(feature = "foreign-formats")]
        Format::Caffe => caffe::open(&file, reader),
        #[cfg(feature = "foreign-formats")]
        Format::Onnx => onnx::open(&file, reader),
        #[cfg(feature = "foreign-formats")]
        Format::MatConvNet => matconvnet::open(&file, reader),
        Format::Npz => npz::open(&file, reader),
        #[cfg(not(feature = "foreign-formats"))]
        format => Err(EncoderError::LeftOut { file, format }),
    }
}

/// The reader that formats use.
type Reader = BufReader<File>;

fn damaged(file: &str, format: Format, found: impl fmt::Display) -> EncoderError {
    EncoderError::Damaged { file: file.into(), format, found: found.to_string() }
}

fn no_network(file: &str, found: String) -> EncoderError {
    EncoderError::NotChain { file: file.into(), found }
}

/// The number of values of a shape; `None` when no network can have so many.
fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side)).filter(|&n| n <= MOST_VALUES)
}

/// Reorders values from `[height, width, in, out]` to `[out, in, height, width]`, both row-major.
fn from_hwio(values: &[f32], [height, width, inputs, outputs]: [usize; 4]) -> Vec<f32> {
    let mut turned = Vec::with_capacity(values.len());
    for output in 0..outputs {
        for input in 0..inputs {
            for place in 0..height * width {
                turned.push(values[(place * inputs + input) * outputs + output]);
            }
        }
    }
    turned
}
