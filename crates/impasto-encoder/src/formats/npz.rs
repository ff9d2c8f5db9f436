//! Arrays of NumPy in a zip archive (numpy.lib.format): with the usual names (`conv1_1.weight`, `features.0.weight`,
//! `conv1_1_W`, `block1_conv1/kernel`), or numbered (`arr_0`, `arr_1`, ...) with kernels and biases in turn.
//!
//! Kernels are stored as `[out, in, height, width]` or as `[height, width, in, out]`; their sides tell which.
//!
//! The header of an array is a line of Python. The code here expects the form that `numpy.save` writes. It is no parser
//! of Python, so that nested brackets cannot exhaust the stack.

use std::collections::BTreeMap;
use std::io::{self, Read};

use half::f16;
use zip::ZipArchive;

use super::listing::{Listed, Listing, natural};
use super::{
    Arrangement, Format, MOST_TENSORS, Opened, Reader, Tensors, count, damaged, from_hwio, no_network,
};
use crate::EncoderError;
use crate::layout::Shapes;

/// Longest header; NumPy writes about 128 bytes.
const LONGEST_HEADER: usize = 1 << 12;

#[derive(Clone, Debug)]
struct Array {
    index: usize,
    /// The shape in the file.
    shape: Vec<usize>,
    kind: Kind,
    /// True for column-major order: the first side is fastest.
    is_fortran: bool,
    is_hwio: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    F16,
    F32,
    F64,
}

pub(super) fn open(file: &str, reader: Reader) -> Result<Opened<'static>, EncoderError> {
    let wrong = |error: &dyn std::fmt::Display| damaged(file, Format::Npz, error);
    let mut archive = ZipArchive::new(reader).map_err(|error| wrong(&error))?;
    if archive.len() > MOST_TENSORS {
        return Err(wrong(&"too many arrays"));
    }
    let mut arrays: Vec<(String, Array)> = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| wrong(&error))?;
        let name = entry.name().map_err(|error| wrong(&error))?.to_string();
        let Some(name) = name.strip_suffix(".npy") else { continue };
        if let Some((kind, is_fortran, shape)) = header(&mut entry).map_err(|error| wrong(&error))? {
            arrays.push((name.to_string(), Array { index, shape, kind, is_fortran, is_hwio: false }));
        }
    }
    decide_layout(&mut arrays);
    let Listed { shapes, keys, arrangement } = list(arrays).map_err(|why| no_network(file, why))?;
    Ok(Opened {
        format: Format::Npz,
        tensors: Box::new(Npz { file: file.into(), archive, keys, shapes }),
        arrangement,
        convention: None,
        metadata: BTreeMap::new(),
    })
}

/// Decides the layout by the position of `[3, 3]`: height and width come first in all kernels, or in none.
fn decide_layout(arrays: &mut [(String, Array)]) {
    let mut kernels = arrays.iter().filter(|(_, array)| array.shape.len() == 4).peekable();
    let is_hwio = kernels.peek().is_some()
        && kernels.all(|(_, array)| array.shape.starts_with(&[3, 3]) || !array.shape.ends_with(&[3, 3]))
        && arrays.iter().any(|(_, array)| array.shape.len() == 4 && !array.shape.ends_with(&[3, 3]));
    arrays.iter_mut().for_each(|(_, array)| array.is_hwio = is_hwio && array.shape.len() == 4);
}

fn turned(array: &Array) -> Vec<usize> {
    match array.shape[..] {
        [height, width, inputs, outputs] if array.is_hwio => vec![outputs, inputs, height, width],
        _ => array.shape.clone(),
    }
}

fn list(mut arrays: Vec<(String, Array)>) -> Result<Listed<Array>, String> {
    let is_own =
        |name: &str| name.ends_with(".weight") && (name.starts_with("features.") || name == "input.weight");
    if arrays.iter().any(|(name, _)| is_own(name)) {
        // These names are known and stay as they are.
        let shapes = arrays.iter().map(|(name, array)| (name.clone(), turned(array))).collect();
        return Ok(Listed { shapes, keys: arrays.into_iter().collect(), arrangement: Arrangement::Names });
    }
    arrays.sort_by_key(|(name, _)| natural(name));
    let mut listing = Listing::new();
    // Kernels and biases follow each other, in either order within a layer.
    let kernels: Vec<&(String, Array)> = arrays.iter().filter(|(_, a)| a.shape.len() == 4).collect();
    let biases: Vec<&(String, Array)> = arrays.iter().filter(|(_, a)| a.shape.len() == 1).collect();
    for (place, (name, kernel)) in kernels.into_iter().enumerate() {
        let bias = biases.get(place).map(|(_, bias)| (bias.clone(), bias.shape.clone()));
        listing.conv(name, (kernel.clone(), turned(kernel)), bias);
    }
    listing.finish()
}

/// Type, order and shape of an array; `None` when its elements are not floating-point numbers.
fn header(from: &mut impl Read) -> io::Result<Option<(Kind, bool, Vec<usize>)>> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut start = [0; 8];
    from.read_exact(&mut start)?;
    if start[..6] != *b"\x93NUMPY" {
        return Err(wrong("an array without NumPy's magic number"));
    }
    let length = if start[6] == 1 {
        let mut length = [0; 2];
        from.read_exact(&mut length)?;
        usize::from(u16::from_le_bytes(length))
    } else {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        u32::from_le_bytes(length) as usize
    };
    if length > LONGEST_HEADER {
        return Err(wrong("an array with a header that is too long"));
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let after = |key: &str| {
        let (_, rest) = text.split_once(key).ok_or_else(|| wrong("an array with an unknown header"))?;
        Ok::<&str, io::Error>(rest.trim_start_matches(['\'', '"', ':', ' ']))
    };
    let kind = match after("descr")?.get(..3) {
        Some("<f2") => Kind::F16,
        Some("<f4") => Kind::F32,
        Some("<f8") => Kind::F64,
        _ => return Ok(None),
    };
    let is_fortran = after("fortran_order")?.starts_with("True");
    let sides = after("shape")?.trim_start_matches('(');
    let sides = sides.split_once(')').ok_or_else(|| wrong("an array without a shape"))?.0;
    let sides = sides.split(',').map(str::trim).filter(|side| !side.is_empty());
    let shape = sides
        .map(|side| side.trim_end_matches('L').parse().map_err(|_| wrong("a side that is not a number")));
    Ok(Some((kind, is_fortran, shape.collect::<io::Result<_>>()?)))
}

struct Npz {
    file: String,
    archive: ZipArchive<Reader>,
    keys: BTreeMap<String, Array>,
    shapes: Shapes,
}

impl Tensors for Npz {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        let wrong =
            |found: &dyn std::fmt::Display| damaged(&self.file, Format::Npz, format!("{tensor}: {found}"));
        let array = &self.keys[tensor];
        let count = count(&array.shape).ok_or_else(|| wrong(&format!("a shape of {:?}", array.shape)))?;
        let mut entry = self.archive.by_index(array.index).map_err(|error| wrong(&error))?;
        header(&mut entry).map_err(|error| wrong(&error))?;
        let bytes = match array.kind {
            Kind::F16 => 2,
            Kind::F32 => 4,
            Kind::F64 => 8,
        };
        // The archive may state a false size, so the bytes are counted as they come, up to the expected number.
        let mut raw = Vec::new();
        let expected = (count * bytes) as u64;
        entry.take(expected).read_to_end(&mut raw).map_err(|error| wrong(&error))?;
        if raw.len() as u64 != expected {
            return Err(wrong(&format!("{} bytes for a shape of {:?}", raw.len(), array.shape)));
        }
        let values: Vec<f32> = match array.kind {
            Kind::F16 => raw.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            Kind::F32 => raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Kind::F64 => raw
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
        };
        let values = if array.is_fortran { last_side_fastest(&values, &array.shape) } else { values };
        Ok(match <[usize; 4]>::try_from(array.shape.as_slice()) {
            Ok(sides) if array.is_hwio => from_hwio(&values, sides),
            _ => values,
        })
    }
}

/// Reorders values from column-major to row-major order.
fn last_side_fastest(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut place = vec![0; shape.len()];
    let mut turned = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        let from = place.iter().zip(shape).rev().fold(0, |from, (&at, &side)| from * side + at);
        turned.push(values[from]);
        for (at, &side) in place.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < side {
                break;
            }
            *at = 0;
        }
    }
    turned
}
