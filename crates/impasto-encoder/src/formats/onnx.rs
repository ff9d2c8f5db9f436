//! ONNX models (onnx.proto, `ModelProto`): the convolutions in the order of the graph, whatever names the exporter gave
//! to their weights. Only weights inside the file are read.
//!
//! Kernels are stored as `[out, in, height, width]`. The file does not say what the graph takes as input.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Seek, SeekFrom};

use half::{bf16, f16};

use super::listing::{Listed, Listing};
use super::protobuf::{Field, Fields, Span, Value, read, text, whole_numbers, wrong};
use super::{Format, MOST_TENSORS, Opened, Reader, Tensors, count, damaged, no_network};
use crate::EncoderError;
use crate::layout::Shapes;

/// The operators that may lie between the picture and the last convolution, besides convolutions and poolings.
const HARMLESS: [&str; 6] = ["Relu", "Pad", "Identity", "Constant", "Dropout", "Cast"];

/// The element types of `TensorProto.DataType` that weights may have.
#[derive(Clone, Copy, Debug)]
enum Element {
    F32,
    F16,
    F64,
    Bf16,
}

#[derive(Clone, Debug)]
struct Stored {
    element: Element,
    place: Span,
}

pub(super) fn open(file: &str, mut reader: Reader) -> Result<Opened<'static>, EncoderError> {
    let graph = Graph::read(&mut reader).map_err(|error| damaged(file, Format::Onnx, error))?;
    let Listed { shapes, keys, arrangement } = graph.list().map_err(|why| no_network(file, why))?;
    Ok(Opened {
        format: Format::Onnx,
        tensors: Box::new(Onnx { file: file.into(), reader, keys, shapes }),
        arrangement,
        convention: None,
        metadata: BTreeMap::new(),
    })
}

#[derive(Default)]
struct Graph {
    nodes: Vec<Node>,
    /// `Err` says why a tensor cannot be read; this matters only if the tensor is needed.
    tensors: HashMap<String, (Vec<usize>, Result<Stored, String>)>,
}

#[derive(Default)]
struct Node {
    kind: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    /// Whole numbers by name: `strides`, `dilations`, `group`.
    numbers: HashMap<String, Vec<u64>>,
    /// The value of a constant.
    tensor: Option<Span>,
}

impl Graph {
    fn read<R: Read + Seek>(from: &mut R) -> io::Result<Graph> {
        let end = from.seek(SeekFrom::End(0))?;
        let mut graph = None;
        let mut fields = Fields::of(from, Span { begin: 0, end });
        while let Some(Field { number, value }) = fields.next()? {
            if let (7, Value::Bytes(span)) = (number, value) {
                graph = Some(span);
            }
        }
        let (mut nodes, mut initialisers) = (Vec::new(), Vec::new());
        let mut fields = Fields::of(from, graph.ok_or_else(|| wrong("no graph"))?);
        while let Some(Field { number, value }) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(span)) => nodes.push(span),
                (5, Value::Bytes(span)) => initialisers.push(span),
                _ => {}
            }
            if nodes.len() + initialisers.len() > MOST_TENSORS {
                return Err(wrong("too many nodes"));
            }
        }
        let mut read = Graph::default();
        for span in initialisers {
            let (name, shape, stored) = tensor(from, span)?;
            read.tensors.insert(name, (shape, stored));
        }
        for span in nodes {
            let node = node(from, span)?;
            if let (Some(span), Some(output)) = (node.tensor, node.outputs.first()) {
                let (_, shape, stored) = tensor(from, span)?;
                read.tensors.insert(output.clone(), (shape, stored));
            }
            read.nodes.push(node);
        }
        Ok(read)
    }

    /// Lists the convolutions. The specification requires nodes to be in an order in which they can be computed.
    fn list(self) -> Result<Listed<(String, Stored)>, String> {
        let Graph { nodes, tensors } = self;
        let is_conv = |node: &Node| {
            let shape = node.inputs.get(1).and_then(|name| tensors.get(name)).map(|tensor| &tensor.0);
            node.kind == "Conv" && shape.is_some_and(|shape| shape.ends_with(&[3, 3]))
        };
        let last =
            nodes.iter().rposition(is_conv).ok_or("no convolution of 3x3 with its weights in the file")?;
        let mut listing = Listing::new();
        for node in &nodes[..=last] {
            match node.kind.as_str() {
                "MaxPool" | "AveragePool" | "LpPool" => listing.pool(),
                "Conv" => {
                    let plain = |name: &str| node.numbers.get(name).is_none_or(|n| n.iter().all(|&n| n == 1));
                    if !["strides", "dilations", "group"].into_iter().all(plain) {
                        return Err("a convolution with strides, dilations or groups".into());
                    }
                    let find = |place: usize| -> Result<((String, Stored), Vec<usize>), String> {
                        let name = node.inputs.get(place).ok_or("a convolution without a bias")?;
                        let (shape, stored) =
                            tensors.get(name).ok_or_else(|| format!("weights {name} are not in the file"))?;
                        Ok((
                            (name.clone(), stored.clone().map_err(|why| format!("{name}: {why}"))?),
                            shape.clone(),
                        ))
                    };
                    // The order alone determines where weights belong. Names, which exporters take from layers, are
                    // only for messages.
                    let name = node.inputs.get(1).cloned().unwrap_or_default();
                    listing.conv(name.trim_end_matches(".weight"), find(1)?, Some(find(2)?));
                }
                harmless if HARMLESS.contains(&harmless) => {}
                other => return Err(format!("an operator {other}, which VGG does not have")),
            }
        }
        listing.finish()
    }
}

fn node<R: Read + Seek>(from: &mut R, span: Span) -> io::Result<Node> {
    let (mut inputs, mut outputs, mut attributes, mut kind) = (Vec::new(), Vec::new(), Vec::new(), None);
    let mut fields = Fields::of(from, span);
    while let Some(Field { number, value }) = fields.next()? {
        if let Value::Bytes(span) = value {
            match number {
                1 => inputs.push(span),
                2 => outputs.push(span),
                4 => kind = Some(span),
                5 => attributes.push(span),
                _ => {}
            }
        }
        if inputs.len() + outputs.len() + attributes.len() > MOST_TENSORS {
            return Err(wrong("a node with too many fields"));
        }
    }
    let mut node = Node {
        kind: kind.map(|span| text(from, span)).transpose()?.unwrap_or_default(),
        inputs: inputs.into_iter().map(|span| text(from, span)).collect::<io::Result<_>>()?,
        outputs: outputs.into_iter().map(|span| text(from, span)).collect::<io::Result<_>>()?,
        ..Node::default()
    };
    if !["Conv", "Constant"].contains(&node.kind.as_str()) {
        return Ok(node);
    }
    for span in attributes {
        let (mut name, mut numbers) = (None, Vec::new());
        let mut fields = Fields::of(from, span);
        while let Some(Field { number, value }) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(span)) => name = Some(span),
                (3 | 8, _) => numbers.push(value),
                (5, Value::Bytes(span)) => node.tensor = Some(span),
                _ => {}
            }
            if numbers.len() > 32 {
                return Err(wrong("an attribute of more than 32 numbers"));
            }
        }
        let name = name.map(|span| text(from, span)).transpose()?.unwrap_or_default();
        let mut whole = Vec::new();
        for value in numbers {
            whole.extend(whole_numbers(from, value)?);
        }
        node.numbers.insert(name, whole);
    }
    Ok(node)
}

/// `TensorProto`: name, shape, and position of the numbers.
fn tensor<R: Read + Seek>(
    from: &mut R,
    span: Span,
) -> io::Result<(String, Vec<usize>, Result<Stored, String>)> {
    let (mut name, mut dims, mut kind, mut place, mut outside) = (None, Vec::new(), 0, None, false);
    let mut fields = Fields::of(from, span);
    while let Some(Field { number, value }) = fields.next()? {
        match (number, value) {
            (1, _) => dims.push(value),
            (2, Value::Varint(number)) => kind = number,
            (4 | 9 | 10, Value::Bytes(span)) => place = Some((number, span)),
            (8, Value::Bytes(span)) => name = Some(span),
            (14, Value::Varint(location)) => outside = location == 1,
            _ => {}
        }
        if dims.len() > 32 {
            return Err(wrong("a tensor of more than 32 sides"));
        }
    }
    let name = name.map(|span| text(from, span)).transpose()?.unwrap_or_default();
    let mut shape = Vec::new();
    for value in dims {
        shape.extend(
            whole_numbers(from, value)?.into_iter().map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        );
    }
    let stored = match (kind, place) {
        _ if outside => Err("its numbers are in another file; export the model as one file".to_string()),
        (1, Some((4 | 9, place))) => Ok(Stored { element: Element::F32, place }),
        (10, Some((9, place))) => Ok(Stored { element: Element::F16, place }),
        (11, Some((9 | 10, place))) => Ok(Stored { element: Element::F64, place }),
        (16, Some((9, place))) => Ok(Stored { element: Element::Bf16, place }),
        (kind, _) => Err(format!("elements of type {kind}, or no numbers at all")),
    };
    Ok((name, shape, stored))
}

struct Onnx {
    file: String,
    reader: Reader,
    keys: BTreeMap<String, (String, Stored)>,
    shapes: Shapes,
}

impl Tensors for Onnx {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        let (name, Stored { element, place }) = &self.keys[tensor];
        let shape = &self.shapes[tensor];
        let bytes = match element {
            Element::F16 | Element::Bf16 => 2,
            Element::F32 => 4,
            Element::F64 => 8,
        };
        // The file holds everything that is allocated below.
        if count(shape).map(|values| values as u64 * bytes) != Some(place.len()) {
            let found = format!("{name}: {} bytes of numbers for a shape of {shape:?}", place.len());
            return Err(damaged(&self.file, Format::Onnx, found));
        }
        let raw = read(&mut self.reader, *place, place.len())
            .map_err(|source| EncoderError::Io { file: self.file.clone(), source })?;
        let pairs = || raw.chunks_exact(2).map(|b| [b[0], b[1]]);
        Ok(match element {
            Element::F16 => pairs().map(|b| f16::from_le_bytes(b).to_f32()).collect(),
            Element::Bf16 => pairs().map(|b| bf16::from_le_bytes(b).to_f32()).collect(),
            Element::F32 => {
                raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
            }
            Element::F64 => raw
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
        })
    }
}
