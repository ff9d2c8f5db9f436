//! Vectors with a number per pixel and channel. A run keeps several of them: in memory; in files, if they would take
//! more than their share of memory; or in an engine's own memory. The files have no name and vanish with the process,
//! however it ends. Memory and files give the same bytes, because all operations on vectors work band by band.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// Numbers in a band: 16 MiB, a multiple of the chunks that threads take.
pub const BAND: usize = 1 << 22;

/// Numbers that can be read band by band.
#[allow(clippy::len_without_is_empty)] // nobody asks
pub trait Numbers {
    /// Number of values.
    fn len(&self) -> usize;

    /// The numbers of a range, either in place or read into `buffer`.
    ///
    /// # Errors
    /// Any error of the file.
    fn view<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> io::Result<&'a [f32]>;
}

/// The ranges of the bands of `len` numbers.
pub fn bands(len: usize) -> impl Iterator<Item = Range<usize>> {
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

/// Memory of an engine for vectors.
pub trait PixelMemory: fmt::Debug + Send + Sync {
    /// A vector of `len` zeros.
    ///
    /// # Errors
    /// When the memory is full or lost.
    fn zeros(&self, len: usize) -> io::Result<Box<dyn PixelVector>>;
}

/// A vector in an engine's memory. The engine finds its own type behind it by `Any`
/// ([`Values::in_engine`]).
#[allow(clippy::len_without_is_empty)] // vectors of pixels are never empty
pub trait PixelVector: Any + fmt::Debug + Send + Sync {
    /// Number of values.
    fn len(&self) -> usize;

    /// Copies the numbers from `start` on to the host.
    ///
    /// # Errors
    /// When the memory is lost.
    fn read(&self, start: usize, to: &mut [f32]) -> io::Result<()>;

    /// Copies numbers from the host, to `start` and after it.
    ///
    /// # Errors
    /// When the memory is lost.
    fn write(&mut self, start: usize, from: &[f32]) -> io::Result<()>;
}

/// A vector of f32: in memory, in a file, or in an engine.
#[derive(Debug)]
pub struct Values(pub(super) Kept);

/// The place of the numbers.
#[derive(Debug)]
pub(super) enum Kept {
    Memory(Vec<f32>),
    File { file: File, len: usize },
    Engine(Box<dyn PixelVector>),
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
            Kept::File { .. } | Kept::Engine(_) => {
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
            Kept::Engine(vector) => vector.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the numbers from `start` on into `to`.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
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
            Kept::Engine(vector) => vector.read(start, to)?,
        }
        Ok(())
    }

    /// Copies numbers to `start` and after it, in a file or an engine.
    fn write(&mut self, start: usize, from: &[f32]) -> io::Result<()> {
        match &mut self.0 {
            Kept::Memory(values) => values[start..start + from.len()].copy_from_slice(from),
            Kept::File { file, .. } => {
                seek(file, start)?;
                file.write_all(bytemuck::cast_slice(from))?;
            }
            Kept::Engine(vector) => vector.write(start, from)?,
        }
        Ok(())
    }

    /// All numbers, in the host's memory.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn into_vec(self) -> io::Result<Vec<f32>> {
        match self.0 {
            Kept::Memory(values) => Ok(values),
            Kept::File { .. } | Kept::Engine(_) => self.copied_to_host(),
        }
    }

    fn copied_to_host(&self) -> io::Result<Vec<f32>> {
        let mut values = vec![0.0; self.len()];
        self.read(0, &mut values)?;
        Ok(values)
    }

    /// Whether the numbers are in an engine's memory.
    pub fn is_in_engine(&self) -> bool {
        matches!(self.0, Kept::Engine(_))
    }

    /// The engine's vector, if it is of this type.
    pub fn in_engine<T: PixelVector>(&self) -> Option<&T> {
        let Kept::Engine(vector) = &self.0 else { return None };
        (vector.as_ref() as &dyn Any).downcast_ref()
    }

    /// Like [`in_engine`](Values::in_engine), to be changed.
    pub fn in_engine_mut<T: PixelVector>(&mut self) -> Option<&mut T> {
        let Kept::Engine(vector) = &mut self.0 else { return None };
        (vector.as_mut() as &mut dyn Any).downcast_mut()
    }

    /// Lends all numbers in the host's memory. What `work` changes is kept only if they live there.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn lend<R>(&mut self, work: impl FnOnce(&mut Vec<f32>) -> R) -> io::Result<R> {
        match &mut self.0 {
            Kept::Memory(values) => Ok(work(values)),
            Kept::File { .. } | Kept::Engine(_) => Ok(work(&mut self.copied_to_host()?)),
        }
    }

    /// Changes all numbers in the host's memory. If they live elsewhere, they are copied there and back.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn change_all<R>(&mut self, work: impl FnOnce(&mut [f32]) -> R) -> io::Result<R> {
        if let Kept::Memory(values) = &mut self.0 {
            return Ok(work(values));
        }
        let mut values = self.copied_to_host()?;
        let result = work(&mut values);
        self.write(0, &values)?;
        Ok(result)
    }

    /// Changes the numbers of a range.
    ///
    /// # Errors
    /// Any error of the file or the engine's memory.
    pub fn change(&mut self, range: Range<usize>, change: impl FnOnce(&mut [f32])) -> io::Result<()> {
        if let Kept::Memory(values) = &mut self.0 {
            change(&mut values[range]);
            return Ok(());
        }
        let mut buffer = vec![0.0; range.len()];
        self.read(range.start, &mut buffer)?;
        change(&mut buffer);
        self.write(range.start, &buffer)
    }
}

fn seek(mut file: &File, number: usize) -> io::Result<u64> {
    file.seek(SeekFrom::Start((number * size_of::<f32>()) as u64))
}
