//! The file of what was measured on cards, in the cache folder.

use std::path::PathBuf;

use impasto_encoder::sources::Environment;
use serde_json::{Map, Value};

/// The file; `None` without a folder for caches.
pub(super) fn file() -> Option<PathBuf> {
    Some(Environment::of_process().cache?.join("devices.json"))
}

/// What was kept under a key. Nothing if the file is missing or damaged.
pub(super) fn get(key: &str) -> Option<Value> {
    read().remove(key)
}

/// Keeps a measurement. Where that is not possible, the next run measures again.
pub(super) fn keep(key: &str, value: Value) {
    let Some(path) = file() else { return };
    let mut kept = read();
    kept.insert(key.into(), value);
    let text = Value::Object(kept).to_string();
    if let Some(folder) = path.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    let _ = impasto_image::write_atomically(&path, |file| file.write_all(text.as_bytes()));
}

fn read() -> Map<String, Value> {
    let text = file().and_then(|path| std::fs::read(path).ok());
    text.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}
