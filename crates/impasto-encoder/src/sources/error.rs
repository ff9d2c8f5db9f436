//! Why a model that has a name could not be had: where it was looked for, what each address answered, what to do.

use std::io;
use std::path::PathBuf;

/// Why a model that has a name could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It is nowhere on this machine, and the network was not asked.
    #[error("{}", .0.text())]
    NotHere(Box<NotHere>),
    /// No address gave a file that could be used.
    #[error("cannot fetch {name}:{}", lines(.failures))]
    Fetch {
        /// The model.
        name: String,
        /// Each address, with what was wrong with it.
        failures: Vec<String>,
        /// What to do.
        by_hand: String,
    },
    /// The network is needed and forbidden.
    #[error("cannot fetch {name}: the network is forbidden by {by}")]
    Offline {
        /// The model.
        name: String,
        /// The option or the variable.
        by: String,
        /// What to do.
        by_hand: String,
    },
    /// There is no folder to keep models in.
    #[error("no folder for models: there is no home folder")]
    NoCache,
    /// The disk is too full.
    #[error("{}: expected {needed} bytes free for the model, found {free}", .folder.display())]
    NoSpace {
        /// Where it was to go.
        folder: PathBuf,
        /// Bytes that it takes, what is made of it included.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// Something of ours could not be written or read.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What there is to say of a model that is not on this machine.
#[derive(Debug)]
pub struct NotHere {
    /// The model.
    pub name: String,
    /// Where it was looked for.
    pub folders: Vec<PathBuf>,
    /// Files that were found there and could not be used, with the reason.
    pub passed_over: Vec<String>,
    /// What forbids the network, if anything does.
    pub offline: Option<String>,
    /// What would be fetched: `80 MB from huggingface.co, BSD-3-Clause`.
    pub to_fetch: String,
    /// How to get it without us.
    pub by_hand: String,
}

impl NotHere {
    fn text(&self) -> String {
        let folders: Vec<String> = self.folders.iter().map(|folder| folder.display().to_string()).collect();
        let over = match &self.passed_over[..] {
            [] => String::new(),
            some => format!("; passed over:{}", lines(some)),
        };
        format!("model {} is not on this machine: looked into {}{over}", self.name, folders.join(", "))
    }
}

impl SourceError {
    /// What the user can do about it, where we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            SourceError::NotHere(missing) => Some(match &missing.offline {
                Some(by) => format!("the network is forbidden by {by}: {}", missing.by_hand),
                None => format!(
                    "`impasto models fetch {}` fetches it ({}); so does --download, at once",
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

/// Each on a line of its own.
fn lines(all: &[String]) -> String {
    all.iter().map(|line| format!("\n  {line}")).collect()
}
