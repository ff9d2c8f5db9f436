//! Events on the way to a model, for progress and messages.

use std::path::Path;
use std::time::Duration;

use super::catalogue::WeightFile;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A file is hashed before it is used for the first time.
    Verifying {
        /// The file.
        path: &'a Path,
    },
    /// A verified file in another program's cache is used.
    Found {
        /// The file.
        path: &'a Path,
        /// The program whose cache it is.
        cache: &'a str,
    },
    /// A file cannot be used; it is left unchanged.
    PassedOver {
        /// The file.
        path: &'a Path,
        /// The problem.
        why: &'a str,
    },
    /// The converted model is in our own cache.
    Kept {
        /// The file.
        path: &'a Path,
    },
    /// The converted model could not be kept; it is still used.
    NotKept {
        /// Why.
        why: &'a str,
    },
    /// Another process fetches or converts the same model.
    Waiting,
    /// A request to an address begins.
    Fetching {
        /// The file.
        file: &'a WeightFile,
        /// The address, without credentials.
        address: &'a str,
    },
    /// Bytes arrived; those of an earlier try count too.
    Received {
        /// Bytes received so far.
        bytes: u64,
        /// Bytes expected, if known.
        total: Option<u64>,
    },
    /// The connection failed; it is tried again after a pause.
    Pausing {
        /// The failure.
        why: &'a str,
        /// The length of the pause.
        pause: Duration,
    },
    /// An address did not give a usable file.
    Failed {
        /// The address, without credentials.
        address: &'a str,
        /// Why.
        why: &'a str,
    },
}
