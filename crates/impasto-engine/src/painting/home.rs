//! The places where vectors are kept, and how vectors are made there.

use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::values::Kept;
use super::{Numbers, PixelMemory, Values, bands};

/// The place where vectors are kept.
#[derive(Clone, Debug, Default)]
pub enum Home {
    /// In the host's memory.
    #[default]
    Memory,
    /// In files in this folder.
    Folder(PathBuf),
    /// In an engine's memory.
    Engine(Arc<dyn PixelMemory>),
}

impl Home {
    /// Begins a vector of `len` numbers.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn begin(&self, len: usize) -> io::Result<Writer> {
        let kept = match self {
            Home::Memory => Kept::Memory(Vec::with_capacity(len)),
            Home::Folder(folder) => Kept::File { file: tempfile::tempfile_in(folder)?, len: 0 },
            Home::Engine(memory) => Kept::Engine(memory.zeros(len)?),
        };
        Ok(Writer { kept, written: 0 })
    }

    /// A vector of zeros. In a file they are really written, so that a full disk is detected here.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn zeros(&self, len: usize) -> io::Result<Values> {
        match self {
            Home::Memory => Ok(vec![0.0; len].into()),
            Home::Folder(_) => self.made(len, |_, _| Ok(())),
            Home::Engine(memory) => Ok(Values(Kept::Engine(memory.zeros(len)?))),
        }
    }

    /// A copy of a vector.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn copied(&self, from: &(impl Numbers + ?Sized)) -> io::Result<Values> {
        let (mut writer, mut buffer) = (self.begin(from.len())?, Vec::new());
        bands(from.len()).try_for_each(|band| writer.push(from.view(band, &mut buffer)?))?;
        Ok(writer.finish())
    }

    /// A vector made band by band: `make` fills each band, which begins with zeros.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn made(
        &self,
        len: usize,
        mut make: impl FnMut(Range<usize>, &mut [f32]) -> io::Result<()>,
    ) -> io::Result<Values> {
        let (mut writer, mut buffer) = (self.begin(len)?, Vec::new());
        for band in bands(len) {
            buffer.clear();
            buffer.resize(band.len(), 0.0);
            make(band, &mut buffer)?;
            writer.push(&buffer)?;
        }
        Ok(writer.finish())
    }

    /// Keeps values that are in memory.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn keep(&self, values: Vec<f32>) -> io::Result<Values> {
        match self {
            Home::Memory => Ok(values.into()),
            Home::Folder(_) | Home::Engine(_) => self.copied(&values[..]),
        }
    }
}

/// Writes a vector from its beginning to its end.
#[derive(Debug)]
pub struct Writer {
    kept: Kept,
    written: usize,
}

impl Writer {
    /// Writes the next numbers.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn push(&mut self, values: &[f32]) -> io::Result<()> {
        match &mut self.kept {
            Kept::Memory(all) => all.extend_from_slice(values),
            Kept::File { file, len } => {
                file.write_all(bytemuck::cast_slice(values))?;
                *len += values.len();
            }
            Kept::Engine(vector) => vector.write(self.written, values)?,
        }
        self.written += values.len();
        Ok(())
    }

    /// The vector.
    pub fn finish(self) -> Values {
        Values(self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::painting::BAND;

    /// Two full bands and 5 values more.
    const LEN: usize = 2 * BAND + 5;

    #[test]
    fn a_file_holds_what_memory_does() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let homes = [Home::Memory, Home::Folder(folder.path().into())];
        for home in &homes {
            let make = |band: Range<usize>, to: &mut [f32]| {
                band.zip(to).for_each(|(i, to)| *to = i as f32);
                Ok(())
            };
            let mut values = home.made(LEN, make)?;
            assert_eq!((values.len(), bands(LEN).count()), (LEN, 3));
            values.change(BAND - 1..BAND + 1, |two| two.iter_mut().for_each(|value| *value = -*value))?;
            let copy = home.copied(&values)?;
            let mut found = [0.0; 4];
            copy.read(BAND - 2, &mut found)?;
            let at = BAND as f32;
            assert_eq!(found, [at - 2.0, 1.0 - at, -at, at + 1.0]);
            let mut buffer = Vec::new();
            assert_eq!(copy.view(LEN - 1..LEN, &mut buffer)?, [(LEN - 1) as f32]);
            assert_eq!(home.zeros(3)?.view(0..3, &mut buffer)?, [0.0; 3]);
        }
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0, "a file with a name");
        Ok(())
    }
}
