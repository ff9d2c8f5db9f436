//! The wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as far as weights need it. The
//! fields are walked in the file, and those that are not needed are skipped unread. The reader is our own because
//! generated readers would hold a file of 550 MB in memory, twice.
//!
//! There is no recursion: the caller that walks a message walks the messages inside it by their position, to a depth
//! that the code fixes.

use std::io::{self, Read, Seek, SeekFrom};

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A string, a message or packed numbers, by position in the file.
    Bytes(Span),
}

/// A range of bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) begin: u64,
    pub(super) end: u64,
}

impl Span {
    pub(super) fn len(self) -> u64 {
        self.end - self.begin
    }
}

/// Walks the fields of the message in a span. Ends at its end, or with an error if a length is wrong.
pub(super) struct Fields<'a, R> {
    from: &'a mut R,
    at: u64,
    end: u64,
    left: usize,
}

/// Most fields of one message; a graph of ONNX has some hundreds. Millions of a few bytes each would take minutes.
const MOST_FIELDS: usize = 1 << 18;

pub(super) fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

impl<'a, R: Read + Seek> Fields<'a, R> {
    pub(super) fn of(from: &'a mut R, span: Span) -> Fields<'a, R> {
        Fields { from, at: span.begin, end: span.end, left: MOST_FIELDS }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Field>> {
        if self.at >= self.end {
            return Ok(None);
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| wrong("too many fields"))?;
        self.seek()?;
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|&n| n > 0 && n < 1 << 29);
        let number = number.ok_or_else(|| wrong("a field with an impossible number"))?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.bytes()?)),
            2 => {
                let length = self.varint()?;
                let begin = self.at;
                let end = begin.checked_add(length).filter(|&end| end <= self.end);
                let end = end.ok_or_else(|| {
                    io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        format!("a field of {length} bytes where {} are left", self.end - begin),
                    )
                })?;
                self.at = end;
                Value::Bytes(Span { begin, end })
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.bytes()?)),
            // Protocol buffers dropped groups before either format existed.
            kind => return Err(wrong(format!("a field of wire type {kind}"))),
        };
        Ok(Some(Field { number, value }))
    }

    /// Moves the reader only if it is not there already, because a seek discards its buffer.
    fn seek(&mut self) -> io::Result<()> {
        let here = self.from.stream_position()?;
        if here != self.at {
            let by = i128::from(self.at) - i128::from(here);
            match i64::try_from(by) {
                Ok(by) => self.from.seek_relative(by)?,
                Err(_) => drop(self.from.seek(SeekFrom::Start(self.at))?),
            }
        }
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        if self.end - self.at < N as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.bytes()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(wrong("a number of more than ten bytes"))
    }
}

/// Reads the bytes of a span, at most `most`.
pub(super) fn read(from: &mut (impl Read + Seek), span: Span, most: u64) -> io::Result<Vec<u8>> {
    if span.len() > most {
        return Err(wrong(format!("{} bytes where at most {most} are expected", span.len())));
    }
    from.seek(SeekFrom::Start(span.begin))?;
    let mut bytes = vec![0; span.len() as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a short text, such as a name.
pub(super) fn text(from: &mut (impl Read + Seek), span: Span) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&read(from, span, 4096)?).into_owned())
}

/// The integers of a field: one, or a packed list.
pub(super) fn whole_numbers(from: &mut (impl Read + Seek), value: Value) -> io::Result<Vec<u64>> {
    match value {
        Value::Varint(value) => Ok(vec![value]),
        Value::Bytes(span) if span.len() <= 1024 => {
            from.seek(SeekFrom::Start(span.begin))?;
            let mut fields = Fields::of(from, span);
            let mut values = Vec::new();
            while fields.at < fields.end {
                values.push(fields.varint()?);
            }
            Ok(values)
        }
        _ => Err(wrong("a list of numbers of another type")),
    }
}

/// The two kinds of models that are protocol buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Onnx,
    Caffe,
    /// It began as one of them, and ends early.
    CutOff,
}

/// Walks the file at its top level and tells its kind. ONNX (onnx.proto, `ModelProto`) has a version as field 1 and its
/// graph as field 7; Caffe (caffe.proto, `NetParameter`) has layers as fields 2 or 100, and a name or nothing as field
/// 1.
pub(super) fn kind(from: &mut (impl Read + Seek), length: u64) -> io::Result<Option<Kind>> {
    let mut fields = Fields::of(from, Span { begin: 0, end: length });
    let (mut version, mut graph, mut layers, mut known) = (false, false, false, 0);
    loop {
        match fields.next() {
            Ok(Some(Field { number, value })) => match (number, value) {
                // Versions are small numbers. The check is needed because any byte of text could look like this field.
                (1, Value::Varint(number)) if number < 100 => version = true,
                (7, Value::Bytes(_)) => graph = true,
                (2 | 100, Value::Bytes(_)) => {
                    layers = true;
                    known += 1;
                }
                (1 | 3 | 8 | 9 | 14 | 20 | 25, Value::Bytes(_)) => known += 1,
                (4..=7, _) => {}
                _ => return Ok(None),
            },
            Ok(None) => break,
            // A few bytes can look like fields by chance.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok((version || known > 2).then_some(Kind::CutOff));
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(if version && graph {
        Some(Kind::Onnx)
    } else if layers && !version {
        Some(Kind::Caffe)
    } else {
        None
    })
}
