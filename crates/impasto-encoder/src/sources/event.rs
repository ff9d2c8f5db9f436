//! What happens on the way to a model, as it happens: for progress and messages.

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
    /// A verified file in a cache of others is used.
    Found {
        /// The file.
        path: &'a Path,
        /// Whose cache.
        cache: &'a str,
    },
    /// A file cannot be used; it stays where it is.
    PassedOver {
        /// The file.
        path: &'a Path,
        /// What is wrong with it.
        why: &'a str,
    },
    /// The converted model is in our own cache.
    Kept {
        /// The file.
        path: &'a Path,
    },
    /// The converted model could not be kept; it is used all the same.
    NotKept {
        /// Why.
        why: &'a str,
    },
    /// Another process fetches or converts the same model.
    Waiting,
    /// An address is asked.
    Fetching {
        /// The file.
        file: &'a WeightFile,
        /// The address, without credentials.
        address: &'a str,
    },
    /// Bytes arrived, counting those of an earlier try.
    Received {
        /// Bytes that are here.
        bytes: u64,
        /// Bytes that there will be, where that is known.
        total: Option<u64>,
    },
    /// The connection failed; it is tried again after a pause.
    Pausing {
        /// What failed.
        why: &'a str,
        /// How long.
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
