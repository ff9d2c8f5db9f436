//! Weights of Keras in HDF5, read by `hdf5-pure`: `block1_conv1/block1_conv1_W_1:0` in the published files,
//! `block1_conv1/kernel:0` in later ones, also inside a whole saved model. Keras 3 loses the names; its
//! `layers/conv2d_1/vars/0` are found by their order.
//!
//! Kernels are stored as `[height, width, in, out]`. By convention these networks take BGR in 0..255 minus the mean
//! (`keras.applications.vgg19.preprocess_input`).

use std::collections::BTreeMap;

use hdf5_pure::{DType, Dataset, File, Group, Layout, ReadSeekSource};

use super::listing::{Listed, Listing, natural};
use super::{
    Convention, Format, MOST_TENSORS, Opened, Reader, Tensors, count, damaged, from_hwio, no_network,
};
use crate::layout::Shapes;
use crate::{ChannelOrder, EncoderError, InputMap};

/// The deepest nesting of groups; files of Keras have up to five levels.
const DEEPEST: usize = 10;

/// Groups of a saved model that hold optimiser state under the same names as the weights.
const OPTIMISER: [&str; 2] = ["optimizer_weights", "optimizer"];

/// A chunk may be larger than its tensor by this factor at most, except for small chunks and tensors that can grow.
const PIECES: u64 = 4;
const SMALL_PIECE: u64 = 1 << 20;

pub(super) fn open(file: &str, reader: Reader) -> Result<Opened<'static>, EncoderError> {
    let wrong = |error: hdf5_pure::Error| damaged(file, Format::Keras, error);
    let source = ReadSeekSource::new(reader).map_err(|error| wrong(error.into()))?;
    let opened = File::from_source(source).map_err(wrong)?;
    let mut found = Found::default();
    walk(&opened.root(), "", 0, &mut found).map_err(|error| match error {
        Walk::Broken(error) => wrong(error),
        Walk::Endless => damaged(file, Format::Keras, "groups nested too deeply"),
    })?;
    let Listed { shapes, keys, arrangement } = list(found).finish().map_err(|why| no_network(file, why))?;
    Ok(Opened {
        format: Format::Keras,
        tensors: Box::new(Keras { file: file.into(), opened, keys, shapes }),
        arrangement,
        convention: Some(Convention { order: ChannelOrder::Bgr, input: InputMap::caffe().turned() }),
        metadata: BTreeMap::new(),
    })
}

/// Whether an array belongs to batch normalisation.
fn is_normalisation(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["gamma", "moving_mean", "moving_variance", "running_mean"].iter().any(|word| name.starts_with(word))
}

enum Walk {
    Broken(hdf5_pure::Error),
    Endless,
}

impl From<hdf5_pure::Error> for Walk {
    fn from(error: hdf5_pure::Error) -> Walk {
        Walk::Broken(error)
    }
}

/// Arrays with their shapes, by group.
#[derive(Default)]
struct Found {
    arrays: BTreeMap<String, Vec<(String, Vec<usize>)>>,
    visited: usize,
}

fn walk(group: &Group, path: &str, depth: usize, found: &mut Found) -> Result<(), Walk> {
    found.visited += 1;
    if depth > DEEPEST || found.visited > MOST_TENSORS {
        return Err(Walk::Endless);
    }
    for name in group.datasets()? {
        found.visited += 1;
        let shape = group.dataset(&name)?.shape()?;
        let shape: Vec<usize> =
            shape.iter().map(|&side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
        found.arrays.entry(path.into()).or_default().push((format!("{path}/{name}"), shape));
    }
    for name in group.groups()? {
        if depth > 0 || !OPTIMISER.contains(&name.as_str()) {
            walk(&group.group(&name)?, &format!("{path}/{name}"), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Lists the convolutions: a group with a kernel is a convolution, and a vector beside the kernel is its bias.
fn list(found: Found) -> Listing<(String, Vec<usize>)> {
    let mut groups: Vec<_> = found.arrays.into_iter().collect();
    groups.sort_by_key(|(path, _)| natural(path));
    let mut listing = Listing::new();
    for (path, arrays) in groups {
        if let Some((name, _)) = arrays.iter().find(|(name, _)| is_normalisation(name)) {
            listing.normalisation(name.trim_start_matches('/'));
        }
        let kernel = arrays.iter().find(|(_, shape)| shape.len() == 4);
        let Some((kernel, shape @ &[height, width, inputs, outputs])) = kernel
            .map(|(name, shape)| (name, shape.as_slice()))
            .and_then(|(name, shape)| Some((name, <&[usize; 4]>::try_from(shape).ok()?)))
        else {
            continue;
        };
        let bias = arrays.iter().find(|(_, shape)| shape.len() == 1);
        let bias = bias.map(|(name, shape)| ((name.clone(), shape.clone()), shape.clone()));
        let turned = vec![outputs, inputs, height, width];
        listing.conv(path.trim_start_matches('/'), ((kernel.clone(), shape.to_vec()), turned), bias);
    }
    listing
}

struct Keras {
    file: String,
    opened: File,
    /// The path in the file and the shape there.
    keys: BTreeMap<String, (String, Vec<usize>)>,
    shapes: Shapes,
}

impl Tensors for Keras {
    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn load(&mut self, tensor: &str) -> Result<Vec<f32>, EncoderError> {
        let wrong =
            |error: hdf5_pure::Error| damaged(&self.file, Format::Keras, format!("{tensor}: {error}"));
        let (path, shape) = &self.keys[tensor];
        let dataset = self.opened.dataset(path).map_err(wrong)?;
        self.check(tensor, shape, &dataset)?;
        let values = dataset.read_f32().map_err(wrong)?;
        if Some(values.len()) != count(shape) {
            return Err(damaged(&self.file, Format::Keras, format!("{tensor}: {} values", values.len())));
        }
        Ok(match <[usize; 4]>::try_from(shape.as_slice()) {
            Ok(sides) => from_hwio(&values, sides),
            Err(_) => values,
        })
    }
}

impl Keras {
    /// Checks the announced sizes and types before anything of that size is read.
    fn check(&self, tensor: &str, shape: &[usize], dataset: &Dataset) -> Result<(), EncoderError> {
        let wrong =
            |error: hdf5_pure::Error| damaged(&self.file, Format::Keras, format!("{tensor}: {error}"));
        let expected = |expected: &str, found: String| EncoderError::WrongTensor {
            file: self.file.clone(),
            tensor: tensor.into(),
            expected: expected.into(),
            found,
        };
        let values = count(shape).ok_or_else(|| expected("a shape of a network", format!("{shape:?}")))?;
        let (kind, bytes) = (dataset.dtype().map_err(wrong)?, dataset.element_size().map_err(wrong)?);
        let is_half = bytes == 2 && matches!(kind, DType::Other(_));
        if !is_half && !matches!(kind, DType::F32 | DType::F64) {
            return Err(expected("floating-point numbers", kind.to_string()));
        }
        if let Layout::Chunked { chunk_shape, .. } = dataset.layout().map_err(wrong)? {
            let size = chunk_shape.iter().try_fold(bytes, |product, &side| product.checked_mul(side));
            let most = PIECES * SMALL_PIECE.max(values as u64 * bytes);
            if size.is_none_or(|size| size > most) {
                return Err(expected("chunks that fit the tensor", format!("chunks of {chunk_shape:?}")));
            }
        }
        Ok(())
    }
}
