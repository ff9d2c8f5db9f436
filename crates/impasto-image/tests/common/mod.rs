//! Collections of odd files that are too large to keep here. They are looked for next to the workspace, in
//! `../shared/corpus`; without them the tests that walk them say so and pass.

#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};

/// The files of one collection in order of their names; none where the collection is absent.
pub(crate) fn collection(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus").join(name);
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: there is no collection \"{name}\" at {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// The name to show for a file.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
