//! Rows of bytes in memory, or in a file without a name, which disappears with the process, however that ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes at offsets.
#[derive(Debug)]
pub(crate) enum Store {
    Memory(Vec<u8>),
    File(File),
}

impl Store {
    pub(crate) fn in_memory(bytes: usize) -> Store {
        Store::Memory(vec![0; bytes])
    }

    /// A temporary file in a folder.
    pub(crate) fn in_file(folder: &Path) -> io::Result<Store> {
        Ok(Store::File(tempfile::tempfile_in(folder)?))
    }

    /// Bytes in memory.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Store::Memory(memory) => memory.len(),
            Store::File(_) => 0,
        }
    }

    pub(crate) fn write(&mut self, start: usize, bytes: &[u8]) -> io::Result<()> {
        match self {
            Store::Memory(memory) => memory[start..start + bytes.len()].copy_from_slice(bytes),
            Store::File(file) => {
                file.seek(SeekFrom::Start(start as u64))?;
                file.write_all(bytes)?;
            }
        }
        Ok(())
    }

    pub(crate) fn read(&mut self, start: usize, bytes: &mut [u8]) -> io::Result<()> {
        match self {
            Store::Memory(memory) => bytes.copy_from_slice(&memory[start..start + bytes.len()]),
            Store::File(file) => {
                file.seek(SeekFrom::Start(start as u64))?;
                file.read_exact(bytes)?;
            }
        }
        Ok(())
    }
}
