//! The types that describe a model outside the binary: the files that hold it, their addresses, sizes and hashes. The
//! tables themselves are in `entries.rs`.

use std::fmt;

use crate::{Family, Topology};

/// A trained network with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// The name to pass for this model.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The training; the content of a file must agree.
    pub family: Family,
    /// Output channels of each convolution, block by block. A file may end early, within its last block.
    pub widths: &'static [&'static [usize]],
    /// The files that hold it, the best first.
    pub files: &'static [WeightFile],
}

impl Model {
    /// The chain of convolutions.
    ///
    /// # Panics
    /// If the table has an empty block; a test checks all tables.
    pub fn topology(&self) -> Topology {
        let widths: Vec<Vec<usize>> = self.widths.iter().map(|block| block.to_vec()).collect();
        Topology::new(&widths).expect("no block of a table is empty")
    }

    /// Bytes of the kernels and biases of all convolutions in f32.
    pub fn convolution_bytes(&self) -> u64 {
        let values: usize =
            self.topology().convs().iter().map(|conv| (9 * conv.inputs + 1) * conv.outputs).sum();
        4 * values as u64
    }

    /// The first file that can be fetched.
    pub fn first_choice(&self) -> Option<&'static WeightFile> {
        self.files.iter().find(|file| !file.addresses.is_empty())
    }
}

/// A published file.
#[derive(Debug, PartialEq, Eq)]
pub struct WeightFile {
    /// The file's name, unique in the catalogue. It is used below `IMPASTO_MODELS_URL`, and during a download.
    pub name: &'static str,
    /// Addresses where it is published; empty for a file that is used only where it is found.
    pub addresses: &'static [&'static str],
    /// Places where other programs keep it.
    pub places: &'static [Place],
    /// The file's size.
    pub size: Size,
    /// The hash of its bytes.
    pub digest: Option<Digest>,
    /// The part that is fetched.
    pub needed: Needed,
    /// The publisher of this form of the weights; licence and authors are those of the family.
    pub publisher: &'static str,
}

/// The size of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Exact, in bytes.
    Exact(u64),
    /// Rounded, as web pages state it.
    About(u64),
    /// Not published; an upper limit.
    AtMost(u64),
}

impl Size {
    /// The size in bytes, perhaps rounded.
    pub fn bytes(self) -> u64 {
        match self {
            Size::Exact(bytes) | Size::About(bytes) | Size::AtMost(bytes) => bytes,
        }
    }

    /// The exact size in bytes, if known.
    pub fn exact(self) -> Option<u64> {
        match self {
            Size::Exact(bytes) => Some(bytes),
            Size::About(_) | Size::AtMost(_) => None,
        }
    }

    /// Whether a file of this length can be the published one. Rounded sizes are off by about one per cent.
    pub fn fits(self, bytes: u64) -> bool {
        match self {
            Size::Exact(exact) => bytes == exact,
            Size::About(about) => bytes.abs_diff(about) <= about / 20,
            Size::AtMost(most) => bytes <= most,
        }
    }

    /// The most bytes that are ever fetched.
    pub fn most(self) -> u64 {
        match self {
            Size::Exact(bytes) | Size::AtMost(bytes) => bytes,
            Size::About(about) => about + about / 20,
        }
    }
}

/// The hash of a file, in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256, or its beginning when no more is published (as in torch's file names).
    Sha256(&'static str),
    /// MD5, when nothing else is published. Two files with the same MD5 can be made; a second file for a given MD5
    /// cannot.
    Md5(&'static str),
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Exact(bytes) => write!(f, "{bytes}"),
            Size::About(bytes) => write!(f, "about {bytes}"),
            Size::AtMost(bytes) => write!(f, "at most {bytes}"),
        }
    }
}

/// The part of a file that is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// The whole file.
    Whole,
    /// Only the header and the tensors `features.*` of a safetensors file: the classifier is six parts of seven.
    Convolutions,
}

/// The place where another program keeps a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In torch's `hub/checkpoints`.
    Torch(&'static str),
    /// In a snapshot of a Hugging Face repository.
    HuggingFace {
        /// `owner/name`.
        repository: &'static str,
        /// Path in the repository.
        file: &'static str,
    },
    /// In Keras's folder `models`.
    Keras(&'static str),
}

impl WeightFile {
    /// Whether this build reads the file: safetensors always, the formats of other programs with the feature
    /// `foreign-formats`.
    pub fn is_readable(&self) -> bool {
        cfg!(feature = "foreign-formats") || self.name.ends_with(".safetensors")
    }

    /// The approximate number of bytes to fetch.
    pub fn bytes_to_fetch(&self, model: &Model) -> u64 {
        match self.needed {
            Needed::Whole => self.size.bytes(),
            Needed::Convolutions => model.convolution_bytes(),
        }
    }
}
