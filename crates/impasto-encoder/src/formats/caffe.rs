//! Caffe models (caffe.proto, `NetParameter`): layers of the first version (`layers`, field 2) or of the second
//! (`layer`, field 100) with their blobs. For each blob the shape and the position of its numbers are noted.
//!
//! Kernels are stored as `[out, in, height, width]`. Caffe reads pictures with OpenCV, as BGR in 0..255, and all VGG
//! files take them minus the mean.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use super::listing::{Listed, Listing};
use super::protobuf::{Field, Fields, Span, Value, text, whole_numbers, wrong};
use super::{Convention, Format, MOST_TENSORS, Opened, Reader, Tensors, count, damaged, no_network};
use crate::layout::Shapes;
use crate::{ChannelOrder, EncoderError, InputMap};

/// `V1LayerParameter.LayerType`.
const V1_CONVOLUTION: u64 = 4;
const V1_POOLING: u64 = 17;

pub(super) fn open(file: &str, mut reader: Reader) -> Result<Opened<'static>, EncoderError> {
    let listing = list(&mut reader).map_err(|error| damaged(file, Format::Caffe, error))?;
    let Listed { shapes, keys, arrangement } = listing.finish().map_err(|why| no_network(file, why))?;
    Ok(Opened {
        format: Format::Caffe,
        tensors: Box::new(Caffe { file: file.into(), reader, keys, shapes }),
        arrangement,
        convention: Some(Convention { order: ChannelOrder::Bgr, input: InputMap::caffe().turned() }),
        metadata: BTreeMap::new(),
    })
}

/// The numbers of one array: their pieces in the file, and the width of a number.
#[derive(Debug)]
struct Numbers {
    pieces: Vec<Span>,
    bytes: usize,
}

fn list<R: Read + Seek>(from: &mut R) -> io::Result<Listing<Numbers>> {
    let end = from.seek(SeekFrom::End(0))?;
    let mut layers = Vec::new();
    let mut fields = Fields::of(from, Span { begin: 0, end });
    while let Some(Field { number, value }) = fields.next()? {
        if let (2 | 100, Value::Bytes(span)) = (number, value) {
            layers.push((number, span));
        }
        if layers.len() > MOST_TENSORS {
            return Err(wrong("too many layers"));
        }
    }
    let mut listing = Listing::new();
    for (version, span) in layers {
        let layer = if version == 2 { Layer::first(from, span)? } else { Layer::second(from, span)? };
        if layer.is_pooling {
            listing.pool();
        }
        if layer.is_normalisation {
            listing.normalisation(&layer.name);
        }
        if !layer.is_convolution {
            continue;
        }
        let mut blobs = layer.blobs.into_iter();
        let Some(kernel) = blobs.next() else { continue };
        let kernel = blob(from, kernel)?;
        let bias = blobs.next().map(|span| blob(from, span)).transpose()?;
        // Old files store a vector as a blob of four sides.
        let bias = bias.map(|(numbers, shape)| {
            let last = shape.iter().position(|&side| side != 1).unwrap_or(shape.len().saturating_sub(1));
            (numbers, shape[last..].to_vec())
        });
        listing.conv(&layer.name, kernel, bias);
    }
    Ok(listing)
}

#[derive(Default)]
struct Layer {
    name: String,
    is_convolution: bool,
    is_pooling: bool,
    is_normalisation: bool,
    blobs: Vec<Span>,
}

impl Layer {
    fn first<R: Read + Seek>(from: &mut R, span: Span) -> io::Result<Layer> {
        let mut layer = Layer::default();
        let mut name = None;
        let mut fields = Fields::of(from, span);
        while let Some(Field { number, value }) = fields.next()? {
            match (number, value) {
                (4, Value::Bytes(span)) => name = Some(span),
                (5, Value::Varint(kind)) => {
                    layer.is_convolution = kind == V1_CONVOLUTION;
                    layer.is_pooling = kind == V1_POOLING;
                }
                (6, Value::Bytes(span)) => layer.push(span)?,
                _ => {}
            }
        }
        layer.named(from, name)
    }

    fn second<R: Read + Seek>(from: &mut R, span: Span) -> io::Result<Layer> {
        let mut layer = Layer::default();
        let (mut name, mut kind) = (None, None);
        let mut fields = Fields::of(from, span);
        while let Some(Field { number, value }) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(span)) => name = Some(span),
                (2, Value::Bytes(span)) => kind = Some(span),
                (7, Value::Bytes(span)) => layer.push(span)?,
                _ => {}
            }
        }
        let kind = kind.map(|span| text(from, span)).transpose()?.unwrap_or_default();
        layer.is_convolution = kind == "Convolution";
        layer.is_pooling = kind == "Pooling";
        layer.is_normalisation = ["BatchNorm", "BN", "Scale"].contains(&kind.as_str());
        layer.named(from, name)
    }

    fn push(&mut self, blob: Span) -> io::Result<()> {
        self.blobs.push(blob);
        if self.blobs.len() > MOST_TENSORS { Err(wrong("too many blobs")) } else { Ok(()) }
    }

    fn named<R: Read + Seek>(mut self, from: &mut R, name: Option<Span>) -> io::Result<Layer> {
        self.name = name.map(|span| text(from, span)).transpose()?.unwrap_or_default();
        Ok(self)
    }
}

/// `BlobProto`: shape and position of the numbers.
fn blob<R: Read + Seek>(from: &mut R, span: Span) -> io::Result<(Numbers, Vec<usize>)> {
    let mut old = [None; 4];
    let mut shape = None;
    let mut numbers = Numbers { pieces: Vec::new(), bytes: 4 };
    let mut fields = Fields::of(from, span);
    while let Some(Field { number, value }) = fields.next()? {
        match (number, value) {
            (1..=4, Value::Varint(side)) => old[number as usize - 1] = Some(side),
            (5, Value::Bytes(span)) => numbers.pieces.push(span),
            (8, Value::Bytes(span)) => {
                numbers.bytes = 8;
                numbers.pieces.push(span);
            }
            (5 | 8, _) => return Err(wrong("numbers that are not packed")),
            (7, Value::Bytes(span)) => shape = Some(span),
            _ => {}
        }
        if numbers.pieces.len() > MOST_TENSORS {
            return Err(wrong("too many pieces"));
        }
    }
    let sides = match shape {
        Some(span) => {
            let mut sides = Vec::new();
            let mut dims = Vec::new();
            let mut fields = Fields::of(from, span);
            while let Some(Field { number, value }) = fields.next()? {
                if number == 1 {
                    dims.push(value);
                }
                if dims.len() > 32 {
                    return Err(wrong("a blob of more than 32 sides"));
                }
            }
            for value in dims {
                sides.extend(whole_numbers(from, value)?);
            }
            sides
        }
        None => old.into_iter().map(|side| side.unwrap_or(1)).collect(),
    };
    let shape = sides.into_iter().map(|side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
    Ok((numbers, shape))
}

struct Caffe {
    file: String,
    reader: Reader,
    keys: BTreeMap<String, Numbers>,
    shapes: Shapes,
}

impl Tensors for Caffe {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        let Numbers { pieces, bytes } = &self.keys[tensor];
        let shape = &self.shapes[tensor];
        let stored: u64 = pieces.iter().map(|piece| piece.len()).sum();
        // The file holds everything that is allocated below.
        if count(shape).map(|values| (values * bytes) as u64) != Some(stored) {
            let found = format!("{tensor}: {stored} bytes of numbers for a shape of {shape:?}");
            return Err(damaged(&self.file, Format::Caffe, found));
        }
        let mut values = Vec::with_capacity(stored as usize / bytes);
        for &piece in pieces {
            let raw = super::protobuf::read(&mut self.reader, piece, stored)
                .map_err(|source| EncoderError::Io { file: self.file.clone(), source })?;
            match bytes {
                8 => values
                    .extend(raw.chunks_exact(8).map(|b| {
                        f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32
                    })),
                _ => values.extend(raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
            }
        }
        Ok(values)
    }
}
