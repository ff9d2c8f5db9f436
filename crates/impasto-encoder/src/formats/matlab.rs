//! MAT files of version 5 ("MAT-File Format", The MathWorks), as far as MatConvNet needs them: cells, structures, texts
//! and numbers, compressed or not, little-endian.
//!
//! The reader is our own because a file is one compressed variable of 550 MB. It is decompressed as a stream, and only
//! arrays that a network may need are kept. A file that decompresses to more than a network can have is refused on the
//! way.

use std::io::{self, Read};
use std::rc::Rc;

use flate2::read::ZlibDecoder;

use super::MOST_VALUES;

/// Types of data elements.
const UINT16: u32 = 4;
const UTF16: u32 = 17;
const MATRIX: u32 = 14;
const PACKED: u32 = 15;

/// Classes of arrays.
const CELL: u8 = 1;
const STRUCT: u8 = 2;
const OBJECT: u8 = 3;
const CHAR: u8 = 4;
const FIRST_NUMBERS: u8 = 6;
const LAST_NUMBERS: u8 = 15;

/// Deepest nesting of arrays; MatConvNet has five levels.
const DEEPEST: usize = 12;
/// Most arrays of any kind in a file; VGG-19 has a few thousand, mostly names of classes.
const MOST_ARRAYS: usize = 100_000;
/// Most bytes that a file may decompress to; VGG-19 has 0.6 GB.
const MOST_BYTES: u64 = 4 << 30;
/// Longest text and longest list of field names.
const LONGEST_TEXT: u64 = 1 << 16;

/// Longest name of a field, with the zero at its end.
const LONGEST_NAME: usize = 64;
/// Arrays of numbers up to this length are kept whatever their shape: biases, and a mean for each pixel
/// (224 x 224 x 3).
const SHORT: usize = 1 << 18;

/// The content of an array.
#[derive(Debug)]
pub(super) enum Value {
    /// Numbers, the first side fastest; `None` for numbers that no network needs.
    Numbers {
        sides: Vec<usize>,
        values: Option<Vec<f32>>,
    },
    Text(String),
    Cell(Vec<Value>),
    /// One structure.
    Struct(Vec<(Rc<str>, Value)>),
    /// Something else, left unread.
    Other,
}

impl Value {
    /// The field of a structure.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Struct(fields) => fields.iter().find(|field| *field.0 == *name).map(|field| &field.1),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn cells(&self) -> &[Value] {
        match self {
            Value::Cell(cells) => cells,
            _ => &[],
        }
    }
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Reads all variables of a file, with their names.
pub(super) fn read(mut from: impl Read) -> io::Result<Vec<(String, Value)>> {
    let mut header = [0; 128];
    from.read_exact(&mut header)?;
    if header[126..] != *b"IM" {
        return Err(wrong("expected a little-endian file"));
    }
    let mut walk = Walk { arrays: MOST_ARRAYS, values: MOST_VALUES, bytes: MOST_BYTES };
    let mut variables = Vec::new();
    while let Some(Tag { kind, length, .. }) = walk.tag_or_end(&mut from)? {
        let mut element = (&mut from).take(length);
        match kind {
            MATRIX => variables.push(walk.matrix(&mut element, 0)?),
            PACKED => {
                let mut unpacked = ZlibDecoder::new(&mut element);
                let tag = walk.tag(&mut unpacked)?;
                if tag.kind == MATRIX {
                    let mut matrix = (&mut unpacked).take(tag.length);
                    variables.push(walk.matrix(&mut matrix, 0)?);
                }
            }
            _ => {}
        }
        // Lengths of compressed elements are not rounded up; all others are.
        let padding = if kind == PACKED { 0 } else { length.wrapping_neg() % 8 };
        let mut rest = element.limit();
        rest += padding;
        walk.skip(&mut from, rest)?;
    }
    Ok(variables)
}

struct Walk {
    arrays: usize,
    values: usize,
    bytes: u64,
}

struct Tag {
    kind: u32,
    length: u64,
    /// The data itself, when it is short enough to be in the tag.
    inside: Option<[u8; 4]>,
}

impl Walk {
    fn tag_or_end(&mut self, from: &mut dyn Read) -> io::Result<Option<Tag>> {
        match read_some(from)? {
            Some(first) => self.tag(&mut first.chain(from)).map(Some),
            None => Ok(None),
        }
    }

    fn tag(&mut self, from: &mut dyn Read) -> io::Result<Tag> {
        let mut bytes = [0; 8];
        from.read_exact(&mut bytes)?;
        self.spend(8)?;
        let [a, b, c, d, rest @ ..] = bytes;
        let kind = u32::from_le_bytes([a, b, c, d]);
        if kind >> 16 == 0 {
            return Ok(Tag { kind, length: u64::from(u32::from_le_bytes(rest)), inside: None });
        }
        let length = u64::from(kind >> 16);
        if length > 4 {
            return Err(wrong(format!("a short element of {length} bytes")));
        }
        Ok(Tag { kind: kind & 0xffff, length, inside: Some(rest) })
    }

    fn spend(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or_else(|| wrong(format!("it unpacks to more than {} GB", MOST_BYTES >> 30)))?;
        Ok(())
    }

    fn skip(&mut self, from: &mut dyn Read, length: u64) -> io::Result<()> {
        self.spend(length)?;
        if io::copy(&mut from.take(length), &mut io::sink())? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Reads a short element: text, sides or flags.
    fn small(&mut self, from: &mut dyn Read) -> io::Result<(u32, Vec<u8>)> {
        let Tag { kind, length, inside } = self.tag(from)?;
        if let Some(bytes) = inside {
            return Ok((kind, bytes[..length as usize].to_vec()));
        }
        if length > LONGEST_TEXT {
            return Err(wrong(format!("{length} bytes where a text or some numbers are expected")));
        }
        let mut bytes = vec![0; length as usize];
        from.read_exact(&mut bytes)?;
        self.spend(length)?;
        self.skip(from, length.wrapping_neg() % 8)?;
        Ok((kind, bytes))
    }

    /// Reads the array in an element. The tag was read before, and `from` ends where the element ends.
    fn matrix(&mut self, from: &mut dyn Read, depth: usize) -> io::Result<(String, Value)> {
        self.arrays = self.arrays.checked_sub(1).ok_or_else(|| wrong("too many arrays"))?;
        if depth > DEEPEST {
            return Err(wrong("arrays nested too deeply"));
        }
        let Some(first) = read_some(from)? else {
            // An empty array may have no content.
            return Ok((String::new(), Value::Other));
        };
        let (_, flags) = self.small(&mut first.chain(&mut *from))?;
        let class = flags.first().copied().unwrap_or(0);
        let (_, sides) = self.small(from)?;
        let sides: Vec<usize> = sides
            .chunks_exact(4)
            .map(|b| usize::try_from(i32::from_le_bytes([b[0], b[1], b[2], b[3]])).unwrap_or(usize::MAX))
            .collect();
        let count = sides.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
        let count = count.ok_or_else(|| wrong(format!("an array of {sides:?}")))?;
        let (_, name) = self.small(from)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        let value = match class {
            CELL => Value::Cell(self.elements(from, count, depth)?),
            STRUCT => self.structs(from, count, depth)?,
            OBJECT => {
                self.small(from)?;
                self.structs(from, count, depth)?
            }
            CHAR => {
                let (kind, bytes) = self.small(from)?;
                // Texts are kept like values, and count towards the same limit.
                self.values = self.values.checked_sub(bytes.len()).ok_or_else(|| wrong("too much text"))?;
                Value::Text(if kind == UINT16 || kind == UTF16 {
                    let units: Vec<u16> =
                        bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
                    String::from_utf16_lossy(&units)
                } else {
                    String::from_utf8_lossy(&bytes).into_owned()
                })
            }
            FIRST_NUMBERS..=LAST_NUMBERS => self.numbers(from, sides, count)?,
            _ => Value::Other,
        };
        // The rest is not needed: imaginary parts, sparse arrays, functions.
        let rest = io::copy(&mut from.take(self.bytes.saturating_add(1)), &mut io::sink())?;
        self.spend(rest)?;
        Ok((name, value))
    }

    fn elements(&mut self, from: &mut dyn Read, count: usize, depth: usize) -> io::Result<Vec<Value>> {
        let mut values = Vec::new();
        for _ in 0..count {
            let Tag { kind, length, .. } = self.tag(from)?;
            if kind != MATRIX {
                return Err(wrong(format!("an element of type {kind} in a cell or structure")));
            }
            let mut element = (&mut *from).take(length);
            values.push(self.matrix(&mut element, depth + 1)?.1);
            if element.limit() > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(values)
    }

    fn structs(&mut self, from: &mut dyn Read, count: usize, depth: usize) -> io::Result<Value> {
        let (_, length) = self.small(from)?;
        let length = length.first_chunk().map_or(0, |b| u32::from_le_bytes(*b)) as usize;
        let (_, names) = self.small(from)?;
        if length == 0 && !names.is_empty() {
            return Err(wrong("names of fields without a length"));
        }
        // Each structure of an array holds the names, so that long ones would take many times the file's size.
        if length > LONGEST_NAME {
            return Err(wrong(format!("names of {length} characters, where MATLAB has at most 63")));
        }
        let names: Vec<Rc<str>> = names
            .chunks(length.max(1))
            .map(|name| Rc::from(String::from_utf8_lossy(name).trim_end_matches('\0')))
            .collect();
        let mut structs = Vec::new();
        // Structures without fields have no elements, so the file's length does not limit their number.
        for _ in 0..if names.is_empty() { 0 } else { count } {
            let values = self.elements(from, names.len(), depth)?;
            structs.push(Value::Struct(names.iter().cloned().zip(values).collect()));
        }
        Ok(match <[Value; 1]>::try_from(structs) {
            Ok([one]) => one,
            Err(many) => Value::Cell(many),
        })
    }

    /// Reads numbers of any type: MATLAB stores them in the smallest type that holds them.
    fn numbers(&mut self, from: &mut dyn Read, sides: Vec<usize>, count: usize) -> io::Result<Value> {
        let Tag { kind, length, inside } = self.tag(from)?;
        let decode = decoder(kind).ok_or_else(|| wrong(format!("numbers of type {kind}")))?;
        if Some(length) != (count as u64).checked_mul(decode.bytes as u64) {
            return Err(wrong(format!("{length} bytes for an array of {sides:?}")));
        }
        let is_kernel = sides.starts_with(&[3, 3]) && sides.len() <= 4;
        if !is_kernel && count > SHORT {
            return Ok(Value::Numbers { sides, values: None });
        }
        self.values = self
            .values
            .checked_sub(count)
            .ok_or_else(|| wrong(format!("more than {MOST_VALUES} weights, where VGG-19 has 20 million")))?;
        self.spend(length)?;
        if let Some(bytes) = inside {
            let values = bytes[..length as usize].chunks_exact(decode.bytes).map(decode.value).collect();
            return Ok(Value::Numbers { sides, values: Some(values) });
        }
        // Reads in pieces, so that a false length is never allocated.
        let mut values = Vec::new();
        let mut left = length;
        let mut piece = vec![0; 1 << 16];
        while left > 0 {
            let size = left.min(1 << 16) as usize;
            from.read_exact(&mut piece[..size])?;
            values.extend(piece[..size].chunks_exact(decode.bytes).map(decode.value));
            left -= size as u64;
        }
        Ok(Value::Numbers { sides, values: Some(values) })
    }
}

/// The next byte, to be chained before the rest; `None` at the end.
fn read_some(from: &mut dyn Read) -> io::Result<Option<io::Cursor<[u8; 1]>>> {
    let mut first = [0; 1];
    loop {
        match from.read(&mut first) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(io::Cursor::new(first))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

struct Decoder {
    bytes: usize,
    value: fn(&[u8]) -> f32,
}

/// How to read a number of a data element's type.
fn decoder(kind: u32) -> Option<Decoder> {
    let (bytes, value): (usize, fn(&[u8]) -> f32) = match kind {
        1 => (1, |b| f32::from(b[0] as i8)),
        2 => (1, |b| f32::from(b[0])),
        3 => (2, |b| f32::from(i16::from_le_bytes([b[0], b[1]]))),
        4 => (2, |b| f32::from(u16::from_le_bytes([b[0], b[1]]))),
        5 => (4, |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32),
        6 => (4, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32),
        7 => (4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        9 => (8, |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32),
        12 => (8, |b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32),
        13 => (8, |b| u64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32),
        _ => return None,
    };
    Some(Decoder { bytes, value })
}
