//! Shared code of the tests of hostile files: reading within bounded memory, and hand-made pieces of formats.
#![allow(clippy::unwrap_used)] // a failing test

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use impasto_encoder::{EncoderError, read_file};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// While the result lives, no other test runs, so its memory is not counted.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The memory that any of these files may take. The largest file that is written here has 3 MB.
pub(crate) const BOUND: usize = 64 << 20;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap()
}

/// Reads a file with these bytes and checks the memory. Returns the error, if any.
pub(crate) fn read(what: &str, bytes: &[u8], bound: usize) -> Option<EncoderError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let profiler = dhat::Profiler::builder().testing().build();
    let error = read_file(file.path()).err();
    let peak = dhat::HeapStats::get().max_bytes;
    drop(profiler);
    assert!(peak < bound, "{what}: {} MB", peak >> 20);
    if let Some(error) = &error {
        assert!(!error.to_string().is_empty());
    }
    error
}

pub(crate) fn says(what: &str, bytes: &[u8], words: &[&str]) {
    let error = read(what, bytes, BOUND).unwrap_or_else(|| panic!("{what} was read"));
    let said = format!("{error} {}", error.hint().unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "{what}: no {word:?} in: {said}");
    }
}

pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Returns a MAT file with a header and compressed elements.
pub(crate) fn mat(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"MATLAB 5.0 MAT-file, by hand".to_vec();
    bytes.resize(124, b' ');
    bytes.extend([0, 1, b'I', b'M']);
    for element in elements {
        let packed = packed(element);
        bytes
            .extend(15u32.to_le_bytes().into_iter().chain((packed.len() as u32).to_le_bytes()).chain(packed));
    }
    bytes
}

pub(crate) fn element(kind: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = [&kind.to_le_bytes()[..], &(data.len() as u32).to_le_bytes(), data].concat();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

pub(crate) fn array(class: u8, sides: &[i32], rest: &[u8]) -> Vec<u8> {
    let sides: Vec<u8> = sides.iter().flat_map(|side| side.to_le_bytes()).collect();
    let flags = element(6, &[class, 0, 0, 0, 0, 0, 0, 0]);
    element(14, &[&flags[..], &element(5, &sides), &element(1, b"layers"), rest].concat())
}

/// Returns a length-delimited field of a protocol buffer.
pub(crate) fn field(number: u32, data: &[u8]) -> Vec<u8> {
    [&varint(u64::from(number << 3 | 2))[..], &varint(data.len() as u64), data].concat()
}

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
