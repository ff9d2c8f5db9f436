//! Errors about named models: the folders searched, the answer of each address, and what to do.

use std::io;
use std::path::PathBuf;

/// Why a named model could not be found or fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It is not on this machine, and the network was not used.
    #[error("{}", .0.text())]
    NotHere(Box<NotHere>),
    /// No address gave a usable file.
    #[error("cannot fetch {name}:{}", lines(.failures))]
    Fetch {
        /// The model.
        name: String,
        /// Each address with its error.
        failures: Vec<String>,
        /// How to get it by hand.
        by_hand: String,
    },
    /// A download is needed, but forbidden.
    #[error("cannot fetch {name}: the network is forbidden by {by}")]
    Offline {
        /// The model.
        name: String,
        /// The option or the variable that forbids it.
        by: String,
        /// How to get it by hand.
        by_hand: String,
    },
    /// There is no folder to keep models in.
    #[error("no folder for models: there is no home folder")]
    NoCache,
    /// The disk is too full.
    #[error("{}: expected {needed} bytes free for the model, found {free}", .folder.display())]
    NoSpace {
        /// The folder for the model.
        folder: PathBuf,
        /// Bytes needed, including the converted file.
        needed: u64,
        /// Free bytes.
        free: u64,
    },
    /// One of our own files could not be written or read.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// Details of a model that is not on this machine.
#[derive(Debug)]
pub struct NotHere {
    /// The model.
    pub name: String,
    /// The folders that were searched.
    pub folders: Vec<PathBuf>,
    /// Files that were found there but could not be used, with the reason.
    pub passed_over: Vec<String>,
    /// The option or variable that forbids the network, if any.
    pub offline: Option<String>,
    /// The download in words: `80 MB from huggingface.co, BSD-3-Clause`.
    pub to_fetch: String,
    /// How to get it by hand.
    pub by_hand: String,
}

impl NotHere {
    fn text(&self) -> String {
        let folders: Vec<String> = self.folders.iter().map(|folder| folder.display().to_string()).collect();
        let over = match &self.passed_over[..] {
            [] => String::new(),
            some => format!("; passed over:{}", lines(some)),
        };
        format!("model {} is not on this machine: searched {}{over}", self.name, folders.join(", "))
    }
}

impl SourceError {
    /// A hint for the user, if one is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            SourceError::NotHere(missing) => Some(match &missing.offline {
                Some(by) => format!("the network is forbidden by {by}: {}", missing.by_hand),
                None => format!(
                    "`impasto models fetch {}` fetches it ({}); --download fetches it on use",
                    missing.name, missing.to_fetch
                ),
            }),
            SourceError::Fetch { by_hand, .. } | SourceError::Offline { by_hand, .. } => {
                Some(by_hand.clone())
            }
            SourceError::NoCache => Some("name a folder with the variable IMPASTO_CACHE".into()),
            SourceError::NoSpace { .. } => {
                Some("free some space, or name another folder with the variable IMPASTO_CACHE".into())
            }
            SourceError::Write { .. } => Some("name another folder with the variable IMPASTO_CACHE".into()),
        }
    }
}

/// Each text on a line of its own.
fn lines(all: &[String]) -> String {
    all.iter().map(|line| format!("\n  {line}")).collect()
}
