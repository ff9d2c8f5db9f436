//! Weight files for tests, and the models that they belong to. The networks are narrow and have the first filter of a
//! known training.
#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::Family;
use impasto_encoder::sources::{Digest, Model, Needed, Place, Size, WeightFile};
#[cfg(feature = "fetch")]
use impasto_encoder::sources::{Environment, Store};
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest as _, Sha256};
#[cfg(feature = "fetch")]
use std::path::Path;

/// Input channel 0 of filter 0 of conv1_1 of torchvision's VGG-19.
const TORCHVISION: [f32; 9] =
    [-0.053474, -0.049257, -0.067942, 0.015314, 0.045068, 0.002144, 0.036226, 0.019999, 0.019864];

/// Widths of each block. There are as many convolutions as in VGG-19.
pub(crate) const NARROW: &[&[usize]] = &[&[8; 2], &[16; 2], &[32; 4], &[64; 4], &[64; 4]];

/// Indices of convolutions in torchvision's `features`.
const INDICES: [usize; 16] = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34];

/// Returns a file like timm's: `features.*`, then `head.*` and `pre_logits.*`.
pub(crate) fn timm(seed: u32, fingerprint: bool) -> Vec<u8> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 * 0.2 - 0.1
    };
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut inputs = 3;
    for (&outputs, index) in NARROW.iter().copied().flatten().zip(INDICES) {
        let mut kernel: Vec<f32> = (0..outputs * inputs * 9).map(|_| next()).collect();
        if index == 0 && fingerprint {
            kernel[..9].copy_from_slice(&TORCHVISION);
        }
        let bias: Vec<f32> = (0..outputs).map(|_| next()).collect();
        tensors.push((format!("features.{index}.weight"), vec![outputs, inputs, 3, 3], bytes(&kernel)));
        tensors.push((format!("features.{index}.bias"), vec![outputs], bytes(&bias)));
        inputs = outputs;
    }
    let wide: Vec<f32> = (0..300_000).map(|_| next()).collect();
    tensors.push(("head.fc.weight".into(), vec![10, 30_000], bytes(&wide)));
    tensors.push(("pre_logits.fc1.weight".into(), vec![300, 1000], bytes(&wide)));
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a file of the test's own catalogue.
pub(crate) fn file(name: &str, addresses: &[&str], needed: Needed, bytes: &[u8]) -> WeightFile {
    let addresses: Vec<&'static str> = addresses.iter().map(|url| forever(url)).collect();
    WeightFile {
        name: forever(name),
        addresses: addresses.leak(),
        places: &[],
        size: Size::Exact(bytes.len() as u64),
        digest: Some(Digest::Sha256(forever(&sha256(bytes)))),
        needed,
        publisher: "a test",
    }
}

pub(crate) fn with_places(file: WeightFile, places: &[Place]) -> WeightFile {
    WeightFile { places: places.to_vec().leak(), ..file }
}

/// Returns a model called `tiny`.
pub(crate) fn model(files: Vec<WeightFile>) -> &'static Model {
    &all(files)[0]
}

fn all(files: Vec<WeightFile>) -> &'static [Model] {
    let family = Family::Vgg19;
    vec![Model { name: "tiny", about: "narrow", family, widths: NARROW, files: files.leak() }].leak()
}

/// Returns a store with only that model, and with only a cache of the test's own.
#[cfg(feature = "fetch")]
pub(crate) fn store(cache: &Path, files: Vec<WeightFile>) -> Store {
    let environment = Environment { cache: Some(cache.to_owned()), ..Environment::default() };
    Store::new(environment, all(files))
}

fn forever(text: &str) -> &'static str {
    text.to_string().leak()
}
