//! Vectors with a number per pixel and channel. A run keeps several of them: in memory, or, if they would take more
//! than their share of it, in files. The files have no name and vanish with the process, however it ends. Both give
//! the same bytes, because all operations on vectors work band by band.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;

/// Numbers in a band: 16 MiB, a multiple of the chunks that threads take.
pub(crate) const BAND: usize = 1 << 22;

/// Numbers that can be read band by band.
pub(crate) trait Numbers {
    /// Number of values.
    fn len(&self) -> usize;

    /// The numbers of a range, either in place or read into `buffer`.
    ///
    /// # Errors
    /// Any error of the file.
    fn view<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> io::Result<&'a [f32]>;
}

/// The ranges of the bands of `len` numbers.
pub(crate) fn bands(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(BAND).map(move |start| start..(start + BAND).min(len))
}

impl<T: AsRef<[f32]> + ?Sized> Numbers for T {
    fn len(&self) -> usize {
        self.as_ref().len()
    }

    fn view<'a>(&'a self, range: Range<usize>, _: &'a mut Vec<f32>) -> io::Result<&'a [f32]> {
        Ok(&self.as_ref()[range])
    }
}

/// A vector of f32, in memory or in a file.
#[derive(Debug)]
pub struct Values(Kept);

#[derive(Debug)]
enum Kept {
    Memory(Vec<f32>),
    File { file: File, len: usize },
}

impl Default for Values {
    fn default() -> Values {
        Vec::new().into()
    }
}

impl From<Vec<f32>> for Values {
    fn from(values: Vec<f32>) -> Values {
        Values(Kept::Memory(values))
    }
}

impl Numbers for Values {
    fn len(&self) -> usize {
        self.len()
    }

    fn view<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> io::Result<&'a [f32]> {
        match &self.0 {
            Kept::Memory(values) => Ok(&values[range]),
            Kept::File { .. } => {
                buffer.resize(range.len(), 0.0);
                self.read(range.start, buffer)?;
                Ok(buffer)
            }
        }
    }
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Memory(values) => values.len(),
            Kept::File { len, .. } => *len,
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the numbers from `start` on into `to`.
    ///
    /// # Errors
    /// Any error of the file.
    ///
    /// # Panics
    /// If the range ends beyond the vector.
    pub fn read(&self, start: usize, to: &mut [f32]) -> io::Result<()> {
        assert!(start + to.len() <= self.len(), "beyond the end");
        match &self.0 {
            Kept::Memory(values) => to.copy_from_slice(&values[start..start + to.len()]),
            Kept::File { file, .. } => {
                seek(file, start)?;
                (&*file).read_exact(bytemuck::cast_slice_mut(to))?;
            }
        }
        Ok(())
    }

    /// All numbers, in memory.
    pub(crate) fn into_vec(self) -> io::Result<Vec<f32>> {
        match self.0 {
            Kept::Memory(values) => Ok(values),
            Kept::File { len, .. } => {
                let mut values = vec![0.0; len];
                self.read(0, &mut values)?;
                Ok(values)
            }
        }
    }

    /// Changes the numbers of a range.
    pub(super) fn change(&mut self, range: Range<usize>, change: impl FnOnce(&mut [f32])) -> io::Result<()> {
        if let Kept::Memory(values) = &mut self.0 {
            change(&mut values[range]);
            return Ok(());
        }
        let mut buffer = vec![0.0; range.len()];
        self.read(range.start, &mut buffer)?;
        change(&mut buffer);
        if let Kept::File { file, .. } = &self.0 {
            seek(file, range.start)?;
            (&*file).write_all(bytemuck::cast_slice(&buffer))?;
        }
        Ok(())
    }
}

fn seek(mut file: &File, number: usize) -> io::Result<u64> {
    file.seek(SeekFrom::Start((number * size_of::<f32>()) as u64))
}

/// The place where vectors are kept.
#[derive(Clone, Debug, Default)]
pub(crate) enum Home {
    #[default]
    Memory,
    /// In files in this folder.
    Folder(PathBuf),
}

impl Home {
    /// Begins a vector of `len` numbers.
    pub(crate) fn begin(&self, len: usize) -> io::Result<Writer> {
        Ok(Writer(match self {
            Home::Memory => Kept::Memory(Vec::with_capacity(len)),
            Home::Folder(folder) => Kept::File { file: tempfile::tempfile_in(folder)?, len: 0 },
        }))
    }

    /// A vector of zeros. In a file they are really written, so that a full disk is detected here.
    pub(crate) fn zeros(&self, len: usize) -> io::Result<Values> {
        match self {
            Home::Memory => Ok(vec![0.0; len].into()),
            Home::Folder(_) => self.made(len, |_, _| Ok(())),
        }
    }

    /// A copy of a vector.
    pub(crate) fn copied(&self, from: &(impl Numbers + ?Sized)) -> io::Result<Values> {
        let (mut writer, mut buffer) = (self.begin(from.len())?, Vec::new());
        bands(from.len()).try_for_each(|band| writer.push(from.view(band, &mut buffer)?))?;
        Ok(writer.finish())
    }

    /// A vector made band by band: `make` fills each band, which begins with zeros.
    pub(crate) fn made(
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
    pub(crate) fn keep(&self, values: Vec<f32>) -> io::Result<Values> {
        match self {
            Home::Memory => Ok(values.into()),
            Home::Folder(_) => self.copied(&values[..]),
        }
    }
}

/// Writes a vector from its beginning to its end.
pub(crate) struct Writer(Kept);

impl Writer {
    pub(crate) fn push(&mut self, values: &[f32]) -> io::Result<()> {
        match &mut self.0 {
            Kept::Memory(all) => all.extend_from_slice(values),
            Kept::File { file, len } => {
                file.write_all(bytemuck::cast_slice(values))?;
                *len += values.len();
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Values {
        Values(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
