//! Shared code of the fetching tests: a server with one file, a store that knows the file, and long time limits, so
//! that a busy machine fails no test.
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use impasto_encoder::sources::{Fetch, Needed, Patience, SourceError, Store};
use impasto_encoder::{Encoder, EncoderError, read_file};
use tempfile::TempDir;

use super::server::{Content, Reply, Server};
use super::weights::{file, store, timm};

/// Settings for tests. A try is repeated at once, because the server is near. Only a stuck connection is silent long
/// enough to be ended.
pub(crate) fn quick() -> Fetch {
    let patience = Patience {
        connect: Duration::from_secs(300),
        silence: Duration::from_secs(300),
        tries: 3,
        pause: Duration::from_millis(5),
        stretch: Duration::from_secs(600),
        least: 1,
        proxies: false,
    };
    Fetch { patience, ..Fetch::default() }
}

/// Settings for servers that are silent on purpose.
pub(crate) fn with_silence(silence: Duration) -> Fetch {
    Fetch { patience: Patience { silence, ..quick().patience }, ..quick() }
}

pub(crate) fn fetch(store: &Store, how: &Fetch) -> Result<PathBuf, EncoderError> {
    store.fetch(&store.models()[0], how, &mut |_| {})
}

/// Runs a [`fetch`] that must fail. Returns its error.
#[track_caller]
pub(crate) fn fails(store: &Store, how: &Fetch) -> String {
    let error = fetch(store, how).unwrap_err();
    assert!(matches!(error, EncoderError::Source(SourceError::Fetch { .. })), "{error}");
    assert!(error.hint().unwrap().contains("another machine"), "{:?}", error.hint());
    error.to_string()
}

/// Checks that the file has the weights of timm's file, under the names of convolutions.
#[track_caller]
pub(crate) fn assert_is(path: &Path, timm: &[u8]) -> Encoder {
    let (kept, folder) = (read_file(path).unwrap(), TempDir::new().unwrap());
    let whole = folder.path().join("whole.safetensors");
    fs::write(&whole, timm).unwrap();
    let original = read_file(&whole).unwrap();
    assert!(kept.weights() == original.weights() && kept.input() == original.input());
    kept
}

/// Returns all names in the folder of models.
pub(crate) fn names(cache: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(cache.join("models")) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A server with one file, and a store that knows it.
pub(crate) struct Setting {
    pub(crate) server: Server,
    pub(crate) cache: TempDir,
    pub(crate) store: Store,
    pub(crate) bytes: Vec<u8>,
}

/// Starts a server and a store. `reply` makes each reply from the good one and the number of earlier requests.
pub(crate) fn setting(
    needed: Needed,
    reply: impl Fn(Reply, usize) -> Reply + Send + Sync + 'static,
) -> Setting {
    let bytes = timm(1, true);
    let content = Content::of(&bytes);
    let server = Server::start(move |_, before| reply(Reply::file(&content), before));
    let cache = TempDir::new().unwrap();
    let files = vec![file("f.safetensors", &[&server.url("f")], needed, &bytes)];
    let store = store(cache.path(), files);
    Setting { server, cache, store, bytes }
}

pub(crate) const KEPT: [&str; 2] = ["tiny.safetensors", "verified.json"];
