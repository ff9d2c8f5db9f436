//! How images are cut into tiles: what a caller allows, and what comes of it.

use std::path::PathBuf;

use crate::Size;

/// How [`Tiled`](super::Tiled) cuts images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiling {
    /// Most pixels of a window; larger images are cut. `None`: no image is cut.
    pub window: Option<usize>,
    /// Bytes of content targets that are kept in memory; more go to a file.
    pub target_bytes: usize,
    /// The folder of that file, which has no name and is deleted automatically. `None`: the system's folder for
    /// temporary files.
    pub folder: Option<PathBuf>,
}

impl Tiling {
    /// The folder, or the system's for temporary files. `wasm32-unknown-unknown` has no files: what opens one in it
    /// fails.
    pub fn folder(&self) -> PathBuf {
        let system = match cfg!(all(target_arch = "wasm32", target_os = "unknown")) {
            true => PathBuf::new,
            false => std::env::temp_dir,
        };
        self.folder.clone().unwrap_or_else(system)
    }
}

/// How an image is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tiles {
    /// Tiles across and down.
    pub counts: (usize, usize),
    /// Size of the largest window.
    pub window: Size,
    /// Pixels by which windows overlap: those of observations, and those of pull-backs.
    pub margins: (usize, usize),
    /// The cost of an evaluation, in pixels of evaluations that are not cut.
    pub cost: f64,
}
