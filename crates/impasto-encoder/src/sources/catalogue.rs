//! What there is to say of a model that is no part of the binary: the files that hold it, where they are, how large they
//! are, and what their bytes hash to. The tables themselves are in `entries.rs`.

use std::fmt;

use crate::{Family, Topology};

/// A trained network with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// What to pass as the model's name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// The training; the content of a file has to tell the same.
    pub family: Family,
    /// Output channels of each convolution, block by block. A file may end early, in its last block.
    pub widths: &'static [&'static [usize]],
    /// The files that hold it, the best first.
    pub files: &'static [WeightFile],
}

impl Model {
    /// The chain of convolutions.
    ///
    /// # Panics
    /// Where the table has an empty block; the tests look at all of them.
    pub fn topology(&self) -> Topology {
        let widths: Vec<Vec<usize>> = self.widths.iter().map(|block| block.to_vec()).collect();
        Topology::new(&widths).expect("no block of a table is empty")
    }

    /// Kernels and biases of all convolutions in f32.
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
    /// Its name, unique in the catalogue: what it is called below `IMPASTO_MODELS_URL`, and while it is fetched.
    pub name: &'static str,
    /// Where it is published; empty for a file that is only taken where it is found.
    pub addresses: &'static [&'static str],
    /// Where other programs keep it.
    pub places: &'static [Place],
    /// How large it is.
    pub size: Size,
    /// What its bytes hash to.
    pub digest: Option<Digest>,
    /// How much of it is fetched.
    pub needed: Needed,
    /// Who published this form of the weights; licence and authors are those of the family.
    pub publisher: &'static str,
}

/// How large a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// To the byte.
    Exact(u64),
    /// As pages state it, rounded.
    About(u64),
    /// Not published; no more than this.
    AtMost(u64),
}

impl Size {
    /// In bytes, perhaps rounded.
    pub fn bytes(self) -> u64 {
        match self {
            Size::Exact(bytes) | Size::About(bytes) | Size::AtMost(bytes) => bytes,
        }
    }

    /// To the byte, where that is known.
    pub fn exact(self) -> Option<u64> {
        match self {
            Size::Exact(bytes) => Some(bytes),
            Size::About(_) | Size::AtMost(_) => None,
        }
    }

    /// Whether a file of this length can be it. What pages state is off by a per cent or so.
    pub fn fits(self, bytes: u64) -> bool {
        match self {
            Size::Exact(exact) => bytes == exact,
            Size::About(about) => bytes.abs_diff(about) <= about / 20,
            Size::AtMost(most) => bytes <= most,
        }
    }

    /// The most that is ever taken of it.
    pub fn most(self) -> u64 {
        match self {
            Size::Exact(bytes) | Size::AtMost(bytes) => bytes,
            Size::About(about) => about + about / 20,
        }
    }
}

/// What the bytes of a file hash to, in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256, or its beginning where no more is published (as in torch's file names).
    Sha256(&'static str),
    /// MD5, where nothing else is published. Two files of one MD5 can be made; one for the MD5 of a given file cannot.
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

/// How much of a file is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// All of it.
    Whole,
    /// Of a safetensors file, its header and the tensors `features.*`: the classifier is six parts of seven.
    Convolutions,
}

/// Where another program keeps a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In torch's `hub/checkpoints`.
    Torch(&'static str),
    /// In a snapshot of a repository.
    HuggingFace {
        /// `owner/name`.
        repository: &'static str,
        /// Path in the repository.
        file: &'static str,
    },
    /// In Keras's `models`.
    Keras(&'static str),
}

impl WeightFile {
    /// Whether this build reads it: safetensors always, the formats of other programs with the feature `foreign-formats`.
    pub fn is_readable(&self) -> bool {
        cfg!(feature = "foreign-formats") || self.name.ends_with(".safetensors")
    }

    /// About how many bytes fetching it takes.
    pub fn bytes_to_fetch(&self, model: &Model) -> u64 {
        match self.needed {
            Needed::Whole => self.size.bytes(),
            Needed::Convolutions => model.convolution_bytes(),
        }
    }
}
